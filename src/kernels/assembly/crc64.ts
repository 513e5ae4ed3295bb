// AssemblyScript. CRC-64 "Jones" over the buffer at `bufferAt`: polynomial 0xad93d23594c935a9, reflected, start 0, no final xor.
//
// A long piece is first folded with a sparse multiple of the polynomial P:
//
//   S(x) = 1 + sum of x^(-8 d) over the eight distances d below  =  0  (mod P)
//
// so a byte may be cleared when it is added to the bytes d places further on, for each d: no tables, only exclusive ors of
// whole vectors at byte distances. What is left, the last `reach` bytes, goes through the tables (slicing by eight).
// The distances are a property of P alone; test/checksum proves the sum. They were found by sorting the sums of all pairs of
// x^(-8 d), d from 1024 to 6000, by their low 22 bits, adding those that agree there, and looking for two such sums that differ by 1.
// The shortest is longer than what a core's store buffer holds (56 stores of 16 bytes), else a load would wait for a store; of the
// solutions this one has the smallest reach.

import { bufferAt, resultAt, tablesAt } from './layout';

const d1: usize = 1034;
const d2: usize = 1212;
const d3: usize = 1908;
const d4: usize = 2804;
const d5: usize = 3045;
const d6: usize = 3367;
const d7: usize = 4045;
const d8: usize = 4172;
const reach: usize = d8;
/** Shorter pieces go through the tables at once: clearing them by folding would not pay. */
const foldedMin: usize = 7 * 1024;

/** Bytes of a window that are folded at a time: they and their quotients stay in a core's cache. */
const pieceBytes: usize = 128 * 1024;

const reflectedPolynomial: u64 = 0x95ac9329ac4bc9b5;

/** Fills the eight tables: table k holds, for each byte value, its remainder k bytes further on. */
export function crc64Prepare(): void {
  for (let value: usize = 0; value < 256; value++) {
    let crc: u64 = value;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ reflectedPolynomial : crc >> 1;
    store<u64>(tablesAt + (value << 3), crc);
  }
  for (let slot: usize = 256; slot < 2048; slot++) {
    const crc = load<u64>(tablesAt + ((slot - 256) << 3));
    store<u64>(tablesAt + (slot << 3), load<u64>(tablesAt + ((<usize>crc & 255) << 3)) ^ (crc >> 8));
  }
}

/**
 * Continues the checksum (given as two halves) with the first `length` bytes of the buffer, whose contents are lost.
 * The new checksum lies at `resultAt`. The `reach` bytes before the buffer must be, and stay, zero.
 */
export function crc64(low: u32, high: u32, length: usize): void {
  let crc = ((<u64>high) << 32) | <u64>low;
  let at: usize = bufferAt;
  const end = at + length;
  if (length >= foldedMin) {
    store<u64>(at, load<u64>(at) ^ crc);
    crc = 0;
    at += (length - reach) & ~63;
    fold(at);
    clear(at);
  }
  store<u64>(resultAt, slice(crc, at, end));
}

/**
 * The same for `length` bytes at the address `from`, which are only read; they lie outside of the buffer, which serves as scratch.
 */
export function crc64Window(low: u32, high: u32, from: usize, length: usize): void {
  let crc = ((<u64>high) << 32) | <u64>low;
  let at = from;
  let left = length;
  while (left >= foldedMin) {
    const piece = min(left, pieceBytes);
    const folded = (piece - reach) & ~63;
    memory.copy(bufferAt, at, 64);
    store<u64>(bufferAt, load<u64>(bufferAt) ^ crc);
    foldFrom(at, bufferAt + folded);
    memory.copy(bufferAt + folded, at + folded, piece - folded);
    clear(bufferAt + folded);
    crc = slice(0, bufferAt + folded, bufferAt + piece);
    at += piece;
    left -= piece;
  }
  store<u64>(resultAt, slice(crc, at, at + left));
}

