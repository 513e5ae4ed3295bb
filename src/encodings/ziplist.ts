import { EncodingError, type FormatFault, formatFault } from '../faults.ts';
import { halvesBigint, halvesNumber, halvesText } from './integer-text.ts';
import { latin1Text } from './latin1.ts';
import { hexByte } from './listpack.ts';
import { readU32 } from './listpack-entry.ts';
import {
  longPrevious,
  nextZiplistEntry,
  ziplistElementLength,
  ziplistElementText,
  ziplistEncodingPosition,
  ziplistIntegerHigh,
  ziplistIntegerLow,
  ziplistShortLength,
  ziplistStringHead,
} from './ziplist-entry.ts';

/*
 * Ziplist (Redis 2.2 to 6.2): the blob of RDB types 10, 12, 13 and of the nodes of type 14. Little-endian where not said.
 *
 *   +-----------+------------+-------------+---------+-----+----+
 *   | u32 bytes | u32 tail   | u16 count   | entries | ... | FF |
 *   +-----------+------------+-------------+---------+-----+----+
 *
 * `tail` is where the last entry starts; `count` 65535 means that entries must be counted. Entries: ziplist-entry.ts.
 * Servers from 7.0 on convert ziplists to listpacks while loading and so always make all of these checks
 * (ziplistValidateIntegrity).
 */

export const ziplistHeaderBytes = 10;
const countUnknown = 65535;

/** Checks all of a ziplist from `from` to `to`. An empty one is sound. Positions in the flaw count from `from`. */
export function validateZiplist(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const header = validateHeader(bytes, from, to);
  if (header) return header;
  const end = to - 1;
  let position = from + ziplistHeaderBytes;
  let previous = 0;
  let last = -1;
  let count = 0;
  while (position < end) {
    // The common entry: a short previous length and a short element.
    const length = ziplistShortLength[bytes[position + 1]];
    let next = position + 1 + length;
    if (length === 0 || next > end || bytes[position] !== previous || previous >= longPrevious) {
      next = nextZiplistEntry(bytes, position, end, previous);
      if (next < 0) return entryFlaw(bytes, from, position, end, previous);
    }
    previous = next - position;
    last = position;
    position = next;
    count++;
  }
  return validateTail(bytes, from, last) ?? validateCount(bytes, from, count);
}

/** How many elements a sound ziplist has; from the header where that says so. */
export function countZiplist(bytes: Uint8Array, from: number, to: number): number {
  const declared = bytes[from + 8] | (bytes[from + 9] << 8);
  if (declared !== countUnknown) return declared;
  const end = to - 1;
  let count = 0;
  for (let position = from + ziplistHeaderBytes; position < end; count++) {
    const encoding = ziplistEncodingPosition(bytes, position);
    const length = ziplistElementLength(bytes, encoding, end);
    if (length === 0) break;
    position = encoding + length;
  }
  return count;
}

/** The elements as binary strings, integers in decimal. Throws EncodingError where `validateZiplist` would find a flaw. */
export function decodeZiplist(bytes: Uint8Array, from: number, to: number): string[] {
  const wrong = validateZiplist(bytes, from, to);
  if (wrong) throw new EncodingError(wrong);
  const elements: string[] = [];
  const end = to - 1;
  for (let position = from + ziplistHeaderBytes; position < end; ) {
    const encoding = ziplistEncodingPosition(bytes, position);
    elements.push(ziplistElementText(bytes, encoding));
    position = encoding + ziplistElementLength(bytes, encoding, end);
  }
  return elements;
}

/** Walks a ziplist without building its elements, as ListpackCursor does; `next` throws EncodingError at an unsound entry. */
export class ZiplistCursor {
  /** Of the current entry: its first byte's position in `bytes`. */
  position = 0;
  isInteger = false;
  /** Of a string element: where its bytes are. Of an integer: meaningless. */
  start = 0;
  length = 0;
  /** Of an integer element: its lower and upper 32 bits, signed. */
  low = 0;
  high = 0;
  private readonly bytes: Uint8Array;
  private readonly from: number;
  private readonly end: number;
  private following: number;
  private previous = 0;

