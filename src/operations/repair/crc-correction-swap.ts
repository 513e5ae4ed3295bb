import { FieldElement, product, quotient, undoing } from '../../checksum/crc64-field.ts';
import { entryByTop, tableHigh, tableLow } from '../../checksum/crc64-tables.ts';

/*
 * Two blocks of one length that stand in each other's place, found by the checksum alone.
 *
 *     … | Y |  between  | X | …        a: where Y stands, a + d: where X stands, s: their length
 *
 * Let S(i) be the sum of the first i bytes, and u = x^-8: multiplied by it, a sum is what it was one NUL byte before. To take a block d bytes
 * further on divides what it adds to the sum by u^d. So the sum is off by what belongs to an exchange exactly if
 *
 *     K(a + s) xor K(a) = u^d · off / (1 + u^d),  where  K(i) = u^d · T(i) xor T(i + d)  and  T(i) = u^i · S(i),
 *
 * and `off` is the difference, undone back to the start. The polynomial of CRC-64 is irreducible, so that 1 + u^d has an inverse. For each d
 * there is one table of the K(i), in which each a looks for its a + s; from one d to the next, u^d · T(i) takes one step. Only differences
 * of T count, so that it may begin with 0 anywhere.
 */

/** Pairs of an offset and a distance that are tried; more would take long. */
const pairsMax = 4_000_000;
/** The farthest two blocks may lie from each other. */
const distanceMax = 1 << 20;

/** Offsets `from` to `to`, both included. */
export interface RecordRange {
  readonly from: number;
  readonly to: number;
}

/** `[first, first + length)` and `[second, second + length)` stand in each other's place. */
export interface Exchange {
  readonly first: number;
  readonly second: number;
  readonly length: number;
}

/**
 * The exchange that explains `off`, the difference of the stored sum and that of `bytes`; the first block begins and ends within
 * `first`, the second within `second`. Undefined where there is none, or where there are too many to try.
 */
export function findExchange(
  bytes: Uint8Array,
  off: bigint,
  first: RecordRange,
  second: RecordRange,
): Exchange | undefined {
  const rows = first.to - first.from + 1;
  const nearest = Math.max(1, second.from - first.to);
  const farthest = Math.min(second.to - first.from, distanceMax);
  if (rows < 2 || farthest < nearest || rows * (farthest - nearest + 1) > pairsMax) return undefined;
  return new ExchangeSearch(bytes, off, first, second).run(nearest, farthest);
}

class ExchangeSearch {
  private readonly first: RecordRange;
  private readonly second: RecordRange;
  /** Where the second table begins. */
  private readonly base: number;
  private readonly off: FieldElement;
  /** u^d · T(i) for the offsets in `first`, and T(i) for those in `second`. */
  private readonly near: SumTable;
  private readonly far: SumTable;
  private readonly keysLow: Int32Array;
  private readonly keysHigh: Int32Array;
  private readonly slots: Int32Array;

  constructor(bytes: Uint8Array, off: bigint, first: RecordRange, second: RecordRange) {
    this.first = first;
    this.second = second;
    this.base = Math.max(first.from, second.from);
    this.off = product(FieldElement.of(off), undoing(bytes.length - first.from));
    this.near = new SumTable(bytes, first.from, first.to, 0);
    this.far = new SumTable(bytes, this.base, second.to, this.base - first.from);
    const rows = first.to - first.from + 1;
    this.keysLow = new Int32Array(rows);
    this.keysHigh = new Int32Array(rows);
    this.slots = new Int32Array(1 << (34 - Math.clz32(rows)));
  }

  run(nearest: number, farthest: number): Exchange | undefined {
    const { near, off } = this;
    const power = undoing(nearest);
    near.multiply(power);
    for (let distance = nearest; distance <= farthest; distance++) {
      const divisor = power.copy();
      divisor.add(FieldElement.one());
      // u^d · off / (1 + u^d), which is off / (1 + u^d) + off.
      const wanted = quotient(off, divisor);
      wanted.add(off);
      const found = this.at(distance, wanted.low, wanted.high);
      if (found !== undefined) return found;
      power.undoByte();
      near.undoByte();
    }
    return undefined;
  }

  private at(distance: number, offLow: number, offHigh: number): Exchange | undefined {
    const { first, second, base, near, far, keysLow, keysHigh, slots } = this;
    const from = Math.max(0, second.from - first.from - distance);
    const to = Math.min(keysLow.length - 1, second.to - first.from - distance);
    const ahead = first.from + distance - base;
    const mask = slots.length - 1;
    slots.fill(0);
    for (let row = from; row <= to; row++) {
      const keyLow = near.low[row] ^ far.low[row + ahead];
      const keyHigh = near.high[row] ^ far.high[row + ahead];
      keysLow[row] = keyLow;
      keysHigh[row] = keyHigh;
      const [wantedLow, wantedHigh] = [keyLow ^ offLow, keyHigh ^ offHigh];
      for (let slot = wantedLow & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
        const start = slots[slot] - 1;
        if (keysLow[start] !== wantedLow || keysHigh[start] !== wantedHigh || row - start > distance) continue;
        return { first: first.from + start, second: first.from + start + distance, length: row - start };
      }
      let slot = keyLow & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
    return undefined;
  }
}

/** T(i) for each offset of a range, less that of its first. */
class SumTable {
  readonly low: Int32Array;
  readonly high: Int32Array;

  /** `undone`: bytes between the place that T counts from and `from`. */
  constructor(bytes: Uint8Array, from: number, to: number, undone: number) {
    const length = to - from + 1;
    this.low = new Int32Array(length);
    this.high = new Int32Array(length);
    const power = undoing(undone);
    const bits = Array.from({ length: 8 }, (_, bit) => product(new FieldElement(1 << bit, 0), power));
    const sum = new FieldElement(0, 0);
    for (let row = 1; row < length; row++) {
      const byte = bytes[from + row - 1];
      for (let bit = 0; bit < 8; bit++) {
        if (byte & (1 << bit)) sum.add(bits[bit]);
        bits[bit].undoByte();
      }
      this.low[row] = sum.low;
      this.high[row] = sum.high;
    }
  }

  multiply(factor: FieldElement): void {
    for (let row = 1; row < this.low.length; row++) {
      const { low, high } = product(new FieldElement(this.low[row], this.high[row]), factor);
      this.low[row] = low;
      this.high[row] = high;
    }
  }

  /** Multiplies all by x^-8. */
  undoByte(): void {
    const { low, high } = this;
    for (let row = 0; row < low.length; row++) {
      const entry = entryByTop[high[row] >>> 24];
      const old = low[row] ^ tableLow[entry];
      high[row] = ((high[row] ^ tableHigh[entry]) << 8) | (old >>> 24);
      low[row] = (old << 8) | entry;
    }
  }
}
