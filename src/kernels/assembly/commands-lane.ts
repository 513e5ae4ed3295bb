// AssemblyScript. Keys of an RDB as the commands that rebuild them: strings, and hashes and sets that are one listpack. The bytes are
// those of src/resp/rewrite. What is cut by the window's end, has a flaw or is of another type is left to JavaScript.
//
//   key := [0xfc expiry, 8 bytes] type name value

import { commandsEnd, commandsOutAt, resultAt, windowAt } from './layout';
import { laneStart, nowhere, textAt, textEnd, textLength } from './rdb-strings';

const hashListpack: u32 = 16;
const setListpack: u32 = 20;
/** Items of one command (itemsPerCommand in src/resp/rewrite/key-commands.ts). */
const itemsPerCommand: u32 = 64;
/** What a command's heads take beside its bytes, and how far a copy may run over. */
const headsMax: usize = 128;

let out: usize = 0;

/**
 * Writes the commands of the keys in the window's `[from, to)` to `commandsOutAt`, until one is not for it or the room ends. Returns how
 * many keys it wrote. Results: where the first item begins that was not taken, and how many bytes were written.
 */
export function rewriteKeys(from: usize, to: usize): u32 {
  const limit = windowAt + to;
  laneStart(limit, true);
  let start = windowAt + from;
  let count: u32 = 0;
  out = commandsOutAt;
  while (start < limit) {
    const before = out;
    const end = rewriteKey(start, limit);
    if (end == nowhere) {
      out = before;
      break;
    }
    start = end;
    count++;
  }
  store<u32>(resultAt, <u32>(start - windowAt));
  store<u32>(resultAt, <u32>(out - commandsOutAt), 4);
  return count;
}

/** Where the key's value ends; `nowhere` if it was not taken. */
function rewriteKey(start: usize, limit: usize): usize {
  let at = start;
  let type = <u32>load<u8>(at++);
  const expires = type == 252;
  if (expires) {
    at += 8;
    if (at >= limit) return nowhere;
    type = <u32>load<u8>(at++);
  }
  if (type != 0 && type != hashListpack && type != setListpack) return nowhere;
  // A name that is compressed would lie where the value is decompressed to.
  if (at >= limit || load<u8>(at) >= 0xc0) return nowhere;
  const valueAt = textEnd(at);
  if (valueAt >= limit) return nowhere;
  const keyAt = textAt;
  const keyLength = textLength;
  const end = textEnd(valueAt);
  if (end > limit) return nowhere;
  if (type == 0) {
    if (!hasRoom(keyLength + textLength)) return nowhere;
    head(0x2a, 3);
    // $3 CRLF SET CRLF
    store<u64>(out, 0x0d5445530a0d3324);
    store<u8>(out + 8, 0x0a);
    out += 9;
    bulk(keyAt, keyLength);
    bulk(textAt, textLength);
  } else if (!listpack(type == hashListpack ? 2 : 1, keyAt, keyLength)) return nowhere;
  if (expires) {
    if (!hasRoom(keyLength)) return nowhere;
    head(0x2a, 3);
    // $9 CRLF PEXPIREAT CRLF
    store<u32>(out, 0x0a0d3924);
    store<u64>(out, 0x4145524950584550, 4);
    store<u8>(out, 0x54, 12);
    store<u16>(out, 0x0a0d, 13);
    out += 15;
    bulk(keyAt, keyLength);
    number(load<i64>(start, 1));
  }
  return end;
}

// @ts-ignore: decorator
@inline
function hasRoom(bytes: usize): bool {
  return bytes + headsMax < commandsEnd - out && bytes < commandsEnd - commandsOutAt;
}

/** The elements of the listpack at `textAt`, `size` of them an item; false, with anything written, where it is not sound. */
function listpack(size: u32, keyAt: usize, keyLength: usize): bool {
  const from = textAt;
  const length = textLength;
  if (length < 8 || load<u32>(from) != <u32>length || load<u8>(from + length - 1) != 0xff) return false;
  const declared = <u32>load<u16>(from, 4);
  if (declared == 0 || declared == 65535 || declared % size != 0) return false;
  const end = from + length - 1;
  let at = from + 6;
  let left = declared / size;
  while (left > 0) {
    const items = left < itemsPerCommand ? left : itemsPerCommand;
    left -= items;
    if (!hasRoom(keyLength)) return false;
    head(0x2a, 2 + items * size);
    if (size == 2) {
      // $5 CRLF HMSET CRLF
      store<u64>(out, 0x45534d480a0d3524);
      store<u32>(out, 0x0a0d54, 8);
      out += 11;
    } else {
      // $4 CRLF SADD CRLF
      store<u64>(out, 0x444441530a0d3424);
      store<u16>(out, 0x0a0d, 8);
      out += 10;
    }
    bulk(keyAt, keyLength);
    for (let element = items * size; element > 0; element--) {
      at = bulkElement(at, end);
      if (at == nowhere) return false;
    }
  }
  return at == end;
}

