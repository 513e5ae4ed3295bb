import type { LogPart } from '../parts.ts';
import type { Progress } from '../report.ts';

/** Which records are shown; a record must pass all that are given. */
export interface LogFilter {
  /** Glob patterns as of KEYS, binary strings: the command names a key that matches one of them, or touches every key. */
  readonly keys?: readonly string[];
  /** Command names in any case; a subcommand as `XGROUP CREATE`, a container's name stands for all of its subcommands. */
  readonly commands?: readonly string[];
  /** Databases: the one selected, or one that the command names (SWAPDB, MOVE, COPY, FLUSHALL: all). */
  readonly databases?: readonly number[];
  /** Earliest and latest moment, milliseconds since 1970, by the `#TS:` annotation before the command. */
  readonly since?: number;
  readonly until?: number;
  /** First offset to show, in the named part (or the only one); parts before it are left out. */
  readonly fromOffset?: { readonly file?: string; readonly offset: number };
  /** Only commands that take away keys. */
  readonly destructive?: boolean;
}

export interface LogOptions extends LogFilter {
  /** Text for people, or a JSON object a line. Default text. */
  readonly format?: 'text' | 'json';
  /** Whole arguments, and annotations in JSON. */
  readonly full?: boolean;
  /** From the last command to the first. */
  readonly reverse?: boolean;
  /** Lines at most; with `follow`, how many of those that are there to begin with (default 10). */
  readonly limit?: number;
  /** Waits a moment for more to be written; false to end. Without it the log ends where its files end. */
  readonly follow?: () => Promise<boolean>;
  /** Receives finished lines. `bytes` is valid until what is returned is settled. */
  readonly onOutput: (bytes: Uint8Array) => void | Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
}

/** What tests set too. */
export interface LogSettings extends LogOptions {
  /** Whether kernels may write the lines of ordinary commands; the same bytes without them. Default true. */
  readonly kernels?: boolean;
}

export interface LogResult {
  readonly path: string;
  /** No damaged region was met. */
  readonly ok: boolean;
  readonly files: readonly LogPart[];
  /** Commands read, and lines shown. */
  readonly commands: number;
  readonly lines: number;
  readonly damaged: number;
  /** Whether the log has any `#TS:` annotation, without which no command has a time. */
  readonly annotated: boolean;
}

/** What an RDB at the front of a part holds. */
export interface LogRdb {
  readonly offset: number;
  readonly length: number;
  readonly fork: string;
  readonly version: number;
  readonly keys: number;
  readonly expires: number;
}

/** A region that is no record. */
export interface LogDamage {
  readonly code: string;
  readonly offset: number;
  readonly length: number;
  readonly expected: string;
  readonly found: string;
  /** It may be right: this build does not know what stands there. */
  readonly unsupported?: true;
}
