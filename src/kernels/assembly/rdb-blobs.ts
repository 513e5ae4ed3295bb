// AssemblyScript. Encodings, checked as src/rdb/encodings does: true only for what has no flaw there and at least one element.

import { addMember, beginMembers, membersMax } from './unique';
import { integerPrint, memberPrint } from './fingerprint';
import { listpackLengthsAt, ziplistLengthsAt } from './layout';

/** Fills the tables of bytes of encoding and data by first byte; 0 where a length follows or the byte is invalid. */
export function blobsPrepare(): void {
  for (let code: usize = 0; code < 256; code++) {
    const listpack: usize =
      code < 0x80 ? 1 : code < 0xc0 ? 1 + (code & 0x3f) : code < 0xe0 ? 2 : code == 0xf1 ? 3 : code == 0xf2 ? 4 : code == 0xf3 ? 5 : code == 0xf4 ? 9 : 0;
    store<u8>(listpackLengthsAt + code, <u8>listpack);
    const ziplist: usize =
      code < 0x40 ? 1 + code : code == 0xc0 ? 3 : code == 0xd0 ? 5 : code == 0xe0 ? 9 : code == 0xf0 ? 4 : code == 0xfe ? 2 : code >= 0xf1 && code <= 0xfd ? 1 : 0;
    store<u8>(ziplistLengthsAt + code, <u8>ziplist);
  }
}

/** `tuple`: of how many elements the first one must be unique; 0 for none. */
export function listpackSound(from: usize, length: usize, tuple: u32): bool {
  if (length < 8 || load<u32>(from) != <u32>length || load<u8>(from + length - 1) != 0xff) return false;
  const declared = <u32>load<u16>(from, 4);
  if (declared == 0 || declared == 65535) return false;
  if (tuple != 0) {
    if (declared > membersMax * tuple || declared % tuple != 0) return false;
    beginMembers(declared / tuple);
  }
  const end = from + length - 1;
  let at = from + 6;
  let count: u32 = 0;
  while (at < end) {
    const first = <usize>load<u8>(at);
    let bytes = <usize>load<u8>(listpackLengthsAt + first);
    let next = at + bytes + 1;
    if (bytes != 0) {
      if (next > end || <usize>load<u8>(next - 1) != bytes) return false;
    } else {
      if (first < 0xe0 || first > 0xf0) return false;
      const data: usize = first == 0xf0 ? <usize>load<u32>(at, 1) : ((first & 15) << 8) | <usize>load<u8>(at, 1);
      // Longer ones have a backlen of another width.
      if (data >= 16378) return false;
      bytes = data + (first == 0xf0 ? 5 : 2);
      next = at + bytes;
      if (bytes < 128) {
        if (<usize>load<u8>(next++) != bytes) return false;
      } else {
        if (<usize>load<u8>(next) != bytes >> 7 || <usize>load<u8>(next, 1) != (bytes & 127 | 128)) return false;
        next += 2;
      }
      if (next > end) return false;
    }
    if (count == declared) return false;
    if (tuple == 1 || (tuple == 2 && !(count & 1))) {
      const print = listpackPrint(at, first, bytes);
      if (print == 0 || !addMember(print)) return false;
    }
    count++;
    at = next;
  }
  return count == declared;
}

/** The fingerprint of a sound entry of `bytes` bytes; 0 for a string that may be an integer's text. */
// @ts-ignore: decorator
@inline
export function listpackPrint(at: usize, first: usize, bytes: usize): u64 {
  if (first < 0x80) return integerPrint(<i64>first);
  if (first < 0xc0) return stringPrint(at + 1, bytes - 1);
  if (first < 0xe0) return integerPrint(((<i64>(((first & 31) << 8) | <usize>load<u8>(at, 1))) << 51) >> 51);
  if (first < 0xf0) return stringPrint(at + 2, bytes - 2);
  if (first == 0xf0) return stringPrint(at + 5, bytes - 5);
  return integerPrint(signed(at + 1, bytes - 1));
}

/** A little-endian integer of `width` bytes. */
// @ts-ignore: decorator
@inline
function signed(at: usize, width: usize): i64 {
  const unused: i64 = 64 - (<i64>width << 3);
  return (load<i64>(at) << unused) >> unused;
}

function stringPrint(at: usize, length: usize): u64 {
  if (length - 1 < 20 && <u32>load<u8>(at) <= 0x39 && maybeInteger(at, length)) return 0;
  return memberPrint(at, length);
}

/** Whether the text could be what an integer prints as: one that is stored as a string beside it would stand twice. */
function maybeInteger(from: usize, length: usize): bool {
  const end = from + length;
  let at = from;
  if (load<u8>(at) == 0x2d) at++;
  if (at == end || (load<u8>(at) == 0x30 && length > 1)) return false;
  for (; at < end; at++) if (<u32>load<u8>(at) - 0x30 > 9) return false;
  return true;
}

/** `pairs`: fields and values, or members and scores, of which the first is unique. */
export function ziplistSound(from: usize, length: usize, pairs: bool): bool {
  if (length < 11 || load<u32>(from) != <u32>length || load<u8>(from + length - 1) != 0xff) return false;
  const declared = <u32>load<u16>(from, 8);
  if (declared == 0 || declared == 65535) return false;
  if (pairs) {
    if (declared & 1) return false;
    if (declared > membersMax) return false;
    beginMembers(declared >> 1);
  }
  const end = from + length - 1;
  let at = from + 10;
  let previous: usize = 0;
  let last: usize = 0;
  let count: u32 = 0;
  while (at < end) {
    let code = at + 1;
    const before = <usize>load<u8>(at);
    if (before >= 254) {
      if (before != 254 || <usize>load<u32>(at, 1) != previous) return false;
      code = at + 5;
    } else if (before != previous) return false;
    if (code >= end) return false;
    const first = <usize>load<u8>(code);
    let bytes = <usize>load<u8>(ziplistLengthsAt + first);
    if (bytes == 0) {
      if (first < 0x40 || first >= 0x80) return false;
      bytes = 2 + (((first & 0x3f) << 8) | <usize>load<u8>(code, 1));
    }
    const next = code + bytes;
    if (next > end || count == declared) return false;
    if (pairs && !(count & 1)) {
      const print = ziplistPrint(code, first, bytes);
      if (print == 0 || !addMember(print)) return false;
    }
    last = at;
    previous = next - at;
    at = next;
    count++;
  }
  return count == declared && <usize>load<u32>(from, 4) == last - from;
}

// @ts-ignore: decorator
@inline
function ziplistPrint(at: usize, first: usize, bytes: usize): u64 {
  if (first < 0x40) return stringPrint(at + 1, bytes - 1);
  if (first < 0x80) return stringPrint(at + 2, bytes - 2);
  if (first > 0xf0 && first < 0xfe) return integerPrint(<i64>first - 0xf1);
  return integerPrint(signed(at + 1, bytes - 1));
}

export function intsetSound(from: usize, length: usize): bool {
  if (length < 8) return false;
  const width = <usize>load<u32>(from);
  const count = <usize>load<u32>(from, 4);
  if (width != 2 && width != 4 && width != 8) return false;
  if (count == 0 || count > 0x1000000 || <usize>8 + count * width != length) return false;
  const end = from + length;
  let previous = signed(from + 8, width);
  for (let at = from + 8 + width; at < end; at += width) {
    const value = signed(at, width);
    if (value <= previous) return false;
    previous = value;
  }
  return true;
}
