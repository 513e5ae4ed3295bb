import { SipHash } from '../kernels/sip-hash.ts';

/** Slots that `insertNew` touches before it looks at them. */
const warmedAtOnce = 64;

/**
 * A set of 64-bit fingerprints of byte strings in a few typed arrays: finds what stands twice among millions of members or
 * keys at eight bytes each. Fingerprints are keyed (SipHash), so that nobody can prepare collisions; that two different strings share one
 * by chance has a probability of n² / 2^65.
 */
export class FingerprintSet {
  count = 0;
  private slots: Uint32Array;
  private mask: number;
  private readonly seed: number;
  private readonly hasher = new SipHash();
  /** The fingerprint of the last `add`: two halves, never both zero. */
  high = 0;
  low = 0;

  constructor(seed: number, capacity = 256) {
    this.seed = seed;
    let size = 64;
    while (size < capacity * 2) size *= 2;
    this.slots = new Uint32Array(size * 2);
    this.mask = size - 1;
  }

  /** Forgets everything; keeps its memory unless that grew large. */
  clear(): void {
    this.count = 0;
    if (this.mask < 4096) this.slots.fill(0);
    else {
      this.slots = new Uint32Array(512);
      this.mask = 255;
    }
  }

  /** Bytes of memory in use. */
  get memory(): number {
    return this.slots.byteLength;
  }

  /** Adds `bytes[start, start + length)` (mixed with `salt`); false if it was there. */
  add(bytes: Uint8Array, start: number, length: number, salt = 0): boolean {
    this.hash(bytes, start, length, salt);
    return this.insert(this.high, this.low);
  }

  /** Adds a fingerprint; false if it was there. */
  insert(high: number, low: number): boolean {
    const { slots, mask } = this;
    let slot = low & mask;
    for (;;) {
      const at = slot * 2;
      const there = slots[at];
      if (there === 0 && slots[at + 1] === 0) {
        slots[at] = high;
        slots[at + 1] = low;
        if (++this.count * 4 > mask * 3) this.grow();
        return true;
      }
      if (there === high && slots[at + 1] === low) return false;
      slot = (slot + 1) & mask;
    }
  }

  /** Adds fingerprints, high and low half of each, up to the first one that was there: gives its index, or `count`. */
  insertNew(prints: Uint32Array, count: number): number {
    this.reserve(count);
    for (let from = 0; from < count; from += warmedAtOnce) {
      const to = Math.min(from + warmedAtOnce, count);
      this.warm(prints, from, to);
      const stop = this.insertWarm(prints, from, to);
      if (stop < to) return stop;
    }
    return count;
  }

  /** Brings the slots into the core's cache, many at a time: one by one, each would be waited for. */
  private warm(prints: Uint32Array, from: number, to: number): void {
    const { slots, mask } = this;
    let touched = 0;
    for (let index = from; index < to; index++) touched ^= slots[(prints[index * 2 + 1] & mask) * 2];
    this.high = touched;
  }

  private insertWarm(prints: Uint32Array, from: number, to: number): number {
    const { slots } = this;
    const last = this.mask * 2;
    let index = from;
    for (; index < to; index++) {
      const high = prints[index * 2];
      const low = prints[index * 2 + 1];
      let at = (low << 1) & last;
      let there = slots[at];
      while (there !== 0 || slots[at + 1] !== 0) {
        if (there === high && slots[at + 1] === low) break;
        at = (at + 2) & last;
        there = slots[at];
      }
      if (there === high && slots[at + 1] === low) break;
      slots[at] = high;
      slots[at + 1] = low;
    }
    this.count += index - from;
    return index;
  }

  /** Makes room for `count` more. */
  reserve(count: number): void {
    let size = this.mask + 1;
    while ((this.count + count) * 4 > (size - 1) * 3) size *= 2;
    if (size > this.mask + 1) this.growTo(size);
  }

  /** Every fingerprint, in no order. */
  forEach(visit: (high: number, low: number) => void): void {
    const { slots } = this;
    for (let at = 0; at < slots.length; at += 2) {
      if (slots[at] !== 0 || slots[at + 1] !== 0) visit(slots[at], slots[at + 1]);
    }
  }

  has(high: number, low: number): boolean {
    const { slots, mask } = this;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 2;
      if (slots[at] === high && slots[at + 1] === low) return true;
      if (slots[at] === 0 && slots[at + 1] === 0) return false;
    }
  }

  /** The fingerprint of `bytes[start, start + length)` with this set's seed and a salt: `high` and `low`. */
  hash(bytes: Uint8Array, start: number, length: number, salt = 0): void {
    const { hasher } = this;
    hasher.hash(bytes, start, length, this.seed, salt);
    this.high = hasher.high;
    this.low = this.high === 0 && hasher.low === 0 ? 1 : hasher.low;
  }

  private grow(): void {
    this.growTo((this.mask + 1) * 2);
  }

  private growTo(size: number): void {
    const old = this.slots;
    this.slots = new Uint32Array(size * 2);
    this.mask = size - 1;
    this.count = 0;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== 0 || old[at + 1] !== 0) this.insert(old[at], old[at + 1]);
    }
  }
}
