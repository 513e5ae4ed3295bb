// AssemblyScript. Writes what lines are made of at `out`: numbers, quoted bytes, JSON strings. Copies may run over by 15 bytes.

import { base64At, escapesAt } from './log-layout';

/** Where the next byte goes. */
export let out: usize = 0;
export function moveTo(at: usize): void {
  out = at;
}

const quote: u8 = 0x22;
const backslash: u8 = 0x5c;
const hexMark: u8 = 0x78;

// @ts-ignore: decorator
@inline
export function byte(value: u8): void {
  store<u8>(out++, value);
}

/** `length` bytes of `from`. */
// @ts-ignore: decorator
@inline
export function copy(from: usize, length: usize): void {
  for (let done: usize = 0; done < length; done += 16) v128.store(out + done, v128.load(from + done));
  out += length;
}

/** Eight decimal digits of a number below 10^8, the first one in the lowest byte, without the zeros' 0x30. */
// @ts-ignore: decorator
@inline
function eightDigits(value: u32): u64 {
  const high = value / 10000;
  const halves = <u64>high | (<u64>(value - high * 10000) << 32);
  const hundreds = ((halves * 10486) >> 20) & 0x0000007f0000007f;
  const pairs = hundreds | ((halves - hundreds * 100) << 16);
  const tens = ((pairs * 103) >> 10) & 0x000f000f000f000f;
  return tens | ((pairs - tens * 10) << 8);
}

const asciiZeros: u64 = 0x3030303030303030;

/** A number in decimal. */
export function decimal(value: u64): void {
  if (value < 10) {
    byte(0x30 + <u8>value);
    return;
  }
  if (value < 100000000) {
    const digits = eightDigits(<u32>value);
    const zeros = ctz<u64>(digits) >> 3;
    store<u64>(out, (digits | asciiZeros) >> (zeros << 3));
    out += 8 - <usize>zeros;
    return;
  }
  const high = value / 100000000;
  decimal(high);
  store<u64>(out, eightDigits(<u32>(value - high * 100000000)) | asciiZeros);
  out += 8;
}

/** `from[0, length)` in quotes, escaped as redis-cli does. */
export function quoted(from: usize, length: usize): void {
  byte(quote);
  const end = from + length;
  let at = from;
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(out, bytes);
    // Bytes from 0x80 on are negative.
    const special = v128.or(
      v128.or(i8x16.lt_s(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(0x7f))),
      v128.or(i8x16.eq(bytes, i8x16.splat(quote)), i8x16.eq(bytes, i8x16.splat(backslash))),
    );
    const first = <usize>ctz<u32>(<u32>i8x16.bitmask(special) | 0x10000);
    if (first >= end - at) {
      out += end - at;
      break;
    }
    out += first;
    at += first;
    if (first < 16) escape(load<u8>(at++));
  }
  byte(quote);
}

// @ts-ignore: decorator
@inline
function escape(value: u8): void {
  const letter = load<u8>(escapesAt + <usize>value);
  byte(backslash);
  byte(letter);
  if (letter == hexMark) hexPair(value);
}

function hexPair(value: u8): void {
  hexDigit(value >> 4);
  hexDigit(value & 15);
}

// @ts-ignore: decorator
@inline
function hexDigit(digit: u8): void {
  byte(digit < 10 ? 0x30 + digit : 0x57 + digit);
}

/** `from[0, length)` as a JSON string; false, with nothing written, where it is no UTF-8. */
export function jsonString(from: usize, length: usize): bool {
  const before = out;
  byte(quote);
  const end = from + length;
  let at = from;
  let isText = false;
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(out, bytes);
    // Bytes from 0x80 on are negative: they are special until it is known that they are text.
    const low = isText ? i8x16.lt_u(bytes, i8x16.splat(0x20)) : i8x16.lt_s(bytes, i8x16.splat(0x20));
    const marks = v128.or(i8x16.eq(bytes, i8x16.splat(quote)), i8x16.eq(bytes, i8x16.splat(backslash)));
    const first = <usize>ctz<u32>(<u32>i8x16.bitmask(v128.or(low, marks)) | 0x10000);
    if (first >= end - at) {
      out += end - at;
      break;
    }
    out += first;
    at += first;
    if (first == 16) continue;
    const value = load<u8>(at);
    if (value < 0x80) {
      jsonEscape(value);
      at++;
    } else if (isUtf8(at, end)) isText = true;
    else {
      out = before;
      return false;
    }
  }
  byte(quote);
  return true;
}

function jsonEscape(value: u8): void {
  byte(backslash);
  if (value == quote || value == backslash) byte(value);
  else if (value == 8) byte(0x62);
  else if (value == 9) byte(0x74);
  else if (value == 10) byte(0x6e);
  else if (value == 12) byte(0x66);
  else if (value == 13) byte(0x72);
  else {
    // u00
    byte(0x75);
    store<u16>(out, 0x3030);
    out += 2;
    hexPair(value);
  }
}

/** `from[0, length)` as a JSON string of base64. */
export function base64(from: usize, length: usize): void {
  byte(quote);
  let at = from;
  let left = length;
  for (; left >= 3; left -= 3, at += 3) {
    const bits = (<u32>load<u8>(at) << 16) | (<u32>load<u8>(at, 1) << 8) | <u32>load<u8>(at, 2);
    store<u8>(out, load<u8>(base64At + (bits >> 18)));
    store<u8>(out, load<u8>(base64At + ((bits >> 12) & 63)), 1);
    store<u8>(out, load<u8>(base64At + ((bits >> 6) & 63)), 2);
    store<u8>(out, load<u8>(base64At + (bits & 63)), 3);
    out += 4;
  }
  if (left > 0) {
    const bits = (<u32>load<u8>(at) << 16) | (left > 1 ? <u32>load<u8>(at, 1) << 8 : 0);
    store<u8>(out, load<u8>(base64At + (bits >> 18)));
    store<u8>(out, load<u8>(base64At + ((bits >> 12) & 63)), 1);
    store<u8>(out, left > 1 ? load<u8>(base64At + ((bits >> 6) & 63)) : 0x3d, 2);
    store<u8>(out, 0x3d, 3);
    out += 4;
  }
  byte(quote);
}

// @ts-ignore: decorator
@inline
function isTail(value: u32): bool {
  return (value & 0xc0) == 0x80;
}

/** Whether the bytes are UTF-8: shortest forms only, no surrogates, nothing above U+10FFFF (RFC 3629). */
export function isUtf8(from: usize, end: usize): bool {
  let at = from;
  while (at < end) {
    const first = <u32>load<u8>(at++);
    if (first < 0x80) continue;
    if (first < 0xc2 || first > 0xf4 || at >= end) return false;
    const second = <u32>load<u8>(at++);
    if (!isTail(second)) return false;
    if (first < 0xe0) continue;
    if (at >= end || !isTail(<u32>load<u8>(at++))) return false;
    if (first < 0xf0) {
      if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return false;
      continue;
    }
    if (at >= end || !isTail(<u32>load<u8>(at++))) return false;
    if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return false;
  }
  return true;
}
