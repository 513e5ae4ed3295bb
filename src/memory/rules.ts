/*
 * Sizes and limits that decide what a key takes in the memory of a server release: structures as the releases' sources declare them. Each was
 * compared with what the servers answer to MEMORY USAGE (docs/memory.md).
 */

export const memoryServers = ['redis-6.0', 'redis-7.0', 'redis-8.0', 'redis-8.6', 'valkey-8.1', 'valkey-9.1'] as const;
export type MemoryServer = (typeof memoryServers)[number];

export interface MemoryRules {
  readonly server: MemoryServer;
  /**
   * How a key lies in memory: `robj`, an entry of a dict, a string for the name and an object for the value; `kvobj`, one object that
   * holds the name and the time of expiry, too (Valkey 8.1, Redis 8.2).
   */
  readonly keyForm: 'robj' | 'kvobj';
  /** MEMORY USAGE counts the object that has the name; Valkey 8.1 counts 16 bytes for it, unless a string lies in it, too. */
  readonly countsName: boolean;
  /** Packed values count with their own bytes, not with those of their allocation. */
  readonly countsBareBytes: boolean;
  /** Large allocations take whole pages: not a matter of the release but of the jemalloc that it was measured with. */
  readonly allocatesPages: boolean;
  /** Bytes of an object with a string in it, at most; with robj: of the string. */
  readonly embeddedMax: number;
  /** A string in the object takes the place of the pointer to it. */
  readonly embedsInPlaceOfPointer: boolean;
  /** Collections are tables of buckets of 64 bytes (Valkey), not dicts. */
  readonly hasBuckets: boolean;
  /** Structure of the table of a set, sorted set or hash. */
  readonly table: number;
  readonly hashTable: number;
  /** Entry of a dict, as it counts in a sorted set. */
  readonly sortedSetEntry: number;
  readonly quicklist: number;
  readonly quicklistNode: number;
  /** zset, zskiplist and the node at its head. */
  readonly skiplist: number;
  /** Structure of a node without its levels. */
  readonly skiplistNode: number;
  /** A node holds its member. */
  readonly embedsMember: boolean;
  /** How a field and its value lie: two strings, a string and a field with room for its expiry (7.4), or one entry. */
  readonly fieldForm: 'sds' | 'mstr' | 'entry';
  /** What an expiry adds to a field. */
  readonly fieldExpiry: number;
  /** Small sets and lists are listpacks (7.2). */
  readonly hasSmallListpacks: boolean;
  /** Small hashes and sorted sets are ziplists (6.2). */
  readonly usesZiplists: boolean;
  /** Hashes whose fields expire can be listpacks (Redis 7.4). */
  readonly hasExpiryListpacks: boolean;
  readonly stream: number;
  readonly streamGroup: number;
  /** The names of groups count, too. */
  readonly streamGroupName: boolean;
  readonly streamConsumer: number;
  readonly streamPending: number;
  /** Streams have a tree of the entries that are pending in any group (8.6). */
  readonly hasReferences: boolean;
  /** Structure of a radix tree, where trees count with what they allocated; 0 where they count with 244 bytes a node. */
  readonly tree: number;
}

const redis60: MemoryRules = {
  server: 'redis-6.0',
  keyForm: 'robj',
  countsName: true,
  countsBareBytes: true,
  allocatesPages: false,
  embeddedMax: 44,
  embedsInPlaceOfPointer: false,
  hasBuckets: false,
  table: 96,
  hashTable: 96,
  sortedSetEntry: 24,
  quicklist: 40,
  quicklistNode: 32,
  skiplist: 16 + 32 + 640,
  skiplistNode: 24,
  embedsMember: false,
  fieldForm: 'sds',
  fieldExpiry: 0,
  hasSmallListpacks: false,
  usesZiplists: true,
  hasExpiryListpacks: false,
  stream: 0,
  streamGroup: 32,
  streamGroupName: false,
  streamConsumer: 24,
  streamPending: 24,
  hasReferences: false,
  tree: 0,
};

const redis70: MemoryRules = {
  ...redis60,
  server: 'redis-7.0',
  countsBareBytes: false,
  table: 56,
  hashTable: 56,
  quicklistNode: 40,
  usesZiplists: false,
  stream: 80,
  streamGroup: 40,
};

const redis80: MemoryRules = {
  ...redis70,
  server: 'redis-8.0',
  allocatesPages: true,
  fieldForm: 'mstr',
  fieldExpiry: 18,
  hasSmallListpacks: true,
  hasExpiryListpacks: true,
  streamConsumer: 32,
};

const redis86: MemoryRules = {
  ...redis80,
  server: 'redis-8.6',
  keyForm: 'kvobj',
  countsBareBytes: true,
  embeddedMax: 64,
  quicklist: 48,
  quicklistNode: 48,
  skiplistNode: 16,
  embedsMember: true,
  fieldForm: 'entry',
  fieldExpiry: 16,
  stream: 152,
  streamGroup: 128,
  streamGroupName: true,
  streamConsumer: 50,
  streamPending: 64,
  hasReferences: true,
  tree: 40,
};

const valkey81: MemoryRules = {
  ...redis80,
  server: 'valkey-8.1',
  keyForm: 'kvobj',
  countsName: false,
  embeddedMax: 64,
  hasBuckets: true,
  table: 72,
  hashTable: 72,
  sortedSetEntry: 0,
  fieldForm: 'entry',
  fieldExpiry: 0,
  hasExpiryListpacks: false,
  tree: 32,
};

const valkey91: MemoryRules = {
  ...valkey81,
  server: 'valkey-9.1',
  countsName: true,
  embeddedMax: 128,
  embedsInPlaceOfPointer: true,
  table: 80,
  hashTable: 88,
  fieldExpiry: 8,
  skiplist: 544,
  skiplistNode: 17,
  embedsMember: true,
};

const all: readonly MemoryRules[] = [redis60, redis70, redis80, redis86, valkey81, valkey91];

export function memoryRules(server: MemoryServer): MemoryRules {
  return all.find((one) => one.server === server) as MemoryRules;
}

/** The measured release whose rules a release follows: the newest one that is not newer than it, of the same fork. */
export function memoryServerOf(fork: 'redis' | 'valkey', version: string): MemoryServer {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const wanted = major * 100 + minor;
  const isBefore = (server: MemoryServer) => {
    const [, name] = server.split('-');
    const [ofMajor, ofMinor] = name.split('.').map(Number);
    return server.startsWith(fork) && ofMajor * 100 + ofMinor <= wanted;
  };
  return memoryServers.findLast(isBefore) ?? (fork === 'valkey' ? 'valkey-8.1' : 'redis-6.0');
}
