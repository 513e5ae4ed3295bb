import type { BootSettings } from './settings.ts';

/** One thing that a start does to the disk. Paths are relative to the data folder. */
export type DiskChange =
  | {
      readonly action: 'create';
      readonly path: string;
      readonly size?: number;
      readonly text?: string;
      readonly why: string;
    }
  /** A file that is there is written anew: what it held is lost. */
  | {
      readonly action: 'overwrite';
      readonly path: string;
      readonly size?: number;
      readonly text?: string;
      readonly why: string;
    }
  | {
      readonly action: 'truncate';
      readonly path: string;
      readonly from: number;
      readonly size: number;
      readonly why: string;
    }
  | { readonly action: 'move'; readonly path: string; readonly to: string; readonly why: string }
  | { readonly action: 'delete'; readonly path: string; readonly why: string };

/** A file that the server reads, in this order. */
export interface BootFile {
  readonly path: string;
  readonly role: 'manifest' | 'aof' | 'base' | 'incr' | 'rdb';
  readonly bytes: number;
  readonly commands: number;
  /** Keys of the RDB at its front. */
  readonly rdbKeys: number;
}

/** Data that lies in the folder and is not loaded. */
export interface UnusedData {
  readonly path: string;
  readonly bytes: number;
  readonly why: string;
  /** It may hold what the server would then lack. */
  readonly matters: boolean;
}

export interface BootDatabase {
  readonly database: number;
  readonly keys: number;
  /** Keys among them that are past their time: they go within moments. */
  readonly expired: number;
}

export interface BootResult {
  readonly path: string;
  /** The server generation, such as `redis-8.6`. */
  readonly server: string;
  readonly starts: boolean;
  /** False where what the server does is not defined: it reads memory that is not its own, or runs a script. */
  readonly certain: boolean;
  /** The files hold what this build does not know, so that nothing is certain. */
  readonly hasUnsupported: boolean;
  /** It starts with all the data that is there. */
  readonly ok: boolean;
  /** Why it does not start, or not with all the data; '' where it does. */
  readonly reason: string;
  readonly files: readonly BootFile[];
  readonly changes: readonly DiskChange[];
  /** The telling lines of its log, in its words and order, without times. */
  readonly log: readonly string[];
  readonly databases: readonly BootDatabase[];
  readonly unused: readonly UnusedData[];
  /** What is dangerous although the server may start, a sentence each. */
  readonly hazards: readonly string[];
  /** What a crash would cost by these settings, a sentence each. */
  readonly durability: readonly string[];
  readonly settings: BootSettings;
}
