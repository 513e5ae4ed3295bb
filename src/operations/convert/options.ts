import type { LayoutName, Progress } from '../../aof/report.ts';
import type { OnExisting } from '../../aof/writer/aof-writer.ts';
import type { RefusedCount } from '../../checks/load/refusal-text.ts';
import type { Copied } from '../../dataset/copied-tail.ts';
import type { KeyFilterOptions } from '../../dataset/filter.ts';
import type { ChosenRules } from '../../dataset/flavor-choice.ts';
import type { OpaquePolicy } from '../../dataset/load.ts';
import type { LogSelection, PointInTime } from '../../dataset/point/point-in-time.ts';
import type { ReplyError } from '../../engine/session.ts';
import type { SlotRange } from '../../engine/slot.ts';
import type { Finding } from '../../findings.ts';
import type { FileSystem } from '../../io/open-folder.ts';
import type { ByteSink } from '../../io/writer.ts';
import type { OutputFormat } from '../../output/rewrite-output.ts';
import type { Loss, LossKind, LossOutcome } from '../../servers/losses.ts';
import type { Needs } from './log-needs.ts';

/** What becomes of the moments at which keys, and fields of hashes, expire. */
export type TtlPolicy =
  /** They stay as they are, a log's relative ones relative. */
  | { readonly kind: 'keep' }
  /** Nothing expires any more. */
  | { readonly kind: 'drop' }
  /** Later by so many milliseconds; earlier if negative. */
  | { readonly kind: 'shift'; readonly milliseconds: number }
  /** A log's relative ones become the moments that they mean at `at`. */
  | { readonly kind: 'absolute' };

/** Which of the keys that several inputs share is taken. */
export type ConflictPolicy = 'first' | 'last' | 'fail';

export type ModulePolicy = 'keep' | 'drop' | 'fail';

export interface ConvertOptions {
  readonly to: OutputFormat;
  /** A file, a new folder for `multipart`, or where the bytes go as they are made (`aof`, `hybrid`, `rdb`). */
  readonly output: string | ByteSink;
  /** Writes nothing: only finds out what would keep the input from the target, and what it would lose. `output` does not matter. */
  readonly dryRun?: boolean;
  /** Replaces what is at `output`. */
  readonly force?: boolean;
  /** Name of the server generation to write for. Default: the newest that the input used. */
  readonly target?: string;
  readonly allowLoss?: boolean;
  /** Values of modules, what they keep beside keys and what they attach to keys. Default `keep`. */
  readonly modules?: ModulePolicy;
  /** Writes the shortest files that rebuild the dataset, instead of keeping a log's history. */
  readonly compact?: boolean;
  /** For `aof`: what becomes of keys that the server has already which executes the commands. Default: the commands add to them. */
  readonly onExisting?: OnExisting;
  /** What the base of a multi-part AOF is. Default: as in the input. */
  readonly base?: 'aof' | 'rdb';
  /** LZF for the strings of an RDB that are encoded anew. Default true. */
  readonly compress?: boolean;
  /** CRC-64 at the end of an RDB. Default true. */
  readonly checksum?: boolean;
  /** The output is compressed with gzip. Default: if its name ends in `.gz`. */
  readonly gzip?: boolean;
  /** Makes so many outputs, each with an equal share of the slots. */
  readonly splitBySlot?: number;
  /** Takes only keys of these slots. */
  readonly slots?: readonly SlotRange[];
  /** Default `fail`. */
  readonly onConflict?: ConflictPolicy;
  readonly ttl?: TtlPolicy;
  /** Database numbers that change, each with its new one. */
  readonly databases?: ReadonlyMap<number, number>;
  /** Keys that begin with the first get the second instead, binary strings; the first rule that fits counts. */
  readonly renamePrefixes?: readonly (readonly [from: string, to: string])[];
  readonly filter?: KeyFilterOptions;
  /** Which commands of the log count: it is replayed. */
  readonly point?: PointInTime;
  /** What becomes of commands whose effect nobody knows, where the log must be replayed. Default `fail`. */
  readonly opaque?: OpaquePolicy;
  /** Reads the output again and compares digests before it takes its place: of conversions that change no key. */
  readonly verify?: boolean;
  /** The moment of conversion, milliseconds since 1970. */
  readonly at: number;
  readonly seed?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
}

/** What tests set too. */
export interface ConvertSettings extends ConvertOptions {
  /** For tests that let a call fail. */
  readonly fileSystem?: FileSystem;
  /** Where the system shows its processes, for tests. Default `/proc`. */
  readonly proc?: string;
}

/** How the output came to be. */
export type Road =
  /** Bytes were copied; at most the borders between files changed. */
  | 'copied'
  /** The RDB was read key by key, in constant memory. */
  | 'streamed'
  /** The dataset was built and written anew. */
  | 'replayed';

/** What was lost of one kind, and how often. */
export interface LossCount {
  readonly kind: LossKind;
  readonly outcome: LossOutcome;
  readonly count: number;
}

export interface ConvertResult {
  readonly paths: readonly string[];
  /** Empty where the bytes went to a sink. */
  readonly outputs: readonly string[];
  readonly layout: LayoutName;
  readonly to: OutputFormat;
  readonly target: string;
  readonly road: Road;
  /** `planned`: nothing was written, because of `dryRun`, and nothing speaks against it. */
  readonly outcome: 'written' | 'refused' | 'planned';
  /** Why nothing was written; '' otherwise. */
  readonly reason: string;
  readonly ok: boolean;
  readonly before: { readonly bytes: number; readonly files: readonly string[] };
  readonly after: { readonly bytes: number; readonly files: readonly string[] };
  /** Keys written, where they were counted: none are of a log that was copied. */
  readonly keys: number;
  /** Commands that were copied as they stand: a log, or what stands behind the base. */
  readonly commands: number;
  /** Where bytes are copied that not every release loads: the oldest of the fork that does, and what it is that older ones do not take. */
  readonly needs?: Needs;
  /** With `dryRun`: values that the target would refuse to load, by what is wrong with them. */
  readonly refusedValues: readonly RefusedCount[];
  /** Keys that the filter left out. */
  readonly filtered: number;
  /** Keys that two inputs hold, the first of them by name. */
  readonly conflicts: { readonly count: number; readonly first: readonly { db: number; key: string }[] };
  readonly losses: readonly Loss[];
  readonly lossCounts: readonly LossCount[];
  /** With `opaque: 'keep'`: what follows the first command of unknown effect, and was copied as it stands. */
  readonly copied?: Copied;
  readonly refused: { readonly count: number; readonly first: readonly ReplyError[] };
  /** With `point`, once the log was replayed. */
  readonly selection?: LogSelection;
  /** Whose rules a log was replayed by, and why. */
  readonly rules?: ChosenRules;
  /** 40 hex digits, after `verify`: of what was written. */
  readonly digest: string;
  /** The output was read again, and holds all that was to be written: what was lost aside, the same as the input. */
  readonly verified: boolean;
  /** Keys that could not be compared whole, if any, because the target cannot hold all of them. */
  readonly keysNotCompared?: number;
  /** What a person should know of what was written: that a running server could not have been seen. */
  readonly notes: readonly string[];
  /** Where the result is, if an input that it should replace changed meanwhile. */
  readonly left: readonly string[];
  readonly findings: readonly Finding[];
}
