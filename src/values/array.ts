/**
 * An array: text at indexes 0 .. 2^64 - 2, with holes, and a cursor for insertion (Redis 8.8).
 *
 * A server keeps integers and floats as such, but only where their text comes back the same, so text is all there is here.
 * Slots lie in chunks, which are sorted, so that neither holes nor huge indexes cost anything.
 */

import { addU64, canonicalU64, subtractU64, type U64 } from '../encodings/u64.ts';
import { type DigestSink, Kind, type ObjectValue } from './value.ts';

/** The highest index. */
export const arrayIndexMax = 0xfffffffffffffffen;

const chunkSlots = 64;

type Chunk = { readonly number: U64; readonly slots: (string | undefined)[]; used: number };

export class ArrayValue implements ObjectValue {
  readonly kind = Kind.Array;
  /** Slots that hold something. */
  count = 0;
  /** Index that was inserted last; undefined where the next insertion goes to 0. */
  insertIndex: U64 | undefined;
  #chunks: Chunk[] = [];

  /** One past the highest index that holds something. */
  get length(): U64 {
    const chunk = this.#chunks[this.#chunks.length - 1];
    if (chunk === undefined) return 0;
    let offset = chunk.slots.length - 1;
    while (chunk.slots[offset] === undefined) offset--;
    return addU64(indexOf(chunk.number, offset), 1);
  }

  get(index: U64): string | undefined {
    const number = chunkNumber(index);
    const chunk = this.#chunks[this.#lowerBound(number)];
    return chunk?.number === number ? chunk.slots[slotOffset(index)] : undefined;
  }

  set(index: U64, text: string): void {
    const number = chunkNumber(index);
    const at = this.#lowerBound(number);
    let chunk = this.#chunks[at];
    if (chunk?.number !== number) {
      chunk = { number, slots: [], used: 0 };
      this.#chunks.splice(at, 0, chunk);
    }
    const offset = slotOffset(index);
    while (chunk.slots.length < offset) chunk.slots.push(undefined);
    if (chunk.slots[offset] === undefined) {
      chunk.used++;
      this.count++;
    }
    chunk.slots[offset] = text;
  }

  /** Empties the slots `first` to `last`, both included. */
  deleteRange(first: U64, last: U64): void {
    const start = this.#lowerBound(chunkNumber(first));
    let at = start;
    const kept: Chunk[] = [];
    for (; at < this.#chunks.length && indexOf(this.#chunks[at].number, 0) <= last; at++) {
      const chunk = this.#chunks[at];
      this.#deleteWithin(chunk, first, last);
      if (chunk.used > 0) kept.push(chunk);
    }
    if (kept.length < at - start) this.#chunks = [...this.#chunks.slice(0, start), ...kept, ...this.#chunks.slice(at)];
  }

  #deleteWithin(chunk: Chunk, first: U64, last: U64): void {
    for (let offset = 0; offset < chunk.slots.length; offset++) {
      const index = indexOf(chunk.number, offset);
      if (chunk.slots[offset] === undefined || index < first || index > last) continue;
      chunk.slots[offset] = undefined;
      chunk.used--;
      this.count--;
    }
  }

  clear(): void {
    this.#chunks = [];
    this.count = 0;
    this.insertIndex = undefined;
  }

  /** Index and text of the slots that hold something, ascending. */
  *entries(): Generator<[index: U64, text: string]> {
    for (const chunk of this.#chunks) {
      for (const [offset, text] of chunk.slots.entries()) {
        if (text !== undefined) yield [indexOf(chunk.number, offset), text];
      }
    }
  }

  copy(): ArrayValue {
    const copy = new ArrayValue();
    copy.count = this.count;
    copy.insertIndex = this.insertIndex;
    copy.#chunks = this.#chunks.map(({ number, slots, used }) => ({ number, slots: slots.slice(), used }));
    return copy;
  }

  /** As a server does it, hole by hole: an array of 2^40 slots takes as long here as there. */
  digest(sink: DigestSink): void {
    let next: U64 = 0;
    for (const [index, text] of this.entries()) {
      for (; next < index; next = addU64(next, 1)) sink.mix('(null)');
      sink.mix(text);
      next = addU64(index, 1);
    }
  }

  /** Index of the first chunk whose number is not below `number`. */
  #lowerBound(number: U64): number {
    let low = 0;
    let high = this.#chunks.length;
    if (high > 0 && this.#chunks[high - 1].number < number) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#chunks[middle].number < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function chunkNumber(index: U64): U64 {
  return typeof index === 'number' ? Math.floor(index / chunkSlots) : canonicalU64(index / BigInt(chunkSlots));
}

function slotOffset(index: U64): number {
  return typeof index === 'number' ? index % chunkSlots : Number(index % BigInt(chunkSlots));
}

function indexOf(number: U64, offset: number): U64 {
  if (typeof number === 'number') {
    const index = number * chunkSlots + offset;
    if (index <= Number.MAX_SAFE_INTEGER) return index;
  }
  return canonicalU64(BigInt(number) * BigInt(chunkSlots) + BigInt(offset));
}

/** How a server stores a text: its tag in an RDB (type 28). */
export type ElementForm =
  | { readonly tag: 1; readonly value: bigint }
  | { readonly tag: 2; readonly value: number }
  | { readonly tag: 0 | 3 };

/** Integers of 62 bits, floats that end in two zero bits and print as they were written, short strings, strings. */
export function classifyElement(text: string): ElementForm {
  if (/^(0|-?[1-9][0-9]{0,18})$/.test(text)) {
    const value = BigInt(text);
    if (BigInt.asIntN(62, value) === value) return { tag: 1, value };
  }
  if (/^-?[0-9]+\.[0-9]+$/.test(text)) {
    const value = Number(text);
    if (formatFloat(value) === text && hasSpareBits(value)) return { tag: 2, value };
  }
  return { tag: text.length <= 7 ? 3 : 0 };
}

/** The text of a float as a server prints it: shortest, with `.0` where it looks like an integer. */
export function formatFloat(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /^-?[0-9]+$/.test(text) ? `${text}.0` : text;
}

/** Whether the lowest two bits of the double are zero: a server keeps its mark there. */
function hasSpareBits(value: number): boolean {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value, 0);
  return (bytes[0] & 3) === 0;
}

/** What ARRING does to an array whose ring had another size: keeps the newest run of slots, moved to 0, 1, ... */
export function rebuildRing(array: ArrayValue, size: U64): void {
  const { length } = array;
  const kept: string[] = [];
  let index = array.insertIndex === undefined ? subtractU64(length, 1) : remainder(array.insertIndex, length);
  while (kept.length < size && kept.length < length) {
    const text = array.get(index);
    if (text === undefined) break;
    kept.push(text);
    index = index === 0 ? subtractU64(length, 1) : subtractU64(index, 1);
  }
  array.clear();
  for (let i = 0; i < kept.length; i++) array.set(i, kept[kept.length - 1 - i]);
  array.insertIndex = kept.length === 0 ? undefined : kept.length - 1;
}

export function remainder(value: U64, divisor: U64): U64 {
  if (typeof value === 'number' && typeof divisor === 'number') return value % divisor;
  return canonicalU64(BigInt(value) % BigInt(divisor));
}
