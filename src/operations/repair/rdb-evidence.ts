import { isUtf8 } from 'node:buffer';
import { moduleTypeOf } from '../../rdb/module-data.ts';
import type { RdbReader } from '../../rdb/reader.ts';
import { valueType } from '../../rdb/value-types.ts';

/*
 * How much speaks for it that bytes are the record that they can be read as, and not anything else, in bits: the binary logarithm
 * of how rarely chance makes such a record. What is expected of a file is learned from the records before the damage.
 */

const knownModules = new Set([
  'vectorset',
  'ReJSON-RL',
  'MBbloom--',
  'MBbloomCF',
  'CMSk-TYPE',
  'TopK-TYPE',
  'TDIS-TYPE',
  'TSDB-TYPE',
  'bloomfltr',
]);
/** What a printable byte says: 95 of 256 are. */
const printableBits = 1.43;
/** That a length agrees with where text ends says no more than this: text is text however it is read. */
const textMax = 8;
/** A length that fits: one byte in four is a length of one byte. */
const lengthBits = 2;
/** In binary data low bytes, which may be lengths, are no rarity. */
const binaryBits = 0.5;
/** Records that are taken to have been there before the first one, so that nothing is certain from the start. */
const typesAtFirst = 14;
/** How common the lowest bytes are in any binary data: a type of that number says the less. */
const commonBytes: Readonly<Record<number, number>> = { 0: 0.15, 1: 0.04, 2: 0.015, 3: 0.01, 4: 0.01, 5: 0.01 };

/** Bits that the form of a value of each type says, beside what follows from its length; 0 for plain members. */
const formBits: Readonly<Record<number, number>> = {
  9: 16,
  11: 30,
  18: 34,
  25: 44,
  28: 16,
  31: 10,
  32: 4,
};
/** The same for all others with an encoding of their own. */
const usualFormBits = 40;
/** For so many bytes of such a value, one bit more: the ascending numbers of an intset, other encodings. */
const bytesPerBit: Readonly<Record<number, number>> = { 11: 0.5 };
const usualBytesPerBit = 8;

/** Of the types that are plain members, what follows each: other strings, and bytes of a number. */
const memberForms: Readonly<Record<number, { readonly strings: number; readonly score: number; readonly ttl?: true }>> =
  {
    1: { strings: 1, score: 0 },
    2: { strings: 1, score: 0 },
    4: { strings: 2, score: 0 },
    5: { strings: 1, score: 8 },
    22: { strings: 2, score: 8 },
    24: { strings: 2, score: 0, ttl: true },
  };

/** Types that servers no longer write, by the last version of the format in which they did. */
const lastVersions: Readonly<Record<number, number>> = {
  1: 6,
  3: 7,
  9: 3,
  10: 6,
  12: 9,
  13: 9,
  14: 9,
  15: 9,
  19: 10,
  21: 12,
  26: 13,
};

/** What is known of the records of a file. */
export class RdbEvidence {
  private readonly types = new Float64Array(64);
  private keys = 0;
  private texts = 0;
  private withUse = 0;

  /** Learns from a key that was read soundly. */
  note(reader: RdbReader): void {
    this.keys++;
    this.types[reader.type]++;
    if (isText(reader.key, reader.keyLength)) this.texts++;
    if (reader.idle >= 0 || reader.freq >= 0) this.withUse++;
  }

  /** What speaks for the key and the type of the item that was just read. */
  keyBits(reader: RdbReader): number {
    const { keys, texts } = this;
    const { key, keyLength, keyTooLong } = reader;
    if (keyTooLong) return -20;
    const text = isText(key, keyLength);
    const share = (text ? texts + 1 : keys - texts + 0.5) / (keys + 1.5);
    const told = text ? textBits(keyLength) : 0;
    const nameless = keyLength === 0 ? -6 : isBare(key, keyLength) ? -3 : 0;
    return (
      this.typeBits(reader) +
      this.prefixBits(reader) +
      (text ? lengthBits : binaryBits) +
      Math.log2(share) +
      told +
      nameless
    );
  }

  private typeBits({ type, version, fork }: RdbReader): number {
    const seen = this.types[type];
    const since = valueType(type, fork)?.since ?? 0;
    const bits = Math.log2((seen + 0.5) / (this.keys + typesAtFirst) / (commonBytes[type] ?? 1 / 256));
    return seen === 0 && ((lastVersions[type] ?? 1000) < version || since > version) ? bits - 6 : bits;
  }

