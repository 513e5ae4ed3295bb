// AssemblyScript. Fingerprints: that of a key, as src/rdb/fingerprints.ts has it, and one of members, which serves only to find
// what may stand twice in one value.

import { sipHash } from './sip-hash';

/** Writes the two halves, high and low, of the fingerprint of `length` bytes to `to`. */
export function fingerprint(from: usize, length: usize, seed: u32, salt: u32, to: usize): void {
  const hash = sipHash(from, length, seed, salt);
  store<u32>(to, <u32>(hash >> 32));
  store<u32>(to, hash == 0 ? 1 : <u32>hash, 4);
}

const factor: u64 = 0x9e3779b97f4a7c15;

/** Never 0. Equal bytes give equal ones. Reads up to seven bytes beyond. */
// @ts-ignore: decorator
@inline
export function memberPrint(from: usize, length: usize): u64 {
  let hash = (<u64>length + 1) * factor;
  let at = from;
  let left = length;
  for (; left >= 8; left -= 8) {
    hash = (hash ^ load<u64>(at)) * factor;
    hash ^= hash >> 32;
    at += 8;
  }
  if (left > 0) hash = (hash ^ (load<u64>(at) & (((<u64>1) << (<u64>left << 3)) - 1))) * factor;
  hash = (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9;
  return (hash ^ (hash >> 32)) | 1;
}

/** The same of an integer, for encodings that store one where its text was meant. */
// @ts-ignore: decorator
@inline
export function integerPrint(value: i64): u64 {
  let hash = (<u64>value ^ 0x5851f42d4c957f2d) * factor;
  hash = (hash ^ (hash >> 29)) * 0x94d049bb133111eb;
  return (hash ^ (hash >> 32)) | 1;
}
