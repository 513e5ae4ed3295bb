/**
 * `--unknown keep`: a log up to its first command of unknown effect is rewritten, and everything from there on is copied as it stands. Only
 * so does a server hold the same afterwards, since what such a command does depends on all that stands before it, and what stands behind it
 * may depend on what it did.
 *
 *     head   ... commands ...                     replayed and rewritten
 *     seam   behind the last whole command or transaction before the first command of unknown effect
 *     tail   annotations, MULTI, commands ...     copied: to the end of the log, through all of its files
 *
 * A loader must stand at the seam as it does in the input: SELECT, and the scripts that a server before 7.0 has in its cache, come first.
 */
import nodePath from 'node:path';
import { UsageError } from '../errors.ts';
import type { Finding } from '../findings.ts';
import { isWord } from '../resp/arguments.ts';
import type { CommandView } from '../resp/command-view.ts';
import { type CommandGate, Verdict } from './command-gate.ts';
import type { LoadedFile, OpaqueCommand } from './load.ts';

/** The place of the first command of unknown effect. */
export interface UnknownPlace {
  readonly path: string;
  readonly offset: number;
  readonly name: string;
}

/** What was not compacted, for a report. */
export interface Copied {
  readonly from: UnknownPlace;
  readonly bytes: number;
  readonly commands: number;
}

/** Bytes of one file of the log. */
export interface TailPart {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/** A log that holds commands of unknown effect, as its first replay found it. */
export class TailPlan {
  readonly first: UnknownPlace;
  private readonly files: readonly LoadedFile[];
  private readonly end: { readonly path: string; readonly offset: number } | undefined;

  /** `end`: where the log ends before its files do. */
  constructor(
    first: UnknownPlace,
    files: readonly LoadedFile[],
    end: { readonly path: string; readonly offset: number } | undefined,
  ) {
    this.first = first;
    this.files = files.map((file) => ({ ...file }));
    this.end = end;
  }

  /** The files of the log from the seam on, and what of them is copied: a torn tail is not. */
  parts(seam: number): TailPart[] {
    const start = this.files.findIndex(({ path }) => path === this.first.path);
    return this.files.slice(start).map(({ path, bytes }, index) => {
      const to = this.end?.path === path ? Math.min(this.end.offset, bytes) : bytes;
      return { path, from: index === 0 ? seam : 0, to };
    });
  }

  /** What a report says, where `passed` commands were replayed. */
  copied(seam: number, passed: number): Copied {
    const bytes = this.parts(seam).reduce((sum, { from, to }) => sum + Math.max(to - from, 0), 0);
    return { from: this.first, bytes, commands: this.commands - passed };
  }

  /** Commands of the whole log. */
  get commands(): number {
    return this.files.reduce((sum, file) => sum + file.commands, 0);
  }
}

/** The first command of unknown effect among those that a replay has noted; scripts that are only loaded have none. */
export function firstUnknown(opaque: readonly OpaqueCommand[]): UnknownPlace | undefined {
  return opaque.find(({ name }) => name.toUpperCase() !== 'SCRIPT');
}

/** Where a torn tail begins that a server drops. */
export function tornAt(findings: readonly Finding[]): { path: string; offset: number } | undefined {
  const torn = findings.find(({ code, severity }) => code === 'aof.truncated' && severity === 'warning');
  return torn && { path: torn.file, offset: torn.offset };
}

/** Throws where what is copied would not be what was asked for. */
export function refuseTail(path: string, withoutCommands: boolean, holdsCommands: boolean): void {
  if (path === '-') throw new UsageError('standard input cannot be read twice: name a file to keep unknown commands');
  if (withoutCommands)
    throw new UsageError('what follows a command of unknown effect is copied: no commands can be left out of it');
  if (!holdsCommands) throw new UsageError('an RDB cannot carry commands: write a hybrid or a multi-part AOF');
}

/** Ends a replay right before a command, and tells where a loader stands there. `within`: another gate that decides before it. */
export class SeamGate implements CommandGate {
  /** Offset in its file behind the last whole command or transaction. */
  seam = 0;
  /** The database that is selected there. */
  database = 0;
  /** Commands up to there. */
  passed = 0;
  private readonly isPlace: (path: string, offset: number) => boolean;
  private readonly within: CommandGate | undefined;
  private path = '';
  private reached = false;
  private selected = 0;
  private queued = 0;

  constructor(isPlace: (path: string, offset: number) => boolean, within?: CommandGate) {
    this.isPlace = isPlace;
    this.within = within;
  }

  /** The gate for a log's first command of unknown effect. */
  static before({ path, offset }: UnknownPlace, within?: CommandGate): SeamGate {
    return new SeamGate((at, start) => at === path && start >= offset, within);
  }

  /** The gate for what was written before `offset` of a file of this name. */
  static upTo(name: string, offset: number): SeamGate {
    return new SeamGate((at, start) => nodePath.basename(at) === name && start >= offset);
  }

  begin(path: string): boolean {
    if (this.reached || this.within?.begin(path) === false) return false;
    this.path = path;
    this.seam = this.database = this.selected = this.queued = 0;
    return true;
  }

  rdb(length: number): void {
    this.within?.rdb(length);
    this.seam = length;
  }

  annotation(seconds: number, offset: number, inTransaction: boolean): boolean {
    return this.within?.annotation(seconds, offset, inTransaction) ?? true;
  }

  command(frame: CommandView, offset: number, end: number, inTransaction: boolean): Verdict {
    if (this.isPlace(this.path, offset)) {
      this.reached = true;
      return Verdict.stop;
    }
    const verdict = this.within?.command(frame, offset, end, inTransaction) ?? Verdict.run;
    if (verdict === Verdict.stop) return verdict;
    if (isWord(frame, 0, 'SELECT') && frame.argc === 2 && /^\d+$/.test(frame.text(1)))
      this.selected = Number(frame.text(1));
    this.queued++;
    const isOpen = inTransaction ? !isWord(frame, 0, 'EXEC') : isWord(frame, 0, 'MULTI');
    if (!isOpen) {
      this.seam = end;
      this.database = this.selected;
      this.passed += this.queued;
      this.queued = 0;
    }
    return verdict;
  }
}