  /** Servers write how long ago or how often a key was used for every key or for none. */
  private prefixBits({ idle, freq, expire }: RdbReader): number {
    const has = idle >= 0 || freq >= 0;
    const share = ((has ? this.withUse : this.keys - this.withUse) + 0.5) / (this.keys + 1);
    const use = Math.log2(share) + (has ? 8 + lengthBits : 0);
    return Number.isNaN(expire) ? use : use + 8 + 14;
  }
}

/** What speaks for a value of `type`, of which `head` are the first bytes and `length` all of them. */
export function valueBits(type: number, head: Buffer, length: number): number {
  if (type === 0) return Math.max(stringBits(head, 0, length), length > 1 ? lengthBits : 0);
  const form = memberForms[type];
  if (type === 7) return moduleBits(head) + length / 3;
  if (form !== undefined) return membersBits(form, head, type === 24 ? 8 : 0);
  return (formBits[type] ?? usualFormBits) + length / (bytesPerBit[type] ?? usualBytesPerBit);
}

/** A module's id always takes nine bytes; what it spells is known of a few. */
function moduleBits(head: Buffer): number {
  if (head[0] !== 0x81 || head.length < 9) return -10;
  return knownModules.has(moduleTypeOf(head.readBigUInt64BE(1)).name) ? 54 : 8;
}

/** Members that lie in `head` speak for those behind them. */
function membersBits(form: (typeof memberForms)[number], head: Buffer, from: number): number {
  const { strings, score, ttl } = form;
  const count = lengthAt(head, from);
  let position = from + lengthSize(head[from]);
  let bits = 0;
  let seen = 0;
  for (; seen < count && position < head.length - 10; seen++) {
    if (ttl) position += lengthSize(head[position]);
    for (let index = 0; index < strings && position < head.length; index++) {
      const length = stringSize(head, position);
      if (position + length <= head.length) bits += stringBits(head, position, length);
      position += length;
    }
    if (score > 0 && position + 8 <= head.length) bits += doubleBits(head[position + 7], head[position + 6]);
    position += score;
  }
  return lengthBits + (seen === 0 ? 0 : (bits / seen) * count);
}

/** Doubles that people use are not far from one. */
const doubleBits = (high: number, next: number): number =>
  ((high & 0x7f) === 0x3f || (high & 0x7f) === 0x40 || (high & 0x7f) === 0x41 ? 4 : 0) + (next === 0 ? 1 : 0);

function lengthSize(first: number): number {
  return first < 0x40 ? 1 : first < 0x80 ? 2 : first === 0x81 ? 9 : 5;
}

function lengthAt(head: Buffer, position: number): number {
  const first = head[position];
  if (first < 0x40) return first;
  if (first < 0x80) return ((first & 0x3f) << 8) | head[position + 1];
  return first === 0x80 ? head.readUInt32BE(position + 1) : 2 ** 32;
}

/** Bytes of a string, its length included. */
function stringSize(head: Buffer, position: number): number {
  const first = head[position];
  if (first < 0xc0) return lengthSize(first) + lengthAt(head, position);
  if (first < 0xc3) return first === 0xc2 ? 5 : first - 0xbe;
  const plain = position + 1 + lengthSize(head[position + 1]);
  return 1 + lengthSize(head[position + 1]) + lengthSize(head[plain]) + lengthAt(head, position + 1);
}

/** What speaks for a string of `size` bytes, its length included, that begins at `position` of `head`. */
function stringBits(head: Buffer, position: number, size: number): number {
  const first = head[position];
  if (first === 0xc3) return 26;
  if (first >= 0xc0) return 6.4;
  if (first >= 0x80) return 10;
  const from = position + lengthSize(first);
  const to = Math.min(position + size, head.length);
  if (to <= from) return 0;
  return isPrintable(head.subarray(from, to)) ? lengthBits + textBits(to - from) : binaryBits;
}

const textBits = (length: number): number => Math.min(length * printableBits, textMax);

/** Whether a key is text: printable, UTF-8. */
export function isText(key: Uint8Array, length = key.length): boolean {
  if (length === 0) return false;
  for (let index = 0; index < length; index++) if (key[index] < 0x20 || key[index] === 0x7f) return false;
  return isUtf8(key.subarray(0, length));
}

/** Whether a key is made of control characters alone. */
function isBare(key: Uint8Array, length: number): boolean {
  for (let index = 0; index < length; index++) if (key[index] >= 0x20) return false;
  return true;
}

/** Whether bytes look like text, of which the last letter may be cut in two. */
function isPrintable(bytes: Uint8Array): boolean {
  for (const byte of bytes) if ((byte < 0x20 && (byte < 9 || byte > 13)) || byte >= 0x7f) return false;
  return true;
}
