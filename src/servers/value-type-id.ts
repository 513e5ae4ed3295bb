/**
 * Numbers of the RDB value types, and numbers of our own for those that mean different things: both forks use 22 and 23, and
 * Redis gave 33 a new meaning.
 *
 * Wherever a type is kept without the file that it came from, it has a canonical number. Those of our own fit the byte in which
 * keyspaces keep a type, and no fork uses them (opcodes begin at 240).
 */

export const TypeId = {
  string: 0,
  list: 1,
  set: 2,
  sortedSetText: 3,
  hash: 4,
  sortedSet: 5,
  module: 7,
  hashZipmap: 9,
  listZiplist: 10,
  setIntset: 11,
  sortedSetZiplist: 12,
  hashZiplist: 13,
  listQuicklist: 14,
  stream1: 15,
  hashListpack: 16,
  sortedSetListpack: 17,
  listQuicklist2: 18,
  stream2: 19,
  setListpack: 20,
  stream3: 21,
  /** Redis 7.4's release candidates; Valkey's own 22 is `valkeyHashType`. */
  hashExpiryPreRelease: 22,
  hashListpackExpiryPreRelease: 23,
  hashExpiry: 24,
  hashListpackExpiry: 25,
  stream4: 26,
  stream5: 27,
  array: 28,
  templateListpack: 29,
  templateListpackReference: 30,
  templateArray: 31,
  templateArrayReference: 32,
  /** Up to RDB 15: only builds with ENABLE_GCRA write it. From 16 on, 33 is `bitmapType`. */
  gcra: 33,
  setListpackExpiry: 34,
  setExpiry: 35,
  /** KeyDB's scheduled job. */
  cron: 64,
} as const;

/** Valkey 9's hash with field expiry: 22 in its files. */
export const valkeyHashType = 0x80 | 22;
/** Valkey 9.2's path hash: 23 in its files. */
export const pathHashType = 0x80 | 23;
/** Redis 8.12's native bitmap: 33 in its files. */
export const bitmapType = 0x80 | 33;

/** The first RDB versions of Valkey and Redis with the types and opcodes of 9.2 and 8.12. */
export const valkeyPathHashVersion = 81;
export const redisBitmapVersion = 16;

/** A type as a file of this fork and version has it, made unambiguous. */
export function canonicalType(type: number, { fork, version }: RdbFormat): number {
  if (fork === 'valkey') return type === 22 || type === 23 ? 0x80 | type : type;
  return type === TypeId.gcra && version >= redisBitmapVersion ? bitmapType : type;
}

/** The number that stands in a file for a canonical type. */
export function typeInFile(type: number): number {
  return type & 0x7f;
}

export type Fork = 'redis' | 'valkey';

/** What decides how values are laid out: an RdbReader has it after the header. */
export interface RdbFormat {
  readonly fork: Fork;
  readonly version: number;
}
