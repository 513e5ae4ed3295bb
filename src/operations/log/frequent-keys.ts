import { Keyspace } from '../../engine/keyspace.ts';
import type { StatisticsTable } from '../../kernels/statistics-kernel.ts';

/** A text that was counted often. The true number lies between `count` and `count + error`. */
export interface Frequent {
  /** A binary string. */
  readonly text: string;
  readonly count: number;
  /** Bytes of its commands, as far as they were counted. */
  readonly bytes: number;
  readonly error: number;
}

/** Counts texts within a bounded memory. */
export interface TextCounter {
  /** Counts `text[start, start + length)`. */
  add(text: Uint8Array, start: number, length: number, bytes: number): void;
  /** The most frequent ones, at most `most`, the first one first; of equals the one that came first. */
  top(most: number): Frequent[];
}

/**
 * Finds what is frequent among any number of texts within a bounded table (Misra and Gries, 1982, with the decrement done for
 * all counters at once): when twice the capacity is in use, the capacity-th largest count is subtracted from all, and
 * what has none left is forgotten. A count is then too low by at most what was subtracted in all, which is at most N / capacity.
 */
export class FrequentKeys implements TextCounter {
  /** By how much any count may be too low. */
  error = 0;
  private readonly capacity: number;
  private table = new Keyspace();
  private counts: Float64Array;
  private bytes: Float64Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.counts = new Float64Array(capacity * 2);
    this.bytes = new Float64Array(capacity * 2);
  }

  /** Counts `text[start, start + length)`. */
  add(text: Uint8Array, start: number, length: number, bytes: number): void {
    const { table } = this;
    // Nothing is removed from the table, so an entry keeps its number.
    let entry = table.find(text, start, length);
    if (entry < 0) {
      if (table.count === this.counts.length) {
        this.prune();
        this.add(text, start, length, bytes);
        return;
      }
      entry = table.insertAfterFind(text, start, length);
      this.counts[entry] = 0;
      this.bytes[entry] = 0;
    }
    this.counts[entry]++;
    this.bytes[entry] += bytes;
  }

  private prune(): void {
    const { table, counts, bytes, capacity } = this;
    const least = Float64Array.from(counts).sort()[counts.length - capacity - 1];
    this.table = new Keyspace();
    this.counts = new Float64Array(counts.length);
    this.bytes = new Float64Array(counts.length);
    this.error += least;
    for (let entry = table.next(-1); entry >= 0; entry = table.next(entry)) {
      if (counts[entry] <= least) continue;
      const key = table.keyView(entry);
      const kept = this.table.insert(key, 0, key.length);
      this.counts[kept] = counts[entry] - least;
      this.bytes[kept] = bytes[entry];
    }
  }

  top(most: number): Frequent[] {
    const { table, counts, bytes, error } = this;
    return mostFrequent({ count: table.count, error, counts, bytes, text: (entry) => table.keyText(entry) }, most);
  }
}

/** The entries of a table with the highest counts. */
export function mostFrequent(table: StatisticsTable, most: number): Frequent[] {
  const { count, error, counts, bytes } = table;
  const entries = Array.from({ length: count }, (_, entry) => entry).sort((a, b) => counts[b] - counts[a]);
  return entries
    .slice(0, most)
    .map((entry) => ({ text: table.text(entry), count: counts[entry], bytes: bytes[entry], error }));
}