/** Writes the listpack's element at `at`; where the next one begins, `nowhere` for what is not sound or not short. */
// @ts-ignore: decorator
@inline
function bulkElement(at: usize, end: usize): usize {
  if (at >= end) return nowhere;
  const first = <usize>load<u8>(at);
  if (first < 0x80) {
    if (!hasRoom(0) || at + 2 > end || load<u8>(at, 1) != 1) return nowhere;
    number(<i64>first);
    return at + 2;
  }
  if (first < 0xc0) {
    const length = first & 0x3f;
    const next = at + length + 2;
    if (!hasRoom(length) || next > end || <usize>load<u8>(next - 1) != length + 1) return nowhere;
    bulk(at + 1, length);
    return next;
  }
  return bulkLong(at, first, end);
}

function bulkLong(at: usize, first: usize, end: usize): usize {
  if (first >= 0xe0 && first <= 0xf0) {
    const length: usize = first == 0xf0 ? <usize>load<u32>(at, 1) : ((first & 15) << 8) | <usize>load<u8>(at, 1);
    const headBytes: usize = first == 0xf0 ? 5 : 2;
    // Longer ones have a backlen of another width.
    if (length >= 16378 || !hasRoom(length)) return nowhere;
    const bytes = length + headBytes;
    let next = at + bytes;
    if (bytes < 128) {
      if (<usize>load<u8>(next++) != bytes) return nowhere;
    } else {
      if (<usize>load<u8>(next) != bytes >> 7 || <usize>load<u8>(next, 1) != (bytes & 127 | 128)) return nowhere;
      next += 2;
    }
    if (next > end) return nowhere;
    bulk(at + headBytes, length);
    return next;
  }
  const bytes: usize = first < 0xe0 ? 2 : first == 0xf1 ? 3 : first == 0xf2 ? 4 : first == 0xf3 ? 5 : first == 0xf4 ? 9 : 0;
  const next = at + bytes + 1;
  if (bytes == 0 || !hasRoom(0) || next > end || <usize>load<u8>(next - 1) != bytes) return nowhere;
  if (first < 0xe0) number((<i64>(((first & 31) << 8) | <usize>load<u8>(at, 1)) << 51) >> 51);
  else {
    const unused: i64 = 64 - (<i64>(bytes - 1) << 3);
    number((load<i64>(at, 1) << unused) >> unused);
  }
  return next;
}

/** `*count CRLF` or `$length CRLF`. */
// @ts-ignore: decorator
@inline
function head(mark: u8, count: u32): void {
  store<u8>(out++, mark);
  if (count < 10) store<u8>(out++, <u8>(48 + count));
  else if (count < 100) {
    store<u8>(out, <u8>(48 + count / 10));
    store<u8>(out, <u8>(48 + (count % 10)), 1);
    out += 2;
  } else decimal(<u64>count);
  store<u16>(out, 0x0a0d);
  out += 2;
}

/** `$length CRLF bytes CRLF`; the copy may run over its end by up to 15 bytes. */
// @ts-ignore: decorator
@inline
function bulk(from: usize, length: usize): void {
  head(0x24, <u32>length);
  if (length <= 64) {
    for (let done: usize = 0; done < length; done += 16) v128.store(out + done, v128.load(from + done));
  } else memory.copy(out, from, length);
  out += length;
  store<u16>(out, 0x0a0d);
  out += 2;
}

/** An integer as an argument. */
function number(value: i64): void {
  const isNegative = value < 0;
  const size = isNegative ? <u64>-value : <u64>value;
  let digits: u32 = 1;
  for (let rest = size; rest >= 10; rest /= 10) digits++;
  head(0x24, digits + (isNegative ? 1 : 0));
  if (isNegative) store<u8>(out++, 0x2d);
  decimal(size);
  store<u16>(out, 0x0a0d);
  out += 2;
}

function decimal(value: u64): void {
  let digits: usize = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits++;
  let at = out + digits;
  out = at;
  do {
    store<u8>(--at, <u8>(48 + (value % 10)));
    value /= 10;
  } while (value);
}
