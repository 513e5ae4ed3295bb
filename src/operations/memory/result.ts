import type { ScanResult } from '../../keys/scan-keys.ts';

/** How many keys, and what they take in memory by estimate, bytes. */
export interface Share {
  readonly keys: number;
  readonly bytes: number;
  /** Of these, keys that never expire. */
  readonly lastingKeys: number;
  readonly lastingBytes: number;
}

/** The share of a type, an encoding, a database or a slot. */
export interface NamedShare extends Share {
  readonly name: string;
  readonly elements: number;
}

/** A prefix, up to and with a separator, and what begins with it. Digits are folded to `*`. */
export interface PrefixShare extends Share {
  /** Its part behind the parent's, as readable text (docs/keys.md); '' for the root. */
  readonly name: string;
  /** The largest first; what was not kept apart is in the parent only. */
  readonly children: readonly PrefixShare[];
  /** How much `bytes` may be too high, where the report is not exact. */
  readonly error: number;
}

/** A key among the largest, hottest or coldest. */
export interface KeyRank {
  readonly database: number;
  /** Readable text (docs/keys.md). */
  readonly key: string;
  readonly type: string;
  readonly encoding: string;
  readonly elements: number;
  readonly bytes: number;
  /** Milliseconds since 1970; undefined for never. */
  readonly expiry?: number;
  readonly idle?: number;
  readonly frequency?: number;
}

/** A bar of a histogram: from `from` (included) to `to` (excluded); `to` is undefined for what is not bounded. */
export interface Bin {
  readonly from: number;
  readonly to?: number;
  readonly keys: number;
  readonly bytes: number;
}

export interface Histograms {
  /** Seconds to live; past keys are below 0. Keys that never expire are in no bin. */
  readonly ttl: readonly Bin[];
  /** Bytes of a key. */
  readonly bytes: readonly Bin[];
  /** Seconds since the last use, where the file has them; else empty. */
  readonly idle: readonly Bin[];
  /** LFU counter, where the file has them; else empty. */
  readonly frequency: readonly Bin[];
}

/** What a server would need that holds this dataset; each with its formula in docs/memory.md. Bytes and milliseconds. */
export interface ServerNeeds {
  readonly usedMemory: number;
  readonly pageTable: number;
  /** Milliseconds that a fork takes. */
  readonly forkTime: number;
  /** Bytes that must be free on the disk for the next rewrite or snapshot. */
  readonly diskForRewrite: number;
  /** What the buffers of a rewrite before 7.0 take for each MiB that is written meanwhile; undefined from 7.0 on. */
  readonly rewriteBuffersPerMiB?: number;
}

/** Where the memory of a dataset goes. */
export interface MemoryReport extends ScanResult {
  /** The server version whose sizes are estimated. */
  readonly server: string;
  /** The moment from which `ttl` counts, milliseconds since 1970. */
  readonly at: number;
  readonly total: Share;
  readonly elements: number;
  readonly types: readonly NamedShare[];
  readonly encodings: readonly NamedShare[];
  readonly databases: readonly NamedShare[];
  /** Slots of a cluster, where they are asked for. */
  readonly slots?: readonly NamedShare[];
  readonly prefixes: PrefixShare;
  /** Whether prefixes are exact; else the small ones were put together, and `error` bounds the others. */
  readonly exactPrefixes: boolean;
  readonly largest: readonly KeyRank[];
  /** With the most elements. */
  readonly longest: readonly KeyRank[];
  readonly hottest: readonly KeyRank[];
  readonly coldest: readonly KeyRank[];
  readonly histograms: Histograms;
  /** Bytes of a key that so many percent of the keys do not exceed. */
  readonly percentiles: readonly { readonly percent: number; readonly bytes: number }[];
  readonly needs: ServerNeeds;
}
