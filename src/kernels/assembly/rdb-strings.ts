// AssemblyScript. Lengths and strings of an RDB (src/rdb/input.ts shows them). Each function gets the address of a thing and
// returns where it ends; `nowhere`, which is beyond any limit, stands for what the lane leaves to JavaScript.

import { outputAt, textScratchAt } from './layout';
import { lzfSound, lzfUnpack } from './lzf-unpack';

/**
 * What no position is: beyond any limit. A memory ends far below, and what lengths the lanes read (at most 16 MiB) may be added to it
 * without wrapping round, so that a sum with it is beyond any limit too.
 */
export const nowhere: usize = 0x80000000;
/** Longest string that the lane decompresses: the room at `outputAt`. */
const unpackedMax: u32 = 262144;
/** Longer lengths do not fit a window. */
const lengthMax: u32 = 0x1000000;

let limit: usize = 0;
let trusting: bool = false;

/** After `numberEnd`. */
let number: u32 = 0;
/** After `textEnd`: where the string's bytes lie. */
export let textAt: usize = 0;
export let textLength: usize = 0;

export function laneStart(end: usize, trust: bool): void {
  limit = end;
  trusting = trust;
}

export function lastNumber(): u32 {
  return number;
}

/** A length in one of the forms up to 32 bits, or `nowhere`. */
export function numberEnd(at: usize): usize {
  const first = <u32>load<u8>(at);
  if (first < 0x40) {
    number = first;
    return at + 1;
  }
  if (first < 0x80) {
    number = ((first & 0x3f) << 8) | <u32>load<u8>(at, 1);
    return at + 2;
  }
  number = bswap(load<u32>(at, 1));
  return first == 0x80 ? at + 5 : nowhere;
}

/** How long the string at `at` is once decompressed; 0 for an integer. */
export function plainLength(at: usize): u32 {
  const first = <u32>load<u8>(at);
  if (first < 0x40) return first;
  if (first >= 0xc0) {
    if (first != 0xc3) return 0;
    const from = numberEnd(at + 1);
    return from == nowhere || numberEnd(from) == nowhere ? 0 : number;
  }
  numberEnd(at);
  return number;
}

/** A string that nobody looks into. */
export function stringEnd(at: usize): usize {
  const first = <u32>load<u8>(at);
  if (first < 0x40) return at + 1 + first;
  if (first < 0x80) return at + 2 + (((first & 0x3f) << 8) | <u32>load<u8>(at, 1));
  if (first == 0x80) {
    const length = bswap(load<u32>(at, 1));
    return length > lengthMax ? nowhere : at + 5 + length;
  }
  if (first == 0xc3) return compressedEnd(at, false);
  return integerEnd(at, first);
}

function integerEnd(at: usize, first: u32): usize {
  if (first == 0xc0) return at + 2;
  if (first == 0xc1) return at + 3;
  return first == 0xc2 ? at + 5 : nowhere;
}

/** A string whose bytes are wanted: `textAt`, `textLength`. The end may be beyond the limit, then they are not to be used. */
export function textEnd(at: usize): usize {
  const first = <u32>load<u8>(at);
  if (first < 0x40) {
    textAt = at + 1;
    textLength = first;
    return at + 1 + first;
  }
  if (first >= 0xc0) return first == 0xc3 ? compressedEnd(at, true) : integerText(at, first);
  const from = numberEnd(at);
  if (from > limit || number > lengthMax) return nowhere;
  textAt = from;
  textLength = number;
  return from + number;
}

function compressedEnd(at: usize, wanted: bool): usize {
  let from = numberEnd(at + 1);
  if (from > limit) return nowhere;
  const compressed = number;
  from = numberEnd(from);
  const plain = number;
  if (from > limit || compressed > <u32>(limit - from) || compressed == 0 || plain == 0) return nowhere;
  if (<u64>plain > <u64>compressed * 132 + 264) return nowhere;
  const end = from + compressed;
  if (!wanted) return trusting || lzfSound(from, end, plain) ? end : nowhere;
  if (plain > unpackedMax || !lzfUnpack(from, end, outputAt, plain)) return nowhere;
  textAt = outputAt;
  textLength = plain;
  return end;
}

function integerText(at: usize, first: u32): usize {
  const end = integerEnd(at, first);
  if (end > limit) return nowhere;
  const value = first == 0xc0 ? <i32>load<i8>(at, 1) : first == 0xc1 ? <i32>load<i16>(at, 1) : load<i32>(at, 1);
  let left: u32 = value < 0 ? 0 - <u32>value : <u32>value;
  let to: usize = textScratchAt + 32;
  do {
    store<u8>(--to, <u8>(0x30 + (left % 10)));
    left /= 10;
  } while (left);
  if (value < 0) store<u8>(--to, 0x2d);
  textAt = to;
  textLength = textScratchAt + 32 - to;
  return end;
}
