/**
 * The server generations that can be written for: what each reads, what it would itself write, and in which words.
 * Facts: formats of rdb.h, rdb.c and aof.c of the releases; those of 6.0, 7.0, 8.0, 8.6, Valkey 8.1 and 9.1 were compared
 * with what these servers write (test/rdb/codec, test/resp).
 */

import { lookUp } from '../records.ts';
import { compactLimits } from './compact-limits.ts';
import type { Fork } from './value-type-id.ts';
import { bitmapType, pathHashType, TypeId, valkeyHashType } from './value-type-id.ts';

/** How fields that expire are kept: not at all, as Redis 7.4 does (types 24, 25), or as Valkey 9 does (its 22). */
type FieldExpiry = 'none' | 'redis' | 'valkey';

/** How a list is kept: a ziplist or a linked list (2.2), nodes of ziplists (3.2), of listpacks (7.0). */
type ListForm = 'ziplist' | 'quicklist' | 'quicklist-2' | 'listpack-first';

export interface Target {
  /** Such as `redis-8.6` or `valkey-9.1`. */
  readonly name: string;
  readonly fork: Fork;
  /** The release whose number goes into the aux field, such as `8.6.3`. */
  readonly version: string;
  readonly rdbVersion: number;
  /** The nine bytes at the start of its RDBs. */
  readonly magic: string;
  /** Name of the aux field with the version; undefined before aux fields (3.2). */
  readonly versionField: 'redis-ver' | 'valkey-ver' | undefined;
  /** Name of the aux field that says whether the RDB belongs to an AOF (4.0). */
  readonly baseField: 'aof-preamble' | 'aof-base' | undefined;
  /** RESIZEDB and aux fields (3.2). */
  readonly hasAux: boolean;
  /** IDLE and FREQ before a key (5.0). */
  readonly hasUsage: boolean;
  /** Metadata of modules before a key (Redis 8.6). */
  readonly hasKeyMetadata: boolean;
  /** An RDB may stand at the start of an AOF (4.0). */
  readonly hasPreamble: boolean;
  /** AOFs are folders with a manifest (7.0). */
  readonly hasManifest: boolean;
  /** The manifest's incr lines carry `startoffset` (Redis 8.0). */
  readonly manifestStartOffset: boolean;
  readonly hasFunctions: boolean;
  /** An aux field tells of slots that are being migrated (Redis 8.4). */
  readonly hasSlotTasks: boolean;
  /** Module values (4.0). */
  readonly hasModules: boolean;
  readonly hasVectorSets: boolean;
  /** Vector sets only in the form that 8.0 wrote: 8.6 reads it too, 8.0 not that of 8.6. Of 8.2 and 8.4 it is not known. */
  readonly hasOldVectorNodes: boolean;
  readonly hasArrays: boolean;
  /** Rate limiters: only builds with ENABLE_GCRA have them, and only such a build can have written one. */
  readonly hasGcra: boolean;
  /** Path hashes (Valkey 9.2). */
  readonly hasPathHashes: boolean;
  /** BLESS, and its mark before a key (Redis 8.12). */
  readonly hasNoEvict: boolean;
  /** SADDEX: members of sets expire (Redis 8.12). */
  readonly hasMemberExpiry: boolean;
  /** Only written for where it is named: no release confirms what its files look like. */
  readonly onlyByName: boolean;
  /** Form of streams: 1 (5.0), 2 (7.0), 3 (7.2), 4 (8.6), 5 (8.8); 0 for none. */
  readonly streamVersion: 0 | 1 | 2 | 3 | 4 | 5;
  readonly fieldExpiry: FieldExpiry;
  /** Hashes and sorted sets: ziplists up to 6.2, listpacks from 7.0 on. */
  readonly usesListpacks: boolean;
  /** Small sets that are not all integers as listpacks (7.2). */
  readonly hasSetListpacks: boolean;
  readonly listForm: ListForm;
  /** List elements of at least this many bytes get a node of their own; Infinity where there is no such node. */
  readonly plainElementMin: number;
  /** Scores as 8-byte doubles (4.0). */
  readonly hasBinaryScores: boolean;
  /** How scores are printed: printf's %.17g up to 7.0, the shortest text from 7.2 on. */
  readonly scoreText: 'printf' | 'grisu';
  readonly backlenThreshold: BacklenThreshold;
  /** XGROUP CREATECONSUMER exists (6.2). */
  readonly createsConsumers: boolean;
  /** Canonical value types (value-type-id.ts) that its loader takes. */
  readonly reads: ReadonlySet<number>;
}

