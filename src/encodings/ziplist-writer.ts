import { canonicalInteger, integerTextMax, shortInteger } from './integer-text.ts';
import { writeLatin1 } from './latin1.ts';
import { ziplistHeaderBytes } from './ziplist.ts';

/** Bytes around an element at most: 5 of the previous length, 5 of encoding. */
const entryOverheadMax = 10;

/**
 * A ziplist of `elements` (binary strings), byte for byte as a server (2.6 to 6.2) writes it after appending them one by one.
 * One that inserts or removes in the middle may keep long forms of previous lengths, which this does not imitate.
 */
export function encodeZiplist(elements: readonly string[]): Buffer {
  let capacity = ziplistHeaderBytes + 1;
  for (let i = 0; i < elements.length; i++) capacity += Math.max(elements[i].length, 9) + entryOverheadMax;
  const bytes = Buffer.allocUnsafe(capacity);
  let position = ziplistHeaderBytes;
  let tail = position;
  let previous = 0;
  for (let i = 0; i < elements.length; i++) {
    tail = position;
    position = writePrevious(bytes, position, previous);
    position = writeElement(bytes, position, elements[i]);
    previous = position - tail;
  }
  bytes[position++] = 0xff;
  bytes.writeUInt32LE(position, 0);
  bytes.writeUInt32LE(tail, 4);
  bytes.writeUInt16LE(Math.min(elements.length, 65535), 8);
  return bytes.subarray(0, position);
}

function writePrevious(bytes: Buffer, position: number, previous: number): number {
  if (previous < 0xfe) {
    bytes[position] = previous;
    return position + 1;
  }
  bytes[position] = 0xfe;
  return bytes.writeUInt32LE(previous, position + 1);
}

function writeElement(bytes: Buffer, position: number, text: string): number {
  const length = text.length;
  if (length <= integerTextMax) {
    const short = shortInteger(text);
    if (short >= -2147483648 && short <= 2147483647) return writeInteger(bytes, position, short);
    const big = canonicalInteger(text);
    if (big !== undefined) {
      bytes[position] = 0xe0;
      return bytes.writeBigInt64LE(big, position + 1);
    }
  }
  const data = writeStringHead(bytes, position, length);
  writeLatin1(bytes, text, data);
  return data + length;
}

function writeInteger(bytes: Buffer, position: number, value: number): number {
  if (value >= 0 && value <= 12) {
    bytes[position] = 0xf1 + value;
    return position + 1;
  }
  if (value >= -128 && value <= 127) {
    bytes[position] = 0xfe;
    return bytes.writeInt8(value, position + 1);
  }
  if (value >= -32768 && value <= 32767) {
    bytes[position] = 0xc0;
    return bytes.writeInt16LE(value, position + 1);
  }
  const isShort = value >= -8388608 && value <= 8388607;
  bytes[position] = isShort ? 0xf0 : 0xd0;
  return bytes.writeIntLE(value, position + 1, isShort ? 3 : 4);
}

function writeStringHead(bytes: Buffer, position: number, length: number): number {
  if (length < 64) {
    bytes[position] = length;
    return position + 1;
  }
  if (length < 16384) {
    bytes[position] = 0x40 | (length >> 8);
    bytes[position + 1] = length;
    return position + 2;
  }
  bytes[position] = 0x80;
  return bytes.writeUInt32BE(length, position + 1);
}
