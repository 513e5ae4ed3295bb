import { canonicalInteger, halvesNumber, halvesText, integerTextMax, shortIntegerBytes } from './integer-text.ts';
import { latin1Text } from './latin1.ts';

/*
 * One entry of a listpack, addressed by its position. Integers are little-endian, lengths of strings are not.
 *
 *   0xxxxxxx                        integer 0..127
 *   10nnnnnn            n bytes     string of n <= 63 bytes
 *   110xxxxx xxxxxxxx               integer, 13 bits, signed
 *   1110nnnn nnnnnnnn   n bytes     string of n <= 4095 bytes
 *   F0 nnnnnnnn (u32)   n bytes     string
 *   F1 / F2 / F3 / F4   2/3/4/8     integer of 16, 24, 32, 64 bits, signed
 *   F5..FE                          invalid
 *   FF                              end of the listpack
 *
 * Each is followed by its own length, the backlen: 1 to 5 bytes of 7 bits, most significant group first, bit 7 set in all
 * but the first byte, so that it can be read from the end.
 */

export const listpackHeaderBytes = 6;

/** Bytes of encoding and data by first byte; 0 where the length follows in further bytes, or where the byte is invalid. */
const shortLength = new Uint8Array(256);
for (let first = 0; first < 0x80; first++) shortLength[first] = 1;
for (let first = 0x80; first < 0xc0; first++) shortLength[first] = 1 + (first & 0x3f);
for (let first = 0xc0; first < 0xe0; first++) shortLength[first] = 2;
shortLength[0xf1] = 3;
shortLength[0xf2] = 4;
shortLength[0xf3] = 5;
shortLength[0xf4] = 9;

/** The table above, for loops that inline `nextListpackEntry`'s common case. */
export const listpackShortLength: Readonly<Uint8Array> = shortLength;

/** Bytes of encoding and data of the entry at `position`, or 0 if its first byte is invalid. May reach past `end`. */
export function listpackEntryLength(bytes: Uint8Array, position: number, end: number): number {
  const first = bytes[position];
  const short = shortLength[first];
  if (short !== 0) return short;
  if (first >= 0xe0 && first < 0xf0) return position + 1 < end ? 2 + (((first & 0x0f) << 8) | bytes[position + 1]) : 2;
  if (first === 0xf0) return position + 4 < end ? 5 + readU32(bytes, position + 1) : 5;
  return 0;
}

/**
 * Where the entry after the one at `position` starts, or -1 if this one is unsound. `end` is the terminator's position,
 * and `position` < `end`. Accepts what the servers' lpValidateNext accepts, and both widths of backlen at the thresholds.
 */
export function nextListpackEntry(bytes: Uint8Array, position: number, end: number): number {
  const short = shortLength[bytes[position]];
  const next = position + short + 1;
  if (short !== 0 && next <= end && bytes[next - 1] === short) return next;
  const length = listpackEntryLength(bytes, position, end);
  if (length === 0) return -1;
  const backlen = position + length;
  const width = backlenWidth(length);
  if (backlen + width <= end && backlenMatches(bytes, backlen + width - 1, length)) return backlen + width;
  // Valkey 9 and Redis after 8.6 write the thresholds themselves (2^14-1, 2^21-1, 2^28-1) one byte shorter.
  const shorter = width - 1;
  if (isThreshold(length) && backlen + shorter <= end && backlenMatches(bytes, backlen + shorter - 1, length)) {
    return backlen + shorter;
  }
  return -1;
}

/** Lengths whose backlen the two families write in different widths. */
export function isThreshold(length: number): boolean {
  return length === 16383 || length === 2097151 || length === 268435455;
}

/** Bytes of the backlen that Redis up to 8.6 and Valkey up to 8.1 write after an entry of `length` bytes. */
export function backlenWidth(length: number): number {
  if (length <= 127) return 1;
  if (length < 16383) return 2;
  if (length < 2097151) return 3;
  return length < 268435455 ? 4 : 5;
}

