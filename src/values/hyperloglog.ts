/**
 * A HyperLogLog: a plain string that the servers' PF commands read and change (Redis 2.8.9).
 *
 *   "HYLL", u8 encoding (0 dense, 1 sparse), 3 bytes reserved, u64 LE cached cardinality (top bit: stale)
 *   dense:  16384 registers of 6 bits, least significant bits first: 12304 bytes in all
 *   sparse: run-length opcodes, see hyperloglog-sparse.ts
 */

import { mergeSparse, setSparse, sparseHistogram, sparseToDense } from './hyperloglog-sparse.ts';
import { Murmur64 } from './murmur.ts';
import type { OwnString } from './value.ts';

export const registerCount = 16384;
const hllHeaderLength = 16;
const denseLength = hllHeaderLength + (registerCount * 6) / 8;

const encodingDense = 0;
const encodingSparse = 1;
const encodingPosition = 4;
const cardinalityPosition = 8;
/** Bits of the hash that the registers' values come from. */
const patternBits = 50;
const alphaInfinity = 0.7213475204444817;

/** An empty one: sparse, one run of zeros. */
export function createHyperLogLog(): Buffer {
  const bytes = Buffer.alloc(hllHeaderLength + 2);
  bytes.write('HYLL', 'latin1');
  bytes[encodingPosition] = encodingSparse;
  bytes.writeUInt16BE(0x4000 | (registerCount - 1), hllHeaderLength);
  return bytes;
}

/** Whether the bytes are what a server takes for a HyperLogLog (sparse opcodes are not looked at). */
export function isHyperLogLog(bytes: Buffer): boolean {
  if (bytes.length < hllHeaderLength || bytes.latin1Slice(0, 4) !== 'HYLL') return false;
  const encoding = bytes[encodingPosition];
  return encoding === encodingSparse || (encoding === encodingDense && bytes.length === denseLength);
}

export function isDense(bytes: Buffer): boolean {
  return bytes[encodingPosition] === encodingDense;
}

/** Marks the cached cardinality as stale. */
export function invalidate(bytes: Buffer): void {
  bytes[cardinalityPosition + 7] |= 0x80;
}

/** Adds elements; one instance a command. */
export class Adder {
  private readonly murmur = new Murmur64();

  /** Adds an element. True where a register changed, undefined where the opcodes are damaged. */
  add(target: OwnString, bytes: Buffer, start: number, length: number): boolean | undefined {
    const { murmur } = this;
    murmur.hash(bytes, start, length);
    const index = murmur.low & (registerCount - 1);
    const low = (murmur.low >>> 14) | (murmur.high << 18);
    const high = (murmur.high >>> 14) | (1 << (patternBits - 32));
    const value = 1 + (low !== 0 ? trailingZeros(low) : 32 + trailingZeros(high));
    return setRegister(target, index, value);
  }
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Raises a register to `value`. True where it changed, undefined where the opcodes are damaged. */
export function setRegister(target: OwnString, index: number, value: number): boolean | undefined {
  if (isDense(target.buffer)) return setDense(target.buffer, index, value);
  const changed = setSparse(target, index, value);
  if (changed !== 'dense') return changed;
  return toDense(target) ? setDense(target.buffer, index, value) : undefined;
}

/** Turns a sparse one into a dense one; false where its opcodes are damaged. */
export function toDense(target: OwnString): boolean {
  if (isDense(target.buffer)) return true;
  const dense = Buffer.alloc(denseLength);
  target.buffer.copy(dense, 0, 0, hllHeaderLength);
  dense[encodingPosition] = encodingDense;
  if (!sparseToDense(target.view(), (index, value) => writeDense(dense, index, value))) return false;
  target.buffer = dense;
  target.length = denseLength;
  return true;
}

function setDense(bytes: Buffer, index: number, value: number): boolean {
  if (readDense(bytes, index) >= value) return false;
  writeDense(bytes, index, value);
  return true;
}

function readDense(bytes: Buffer, index: number): number {
  const bit = index * 6;
  const position = hllHeaderLength + (bit >> 3);
  const shift = bit & 7;
  const next = position + 1 < bytes.length ? bytes[position + 1] : 0;
  return ((bytes[position] >> shift) | (next << (8 - shift))) & 63;
}

function writeDense(bytes: Buffer, index: number, value: number): void {
  const bit = index * 6;
  const position = hllHeaderLength + (bit >> 3);
  const shift = bit & 7;
  bytes[position] = (bytes[position] & ~(63 << shift)) | (value << shift);
  if (shift > 2) bytes[position + 1] = (bytes[position + 1] & ~(63 >> (8 - shift))) | (value >> (8 - shift));
}

/** Raises `registers` to those of the HyperLogLog; false where its opcodes are damaged. */
export function mergeInto(registers: Uint8Array, bytes: Buffer): boolean {
  if (!isDense(bytes)) return mergeSparse(registers, bytes);
  for (let i = 0; i < registerCount; i++) {
    const value = readDense(bytes, i);
    if (value > registers[i]) registers[i] = value;
  }
  return true;
}

/** Whether the cached cardinality may be used. */
export function isCached(bytes: Buffer): boolean {
  return (bytes[cardinalityPosition + 7] & 0x80) === 0;
}

/** Computes the cardinality and caches it in the bytes; false where the opcodes are damaged. */
export function cacheCardinality(bytes: Buffer): boolean {
  const histogram = new Int32Array(64);
  if (isDense(bytes)) for (let i = 0; i < registerCount; i++) histogram[readDense(bytes, i)]++;
  else if (!sparseHistogram(bytes, histogram)) return false;
  bytes.writeBigUInt64LE(BigInt(estimate(histogram)), cardinalityPosition);
  return true;
}

/** Otmar Ertl's estimator (arXiv:1702.01284) over how many registers hold which value; Redis 5.0 and later. */
function estimate(histogram: Int32Array): number {
  const m = registerCount;
  let z = m * tau((m - histogram[patternBits + 1]) / m);
  for (let j = patternBits; j >= 1; j--) {
    z += histogram[j];
    z *= 0.5;
  }
  z += m * sigma(histogram[0] / m);
  return Math.round((alphaInfinity * m * m) / z);
}

function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let power = x;
  let y = 1;
  let z = x;
  for (let before = Number.NaN; z !== before; ) {
    power *= power;
    before = z;
    z += power * y;
    y += y;
  }
  return z;
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let root = x;
  let y = 1;
  let z = 1 - x;
  for (let before = Number.NaN; z !== before; ) {
    root = Math.sqrt(root);
    before = z;
    y *= 0.5;
    z -= (1 - root) ** 2 * y;
  }
  return z / 3;
}
