import { ByteWriter as ParquetBytes } from 'hyparquet-writer';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
import { ByteWriter } from '../../io/writer.ts';

/** Values after which it shows whether a dictionary pays: the bytes of different ones are to be half of all at most. */
const trialCount = 2000;
const codesMin = 1024;
const rememberedMax = 256;
const rememberedLengthMax = 64;
/** Texts up to this length are copied by a loop, which is faster than a call. */
const loopLengthMax = 48;

/** The pages of a column of texts. */
export interface TextPages {
  /** Each text once; undefined where the data are the texts themselves. */
  readonly dictionary: Uint8Array | undefined;
  readonly count: number;
  readonly data: Uint8Array;
}

/** Texts of a column, each different one stored once; where too many differ, the texts one after the other. A length of 4 bytes stands before each. */
export class TextDictionary {
  /** Different texts, or all of them. */
  private readonly texts = new ByteWriter();
  private isPlain = false;
  /** Where each different text begins; the numbers of the texts of all rows. */
  private starts = new Int32Array(codesMin);
  private codes = new Uint32Array(codesMin);
  private different = 0;
  private count = 0;
  /** Bytes of the texts of all rows. */
  private whole = 0;
  /** Number of a text and 1, by its hash; 0 is free. */
  private table = new Int32Array(codesMin * 2);
  private last = -1;
  /** Numbers of texts that come again and again. */
  private readonly known = new Map<string, number>();

  /** Bytes that are gathered. */
  get length(): number {
    return this.texts.length + this.count * 4;
  }

  add(source: Buffer, from: number, to: number): void {
    this.whole += to - from + 4;
    if (this.isPlain) {
      appendText(this.texts, source, from, to);
      return;
    }
    const code = this.last >= 0 && this.isAt(this.last, source, from, to) ? this.last : this.find(source, from, to);
    this.note(code);
  }

  private note(code: number): void {
    this.last = code;
    if (this.count === this.codes.length) this.codes = grown(this.codes);
    this.codes[this.count++] = code;
    if (this.count % trialCount === 0 && this.texts.length * 2 > this.whole) this.makePlain();
  }

  /** Takes a text that was added before, if it is remembered; false where it must be added by its bytes. */
  addAgain(text: string): boolean {
    const code = this.isPlain ? undefined : this.known.get(text);
    if (code === undefined) return false;
    this.whole += lengthAt(this.texts.bytes, this.starts[code]) + 4;
    this.note(code);
    return true;
  }

  /** Remembers the text that was added last. */
  remember(text: string): void {
    if (!this.isPlain && text.length <= rememberedLengthMax && this.known.size < rememberedMax)
      this.known.set(text, this.last);
  }

  private isAt(code: number, source: Buffer, from: number, to: number): boolean {
    const { bytes } = this.texts;
    const start = this.starts[code];
    const length = to - from;
    if (lengthAt(bytes, start) !== length) return false;
    for (let index = 0; index < length; index++) if (bytes[start + 4 + index] !== source[from + index]) return false;
    return true;
  }

  private find(source: Buffer, from: number, to: number): number {
    if (this.different * 2 >= this.table.length) this.rehash();
    const { table } = this;
    const mask = table.length - 1;
    for (let place = hashOf(source, from, to) & mask; ; place = (place + 1) & mask) {
      const code = table[place] - 1;
      if (code < 0) {
        if (this.different === this.starts.length) this.starts = grown(this.starts);
        this.starts[this.different] = this.texts.length;
        appendText(this.texts, source, from, to);
        table[place] = ++this.different;
        return this.different - 1;
      }
      if (this.isAt(code, source, from, to)) return code;
    }
  }

  private rehash(): void {
    const table = new Int32Array(this.table.length * 2);
    const mask = table.length - 1;
    const { bytes } = this.texts;
    for (let code = 0; code < this.different; code++) {
      const start = this.starts[code] + 4;
      let place = hashOf(bytes, start, start + lengthAt(bytes, start - 4)) & mask;
      while (table[place] !== 0) place = (place + 1) & mask;
      table[place] = code + 1;
    }
    this.table = table;
  }

  /** Puts the texts of all rows one after the other. */
  private makePlain(): void {
    const { texts, starts, codes, count } = this;
    const different = Buffer.from(texts.view());
    texts.reset();
    for (let row = 0; row < count; row++) {
      const start = starts[codes[row]];
      appendText(texts, different, start + 4, start + 4 + lengthAt(different, start));
    }
    this.count = 0;
    this.isPlain = true;
  }

  pages(): TextPages {
    if (!this.isPlain && this.texts.length * 2 > this.whole) this.makePlain();
    const texts = this.texts.view();
    if (this.isPlain) return { dictionary: undefined, count: 0, data: texts };
    const width = Math.max(1, 32 - Math.clz32(Math.max(0, this.different - 1)));
    const data = new ParquetBytes(this.count);
    data.appendUint8(width);
    writeRleBitPackedHybrid(data, this.codes.subarray(0, this.count), width);
    return { dictionary: texts, count: this.different, data: data.getBytes() };
  }

  reset(): void {
    this.texts.reset();
    this.isPlain = false;
    this.different = this.count = this.whole = 0;
    this.last = -1;
    this.known.clear();
    if (this.table.length > codesMin * 64) this.table = new Int32Array(codesMin * 2);
    else this.table.fill(0);
  }
}

/** Appends a text behind its length of 4 bytes, as a page of plain values has it. */
export function appendText(out: ByteWriter, source: Buffer, from: number, to: number): void {
  const length = to - from;
  out.reserve(length + 4);
  const { bytes } = out;
  let at = out.length;
  bytes[at] = length;
  bytes[at + 1] = length >> 8;
  bytes[at + 2] = length >> 16;
  bytes[at + 3] = length >> 24;
  at += 4;
  if (length > loopLengthMax) source.copy(bytes, at, from, to);
  else for (let index = 0; index < length; index++) bytes[at + index] = source[from + index];
  out.length = at + length;
}

const lengthAt = (bytes: Buffer, at: number): number =>
  bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);

function grown<T extends Int32Array | Uint32Array>(from: T): T {
  const to = new (from.constructor as new (length: number) => T)(from.length * 2);
  to.set(from);
  return to;
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let position = from; position < to; position++) hash = Math.imul(hash ^ bytes[position], 0x01000193);
  return hash ^ (hash >>> 15);
}
