import { EncodingError, type FormatFault, formatFault } from '../faults.ts';
import type { BacklenThreshold } from '../servers/targets.ts';
import { halvesBigint, halvesNumber } from './integer-text.ts';
import { latin1Text } from './latin1.ts';
import {
  integerEntryHigh,
  integerEntryLow,
  isIntegerEntry,
  isThreshold,
  listpackEntryLength,
  listpackEntryText,
  listpackHeaderBytes,
  listpackShortLength,
  nextListpackEntry,
  readU32,
  stringEntryHead,
  stringEntryLength,
} from './listpack-entry.ts';

/*
 * Listpack (Redis 5.0 for streams, 7.0 for the rest): the blob of RDB types 16, 17, 18, 20, 23, 25 and of a stream's nodes.
 *
 *   +--------------+-------------+---------+-----+----+
 *   | u32 bytes LE | u16 count LE| entries | ... | FF |
 *   +--------------+-------------+---------+-----+----+
 *
 * `bytes` is the whole blob's size; `count` 65535 means that entries must be counted. Entries: listpack-entry.ts.
 */

/** Header value for "too many to say". */
export const listpackCountUnknown = 65535;

/**
 * Checks all of a listpack that lies from `from` to `to`, as a server with `sanitize-dump-payload yes` does (lpValidateIntegrity).
 * An empty listpack is sound. Positions in the flaw count from `from`.
 */
export function validateListpack(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const header = validateListpackHeader(bytes, from, to);
  if (header) return header;
  const end = to - 1;
  const short = listpackShortLength;
  let position = from + listpackHeaderBytes;
  let count = 0;
  while (position < end) {
    const length = short[bytes[position]];
    let next = position + length + 1;
    if (length === 0 || next > end || bytes[next - 1] !== length) {
      next = nextListpackEntry(bytes, position, end);
      if (next < 0) return entryFlaw(bytes, from, position, end);
    }
    position = next;
    count++;
  }
  return validateCount(bytes, from, count);
}

/** The checks that a server always makes, without `sanitize-dump-payload`: header and terminator. */
export function validateListpackHeader(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const length = to - from;
  if (length < listpackHeaderBytes + 1) {
    return formatFault('listpack.size', 0, `at least ${listpackHeaderBytes + 1} bytes`, `${length}`);
  }
  const declared = readU32(bytes, from);
  if (declared !== length)
    return formatFault('listpack.header.bytes', 0, `${length}, the blob's length`, `${declared}`);
  if (bytes[to - 1] !== 0xff) return formatFault('listpack.terminator', length - 1, 'ff', hexByte(bytes[to - 1]));
  return undefined;
}

/** What a server finds at the first element of a listpack whose header is sound: it looks at that one whatever is set. */
export function firstEntryFlaw(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const position = from + listpackHeaderBytes;
  const end = to - 1;
  if (position >= end || bytes[position] === 0xff) return undefined;
  return nextListpackEntry(bytes, position, end) < 0 ? entryFlaw(bytes, from, position, end) : undefined;
}

/** Compares the header's count with the real one. */
export function validateCount(bytes: Uint8Array, from: number, count: number): FormatFault | undefined {
  const declared = bytes[from + 4] | (bytes[from + 5] << 8);
  if (declared === listpackCountUnknown || declared === count) return undefined;
  return formatFault('listpack.header.count', 4, `${count}, the number of entries`, `${declared}`);
}

/** Says what is wrong with an entry that `nextListpackEntry` refused. */
export function entryFlaw(bytes: Uint8Array, from: number, position: number, end: number): FormatFault {
  const at = position - from;
  const first = bytes[position];
  if (first === 0xff)
    return formatFault('listpack.terminator.early', at, `ff at ${end - from} only`, 'ff among the entries');
  const length = listpackEntryLength(bytes, position, end);
  if (length === 0) return formatFault('listpack.entry.encoding', at, 'an encoding byte', hexByte(first));
  if (position + length >= end) {
    return formatFault('listpack.entry.length', at, `an entry that ends before ${end - from}`, `${length} bytes`);
  }
  return formatFault(
    'listpack.entry.backlen',
    at + length,
    `a backlen of ${length}`,
    hexByte(bytes[position + length]),
  );
}

