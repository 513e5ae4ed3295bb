import type { Window } from '../../../io/window.ts';
import { lzfValidate } from '../../../lzf/decompress.ts';
import type { Fork } from '../../../servers/value-type-id.ts';

/*
 * The members of values that are not one string but a count and a row of them, each as it lies in the file:
 *
 *     text            string                          lists, sets, hashes (field, value, field …), nodes of old lists, streams
 *     scored          string | double                 sorted sets
 *     old-scored      string | score as text          sorted sets up to version 7
 *     expiring        expiry | field | value          hashes with field TTLs
 *     expiring-after  field | value | int64 expiry    the same in Valkey
 *     node            container 1 or 2 | string       lists
 *
 * How much speaks for it that bytes are such a member, in bits: the binary logarithm of how rarely chance makes one.
 */
export type MemberForm = 'text' | 'scored' | 'old-scored' | 'expiring' | 'expiring-after' | 'node';

/** What a printable byte says: 95 of 256 are. */
const printableBits = 1.43;
/** That a length agrees with where text ends says no more than this: text is text however it is read. */
const textMax = 8;
/** A length that fits: one byte in four is a length of one byte. */
const lengthBits = 2;
/** In binary data low bytes, which may be lengths, are no rarity. */
const binaryBits = 0.5;
/** A string whose length is a letter. */
const letterBits = 4;
/** A string that says nothing, and long bytes that are no text: both are rarer among members than by chance. */
const emptyBits = -2;
const longBinaryBits = -3;
const integerBits = 6.4;
const compressedBits = 26;
/** What is compressed and too long to be tried. */
const compressedUntriedBits = 10;
const encodedBits = 30;
/** A string that was compressed and does not decompress: its lengths still fit each other. */
const badBits = 2;
/** The upper half of a plausible moment in milliseconds: from the year 1987 to 4199. */
const momentHighMin = 0x80;
const momentHighMax = 0x4000;
/** Bytes of a string that are looked at, and the longest that is held to be looked at as a whole. */
const sampleBytes = 64;
const heldMax = 64 * 1024;
const headMax = 16;

/** Strings are compressed from this length on, and only if that saves so much. */
const compressibleMin = 21;
const compressionGainMin = 4;

/** Reads single members at any place of a file. */
export class MemberReader {
  /** After `read`: where the member ends, and what speaks for it. */
  end = 0;
  bits = 0;
  /** After `read` was true: whether something in the member is bad, and only its framing sound. */
  bad = false;
  /** After `read` was false: whether the member only lacks its end, since the file ends before. */
  torn = false;
  /** What the caller goes through, where it is left as it is, and what is read beyond it. */
  private readonly near: Window;
  private readonly far: Window;
  private readonly size: number;
  /** Of the two, the one that holds what was asked for last, at its position. */
  private window: Window;
  private readonly last = { offset: -1, isString: false, end: 0, bits: 0, bad: false, torn: false };

  constructor(near: Window, far: Window, size: number) {
    this.near = this.window = near;
    this.far = far;
    this.size = size;
  }

  /** Whether a member of that form begins at `offset`. */
  read(form: MemberForm, offset: number): boolean {
    this.torn = this.bad = false;
    switch (form) {
      case 'text':
        return this.first(offset);
      case 'scored':
        return this.first(offset) && this.double();
      case 'old-scored':
        return this.first(offset) && this.score();
      case 'expiring':
        return this.expiry(offset) && this.more() && this.more();
      case 'expiring-after':
        return this.first(offset) && this.more() && this.moment();
      case 'node':
        return this.container(offset) && this.more();
    }
  }

  /** The string with which members of several forms begin, each of which is tried at every offset. */
  private first(offset: number): boolean {
    const { last } = this;
    if (last.offset !== offset) {
      last.offset = offset;
      last.isString = this.string(offset);
      last.end = this.end;
      last.bits = this.bits;
      last.bad = this.bad;
      last.torn = this.torn;
      return last.isString;
    }
    this.end = last.end;
    this.bits = last.bits;
    this.bad = last.bad;
    this.torn = last.torn;
    return last.isString;
  }

  /** Where the string at `offset` ends by its length alone; -1 where that cannot be. */
  framedEnd(offset: number): number {
    if (!this.bring(offset, 1)) return -1;
    const { bytes, position } = this.window;
    const first = bytes[position];
    if (first > 0xc3 || (first >= 0x82 && first < 0xc0)) return -1;
    if (first >= 0xc0 && first < 0xc3) return offset + (first === 0xc2 ? 5 : first - 0xbe);
    const plainAt = position + 1 + lengthSize(bytes[position + 1]);
    const head = first === 0xc3 ? plainAt + lengthSize(bytes[plainAt]) - position : lengthSize(first);
    const end = offset + head + lengthAt(bytes, first === 0xc3 ? position + 1 : position);
    return end <= this.size ? end : -1;
  }