/** Reads a backlen from its last byte backwards; the servers compare only the value, not how many bytes it took. */
function backlenMatches(bytes: Uint8Array, last: number, length: number): boolean {
  let value = 0;
  let scale = 1;
  for (let position = last; position > last - 5; position--) {
    value += (bytes[position] & 0x7f) * scale;
    if (bytes[position] < 0x80) return value === length;
    scale *= 128;
  }
  return false;
}

/** True if the sound entry that starts with this byte is stored as an integer. */
export function isIntegerEntry(first: number): boolean {
  return first < 0x80 || (first >= 0xc0 && first < 0xe0) || first > 0xf0;
}

/** Lower 32 bits of an integer entry. */
export function integerEntryLow(bytes: Uint8Array, position: number): number {
  const first = bytes[position];
  if (first < 0x80) return first;
  if (first < 0xe0) return ((((first & 0x1f) << 8) | bytes[position + 1]) << 19) >> 19;
  if (first === 0xf1) return ((bytes[position + 1] | (bytes[position + 2] << 8)) << 16) >> 16;
  if (first === 0xf2)
    return ((bytes[position + 1] << 8) | (bytes[position + 2] << 16) | (bytes[position + 3] << 24)) >> 8;
  return readU32(bytes, position + 1) | 0;
}

/** Upper 32 bits of an integer entry, signed. */
export function integerEntryHigh(bytes: Uint8Array, position: number): number {
  if (bytes[position] === 0xf4) return readU32(bytes, position + 5) | 0;
  return integerEntryLow(bytes, position) >> 31;
}

/** Bytes before the data of a string entry. */
export function stringEntryHead(first: number): number {
  if (first < 0xc0) return 1;
  return first === 0xf0 ? 5 : 2;
}

/** Bytes of data of a sound string entry. */
export function stringEntryLength(bytes: Uint8Array, position: number): number {
  const first = bytes[position];
  if (first < 0xc0) return first & 0x3f;
  if (first === 0xf0) return readU32(bytes, position + 1);
  return ((first & 0x0f) << 8) | bytes[position + 1];
}

/** A sound entry's element as a binary string, integers in decimal. */
export function listpackEntryText(bytes: Uint8Array, position: number): string {
  const first = bytes[position];
  if (first < 0x80) return String(first);
  if (isIntegerEntry(first)) return halvesText(integerEntryLow(bytes, position), integerEntryHigh(bytes, position));
  const start = position + stringEntryHead(first);
  return latin1Text(bytes, start, start + stringEntryLength(bytes, position));
}

/**
 * A sound entry's value where a server wants an integer: stored as one, or as a string that is one (lpGetIntegerIfValid in
 * the servers' t_stream.c). NaN for other strings; rounded beyond 2^53.
 */
export function listpackEntryNumber(bytes: Uint8Array, position: number): number {
  const first = bytes[position];
  if (isIntegerEntry(first)) {
    return halvesNumber(integerEntryLow(bytes, position), integerEntryHigh(bytes, position));
  }
  const length = stringEntryLength(bytes, position);
  const start = position + stringEntryHead(first);
  const short = shortIntegerBytes(bytes, start, length);
  if (!Number.isNaN(short) || length > integerTextMax) return short;
  const big = canonicalInteger(latin1Text(bytes, start, start + length));
  return big === undefined ? Number.NaN : Number(big);
}

/** The same as an int64's lower 32 bits, exact at any size. The entry is known to hold an integer. */
export function listpackEntryLow(bytes: Uint8Array, position: number): number {
  if (isIntegerEntry(bytes[position])) return integerEntryLow(bytes, position);
  return Number(BigInt.asIntN(32, BigInt(listpackEntryText(bytes, position))));
}

export function readU32(bytes: Uint8Array, position: number): number {
  return (
    (bytes[position] | (bytes[position + 1] << 8) | (bytes[position + 2] << 16) | (bytes[position + 3] << 24)) >>> 0
  );
}
