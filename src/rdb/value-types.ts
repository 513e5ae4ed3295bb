import type { RdbFormat } from '../servers/value-type-id.ts';
import { bitmapType, canonicalType, pathHashType, TypeId, valkeyHashType } from '../servers/value-type-id.ts';
import type { RdbInput } from './input.ts';
import type { ValueCheck } from './value-check.ts';
import { checkArray } from './values/array.ts';
import { checkBitmap } from './values/bitmap.ts';
import { checkCron } from './values/cron.ts';
import { checkGcra } from './values/gcra.ts';
import * as hash from './values/hash.ts';
import * as list from './values/list.ts';
import { checkModule, checkModulePreRelease } from './values/module.ts';
import { checkPathHash } from './values/path-hash.ts';
import * as set from './values/set.ts';
import * as sortedSet from './values/sorted-set.ts';
import { checkStream } from './values/stream.ts';

/** The data type that a value type stands for, as the TYPE command names it. */
export type DataType =
  | 'string'
  | 'list'
  | 'set'
  | 'zset'
  | 'hash'
  | 'stream'
  | 'module'
  | 'array'
  | 'gcra'
  | 'bitmap'
  | 'pathhash'
  | 'cron';

/** One value type of the RDB format: its number, its name in redis-check-rdb's report, and how to move over a value of it. */
export interface ValueType {
  readonly id: number;
  readonly name: string;
  readonly data: DataType;
  /** First version of the format that had it. */
  readonly since: number;
  /** Moves over the value; in depth, it checks what a server with `sanitize-dump-payload yes` does. Throws FormatError. */
  readonly check: (input: RdbInput, check: ValueCheck) => void;
}

const checkString = (input: RdbInput): void => input.skipString();
const streamCheck = (version: number) => (input: RdbInput, check: ValueCheck) => checkStream(input, check, version);

const type = (id: number, name: string, data: DataType, since: number, check: ValueType['check']): ValueType => ({
  id,
  name,
  data,
  since,
  check,
});

/** Every value type, in the order of its number. Where the forks differ, `forkNames` holds Valkey's. */
const types: readonly ValueType[] = [
  type(0, 'string', 'string', 1, checkString),
  type(1, 'list-linked', 'list', 1, list.checkLinkedList),
  type(2, 'set-hashtable', 'set', 1, set.checkHashtableSet),
  type(3, 'zset-v1', 'zset', 1, sortedSet.checkTextScoreSet),
  type(4, 'hash-hashtable', 'hash', 1, hash.checkHashtableHash),
  type(5, 'zset-v2', 'zset', 8, sortedSet.checkDoubleScoreSet),
  type(6, 'module-pre-release', 'module', 8, checkModulePreRelease),
  type(7, 'module-value', 'module', 8, checkModule),
  type(9, 'hash-zipmap', 'hash', 2, hash.checkZipmapHash),
  type(10, 'list-ziplist', 'list', 2, list.checkZiplistList),
  type(11, 'set-intset', 'set', 2, set.checkIntsetSet),
  type(12, 'zset-ziplist', 'zset', 2, sortedSet.checkZiplistSortedSet),
  type(13, 'hash-ziplist', 'hash', 4, hash.checkZiplistHash),
  type(14, 'quicklist', 'list', 7, list.checkQuicklist),
  type(15, 'stream', 'stream', 9, streamCheck(1)),
  type(16, 'hash-listpack', 'hash', 10, hash.checkListpackHash),
  type(17, 'zset-listpack', 'zset', 10, sortedSet.checkListpackSortedSet),
  type(18, 'quicklist-v2', 'list', 10, list.checkQuicklist2),
  type(19, 'stream-v2', 'stream', 10, streamCheck(2)),
  type(20, 'set-listpack', 'set', 11, set.checkListpackSet),
  type(21, 'stream-v3', 'stream', 11, streamCheck(3)),
  type(22, 'hash-hashtable-md-pre-release', 'hash', 12, hash.checkExpiryHash22),
  type(23, 'hash-listpack-md-pre-release', 'hash', 12, hash.checkListpackExpiryHashPreRelease),
  type(24, 'hash-hashtable-md', 'hash', 12, hash.checkHashtableExpiryHash),
  type(25, 'hash-listpack-md', 'hash', 12, hash.checkListpackExpiryHash),
  type(26, 'stream-v4', 'stream', 13, streamCheck(4)),
  type(27, 'stream-v5', 'stream', 14, streamCheck(5)),
  type(28, 'array', 'array', 14, checkArray),
  type(29, 'hash-template-listpack', 'hash', 15, hash.checkTemplateListpack),
  type(30, 'hash-template-listpack-reference', 'hash', 15, hash.checkTemplateListpackReference),
  type(31, 'hash-template-array', 'hash', 15, hash.checkTemplateArray),
  type(32, 'hash-template-array-reference', 'hash', 15, hash.checkTemplateArrayReference),
  type(33, 'gcra', 'gcra', 15, checkGcra),
  type(34, 'set-listpack-md', 'set', 16, set.checkListpackExpirySet),
  type(35, 'set-hashtable-md', 'set', 16, set.checkExpirySet),
  type(64, 'cron', 'cron', 9, checkCron),
];

/**
 * By canonical number: what differs between forks or versions has a number of its own there. No check-rdb that names path hashes,
 * bitmaps or sets with expiry was seen: their names follow those of hashes.
 */
const byId: (ValueType | undefined)[] = [];
for (const entry of types) byId[entry.id] = entry;
byId[valkeyHashType] = type(22, 'hash-hashtable-md', 'hash', 80, hash.checkExpiryHash22);
byId[pathHashType] = type(23, 'pathhash', 'pathhash', 81, checkPathHash);
byId[bitmapType] = type(33, 'bitmap', 'bitmap', 16, checkBitmap);

/** KeyDB writes no version but this. */
const keydbVersion = 9;

/** Valkey gave 22 and 23 a meaning of its own and knows none of Redis's later types. */
const valkeyTypeMax = 23;

/** The value type with this number in a file of that fork and version; undefined where it has none. */
export function valueType(id: number, format: RdbFormat): ValueType | undefined {
  if (format.fork === 'valkey' && id > valkeyTypeMax) return undefined;
  if (id > TypeId.setExpiry && (id !== TypeId.cron || format.version > keydbVersion)) return undefined;
  const entry = byId[canonicalType(id, format)];
  return entry !== undefined && isYetUnknown(entry, format) ? undefined : entry;
}

/** Numbers that a file of an older version would use for something else: it was never there. */
function isYetUnknown({ id, since }: ValueType, { fork, version }: RdbFormat): boolean {
  return since > version && version > 0 && (fork === 'valkey' ? id === 23 : id > TypeId.gcra);
}

/** Moves over the value of type `id` at the input's position. Throws FormatError. */
export function checkValue(input: RdbInput, id: number, check: ValueCheck): void {
  const entry = valueType(id, check);
  if (entry === undefined) input.fail('rdb.opcode.unknown', 'a value type or an opcode', String(id));
  entry.check(input, check);
}

/** The data type of a canonical value type (value-type-id.ts); 'string' for a number that no type has. */
export function dataTypeOf(canonicalType: number): DataType {
  return byId[canonicalType]?.data ?? 'string';
}