  /** One more string behind what was read. */
  private more(): boolean {
    const { bits } = this;
    if (!this.string(this.end)) return false;
    this.bits += bits;
    return true;
  }

  /** A string at `offset`; lengths are taken only in the shortest form, which is how they are written. */
  string(offset: number): boolean {
    if (!this.bring(offset, 1)) return false;
    const { bytes, position, limit } = this.window;
    const first = bytes[position];
    let head = 1;
    let length = first;
    if (first >= 0xc0) return this.encoded(offset, first);
    if (first >= 0x40) {
      head = first < 0x80 ? 2 : 5;
      if (first > 0x80 || position + head > limit) return false;
      length = first < 0x80 ? ((first & 0x3f) << 8) | bytes[position + 1] : bytes.readUInt32BE(position + 1);
      if (length < (first < 0x80 ? 0x40 : 0x4000)) return false;
    }
    if (!this.ends(offset + head + length)) return false;
    const bits = this.plainBits(position + head, length);
    // A length that is itself a letter says little: any text has it.
    this.bits = first >= 0x20 && bits < encodedBits ? Math.min(bits, letterBits) : bits;
    return true;
  }

  /** Brings bytes of a member into memory; false where there are not so many. */
  private bring(offset: number, least: number, wanted = headMax + sampleBytes): boolean {
    const { near, far } = this;
    if (offset >= near.base && offset + wanted <= near.base + near.limit) {
      near.position = offset - near.base;
      this.window = near;
      return true;
    }
    this.window = far;
    return far.seek(offset) && (far.ensure(wanted) || far.limit - far.position >= least);
  }

  private ends(end: number): boolean {
    this.end = end;
    if (end <= this.size) return true;
    this.torn = true;
    return false;
  }

  private plainBits(from: number, length: number): number {
    if (length === 0) return emptyBits;
    const { bytes, limit } = this.window;
    if (isPrintable(bytes, from, Math.min(from + Math.min(length, sampleBytes), limit)))
      return lengthBits + textBits(length);
    if (length < sampleBytes) return binaryBits;
    return this.isEncoded(from, length) ? encodedBits : longBinaryBits;
  }

  /** Whether a string is a listpack or a ziplist, by its own length and its end mark. */
  private isEncoded(from: number, length: number): boolean {
    const { bytes, limit, base } = this.window;
    if (from + 4 > limit || bytes.readUInt32LE(from) !== length) return false;
    if (length > heldMax) return true;
    if (!this.bring(base + from + length - 1, 1, 1)) return false;
    return this.window.bytes[this.window.position] === 0xff;
  }

  private encoded(offset: number, first: number): boolean {
    const { bytes, position, limit } = this.window;
    if (first === 0xc3) return this.compressed(offset);
    if (first > 0xc3) return false;
    const size = first === 0xc2 ? 4 : first - 0xbf;
    if (!this.ends(offset + 1 + size)) return false;
    if (position + 1 + size > limit) return false;
    const value = bytes.readIntLE(position + 1, size);
    // The shortest form that holds a number is the one in which it is written.
    if (size > 1 && value >= -(1 << (size * 4 - 1)) && value < 1 << (size * 4 - 1)) return false;
    this.bits = integerBits;
    return true;
  }

  private compressed(offset: number): boolean {
    const { bytes, position } = this.window;
    const compressed = lengthAt(bytes, position + 1);
    const plainAt = position + 1 + lengthSize(bytes[position + 1]);
    const plain = lengthAt(bytes, plainAt);
    const head = plainAt + lengthSize(bytes[plainAt]) - position;
    if (plain < compressibleMin || compressed > plain - compressionGainMin || compressed === 0) return false;
    if (plain > compressed * 132 + 264 || !this.ends(offset + head + compressed)) return false;
    this.bits = compressedUntriedBits;
    if (compressed > heldMax) return true;
    if (!this.bring(offset, head + compressed, head + compressed)) return false;
    const from = this.window.position + head;
    this.bits = compressedBits;
    if (lzfValidate(this.window.bytes, from, from + compressed, plain) < 0) return true;
    this.bad = true;
    this.bits = badBits;
    return true;
  }

  /** Doubles that people use are not far from one, and many have few digits. */
  private double(): boolean {
    const { end, bits } = this;
    if (!this.ends(end + 8) || !this.bring(end, 8)) return false;
    const { bytes, position } = this.window;
    this.bits = bits + doubleBits(bytes, position);
    return true;
  }

  /** One byte of length and so many of text; beyond 252 that is a name for what has no digits. */
  private score(): boolean {
    const { end, bits } = this;
    if (!this.bring(end, 1)) return false;
    const { bytes, position, limit } = this.window;
    const length = bytes[position] > 252 ? 0 : bytes[position];
    if (length > 40 || !this.ends(end + 1 + length)) return false;
    for (let index = position + 1; index <= position + length && index < limit; index++)
      if (!isOfNumber(bytes[index])) return false;
    this.bits = bits + (length === 0 ? 6 : 3 + 3 * Math.min(length, 6));
    return true;
  }

