import type { FileReport, LayoutName } from '../../aof/report.ts';
import type { Missing, Shortage } from './missing.ts';

/** `truncate`: what the server itself would accept. `salvage`: everything that is sound, around each bad region. */
export type Strategy = 'truncate' | 'salvage';

/** Which of two records of one key stays. */
export type Duplicates = 'first' | 'last';

/**
 * What becomes of a part of a file. Everything outside of the regions is copied byte for byte.
 */
export interface Region {
  /** Absolute offset in the file, and bytes. */
  readonly offset: number;
  readonly length: number;
  /** What is wrong, as in findings. */
  readonly code: string;
  readonly reason: string;
  /** `quarantine`: put away as a file; `drop`: left out, nothing of worth; `replace`: something else stands there then. */
  readonly action: 'quarantine' | 'drop' | 'replace';
  /** What stands in its place; `rdb-end` is the end mark of an RDB and a fresh checksum. */
  readonly replacement?: Uint8Array | 'rdb-end';
  /** Whether a server would go no further than here, so that truncation cuts; a mended checksum is no such damage. */
  readonly damage: boolean;
  /** Commands and keys within the region that are sound in themselves. */
  readonly commands: number;
  readonly keys: number;
  /** Escaped names of the keys that the commands before and after it touch, and of those that were found in it. */
  readonly touched: readonly string[];
}

/** What a strategy keeps and loses of a file or of all of them. */
export interface Tally {
  bytesKept: number;
  bytesLost: number;
  /** Commands that are sound, kept and lost; nobody can count those within bad bytes. */
  commandsKept: number;
  commandsLost: number;
  /** Keys of RDBs, likewise. */
  keysKept: number;
  keysLost: number;
  /** What the files declare and the result does not have; undefined for nothing. */
  missing?: readonly Missing[];
  /** How many databases lose bytes without saying how many keys they have; undefined for none. */
  undeclared?: number;
}

/** The numbers that all tallies have. */
export const tallyNumbers = ['bytesKept', 'bytesLost', 'commandsKept', 'commandsLost', 'keysKept', 'keysLost'] as const;

export const emptyTally = (): Tally => ({
  bytesKept: 0,
  bytesLost: 0,
  commandsKept: 0,
  commandsLost: 0,
  keysKept: 0,
  keysLost: 0,
});

/** Something that this run does not mend, and how it could be. */
export interface Unresolved {
  readonly code: string;
  readonly count: number;
  /** Where the first one is. */
  readonly offset: number;
  readonly found: string;
  readonly advice: string;
  /** Where the last one is, if it matters. */
  readonly last?: number;
}

/** Where truncation cuts a file, and what lies before and after. */
export interface Cut {
  readonly offset: number;
  readonly code: string;
  readonly reason: string;
  /** The cut is within an RDB, whose end must then be restored. */
  readonly inRdb: boolean;
  /** Commands and keys before it. */
  readonly commands: number;
  readonly keys: number;
}

/** What a reading of one file found. */
export interface FileScan {
  readonly path: string;
  readonly role: FileReport['role'];
  readonly size: number;
  readonly gzip: boolean;
  /** The RDB came in this compressed envelope: offsets are those of the decompressed data, and what is written is plain. */
  readonly envelope?: 'lz4' | 'zstd';
  readonly format: 'rdb' | 'aof' | 'hybrid' | 'empty';
  /** Bytes of the RDB that the file is or begins with, as it is; 0 where there is none. */
  readonly rdbLength: number;
  readonly rdbVersion: number;
  /** For salvage, in ascending order, without overlap. */
  readonly regions: readonly Region[];
  /** Undefined where there is nothing to cut. */
  readonly cut: Cut | undefined;
  readonly commands: number;
  readonly keys: number;
  /** Function libraries of its RDB. */
  readonly libraries: number;
  readonly unresolved: readonly Unresolved[];
  /** What its RDB declares and a strategy does not keep. */
  readonly shortages: Readonly<Record<Strategy, Shortage>>;
  /** Values and libraries that are sound but that some servers refuse. */
  readonly refused: readonly Unresolved[];
  /** What the reading has proven to be sound, of its commands, in ascending order. */
  readonly proven: readonly Span[];
}

/** What is done with one file. */
export interface FilePlan {
  readonly path: string;
  readonly role: FileReport['role'];
  readonly format: FileScan['format'];
  readonly size: number;
  /** `keep`: as it is; `rewrite`: without or with other regions; `quarantine`: put away whole; `create`: it was not there. */
  readonly action: 'keep' | 'rewrite' | 'quarantine' | 'create';
  readonly regions: readonly Region[];
  readonly tally: Tally;
  readonly unresolved: readonly Unresolved[];
  /** What is kept although some servers refuse it; undefined for nothing. */
  readonly refused?: readonly Unresolved[];
  /** Why, where the regions do not say it. */
  readonly reasons: readonly string[];
}

export interface RepairPlan {
  readonly path: string;
  readonly layout: LayoutName;
  /** What was asked for, or what the place of the damage suggests. */
  readonly strategy: Strategy;
  /** Nothing needs to be changed. */
  readonly sound: boolean;
  /** What each strategy would keep and lose. */
  readonly strategies: Readonly<Record<Strategy, Tally>>;
  readonly files: readonly FilePlan[];
}

/** A run of bytes of a result: of the file that is repaired, or new. */
export type Piece =
  | { readonly kind: 'copy'; readonly offset: number; readonly length: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'rdb-end' };

/** From the end of a record to the end of another one, outside of transactions: all between is sound. */
export interface Span {
  readonly from: number;
  readonly to: number;
}