/** How many elements the header says there are, where that is known: 0 else, and in what is too short for a header. */
export function declaredEntries(bytes: Uint8Array, from: number, length: number): number {
  if (length <= listpackHeaderBytes) return 0;
  const declared = bytes[from + 4] | (bytes[from + 5] << 8);
  return declared === listpackCountUnknown ? 0 : declared;
}

/** How many elements a sound listpack has; from the header where that says so. */
export function countListpack(bytes: Uint8Array, from: number, to: number): number {
  const declared = bytes[from + 4] | (bytes[from + 5] << 8);
  if (declared !== listpackCountUnknown) return declared;
  const end = to - 1;
  let count = 0;
  for (let position = from + listpackHeaderBytes; position >= 0 && position < end; count++) {
    position = nextListpackEntry(bytes, position, end);
  }
  return count;
}

/**
 * Which of the two families alone can read a sound listpack, or undefined when both can, as for nearly all. Only where it is
 * defined must a blob be encoded anew for a server of the other family.
 */
export function backlenThresholdOf(bytes: Uint8Array, from: number, to: number): BacklenThreshold | undefined {
  const end = to - 1;
  if (to - from < 16383) return undefined;
  for (let position = from + listpackHeaderBytes; position < end; ) {
    const next = nextListpackEntry(bytes, position, end);
    if (next < 0) return undefined;
    const length = listpackEntryLength(bytes, position, end);
    if (isThreshold(length)) {
      const inclusiveWidth = length === 16383 ? 2 : length === 2097151 ? 3 : 4;
      return next - position - length === inclusiveWidth ? 'inclusive' : 'exclusive';
    }
    position = next;
  }
  return undefined;
}

/** The elements as binary strings, integers in decimal. Throws EncodingError where `validateListpack` would find a flaw. */
export function decodeListpack(bytes: Uint8Array, from: number, to: number): string[] {
  const wrong = validateListpackHeader(bytes, from, to);
  if (wrong) throw new EncodingError(wrong);
  const elements: string[] = [];
  const end = to - 1;
  for (let position = from + listpackHeaderBytes; position < end; ) {
    const next = nextListpackEntry(bytes, position, end);
    if (next < 0) throw new EncodingError(entryFlaw(bytes, from, position, end));
    elements.push(listpackEntryText(bytes, position));
    position = next;
  }
  const miscounted = validateCount(bytes, from, elements.length);
  if (miscounted) throw new EncodingError(miscounted);
  return elements;
}

/**
 * Walks a listpack without building its elements:
 *
 *   const cursor = new ListpackCursor(bytes, from, to);
 *   while (cursor.next()) use(cursor.isInteger ? cursor.number : cursor.text());
 *
 * `next` throws EncodingError at an unsound entry; the header's count is not compared.
 */
export class ListpackCursor {
  /** Of the current entry: its first byte's position in `bytes`. */
  position = 0;
  isInteger = false;
  /** Of a string element: where its bytes are. Of an integer: meaningless. */
  start = 0;
  length = 0;
  /** Of an integer element: its lower and upper 32 bits, signed. */
  low = 0;
  high = 0;
  private bytes: Uint8Array;
  private from = 0;
  private following = 0;
  private end = 0;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes;
    this.reset(bytes, from, to);
  }

  /** Starts over on another listpack. Throws EncodingError on an unsound header. */
  reset(bytes: Uint8Array, from: number, to: number): void {
    const wrong = validateListpackHeader(bytes, from, to);
    if (wrong) throw new EncodingError(wrong);
    this.bytes = bytes;
    this.from = from;
    this.following = from + listpackHeaderBytes;
    this.end = to - 1;
  }

  /** Moves to the next element; false at the end. */
  next(): boolean {
    const position = this.following;
    if (position >= this.end) return false;
    const { bytes } = this;
    const following = nextListpackEntry(bytes, position, this.end);
    if (following < 0) throw new EncodingError(entryFlaw(bytes, this.from, position, this.end));
    this.following = following;
    this.position = position;
    const first = bytes[position];
    this.isInteger = isIntegerEntry(first);
    if (this.isInteger) {
      this.low = integerEntryLow(bytes, position);
      this.high = first === 0xf4 ? integerEntryHigh(bytes, position) : this.low >> 31;
    } else {
      this.start = position + stringEntryHead(first);
      this.length = stringEntryLength(bytes, position);
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
    if (this.isInteger) return listpackEntryText(this.bytes, this.position);
    return latin1Text(this.bytes, this.start, this.start + this.length);
  }
}

export function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
