/*
 * The module that makes JSON of the keys of an RDB (assembly/json.ts). A piece of the file is copied into its window, and places of keys in
 * it; what it writes lies in its own memory.
 */

import { jsonBase64 } from './json.generated.ts';
import { KernelModule, whereKernelsRun } from './kernel-module.ts';
import { mustBeTrap } from './trap.ts';

/** Where the module keeps things, bytes from the start of its memory (assembly/layout.ts). */
const placesAt = 851_968;
const windowAt = 1_048_576;
const windowBytes = 524_288;
const outputAt = 1_576_960;
const outputBytes = 1_048_576;
const textsAt = 2_686_976;
const textsBytes = 4096;
/** The fixed texts come behind the table of where they are; copies of them may run over their end. */
const firstTextAt = 256;
const placeBytes = 32;
/** Keys of one call at most. */
export const jsonKeysMax = 4096;

/** Fixed texts in the order of their numbers (assembly/json.ts): around the parts of an object, and the heads of the types. */
export interface JsonFixedTexts {
  readonly start: string;
  readonly end: string;
}

const parts = [',"key":', ',"expiry":', ',"value":'];
const heads = [
  ['string', 'int'],
  ['string', 'embstr'],
  ['string', 'raw'],
  ['hash', 'listpack'],
  ['set', 'listpack'],
  ['hash', 'hashtable'],
  ['set', 'hashtable'],
  ['list', 'quicklist'],
].map(([type, encoding]) => `,"type":"${type}","encoding":"${encoding}","elements":`);

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  setText(id: number, at: number, length: number): void;
  writeKeys(from: number, to: number, windowTo: number): number;
}

const kernels = new KernelModule<Exports>(jsonBase64);

export class JsonKernel {
  /** Keys that wait, and how many bytes of the window they take. */
  count = 0;
  /** What the last call wrote: `output[0, outputLength)`. */
  readonly output: Buffer;
  outputLength = 0;
  readonly window: Buffer;
  private readonly words: Int32Array;
  private readonly moments: Float64Array;
  private readonly result: Int32Array;
  private readonly exports: Exports;
  private isRetired = false;

  constructor() {
    this.exports = kernels.instance();
    const { buffer } = this.exports.memory;
    this.window = Buffer.from(buffer, windowAt, windowBytes);
    this.output = Buffer.from(buffer, outputAt, outputBytes);
    this.words = new Int32Array(buffer, placesAt, (jsonKeysMax * placeBytes) / 4);
    this.moments = new Float64Array(buffer, placesAt, (jsonKeysMax * placeBytes) / 8);
    this.result = new Int32Array(buffer, 0, 2);
  }

  /** What stands before the database's number and behind the value, binary strings; false where they are too long. */
  setTexts({ start, end }: JsonFixedTexts): boolean {
    const { buffer } = this.exports.memory;
    const texts = [start, end, ...parts, ...heads];
    const bytes = Buffer.from(buffer, textsAt, textsBytes);
    let at = firstTextAt;
    for (const [id, text] of texts.entries()) {
      if (at + text.length > textsBytes) return false;
      bytes.latin1Write(text, at, text.length);
      this.exports.setText(id, at, text.length);
      at += text.length;
    }
    return true;
  }

  /** Notes a key that will lie at these positions of the window. */
  add(key: number, length: number, type: number, from: number, to: number, database: number, expire: number): void {
    const { words } = this;
    const place = this.count * (placeBytes / 4);
    words[place] = key;
    words[place + 1] = length;
    words[place + 2] = type;
    words[place + 3] = from;
    words[place + 4] = to;
    words[place + 5] = database;
    this.moments[this.count * (placeBytes / 8) + 3] = expire;
    this.count++;
  }

  /** Word `word` of key `index`, as `add` took them. */
  word(index: number, word: number): number {
    return this.words[index * (placeBytes / 4) + word];
  }

  expire(index: number): number {
    return this.moments[index * (placeBytes / 8) + 3];
  }

  /** Writes keys from `from` on to `output`, and stops before one that is not for it, or where the room ends; the first that was not written. */
  write(from: number, windowTo: number): number {
    this.outputLength = 0;
    if (this.isRetired) return from;
    try {
      const next = this.exports.writeKeys(from, this.count, windowTo);
      this.outputLength = this.result[0];
      return next;
    } catch (error) {
      mustBeTrap(error);
      this.isRetired = true;
      return from;
    }
  }
}

/** An instance; undefined where this machine's engine cannot run it: then JavaScript does all. */
export function openJsonKernel(): JsonKernel | undefined {
  return whereKernelsRun(() => new JsonKernel());
}