  private expiry(offset: number): boolean {
    if (!this.bring(offset, 1)) return false;
    const { bytes, position } = this.window;
    const size = lengthSize(bytes[position]);
    if (bytes[position] > 0x81 || lengthAt(bytes, position) > 2 ** 48 || !this.ends(offset + size)) return false;
    this.bits = bytes[position] === 0 ? 3 : -1;
    return true;
  }

  /** A moment in milliseconds, or -1 for none. */
  private moment(): boolean {
    const { end, bits } = this;
    if (!this.ends(end + 8) || !this.bring(end, 8)) return false;
    const { bytes, position } = this.window;
    const high = bytes.readInt32LE(position + 4);
    const none = high === -1 && bytes.readInt32LE(position) === -1;
    if (!none && (high < momentHighMin || high > momentHighMax)) return false;
    this.bits = bits + (none ? 48 : 14);
    return true;
  }

  private container(offset: number): boolean {
    if (!this.bring(offset, 1)) return false;
    const { bytes, position } = this.window;
    if (bytes[position] !== 1 && bytes[position] !== 2) return false;
    this.bits = bytes[position] === 2 ? 4 : 1;
    return this.ends(offset + 1);
  }
}

/** What speaks for a string of `length` printable bytes. */
export const textBits = (length: number): number => Math.min(length * printableBits, textMax);

function doubleBits(bytes: Uint8Array, position: number): number {
  let zeros = 0;
  while (zeros < 7 && bytes[position + zeros] === 0) zeros++;
  // Zero is a score as any other, and what a run of NUL bytes reads as.
  if (zeros === 7 && bytes[position + 7] === 0) return 0;
  const exponent = ((bytes[position + 7] & 0x7f) << 4) | (bytes[position + 6] >> 4);
  const usual = exponent > 1023 - 34 && exponent < 1023 + 54;
  return (usual ? 4 : -6) + Math.min(zeros, 4);
}

const isOfNumber = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2e || byte === 0x65 || byte === 0x2b;

/** Bytes of a length that begins with `first`. */
export function lengthSize(first: number): number {
  return first < 0x40 ? 1 : first < 0x80 ? 2 : first === 0x81 ? 9 : 5;
}

/** The length at `position`; 2^53 where there is none. */
function lengthAt(bytes: Buffer, position: number): number {
  const first = bytes[position];
  if (first < 0x40) return first;
  if (first < 0x80) return ((first & 0x3f) << 8) | bytes[position + 1];
  if (first === 0x80 && position + 5 <= bytes.length) return bytes.readUInt32BE(position + 1);
  if (first === 0x81 && position + 9 <= bytes.length) return Number(bytes.readBigUInt64BE(position + 1));
  return 2 ** 53;
}

/** Whether bytes look like text, of which the last letter may be cut in two. */
function isPrintable(bytes: Uint8Array, from: number, to: number): boolean {
  for (let position = from; position < to; position++) {
    const byte = bytes[position];
    if ((byte < 0x20 && (byte < 9 || byte > 13)) || byte >= 0x7f) return false;
  }
  return true;
}

/** How the members of a value type lie in the file. */
export interface MemberLayout {
  readonly form: MemberForm;
  /** Bytes before their count. */
  readonly before: number;
  /** Members in the sense of `form` that the count counts as one. */
  readonly each: number;
  /** Whether they are strings that hold values with an encoding of their own. */
  readonly nested: boolean;
}

const plain = (form: MemberForm, each = 1, before = 0): MemberLayout => ({ form, before, each, nested: false });
const nested = (form: MemberForm, each: number): MemberLayout => ({ form, before: 0, each, nested: true });

const layouts: Readonly<Record<number, MemberLayout>> = {
  1: plain('text'),
  2: plain('text'),
  3: plain('old-scored'),
  4: plain('text', 2),
  5: plain('scored'),
  14: nested('text', 1),
  15: nested('text', 2),
  18: nested('node', 1),
  19: nested('text', 2),
  21: nested('text', 2),
  24: plain('expiring', 1, 8),
  26: nested('text', 2),
  27: nested('text', 2),
};
const expiringHash = plain('expiring');
const valkeyExpiringHash = plain('expiring-after');

/** The layout of values of `type`; undefined for those that are not a count and members. */
export function memberLayout(type: number, fork: Fork): MemberLayout | undefined {
  if (type === 22) return fork === 'valkey' ? valkeyExpiringHash : expiringHash;
  return layouts[type];
}

/** The forms that a file of this version may hold. */
export function memberForms(fork: Fork, version: number): readonly MemberForm[] {
  if (fork === 'valkey') return ['text', 'scored', 'expiring-after', 'node'];
  const forms: MemberForm[] = ['text', version < 8 ? 'old-scored' : 'scored'];
  if (version >= 10) forms.push('node');
  if (version >= 12) forms.push('expiring');
  return forms;
}
