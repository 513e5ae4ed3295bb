import { EncodingError, type FormatFault, formatFault } from '../faults.ts';
import { latin1Text, writeLatin1 } from './latin1.ts';
import { hexByte } from './listpack.ts';
import { readU32 } from './listpack-entry.ts';
import { UniqueElements } from './unique-elements.ts';

/*
 * Zipmap (Redis 2.0 to 2.4): the blob of RDB type 9, a small hash.
 *
 *   +----------+------------------------------------------------+-----+----+
 *   | u8 count | length field length u8-free value free-bytes   | ... | FF |
 *   +----------+------------------------------------------------+-----+----+
 *
 * `count` 254 means that pairs must be counted. A length is one byte below 254, or FE + u32 LE for 254 and more. `free` bytes
 * after a value are left over from a longer one. Servers convert it while loading and so always make all of these checks.
 * Oddly they stop at the first terminator: bytes between it and the blob's last one are accepted and ignored (tried on 8.6).
 */

const countUnknown = 254;
const longLength = 254;

const seen = new UniqueElements();

/** Checks all of a zipmap from `from` to `to`, no field twice; servers refuse an empty one. Positions count from `from`. */
export function validateZipmap(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const length = to - from;
  if (length < 2) return formatFault('zipmap.size', 0, 'at least 2 bytes', `${length}`);
  if (bytes[to - 1] !== 0xff) return formatFault('zipmap.terminator', length - 1, 'ff', hexByte(bytes[to - 1]));
  seen.reset(bytes);
  const end = to - 1;
  let position = from + 1;
  let count = 0;
  while (bytes[position] !== 0xff) {
    const field = itemData(bytes, position, end);
    if (field < 0) return lengthFlaw(from, position, end);
    const value = field + itemLength(bytes, position);
    if (value > end) return lengthFlaw(from, position, end);
    const next = endOfValue(bytes, value, end);
    if (next < 0) return lengthFlaw(from, value, end);
    if (!seen.addBytes(field, value - field)) return duplicateFlaw(bytes, from, position, field, value);
    position = next;
    count++;
  }
  if (count === 0) return formatFault('zipmap.empty', 0, 'at least one pair', '0');
  if (bytes[from] === countUnknown || bytes[from] === count) return undefined;
  return formatFault('zipmap.count', 0, `${count}, the number of pairs`, `${bytes[from]}`);
}

/** How many pairs a sound zipmap has. */
export function countZipmap(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== countUnknown) return bytes[from];
  return decodeZipmap(bytes, from, to).length / 2;
}

/** Field, value, field, value, … as binary strings. Throws EncodingError where `validateZipmap` would find a flaw. */
export function decodeZipmap(bytes: Uint8Array, from: number, to: number): string[] {
  const wrong = validateZipmap(bytes, from, to);
  if (wrong) throw new EncodingError(wrong);
  const elements: string[] = [];
  const end = to - 1;
  let position = from + 1;
  while (bytes[position] !== 0xff) {
    const field = itemData(bytes, position, end);
    const value = field + itemLength(bytes, position);
    elements.push(latin1Text(bytes, field, value));
    const start = itemData(bytes, value, end) + 1;
    elements.push(latin1Text(bytes, start, start + itemLength(bytes, value)));
    position = endOfValue(bytes, value, end);
  }
  return elements;
}

/** A zipmap of field, value, field, value, … (binary strings) without free bytes, as a server 2.4 writes a fresh one. */
export function encodeZipmap(elements: readonly string[]): Buffer {
  let capacity = 2;
  for (let i = 0; i < elements.length; i++) capacity += elements[i].length + 6;
  const bytes = Buffer.allocUnsafe(capacity);
  bytes[0] = Math.min(elements.length / 2, countUnknown);
  let position = 1;
  for (let i = 0; i < elements.length; i++) {
    position = writeLength(bytes, position, elements[i].length);
    if (i % 2 === 1) bytes[position++] = 0;
    writeLatin1(bytes, elements[i], position);
    position += elements[i].length;
  }
  bytes[position++] = 0xff;
  return bytes.subarray(0, position);
}

/** Where the data after a length starts, or -1 if the length is cut off or in a longer form than it needs. */
function itemData(bytes: Uint8Array, position: number, end: number): number {
  const data = position + (bytes[position] < longLength ? 1 : 5);
  if (data > end) return -1;
  return bytes[position] >= longLength && readU32(bytes, position + 1) < longLength ? -1 : data;
}

function itemLength(bytes: Uint8Array, position: number): number {
  return bytes[position] < longLength ? bytes[position] : readU32(bytes, position + 1);
}

/** Where the pair after this value starts, or -1 if the value reaches past the terminator. */
function endOfValue(bytes: Uint8Array, position: number, end: number): number {
  const data = itemData(bytes, position, end);
  if (data < 0) return -1;
  const next = data + 1 + itemLength(bytes, position) + bytes[data];
  return next > end ? -1 : next;
}

function lengthFlaw(from: number, position: number, end: number): FormatFault {
  const expected = `a length in its shortest form, within ${end - from} bytes`;
  return formatFault('zipmap.length', position - from, expected, 'another');
}

function duplicateFlaw(bytes: Uint8Array, from: number, position: number, start: number, end: number): FormatFault {
  const text = JSON.stringify(latin1Text(bytes, start, Math.min(end, start + 64)));
  return formatFault('zipmap.duplicate', position - from, 'each field once', text);
}

function writeLength(bytes: Buffer, position: number, length: number): number {
  if (length < longLength) {
    bytes[position] = length;
    return position + 1;
  }
  bytes[position] = longLength;
  return bytes.writeUInt32LE(length, position + 1);
}