const listpackBytesMax = 1 << 30;

/** Value types by the first RDB version that has them; what a server reads is everything up to its own. */
const typesSince: readonly (readonly [version: number, types: readonly number[]])[] = [
  [6, [0, 1, 2, 3, 4, 9, 10, 11, 12, 13]],
  [7, [TypeId.listQuicklist]],
  [8, [TypeId.sortedSet, TypeId.module]],
  [9, [TypeId.stream1]],
  [10, [TypeId.hashListpack, TypeId.sortedSetListpack, TypeId.listQuicklist2, TypeId.stream2]],
  [11, [TypeId.setListpack, TypeId.stream3]],
  [12, [22, 23, TypeId.hashExpiry, TypeId.hashListpackExpiry]],
  [13, [TypeId.stream4]],
  [14, [TypeId.stream5, TypeId.array]],
  [15, [TypeId.templateListpack, TypeId.templateArray, TypeId.gcra]],
  [16, [bitmapType, TypeId.setListpackExpiry, TypeId.setExpiry]],
];

/**
 * Types whose values are never copied as they stand: no server confirms the numbers of the first three, and paths are put into the order
 * that a server writes.
 */
const neverCopied: ReadonlySet<number> = new Set([
  bitmapType,
  TypeId.setListpackExpiry,
  TypeId.setExpiry,
  pathHashType,
]);

function typesUpTo(version: number): Set<number> {
  const types = new Set(typesSince.filter(([since]) => since <= version).flatMap(([, types]) => types));
  // The number went to bitmaps.
  if (types.has(bitmapType)) types.delete(TypeId.gcra);
  return types;
}

/** What a release has, from its RDB version on where that decides. */
function redis(name: string, version: string, rdbVersion: number, more: Partial<Target> = {}): Target {
  const at = (least: number): boolean => rdbVersion >= least;
  return {
    name: `redis-${name}`,
    fork: 'redis',
    version,
    rdbVersion,
    magic: `REDIS${String(rdbVersion).padStart(4, '0')}`,
    versionField: at(7) ? 'redis-ver' : undefined,
    baseField: at(10) ? 'aof-base' : at(8) ? 'aof-preamble' : undefined,
    hasAux: at(7),
    hasUsage: at(9),
    hasKeyMetadata: at(13),
    hasPreamble: at(8),
    hasManifest: at(10),
    manifestStartOffset: false,
    hasFunctions: at(10),
    hasSlotTasks: at(13),
    hasModules: at(8),
    hasVectorSets: false,
    hasOldVectorNodes: !at(13),
    hasArrays: at(14),
    hasGcra: at(15) && !at(16),
    hasPathHashes: false,
    hasNoEvict: at(16),
    hasMemberExpiry: at(16),
    onlyByName: false,
    streamVersion: at(14) ? 5 : at(13) ? 4 : at(11) ? 3 : at(10) ? 2 : at(9) ? 1 : 0,
    fieldExpiry: at(12) ? 'redis' : 'none',
    usesListpacks: at(10),
    hasSetListpacks: at(11),
    listForm: at(11) ? 'listpack-first' : at(10) ? 'quicklist-2' : at(7) ? 'quicklist' : 'ziplist',
    plainElementMin: at(12) ? compactLimits.listNodeBytes + 1 : at(10) ? listpackBytesMax : Number.POSITIVE_INFINITY,
    hasBinaryScores: at(8),
    scoreText: at(11) ? 'grisu' : 'printf',
    backlenThreshold: at(14) ? 'inclusive' : 'exclusive',
    createsConsumers: at(10),
    reads: typesUpTo(rdbVersion),
    ...more,
  };
}

function valkey(name: string, version: string, rdbVersion: number, more: Partial<Target> = {}): Target {
  const isOwn = rdbVersion >= 80;
  const reads = typesUpTo(11);
  if (isOwn) reads.add(valkeyHashType);
  const hasPathHashes = rdbVersion >= 81;
  if (hasPathHashes) reads.add(pathHashType);
  return {
    ...redis(name, version, 11),
    name: `valkey-${name}`,
    fork: 'valkey',
    rdbVersion,
    magic: isOwn ? `VALKEY${String(rdbVersion).padStart(3, '0')}` : 'REDIS0011',
    versionField: 'valkey-ver',
    plainElementMin: compactLimits.listNodeBytes + 1,
    fieldExpiry: isOwn ? 'valkey' : 'none',
    hasPathHashes,
    backlenThreshold: isOwn ? 'inclusive' : 'exclusive',
    reads,
    ...more,
  };
}