  /** Throws EncodingError on an unsound header. */
  constructor(bytes: Uint8Array, from: number, to: number) {
    const wrong = validateHeader(bytes, from, to);
    if (wrong) throw new EncodingError(wrong);
    this.bytes = bytes;
    this.from = from;
    this.end = to - 1;
    this.following = from + ziplistHeaderBytes;
  }

  /** Moves to the next element; false at the end. */
  next(): boolean {
    const position = this.following;
    if (position >= this.end) return false;
    const { bytes } = this;
    const following = nextZiplistEntry(bytes, position, this.end, this.previous);
    if (following < 0) throw new EncodingError(entryFlaw(bytes, this.from, position, this.end, this.previous));
    this.previous = following - position;
    this.following = following;
    this.position = position;
    const encoding = ziplistEncodingPosition(bytes, position);
    this.isInteger = bytes[encoding] >= 0xc0;
    if (this.isInteger) {
      this.low = ziplistIntegerLow(bytes, encoding);
      this.high = ziplistIntegerHigh(bytes, encoding);
    } else {
      this.start = encoding + ziplistStringHead(bytes[encoding]);
      this.length = following - this.start;
    }
    return true;
  }

  /** An integer element as a double: exact to 2^53. */
  get number(): number {
    return halvesNumber(this.low, this.high);
  }

  /** An integer element, exact. */
  integer(): bigint {
    return halvesBigint(this.low, this.high);
  }

  /** The element as a binary string, integers in decimal. */
  text(): string {
    if (this.isInteger) return halvesText(this.low, this.high);
    return latin1Text(this.bytes, this.start, this.start + this.length);
  }
}

function validateHeader(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const length = to - from;
  if (length < ziplistHeaderBytes + 1) {
    return formatFault('ziplist.size', 0, `at least ${ziplistHeaderBytes + 1} bytes`, `${length}`);
  }
  const declared = readU32(bytes, from);
  if (declared !== length) return formatFault('ziplist.header.bytes', 0, `${length}, the blob's length`, `${declared}`);
  if (bytes[to - 1] !== 0xff) return formatFault('ziplist.terminator', length - 1, 'ff', hexByte(bytes[to - 1]));
  const tail = readU32(bytes, from + 4);
  if (tail > length - 1) return formatFault('ziplist.header.tail', 4, `at most ${length - 1}`, `${tail}`);
  return undefined;
}

function validateTail(bytes: Uint8Array, from: number, last: number): FormatFault | undefined {
  const tail = readU32(bytes, from + 4);
  if (last < 0 || tail === last - from) return undefined;
  return formatFault('ziplist.header.tail', 4, `${last - from}, the last entry`, `${tail}`);
}

function validateCount(bytes: Uint8Array, from: number, count: number): FormatFault | undefined {
  const declared = bytes[from + 8] | (bytes[from + 9] << 8);
  if (declared === countUnknown || declared === count) return undefined;
  return formatFault('ziplist.header.count', 8, `${count}, the number of entries`, `${declared}`);
}

function entryFlaw(bytes: Uint8Array, from: number, position: number, end: number, previous: number): FormatFault {
  const at = position - from;
  if (bytes[position] === 0xff) {
    return formatFault('ziplist.terminator.early', at, `ff at ${end - from} only`, 'ff among the entries');
  }
  const encoding = ziplistEncodingPosition(bytes, position);
  const before = `an entry that ends before ${end - from}`;
  if (encoding >= end) return formatFault('ziplist.entry.length', at, before, 'a previous length that reaches beyond');
  const declared = bytes[position] < longPrevious ? bytes[position] : readU32(bytes, position + 1);
  if (declared !== previous) {
    return formatFault('ziplist.entry.previous', at, `${previous}, the length of the entry before`, `${declared}`);
  }
  const length = ziplistElementLength(bytes, encoding, end);
  if (length > 0) return formatFault('ziplist.entry.length', encoding - from, before, `${length} bytes`);
  return formatFault('ziplist.entry.encoding', encoding - from, 'an encoding byte', hexByte(bytes[encoding]));
}
