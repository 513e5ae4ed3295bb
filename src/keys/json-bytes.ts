import { isUtf8 } from 'node:buffer';
import type { ByteWriter } from '../io/writer.ts';
import type { TextEncoding } from './json-text.ts';

/*
 * Texts as JSON, straight from their bytes into a writer: what `jsonTextOf` (json-text.ts) makes of binary strings. test/keys/json-bytes.test.ts
 * holds the two equal.
 */

/** Writes `bytes[from, to)` as JSON; false where it has become an object, since it is not UTF-8. */
export type JsonBytes = (out: ByteWriter, bytes: Buffer, from: number, to: number) => boolean;

export function jsonBytesOf(encoding: TextEncoding): JsonBytes {
  if (encoding === 'base64') return writeBase64;
  return encoding === 'latin1' ? writeLatin1 : writeUtf8;
}

const quote = 0x22;
const backslash = 0x5c;
/** Bytes that are written at a time: room is made for the longest that they can become. */
const pieceBytes = 16_384;
/** Bytes of one escape at most: `\u0000`. */
const escapeBytes = 6;
/** Runs of plain bytes up to this length are copied by a loop, which is faster than a call. */
const loopLengthMax = 48;

/** Classes of bytes: 0 stands for itself, 1 must be escaped, 2 is not ASCII. */
const classes = new Uint8Array(256);
classes.fill(1, 0, 0x20);
classes[quote] = classes[backslash] = 1;
classes.fill(2, 0x80);

/** The letter behind the backslash; 0 for `\u00HH`. */
const letters = new Uint8Array(0x80);
for (const [byte, letter] of Object.entries({ 8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r', 34: '"', 92: '\\' }))
  letters[Number(byte)] = letter.charCodeAt(0);

const hexDigits = Buffer.from('0123456789abcdef');

function writeEscape(target: Buffer, at: number, byte: number): number {
  target[at] = backslash;
  const letter = letters[byte];
  if (letter !== 0) {
    target[at + 1] = letter;
    return at + 2;
  }
  target[at + 1] = 0x75;
  target[at + 2] = target[at + 3] = 0x30;
  target[at + 4] = hexDigits[byte >> 4];
  target[at + 5] = hexDigits[byte & 15];
  return at + 6;
}

function writeUtf8(out: ByteWriter, bytes: Buffer, from: number, to: number): boolean {
  const start = out.length;
  out.writeByte(quote);
  // Bytes of this class and above are not plain.
  let isChecked = false;
  for (let position = from; position < to; ) {
    const pieceEnd = Math.min(to, position + pieceBytes);
    out.reserve((pieceEnd - position) * escapeBytes);
    const target = out.bytes;
    let at = out.length;
    while (position < pieceEnd) {
      const runStart = position;
      if (isChecked) while (position < pieceEnd && classes[bytes[position]] !== 1) position++;
      else while (position < pieceEnd && classes[bytes[position]] === 0) position++;
      at = copyRun(target, at, bytes, runStart, position);
      if (position === pieceEnd) break;
      if (bytes[position] < 0x80) at = writeEscape(target, at, bytes[position++]);
      else if (isUtf8(bytes.subarray(position, to))) isChecked = true;
      else {
        out.length = start;
        writeBase64Object(out, bytes, from, to);
        return false;
      }
    }
    out.length = at;
  }
  out.writeByte(quote);
  return true;
}

function copyRun(target: Buffer, at: number, bytes: Buffer, from: number, to: number): number {
  const count = to - from;
  if (count > loopLengthMax) bytes.copy(target, at, from, to);
  else for (let index = 0; index < count; index++) target[at + index] = bytes[from + index];
  return at + count;
}

function writeLatin1(out: ByteWriter, bytes: Buffer, from: number, to: number): boolean {
  out.writeByte(quote);
  for (let position = from; position < to; ) {
    const pieceEnd = Math.min(to, position + pieceBytes);
    out.reserve((pieceEnd - position) * escapeBytes);
    const target = out.bytes;
    let at = out.length;
    for (; position < pieceEnd; position++) {
      const byte = bytes[position];
      if (classes[byte] === 0) target[at++] = byte;
      else if (byte < 0x80) at = writeEscape(target, at, byte);
      else {
        target[at++] = 0xc0 | (byte >> 6);
        target[at++] = 0x80 | (byte & 0x3f);
      }
    }
    out.length = at;
  }
  out.writeByte(quote);
  return true;
}

function writeBase64(out: ByteWriter, bytes: Buffer, from: number, to: number): boolean {
  out.writeByte(quote);
  writeBase64Digits(out, bytes, from, to);
  out.writeByte(quote);
  return true;
}

function writeBase64Object(out: ByteWriter, bytes: Buffer, from: number, to: number): void {
  out.writeText('{"base64":"');
  writeBase64Digits(out, bytes, from, to);
  out.writeText('"}');
}

/** A multiple of three, so that the digits of pieces can follow each other. */
const base64PieceBytes = 3 * 16_384;

export function writeBase64Digits(out: ByteWriter, bytes: Buffer, from: number, to: number): void {
  for (let position = from; position < to; position += base64PieceBytes)
    out.writeText(bytes.base64Slice(position, Math.min(to, position + base64PieceBytes)));
}