/** What a release has from 8.0 on. */
const sinceEight: Partial<Target> = { manifestStartOffset: true, hasVectorSets: true };

/** Every target, oldest first, Redis before Valkey. */
export const targets: readonly Target[] = [
  redis('2.6', '2.6.17', 6),
  redis('2.8', '2.8.24', 6),
  redis('3.0', '3.0.7', 6),
  redis('3.2', '3.2.13', 7),
  redis('4.0', '4.0.14', 8),
  redis('5.0', '5.0.14', 9),
  redis('6.0', '6.0.20', 9),
  redis('6.2', '6.2.21', 9, { createsConsumers: true }),
  redis('7.0', '7.0.15', 10),
  redis('7.2', '7.2.11', 11),
  redis('7.4', '7.4.6', 12),
  redis('8.0', '8.0.6', 12, sinceEight),
  redis('8.2', '8.2.3', 12, sinceEight),
  redis('8.4', '8.4.0', 12, { ...sinceEight, hasSlotTasks: true }),
  redis('8.6', '8.6.3', 13, sinceEight),
  redis('8.8', '8.8.0', 14, sinceEight),
  redis('8.10', '8.10.2', 15, sinceEight),
  redis('8.12', '8.12.0', 16, { ...sinceEight, onlyByName: true }),
  valkey('7.2', '7.2.4', 11, { versionField: 'redis-ver', plainElementMin: listpackBytesMax }),
  valkey('8.0', '8.0.6', 11),
  valkey('8.1', '8.1.4', 11),
  valkey('9.0', '9.0.1', 80),
  valkey('9.1', '9.1.2', 80),
  valkey('9.2', '9.2.0', 81),
];

const shortNames: Readonly<Record<string, string>> = {
  'redis-2': 'redis-2.8',
  'redis-3': 'redis-3.2',
  'redis-4': 'redis-4.0',
  'redis-5': 'redis-5.0',
  'redis-6': 'redis-6.2',
  'redis-7': 'redis-7.4',
  'redis-8': 'redis-8.10',
  'valkey-7': 'valkey-7.2',
  'valkey-8': 'valkey-8.1',
  'valkey-9': 'valkey-9.1',
};

/** The target of that name (`redis-8.6`) or short name (`redis-8`: its newest but those only by name); undefined where there is none. */
export function findTarget(name: string): Target | undefined {
  const full = lookUp(shortNames, name) ?? name;
  return targets.find((target) => target.name === full);
}

/**
 * The oldest target that reads RDBs of that version and fork, for a default: what wrote the input. A version beyond the
 * newest gives the newest, and what is only written by name the one before it.
 */
export function targetOfRdb(fork: Fork, rdbVersion: number, serverVersion = ''): Target {
  const [major, minor] = serverVersion.split('.');
  const own = targets.find(({ name }) => name === `${rdbVersion >= 80 ? 'valkey' : fork}-${major}.${minor}`);
  if (own !== undefined && own.rdbVersion === rdbVersion && !own.onlyByName) return own;
  const ofFork = targets.filter((target) => target.fork === fork && !target.onlyByName);
  return ofFork.find((target) => target.rdbVersion >= rdbVersion) ?? ofFork[ofFork.length - 1];
}

/** What a log without any RDB is written for when its commands say no more: the oldest release that is still widely run. */
export const plainDefault = 'redis-6.2';

/** The next newer target of the same fork; undefined after the newest that need not be named. */
export function nextTarget(target: Target): Target | undefined {
  const ofFork = targets.filter(({ fork, onlyByName }) => fork === target.fork && (!onlyByName || target.onlyByName));
  return ofFork[ofFork.indexOf(target) + 1];
}

/** Whether a value of this canonical type can be copied to the target as it is, all but its listpacks' widths considered. */
export function readsType(target: Target, type: number): boolean {
  return target.reads.has(type) && !neverCopied.has(type);
}

/** How an entry of exactly 2^14-1, 2^21-1 or 2^28-1 bytes got its backlen: the families disagree by a byte. */
export type BacklenThreshold =
  /** Redis up to 8.6, Valkey up to 8.1: such a length takes the wider form. */
  | 'exclusive'
  /** Valkey 9, and Redis after 8.6. */
  | 'inclusive';
