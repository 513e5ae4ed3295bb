import type { LayoutName, Progress } from '../../aof/report.ts';
import type { Copied } from '../../dataset/copied-tail.ts';
import type { KeyFilterOptions } from '../../dataset/filter.ts';
import type { ChosenRules } from '../../dataset/flavor-choice.ts';
import type { DatabaseStatistics } from '../../dataset/key-statistics.ts';
import type { Loaded, OpaqueCommand, OpaquePolicy } from '../../dataset/load.ts';
import type { LogSelection, PointInTime } from '../../dataset/point/point-in-time.ts';
import type { ForeignCommand } from '../../dataset/version-hints.ts';
import type { ReplyError } from '../../engine/session.ts';
import type { Finding } from '../../findings.ts';
import type { FileSystem } from '../../io/open-folder.ts';
import type { OutputFormat } from '../../output/rewrite-output.ts';
import type { Loss } from '../../servers/losses.ts';

export interface RewriteOptions {
  /** Where the result goes: a file, or a new folder for `multipart`. Exactly one of `output` and `inPlace` is given. */
  readonly output?: string;
  /** Replaces the input the way a server does. */
  readonly inPlace?: boolean;
  /** Replaces what is at `output`, and does not mind that another process has the input open. */
  readonly force?: boolean;
  /** Default: the layout of the input. */
  readonly format?: OutputFormat;
  /** What the base of a multi-part AOF is. Default: as in the input, else an RDB. */
  readonly base?: 'aof' | 'rdb';
  /** Name of the server generation to write for. Default: the newest that the input used. */
  readonly target?: string;
  readonly allowLoss?: boolean;
  /** LZF for strings of an RDB. Default true. */
  readonly compress?: boolean;
  /** CRC-64 at the end of an RDB. Default true. */
  readonly checksum?: boolean;
  /** The old files of a multi-part AOF stay, named as history. */
  readonly keepHistory?: boolean;
  /** The server's auto-aof-rewrite rule: do nothing unless the log has grown by this share of its base, and is this large. */
  readonly onlyIfGrown?: { readonly percent: number; readonly bytesMin: number };
  readonly filter?: KeyFilterOptions;
  /**
   * Whether the dataset's digest is computed for the report, which looks into every value. Default true; `verify` needs it.
   */
  readonly digest?: boolean;
  /** Reloads the result and compares digests before it replaces anything. */
  readonly verify?: boolean;
  /** What becomes of commands whose effect nobody knows. Default `fail`. */
  readonly opaque?: OpaquePolicy;
  /** Which commands of the log count; all by default. Not in place. */
  readonly point?: PointInTime;
  /** The moment of loading and writing, milliseconds since 1970. */
  readonly at: number;
  readonly seed?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
}

/** What `restore`, which is made of a rewrite, sets too, and what tests do. */
export interface RewriteSettings extends RewriteOptions {
  /** Sees the dataset before anything is written; false: nothing is. */
  readonly review?: (loaded: Loaded, selection: LogSelection) => Promise<boolean>;
  /** For tests that let a call fail. */
  readonly fileSystem?: FileSystem;
  /** Where the system shows its processes, for tests. Default `/proc`. */
  readonly proc?: string;
}

export type RewriteOutcome =
  /** The output is in place. */
  | 'written'
  /** `onlyIfGrown` said no. */
  | 'not-needed'
  /** `review` said no: a dry run. */
  | 'reviewed'
  /** The input is damaged, or holds commands that nobody can execute, or the target cannot hold it all. */
  | 'refused';

export interface RewriteResult {
  readonly path: string;
  readonly output: string;
  readonly layout: LayoutName;
  readonly outcome: RewriteOutcome;
  /** Why nothing was written; '' otherwise. */
  readonly reason: string;
  readonly ok: boolean;
  readonly format: OutputFormat;
  readonly target: string;
  /** Whose rules the input was loaded by, and why; undefined where nothing was loaded. */
  readonly rules?: ChosenRules;
  /** Commands that servers of these rules do not know. */
  readonly foreign: readonly ForeignCommand[];
  /** With `point`. */
  readonly selection?: LogSelection;
  readonly before: { readonly bytes: number; readonly files: readonly string[] };
  readonly after: { readonly bytes: number; readonly files: readonly string[] };
  readonly commands: {
    readonly read: number;
    readonly refused: number;
    readonly firstRefused: readonly ReplyError[];
    readonly opaque: number;
    readonly firstOpaque: readonly OpaqueCommand[];
  };
  /** With `opaque: 'keep'`: what follows the first command of unknown effect, and was copied as it stands. */
  readonly copied?: Copied;
  /** Of the output where that was read again, else of what was read and passed the filter. */
  readonly databases: readonly DatabaseStatistics[];
  /** Keys that the filter left out. */
  readonly filtered: number;
  readonly losses: readonly Loss[];
  readonly lossCount: number;
  /** 40 hex digits; '' where nothing was written. */
  readonly digest: string;
  /** It is the digest of the input: the output does not hold all of that, and was not read again. */
  readonly digestOf?: 'input';
  /** The output was read again, and holds all that was to be written: what was lost aside, the same as the input. */
  readonly verified: boolean;
  /** Keys that could not be compared whole, if any, because the target cannot hold all of them. */
  readonly keysNotCompared?: number;
  /** What a person should know of what was written: that a running server could not have been seen, that old parts stay. */
  readonly notes: readonly string[];
  /** Where the result is, if the input changed meanwhile and the result could not take its place. */
  readonly left?: string;
  readonly findings: readonly Finding[];
}
