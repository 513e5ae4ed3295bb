// AssemblyScript. Where the elements of a listpack lie; the layout is in src/encodings/listpack-entry.ts.

import { nowhere } from './rdb-strings';

let end: usize = 0;

/** How many elements the listpack declares; 0 where it is not sound or does not say. */
export function listpackElements(from: usize, length: usize): u32 {
  if (length < 8 || load<u32>(from) != <u32>length || load<u8>(from + length - 1) != 0xff) return 0;
  end = from + length - 1;
  const declared = <u32>load<u16>(from, 4);
  return declared == 65535 ? 0 : declared;
}

/** Where the elements of the last one end. */
export function listpackEnd(): usize {
  return end;
}

/** Where the element at `at` ends, without writing it. */
export function elementEnd(at: usize, last: usize): usize {
  if (at >= last) return nowhere;
  const first = <usize>load<u8>(at);
  if (first >= 0xc0) return longEnd(at, first, last);
  const bytes: usize = first < 0x80 ? 1 : (first & 0x3f) + 1;
  const next = at + bytes + 1;
  return next > last || <usize>load<u8>(next - 1) != bytes ? nowhere : next;
}

/** How long the string at `at` is, whose first byte says that it has a length of its own. */
// @ts-ignore: decorator
@inline
export function longLength(at: usize, first: usize): usize {
  return first == 0xf0 ? <usize>load<u32>(at, 1) : ((first & 15) << 8) | <usize>load<u8>(at, 1);
}

/** Where an element ends that begins with 0xc0 or more. */
export function longEnd(at: usize, first: usize, last: usize): usize {
  if (first < 0xe0 || first > 0xf0) {
    const bytes: usize =
      first < 0xe0 ? 2 : first == 0xf1 ? 3 : first == 0xf2 ? 4 : first == 0xf3 ? 5 : first == 0xf4 ? 9 : 0;
    const next = at + bytes + 1;
    return bytes == 0 || next > last || <usize>load<u8>(next - 1) != bytes ? nowhere : next;
  }
  const length = longLength(at, first);
  // Longer ones have a backlen of another width.
  if (length >= 16378) return nowhere;
  const bytes = length + (first == 0xf0 ? 5 : 2);
  let next = at + bytes;
  if (next + 2 > last) return bytes < 128 && next + 1 <= last && <usize>load<u8>(next) == bytes ? next + 1 : nowhere;
  if (bytes < 128) return <usize>load<u8>(next) == bytes ? next + 1 : nowhere;
  if (<usize>load<u8>(next) != bytes >> 7 || <usize>load<u8>(next, 1) != ((bytes & 127) | 128)) return nowhere;
  return next + 2;
}

/** The integer at `at`, whose first byte is 0xc0 or more. */
// @ts-ignore: decorator
@inline
export function longInteger(at: usize, first: usize): i64 {
  if (first < 0xe0) return (<i64>(((first & 31) << 8) | <usize>load<u8>(at, 1)) << 51) >> 51;
  const bytes: i64 = first == 0xf4 ? 8 : <i64>first - 0xef;
  const unused: i64 = 64 - (bytes << 3);
  return (load<i64>(at, 1) << unused) >> unused;
}

/** The element at `at` as a score, NaN where JavaScript must read it: what is no short decimal, and a -0. */
export function scoreOf(at: usize): f64 {
  const first = <usize>load<u8>(at);
  if (first < 0x80) return <f64>(<u32>first);
  if (first >= 0xc0) {
    if (first >= 0xe0 && first <= 0xf0) return NaN;
    return <f64>longInteger(at, first);
  }
  return decimalOf(at + 1, first & 0x3f);
}

/** Up to 15 digits with a point among them: their integer and the power of ten are exact, and so is the quotient's rounding. */
function decimalOf(from: usize, length: usize): f64 {
  const isNegative = length > 0 && load<u8>(from) == 0x2d;
  let at = isNegative ? from + 1 : from;
  const end = from + length;
  if (length > 17) return NaN;
  let value: i64 = 0;
  let digits: u32 = 0;
  let places: f64 = 0;
  for (; at < end; at++) {
    const byte = <u32>load<u8>(at);
    if (byte == 0x2e && places == 0) {
      places = 1;
      continue;
    }
    if (byte - 48 > 9) return NaN;
    value = value * 10 + (byte - 48);
    places *= 10;
    digits++;
  }
  if (digits == 0 || digits > 15 || value == 0) return NaN;
  const size = places == 0 ? <f64>value : <f64>value / places;
  return isNegative ? -size : size;
}
