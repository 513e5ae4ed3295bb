import { EncodingError, type FormatFault, formatFault } from '../faults.ts';
import { canonicalInteger, halvesText, shortInteger } from './integer-text.ts';
import { readU32 } from './listpack-entry.ts';

/*
 * Intset (Redis 2.2): the blob of RDB type 11. Little-endian.
 *
 *   +-----------+-----------+------------------------------------+
 *   | u32 width | u32 count | count signed integers, ascending   |
 *   +-----------+-----------+------------------------------------+
 *
 * `width` is 2, 4 or 8 bytes: what the widest member ever needed. Checked as intsetValidateIntegrity in the servers' intset.c.
 */

const headerBytes = 8;

/** Checks all of an intset from `from` to `to`. Servers refuse an empty one. Positions in the flaw count from `from`. */
export function validateIntset(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const header = validateIntsetHeader(bytes, from, to);
  if (header) return header;
  const width = bytes[from];
  for (let position = from + headerBytes + width; position < to; position += width) {
    if (!ascends(bytes, position - width, position, width)) {
      const expected = `more than ${memberText(bytes, position - width, width)}`;
      return formatFault('intset.order', position - from, expected, memberText(bytes, position, width));
    }
  }
  return undefined;
}

function ascends(bytes: Uint8Array, before: number, position: number, width: number): boolean {
  const least = lowOf(bytes, before, width);
  const low = lowOf(bytes, position, width);
  if (width < 8) return low > least;
  const leastHigh = highOf(bytes, before, width);
  const high = highOf(bytes, position, width);
  return high > leastHigh || (high === leastHigh && low >>> 0 > least >>> 0);
}

function memberText(bytes: Uint8Array, position: number, width: number): string {
  return halvesText(lowOf(bytes, position, width), highOf(bytes, position, width));
}

/** The checks that a server always makes, without `sanitize-dump-payload`. */
function validateIntsetHeader(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const length = to - from;
  if (length < headerBytes) return formatFault('intset.size', 0, `at least ${headerBytes} bytes`, `${length}`);
  const width = readU32(bytes, from);
  if (width !== 2 && width !== 4 && width !== 8) return formatFault('intset.width', 0, '2, 4 or 8', `${width}`);
  const count = readU32(bytes, from + 4);
  const needed = headerBytes + count * width;
  if (needed !== length) return formatFault('intset.count', 4, `${(length - headerBytes) / width} members`, `${count}`);
  if (count === 0) return formatFault('intset.empty', 4, 'at least one member', '0');
  return undefined;
}

/** A member that stands twice in an intset of any order, which a server finds where it turns the intset into a table. */
export function duplicateIntsetFlaw(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  if (validateIntsetHeader(bytes, from, to)) return undefined;
  const width = bytes[from];
  const seen = new Set<string>();
  for (let position = from + headerBytes; position < to; position += width) {
    const text = memberText(bytes, position, width);
    if (seen.has(text)) return formatFault('intset.duplicate', position - from, 'each member once', text);
    seen.add(text);
  }
  return undefined;
}

export function countIntset(bytes: Uint8Array, from: number, _to: number): number {
  return readU32(bytes, from + 4);
}

/**
 * The members in decimal, in the order of the bytes: servers load one that is not in order. Throws EncodingError where `validateIntset` would
 * find any other flaw.
 */
export function decodeIntset(bytes: Uint8Array, from: number, to: number): string[] {
  const wrong = validateIntset(bytes, from, to);
  const isUnordered = wrong?.code === 'intset.order' && duplicateIntsetFlaw(bytes, from, to) === undefined;
  if (wrong && !isUnordered) throw new EncodingError(wrong);
  const width = bytes[from];
  const members: string[] = [];
  for (let position = from + headerBytes; position < to; position += width) {
    members.push(memberText(bytes, position, width));
  }
  return members;
}

/**
 * An intset of `members`, canonical decimal int64 texts in any order, none twice; the width is the smallest that holds them.
 * Throws RangeError on a text that is no such integer.
 */
export function encodeIntset(members: readonly string[]): Buffer {
  const values = new Float64Array(members.length);
  for (let i = 0; i < members.length; i++) {
    values[i] = shortInteger(members[i]);
    if (Number.isNaN(values[i])) return encodeWide(members);
  }
  values.sort();
  const width = widthOf(values[0] ?? 0, values[values.length - 1] ?? 0);
  const bytes = allocate(width, values.length);
  for (let i = 0, position = headerBytes; i < values.length; i++, position += width) {
    if (width === 2) bytes.writeInt16LE(values[i], position);
    else if (width === 4) bytes.writeInt32LE(values[i], position);
    else bytes.writeBigInt64LE(BigInt(values[i]), position);
  }
  return bytes;
}

/** With a member of more than 15 digits, so that no narrower form is possible. */
function encodeWide(members: readonly string[]): Buffer {
  const values = BigInt64Array.from(members, (text) => {
    const value = canonicalInteger(text);
    if (value === undefined) throw new RangeError(`not a canonical integer: ${JSON.stringify(text)}`);
    return value;
  }).sort();
  const bytes = allocate(8, values.length);
  for (let i = 0; i < values.length; i++) bytes.writeBigInt64LE(values[i], headerBytes + i * 8);
  return bytes;
}

function widthOf(least: number, most: number): number {
  if (least >= -32768 && most <= 32767) return 2;
  return least >= -2147483648 && most <= 2147483647 ? 4 : 8;
}

function allocate(width: number, count: number): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + count * width);
  bytes.writeUInt32LE(width, 0);
  bytes.writeUInt32LE(count, 4);
  return bytes;
}

function lowOf(bytes: Uint8Array, position: number, width: number): number {
  if (width === 2) return ((bytes[position] | (bytes[position + 1] << 8)) << 16) >> 16;
  return readU32(bytes, position) | 0;
}

function highOf(bytes: Uint8Array, position: number, width: number): number {
  return width === 8 ? readU32(bytes, position + 4) | 0 : lowOf(bytes, position, width) >> 31;
}