/** As `fold`, of bytes that lie at `from`; the first 64 quotients are there. */
function foldFrom(from: usize, end: usize): void {
  const apart = from - bufferAt;
  for (let at: usize = bufferAt + 64; at < end; at += 64) {
    foldVectorFrom(at - reach, apart);
    foldVectorFrom(at - reach + 16, apart);
    foldVectorFrom(at - reach + 32, apart);
    foldVectorFrom(at - reach + 48, apart);
  }
}

// @ts-ignore: decorator
@inline
function foldVectorFrom(base: usize, apart: usize): void {
  v128.store(base, v128.xor(v128.load(base + apart, reach), quotientsBefore(base)), reach);
}

/** Quotient bytes from the buffer's start up to `end`, 64 at a time: each is the byte plus the quotients d places before it. */
function fold(end: usize): void {
  for (let at: usize = bufferAt; at < end; at += 64) {
    foldVector(at - reach);
    foldVector(at - reach + 16);
    foldVector(at - reach + 32);
    foldVector(at - reach + 48);
  }
}

// @ts-ignore: decorator
@inline
function foldVector(base: usize): void {
  v128.store(base, v128.xor(v128.load(base, reach), quotientsBefore(base)), reach);
}

/** The sum of the quotients that lie the distances before `base` + `reach`. */
// @ts-ignore: decorator
@inline
function quotientsBefore(base: usize): v128 {
  const a = v128.xor(v128.load(base, reach - d1), v128.load(base, reach - d2));
  const b = v128.xor(v128.load(base, reach - d3), v128.load(base, reach - d4));
  const c = v128.xor(v128.load(base, reach - d5), v128.load(base, reach - d6));
  const d = v128.xor(v128.load(base, reach - d7), v128.load(base, reach - d8));
  return v128.xor(v128.xor(a, b), v128.xor(c, d));
}

/** Adds the quotients that end at `at` to the `reach` bytes that follow: the remainder. */
function clear(at: usize): void {
  addBefore(at, d1);
  addBefore(at, d2);
  addBefore(at, d3);
  addBefore(at, d4);
  addBefore(at, d5);
  addBefore(at, d6);
  addBefore(at, d7);
  addBefore(at, d8);
}

function addBefore(at: usize, distance: usize): void {
  const end = at + distance;
  let to = at;
  for (; to + 16 <= end; to += 16) v128.store(to, v128.xor(v128.load(to), v128.load(to - distance)));
  for (; to < end; to++) store<u8>(to, load<u8>(to) ^ load<u8>(to - distance));
}

function slice(start: u64, from: usize, end: usize): u64 {
  let crc = start;
  let at = from;
  for (; at + 8 <= end; at += 8) {
    const word = crc ^ load<u64>(at);
    crc =
      load<u64>(tablesAt + 7 * 2048 + ((<usize>(word & 255)) << 3)) ^
      load<u64>(tablesAt + 6 * 2048 + ((<usize>((word >> 8) & 255)) << 3)) ^
      load<u64>(tablesAt + 5 * 2048 + ((<usize>((word >> 16) & 255)) << 3)) ^
      load<u64>(tablesAt + 4 * 2048 + ((<usize>((word >> 24) & 255)) << 3)) ^
      load<u64>(tablesAt + 3 * 2048 + ((<usize>((word >> 32) & 255)) << 3)) ^
      load<u64>(tablesAt + 2 * 2048 + ((<usize>((word >> 40) & 255)) << 3)) ^
      load<u64>(tablesAt + 1 * 2048 + ((<usize>((word >> 48) & 255)) << 3)) ^
      load<u64>(tablesAt + ((<usize>(word >> 56)) << 3));
  }
  for (; at < end; at++) crc = load<u64>(tablesAt + ((<usize>((crc ^ load<u8>(at)) & 255)) << 3)) ^ (crc >> 8);
  return crc;
}
