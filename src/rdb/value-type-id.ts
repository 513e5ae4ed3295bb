/**
 * Numbers of the RDB value types, and one number of our own: the forks both use 22 and mean different things by it.
 *
 * Wherever a type is kept without the file that it came from, Valkey's 22 is kept as `valkeyHashType`. It fits the byte in
 * which keyspaces keep a type, and no fork uses it (opcodes begin at 240).
 */
import type { Fork } from './reader.ts';

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
  gcra: 33,
} as const;

const valkeyHashInFile = 22;
/** Valkey 9's hash with field expiry: 22 in its files. */
export const valkeyHashType = 0x80 | valkeyHashInFile;

/** A type as a file of `fork` has it, made unambiguous. */
export function canonicalType(type: number, fork: Fork): number {
  return fork === 'valkey' && type === valkeyHashInFile ? valkeyHashType : type;
}

/** The number that stands in a file for a canonical type. */
export function typeInFile(type: number): number {
  return type === valkeyHashType ? valkeyHashInFile : type;
}
