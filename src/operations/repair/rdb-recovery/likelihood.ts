import { isUtf8 } from 'node:buffer';
import { moduleTypeOf } from '../../../rdb/module-data.ts';
import type { RdbReader } from '../../../rdb/reader.ts';
import { valueType } from '../../../rdb/value-types.ts';
import { textBits } from './recovered-elements.ts';

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
/** No byte says more than this. */
const bitsPerByte = 8;
/** What speaks against a key without a name, of which a database can hold one, and against one of control characters alone. */
const namelessBits = -10;
const bareBits = -3;

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
export class RecordLikelihood {
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

  /** What is known up to here. */
  copy(): RecordLikelihood {
    const copy = new RecordLikelihood();
    copy.types.set(this.types);
    copy.keys = this.keys;
    copy.texts = this.texts;
    copy.withUse = this.withUse;
    return copy;
  }

  /** What speaks for the key and the type of the item that was just read. */
  keyBits(reader: RdbReader): number {
    const { keys, texts } = this;
    const { key, keyLength, keyTooLong } = reader;
    if (keyTooLong) return -20;
    const text = isText(key, keyLength);
    const share = (text ? texts + 1 : keys - texts + 0.5) / (keys + 1.5);
    const told = text ? textBits(keyLength) : 0;
    const nameless = keyLength === 0 ? namelessBits : isBare(key, keyLength) ? bareBits : 0;
    return (
      this.typeBits(reader) +
      this.prefixBits(reader) +
      (text ? lengthBits : binaryBits) +
      Math.log2(share) +
      told +
      nameless
    );
  }

  private typeBits(reader: RdbReader): number {
    const { type, version } = reader;
    const seen = this.types[type];
    const since = valueType(type, reader)?.since ?? 0;
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

/** What speaks for a value of `type` with an encoding of its own, of which `head` are the first bytes and `length` all of them. */
export function valueBits(type: number, head: Buffer, length: number): number {
  if (type === 7) return moduleBits(head) + length / 3;
  const bits = (formBits[type] ?? usualFormBits) + length / (bytesPerBit[type] ?? usualBytesPerBit);
  // A stream without entries is all NUL: so is much that is no stream.
  return Math.min(bits, bitsPerByte * (head.length - zeros(head) + length - head.length));
}

const zeros = (head: Uint8Array): number => head.reduce((count, byte) => (byte === 0 ? count + 1 : count), 0);

/** A module's id always takes nine bytes; what it spells is known of a few. */
function moduleBits(head: Buffer): number {
  if (head[0] !== 0x81 || head.length < 9) return -10;
  return knownModules.has(moduleTypeOf(head.readBigUInt64BE(1)).name) ? 54 : 8;
}

/** Whether a key is text: printable, UTF-8. */
function isText(key: Uint8Array, length = key.length): boolean {
  if (length === 0) return false;
  for (let index = 0; index < length; index++) if (key[index] < 0x20 || key[index] === 0x7f) return false;
  return isUtf8(key.subarray(0, length));
}

/** Whether a key is made of control characters alone. */
function isBare(key: Uint8Array, length: number): boolean {
  for (let index = 0; index < length; index++) if (key[index] >= 0x20) return false;
  return true;
}
