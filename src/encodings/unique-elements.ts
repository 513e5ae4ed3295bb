import { canonicalInteger, halvesText, highHalf, integerTextMax, shortIntegerBytes } from './integer-text.ts';
import { latin1Text } from './latin1.ts';

/**
 * A slot of the table: hash, round + kind, and (low, high) of an integer or (start, length) of a string.
 * The round says whether the slot is of this blob: so the table need not be cleared for each of many small blobs.
 */
const slotInts = 4;
const kindMask = 3;
const kindInteger = 1;
const kindString = 2;
const roundStep = 4;
const roundMax = 0x7ffffff0;

const capacityMin = 1024;
/** A table beyond this many slots is given back after use. */
const capacityKept = 65536;
/** Steps of one search that only crafted collisions need; from then on a Set, whose hash is seeded, takes over. */
const stepsMax = 512;

/**
 * Finds the first duplicate among the elements of one blob, as servers do: by the element's text, so that the integer 5 and
 * the string "5" are the same (lpValidateIntegrityAndDups in rdb.c puts the text of each into a dictionary).
 * Elements are kept as positions in the blob and as numbers: nothing is allocated but the table, which is reused.
 */
export class UniqueElements {
  private table = new Int32Array(capacityMin * slotInts);
  private capacity = capacityMin;
  private count = 0;
  private round = 0;
  private texts: Set<string> | undefined;
  private bytes: Uint8Array = new Uint8Array(0);

  /** Forgets all elements; those that follow lie in `bytes`. */
  reset(bytes: Uint8Array): void {
    this.round += roundStep;
    if (this.capacity > capacityKept || this.round > roundMax) {
      this.capacity = capacityMin;
      this.table = new Int32Array(capacityMin * slotInts);
      this.round = roundStep;
    }
    this.count = 0;
    this.texts = undefined;
    this.bytes = bytes;
  }

  /** Adds an integer given as halves; false when it is there already. */
  addInteger(low: number, high: number): boolean {
    return this.add(mix(low ^ Math.imul(high, 0x9e3779b1)), kindInteger, low, high);
  }

  /** Adds the bytes of a string; false when its text is there already. */
  addBytes(start: number, length: number): boolean {
    const bytes = this.bytes;
    const first = bytes[start];
    if (length > 0 && length <= integerTextMax && (first === 0x2d || (first >= 0x30 && first <= 0x39))) {
      const value = shortIntegerBytes(bytes, start, length);
      if (!Number.isNaN(value)) return this.addInteger(value | 0, highHalf(value));
      const big = canonicalInteger(latin1Text(bytes, start, start + length));
      if (big !== undefined) return this.addInteger(Number(BigInt.asIntN(32, big)), Number(big >> 32n));
    }
    let hash = length;
    const end = start + length;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
    return this.add(mix(hash), kindString, start, length);
  }

  private add(hash: number, kind: number, a: number, b: number): boolean {
    if (this.texts) return this.addText(this.textOf(kind, a, b));
    if (this.count * 2 >= this.capacity) this.grow();
    const table = this.table;
    const mask = this.capacity - 1;
    let index = hash & mask;
    for (let steps = 0; steps < stepsMax; steps++, index = (index + 1) & mask) {
      const slot = index * slotInts;
      if (this.isEmpty(slot)) {
        this.put(slot, hash, this.round + kind, a, b);
        this.count++;
        return true;
      }
      if (
        table[slot] === hash &&
        table[slot + 1] === this.round + kind &&
        this.same(kind, table[slot + 2], table[slot + 3], a, b)
      )
        return false;
    }
    this.turnIntoTexts();
    return this.addText(this.textOf(kind, a, b));
  }

  private same(kind: number, a: number, b: number, otherA: number, otherB: number): boolean {
    if (b !== otherB) return false;
    if (kind === kindInteger) return a === otherA;
    const bytes = this.bytes;
    for (let i = 0; i < b; i++) if (bytes[a + i] !== bytes[otherA + i]) return false;
    return true;
  }

  private isEmpty(slot: number): boolean {
    return (this.table[slot + 1] & ~kindMask) !== this.round;
  }

  private put(slot: number, hash: number, mark: number, a: number, b: number): void {
    const table = this.table;
    table[slot] = hash;
    table[slot + 1] = mark;
    table[slot + 2] = a;
    table[slot + 3] = b;
  }

  private grow(): void {
    const old = this.table;
    this.capacity *= 4;
    this.table = new Int32Array(this.capacity * slotInts);
    const mask = this.capacity - 1;
    for (let from = 0; from < old.length; from += slotInts) {
      if ((old[from + 1] & ~kindMask) !== this.round) continue;
      let index = old[from] & mask;
      while (!this.isEmpty(index * slotInts)) index = (index + 1) & mask;
      this.put(index * slotInts, old[from], old[from + 1], old[from + 2], old[from + 3]);
    }
  }

  private turnIntoTexts(): void {
    const { table } = this;
    this.texts = new Set();
    for (let slot = 0; slot < table.length; slot += slotInts) {
      if (!this.isEmpty(slot))
        this.texts.add(this.textOf(table[slot + 1] & kindMask, table[slot + 2], table[slot + 3]));
    }
  }

  private addText(text: string): boolean {
    const texts = this.texts!;
    const before = texts.size;
    return texts.add(text).size > before;
  }

  private textOf(kind: number, a: number, b: number): string {
    return kind === kindInteger ? halvesText(a, b) : latin1Text(this.bytes, a, a + b);
  }
}

function mix(hash: number): number {
  const spread = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return spread ^ (spread >>> 15);
}
