/** What a target cannot hold: reported, never silently dropped. */
export type LossKind =
  /** The whole key: its type does not exist there. */
  | 'stream'
  | 'array'
  | 'gcra'
  | 'module'
  | 'vector-set'
  /** A path hash of Valkey 9.2. */
  | 'path-hash'
  /** A native bitmap of Redis 8.12: written as the string with the same bits, or not at all where that would be too long. */
  | 'bitmap'
  /** A scheduled job of KeyDB. */
  | 'cron'
  /** A part of a value. */
  | 'field-expiry'
  /** When members of a set expire (Redis 8.12). */
  | 'member-expiry'
  | 'stream-counters'
  /** A consumer without pending entries: no command of a server before 6.2 makes one, so its own rewrite leaves it out, too. */
  | 'stream-consumers'
  | 'stream-nack-zone'
  | 'stream-idempotency'
  /** A pending entry of a message that was deleted: no command makes one. */
  | 'stream-deleted-pending'
  /** The sign of a score of minus zero: in a small sorted set a server from 7.0 on stores 0 when it is given one. */
  | 'negative-zero'
  /** Details that no command's reply or digest of the dataset rests on. */
  | 'consumer-active-time'
  | 'idempotency-counters'
  | 'usage'
  /** That a key is not to be evicted (BLESS of Redis 8.12). */
  | 'no-evict'
  /** Hashes of Redis 8.10 that share a list of fields: written as ordinary hashes. */
  | 'hash-template'
  | 'key-metadata'
  /** Nothing is lost, but only a server with the module loads it. */
  | 'module-kept'
  /** Not of a key. */
  | 'function'
  | 'module-aux'
  /** Slots that were on their way from or to another node of the cluster. */
  | 'slot-migration'
  /** How many keys each slot of a cluster has: a hint to the loader. */
  | 'slot-sizes'
  /** Where the file stands in a replication: what replicas go on from. */
  | 'replication-state'
  /** Scripts in the cache of a server before 7.0. */
  | 'script'
  /** What somebody else wrote into the head of the file. */
  | 'aux-field';

/** What is left after the loss. */
export type LossOutcome = 'key-dropped' | 'part-dropped' | 'flattened' | 'kept';

export interface Loss {
  readonly db: number;
  /** Binary string; empty where it is of no key. */
  readonly key: string;
  readonly kind: LossKind;
  readonly outcome: LossOutcome;
  /** A sentence for a person. */
  readonly reason: string;
}

/** What an encoder of one value says; the writer adds the key. */
export type LossSink = (kind: LossKind, outcome: LossOutcome, reason: string) => void;

/**
 * Losses that a server too takes when it rewrites or passes on its own data, or that a server of the target's age never had
 * (counters of streams), or drops when it loads the file (scripts, aux fields). Of the others only two change an answer: pending entries of deleted messages, which XPENDING counts and
 * nobody can read, and the sign of a zero.
 */
export const minorLosses: ReadonlySet<LossKind> = new Set([
  'consumer-active-time',
  'idempotency-counters',
  'negative-zero',
  'stream-consumers',
  'stream-counters',
  'stream-deleted-pending',
  'usage',
  'no-evict',
  'hash-template',
  'module-kept',
  'slot-sizes',
  'replication-state',
  'script',
  'aux-field',
]);

/** What no digest counts: what no key holds, and when members of a set expire. */
const uncounted: ReadonlySet<LossKind> = new Set(['function', 'module-aux', 'member-expiry']);

/** Whether the key has another digest, or none, after this loss. */
export function changesDigest(kind: LossKind): boolean {
  return kind === 'negative-zero' || !(minorLosses.has(kind) || uncounted.has(kind));
}
