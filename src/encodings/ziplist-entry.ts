import { halvesText } from './integer-text.ts';
import { latin1Text } from './latin1.ts';
import { readU32 } from './listpack-entry.ts';

/*
 * One entry of a ziplist, addressed by its position. Little-endian where not said.
 *
 *   entry := previous entry's length (1 byte < 254, or FE + u32), encoding, data
 *
 *   00nnnnnn            n bytes   string of n <= 63 bytes
 *   01nnnnnn nnnnnnnn   n bytes   string of n <= 16383 bytes, big-endian
 *   10...... u32 BE     n bytes   string; the six low bits are ignored
 *   C0 / D0 / E0        2/4/8     integer of 16, 32, 64 bits
 *   F0 / FE             3/1       integer of 24, 8 bits (RDB 6)
 *   F1..FD                        integer 0..12 (RDB 6)
 *   FF                            end of the ziplist
 *
 * A previous length below 254 may stand in the long form, as servers avoid to shrink entries in a cascade.
 */

/** First byte of a previous length in the long form. */
export const longPrevious = 0xfe;

/** Bytes of encoding and data by the encoding's byte; 0 where a length follows, or where the byte is invalid. */
const shortLength = new Uint8Array(256);
for (let code = 0; code < 0x40; code++) shortLength[code] = 1 + code;
shortLength[0xc0] = 3;
shortLength[0xd0] = 5;
shortLength[0xe0] = 9;
shortLength[0xf0] = 4;
shortLength[0xfe] = 2;
for (let code = 0xf1; code <= 0xfd; code++) shortLength[code] = 1;

/** The table above, for loops that inline `nextZiplistEntry`'s common case. */
export const ziplistShortLength: Readonly<Uint8Array> = shortLength;

/** Where the next entry starts, or -1 if this one is unsound; `previous` is the length of the one before it. */
export function nextZiplistEntry(bytes: Uint8Array, position: number, end: number, previous: number): number {
  if (bytes[position] === 0xff) return -1;
  const encoding = ziplistEncodingPosition(bytes, position);
  if (encoding >= end) return -1;
  const declared = bytes[position] < longPrevious ? bytes[position] : readU32(bytes, position + 1);
  if (declared !== previous) return -1;
  const length = ziplistElementLength(bytes, encoding, end);
  const next = encoding + length;
  return length === 0 || next > end ? -1 : next;
}

export function ziplistEncodingPosition(bytes: Uint8Array, position: number): number {
  return position + (bytes[position] < longPrevious ? 1 : 5);
}

/** Bytes of encoding and data at an encoding's position, or 0 if it is invalid. May reach past `end`. */
export function ziplistElementLength(bytes: Uint8Array, encoding: number, end: number): number {
  const code = bytes[encoding];
  if (code < 0x40 || code >= 0xc0) return shortLength[code];
  if (code < 0x80) return encoding + 1 < end ? 2 + (((code & 0x3f) << 8) | bytes[encoding + 1]) : 2;
  return encoding + 4 < end ? 5 + readU32Big(bytes, encoding + 1) : 5;
}

export function ziplistStringHead(code: number): number {
  if (code < 0x40) return 1;
  return code < 0x80 ? 2 : 5;
}

export function ziplistStringLength(bytes: Uint8Array, encoding: number): number {
  const code = bytes[encoding];
  if (code < 0x40) return code;
  if (code < 0x80) return ((code & 0x3f) << 8) | bytes[encoding + 1];
  return readU32Big(bytes, encoding + 1);
}

export function ziplistIntegerLow(bytes: Uint8Array, encoding: number): number {
  const at = encoding + 1;
  switch (bytes[encoding]) {
    case 0xc0:
      return ((bytes[at] | (bytes[at + 1] << 8)) << 16) >> 16;
    case 0xd0:
    case 0xe0:
      return readU32(bytes, at) | 0;
    case 0xf0:
      return ((bytes[at] << 8) | (bytes[at + 1] << 16) | (bytes[at + 2] << 24)) >> 8;
    case 0xfe:
      return (bytes[at] << 24) >> 24;
    default:
      return bytes[encoding] - 0xf1;
  }
}

export function ziplistIntegerHigh(bytes: Uint8Array, encoding: number): number {
  return bytes[encoding] === 0xe0 ? readU32(bytes, encoding + 5) | 0 : ziplistIntegerLow(bytes, encoding) >> 31;
}

export function ziplistElementText(bytes: Uint8Array, encoding: number): string {
  const code = bytes[encoding];
  if (code >= 0xc0) return halvesText(ziplistIntegerLow(bytes, encoding), ziplistIntegerHigh(bytes, encoding));
  const start = encoding + ziplistStringHead(code);
  return latin1Text(bytes, start, start + ziplistStringLength(bytes, encoding));
}

function readU32Big(bytes: Uint8Array, position: number): number {
  return (
    ((bytes[position] << 24) | (bytes[position + 1] << 16) | (bytes[position + 2] << 8) | bytes[position + 3]) >>> 0
  );
}
