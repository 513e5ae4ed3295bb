import { bucketsBytes, collidingBytes, dictSlots } from '../../memory/allocator.ts';
import type { MemoryRules } from '../../memory/rules.ts';

/** What a server needs for the dataset: estimates, whose formulas are in docs/memory.md. */
export interface ServerNeeds {
  /** `used_memory` in all, and its parts: an empty server, what MEMORY USAGE counts, what it does not count of keys, the tables of the databases. */
  readonly usedMemory: number;
  readonly startup: number;
  readonly keys: number;
  readonly uncounted: number;
  readonly tables: number;
  /** Bytes of the page table that a fork copies, and how long that takes, milliseconds. */
  readonly pageTable: number;
  readonly forkMilliseconds: number;
  /** Memory that a fork may copy until the child is done, if every page is written. */
  readonly copyOnWriteMax: number;
  /** Bytes of the next RDB, or base of an AOF, and how long writing it takes, seconds. */
  readonly rewriteBytes: number;
  readonly rewriteSeconds: number;
  /** Bytes that the disk needs beside the present files until the new one has taken their place. */
  readonly rewriteDisk: number;
  /** Before 7.0, how many bytes of memory each byte takes that is written during a rewrite: `aof_buf` and `aof_rewrite_buf`. */
  readonly bytesPerWrittenByte: number;
}

/** `used_memory_startup` of the measured servers. */
const startups: Readonly<Record<string, number>> = {
  'redis-6.0': 809_816,
  'redis-7.0': 876_464,
  'redis-8.0': 662_632,
  'redis-8.6': 716_544,
  'valkey-8.1': 883_984,
  'valkey-9.1': 921_824,
};

const pageBytes = 4096;
const pageEntryBytes = 8;
/** As measured: 20 to 90 milliseconds for a GiB, the less the newer the machine. */
const forkMillisecondsEach = 20 / 2 ** 30;
const writtenEachSecond = 100e6;
const entryBytes = 32;

/** Keys of one database and how many of them expire. */
export interface DatabaseKeys {
  readonly keys: number;
  readonly expires: number;
}

export function serverNeeds(
  rules: MemoryRules,
  keys: number,
  uncounted: number,
  databases: readonly DatabaseKeys[],
  rewriteBytes: number,
): ServerNeeds {
  const tables = databases.reduce((sum, database) => sum + tablesBytes(rules, database), 0);
  const startup = startups[rules.server];
  const usedMemory = Math.round(startup + keys + uncounted + tables);
  return {
    usedMemory,
    startup,
    keys: Math.round(keys),
    uncounted: Math.round(uncounted),
    tables: Math.round(tables),
    pageTable: Math.ceil(usedMemory / pageBytes) * pageEntryBytes,
    forkMilliseconds: Math.round(usedMemory * forkMillisecondsEach * 10) / 10,
    copyOnWriteMax: usedMemory,
    rewriteBytes,
    rewriteSeconds: Math.round((rewriteBytes / writtenEachSecond) * 10) / 10,
    rewriteDisk: rewriteBytes,
    bytesPerWrittenByte: rules.usesZiplists ? 2 : 0,
  };
}

/** The tables of keys and of expiries, as far as MEMORY USAGE does not count them. */
function tablesBytes({ hasBuckets, keyForm }: MemoryRules, { keys, expires }: DatabaseKeys): number {
  if (hasBuckets) return [keys, expires].reduce((sum, count) => sum + (count > 0 ? bucketsBytes(count, 0) : 0), 0);
  const slots = 8 * (keys > 0 ? dictSlots(keys) : 0) + 8 * (expires > 0 ? dictSlots(expires) : 0);
  if (keyForm === 'robj') return slots + (entryBytes - 24) * keys + entryBytes * expires;
  return slots + collidingBytes(keys, dictSlots(keys)) + collidingBytes(expires, dictSlots(expires));
}
