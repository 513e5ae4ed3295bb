import { FingerprintSet } from './fingerprints.ts';

/** Keys whose fingerprints are held exactly; beyond, a filter takes over. */
const exactMax = 3_000_000;
/** Bytes of the filter: 256 million bits. */
const filterBytes = 32 * 1024 * 1024;
/** Candidates that a second reading compares exactly. */
const candidatesMax = 200_000;

/**
 * Looks for keys that stand twice, in bounded memory: exact fingerprints for the first millions, then a filter that may
 * take a new key for a known one. What it returns are candidates: a second reading compares their bytes.
 */
export class DuplicateKeys {
  private exact: FingerprintSet | undefined;
  private filter: Uint32Array | undefined;
  private readonly candidates: FingerprintSet;
  private readonly hasher: FingerprintSet;
  private readonly exactMost: number;

  /** `exactMost`: beyond so many keys the filter takes over. */
  constructor(seed: number, exactMost = exactMax) {
    this.exactMost = exactMost;
    this.exact = new FingerprintSet(seed, 1024);
    this.hasher = new FingerprintSet(seed, 1);
    this.candidates = new FingerprintSet(seed, 16);
  }

  /** Notes a key of database `db`. */
  add(key: Uint8Array, length: number, db: number): void {
    const { hasher } = this;
    hasher.hash(key, 0, length, db);
    this.addPrint(hasher.high, hasher.low);
  }

  /** Notes keys by their fingerprints: high and low half of each. */
  addPrints(prints: Uint32Array, count: number): void {
    const { exact } = this;
    let index = 0;
    if (exact !== undefined && exact.count + count < this.exactMost) index = exact.insertNew(prints, count);
    for (; index < count; index++) this.addPrint(prints[index * 2], prints[index * 2 + 1]);
  }

  /** Room for so many more keys, as a file claims them. */
  expect(keys: number): void {
    this.exact?.reserve(Math.min(keys, this.exactMost));
  }

  private addPrint(high: number, low: number): void {
    const isNew = this.exact !== undefined ? this.addExact(this.exact, high, low) : this.addToFilter(high, low);
    if (!isNew && this.candidates.count <= candidatesMax) this.candidates.insert(high, low);
  }

  private addExact(exact: FingerprintSet, high: number, low: number): boolean {
    const isNew = exact.insert(high, low);
    if (exact.count >= this.exactMost) {
      this.filter = new Uint32Array(filterBytes / 4);
      exact.forEach((high, low) => {
        this.addToFilter(high, low);
      });
      this.exact = undefined;
    }
    return isNew;
  }

  /** Four bits of one 64-byte block, so that a key costs one cache miss. */
  private addToFilter(high: number, low: number): boolean {
    const filter = this.filter as Uint32Array;
    const block = (low % (filter.length >>> 4)) << 4;
    let bits = Math.imul(high, 0x9e3779b1) ^ (low >>> 7);
    let known = true;
    for (let index = 0; index < 4; index++) {
      const word = block + ((bits >>> 27) & 15);
      const bit = 1 << ((bits >>> 22) & 31);
      if ((filter[word] & bit) === 0) {
        filter[word] |= bit;
        known = false;
      }
      bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d);
    }
    return !known;
  }

  /** Whether a second reading is needed to say something. */
  get suspicious(): boolean {
    return this.candidates.count > 0;
  }

  /** So many candidates that comparing them would take too much memory. */
  get tooMany(): boolean {
    return this.candidates.count > candidatesMax;
  }

  /** Whether candidates were found among exact fingerprints only, so that chance can be left aside. */
  get exactOnly(): boolean {
    return this.exact !== undefined;
  }

  /** Whether this key is one of the candidates. */
  isCandidate(key: Uint8Array, length: number, db: number): boolean {
    this.hasher.hash(key, 0, length, db);
    return this.candidates.has(this.hasher.high, this.hasher.low);
  }
}
