import type { CommandView } from '../resp/command-view.ts';

/** What becomes of a command: it is executed, passed over, the log ends before it, or it is executed as the last one. */
export const Verdict = { run: 0, skip: 1, stop: 2, last: 3 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** Decides which commands of a log are executed while it is loaded. */
export interface CommandGate {
  /** A file begins; false: the log ends before it. */
  begin(path: string): boolean;
  /** The RDB at its front, of so many bytes, is loaded. */
  rdb(length: number): void;
  /** A `#TS:` annotation at `offset`; false: the log ends here. */
  annotation(seconds: number, offset: number, inTransaction: boolean): boolean;
  /** The command that lies from `offset` up to `end`, arguments in `frame`. `inTransaction`: a MULTI is open. */
  command(frame: CommandView, offset: number, end: number, inTransaction: boolean): Verdict;
}
