import { entryByTop, tableHigh, tableLow } from '../../checksum/crc64-tables.ts';

/*
 * Two blocks of one length that stand in each other's place, found by the checksum alone.
 *
 *     … | Y |  between  | X | …        a: where Y stands, a + d: where X stands, s: their length
 *
 * Let S(i) be the sum of the first i bytes. To take a block d bytes further on divides what it adds to the sum by x^8d. So the
 * sum is off by what belongs to an exchange exactly if
 *
 *     G(a + s) xor G(a) = off,  where  G(i) = (1 + x^-8d) · x^-8i · (S(i) xor S(i + d)),
 *
 * and `off` is the difference, undone back to the start. For each d that is one table of sums, in which each a looks for its a + s.
 */

/** Pairs of offsets that are tried; more would take seconds. */
const pairsMax = 3_000_000;
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

/** A linear map of 64 bits: the images of each byte's values. */
class ByteMap {
  readonly low = new Int32Array(8 * 256);
  readonly high = new Int32Array(8 * 256);

  /** From the images of the 64 single bits. */
  set(low: Int32Array, high: Int32Array): void {
    for (let byte = 0; byte < 8; byte++) {
      const base = byte * 256;
      for (let bit = 0; bit < 8; bit++) {
        const size = 1 << bit;
        const [imageLow, imageHigh] = [low[byte * 8 + bit], high[byte * 8 + bit]];
        for (let value = 0; value < size; value++) {
          this.low[base + size + value] = this.low[base + value] ^ imageLow;
          this.high[base + size + value] = this.high[base + value] ^ imageHigh;
        }
      }
    }
  }
}

const part = (map: Int32Array, low: number, high: number): number =>
  map[low & 0xff] ^
  map[256 + ((low >>> 8) & 0xff)] ^
  map[512 + ((low >>> 16) & 0xff)] ^
  map[768 + (low >>> 24)] ^
  map[1024 + (high & 0xff)] ^
  map[1280 + ((high >>> 8) & 0xff)] ^
  map[1536 + ((high >>> 16) & 0xff)] ^
  map[1792 + (high >>> 24)];

/** The images of the 64 bits after so many bytes were undone. */
class Undoing {
  readonly low = new Int32Array(64);
  readonly high = new Int32Array(64);

  constructor() {
    for (let bit = 0; bit < 32; bit++) this.low[bit] = this.high[bit + 32] = 1 << bit;
  }

  step(count = 1): void {
    const { low, high } = this;
    for (let bit = 0; bit < 64; bit++) {
      let [l, h] = [low[bit], high[bit]];
      for (let left = count; left > 0; left--) {
        const entry = entryByTop[h >>> 24];
        const old = l ^ tableLow[entry];
        h = ((h ^ tableHigh[entry]) << 8) | (old >>> 24);
        l = (old << 8) | entry;
      }
      low[bit] = l;
      high[bit] = h;
    }
  }
}

class ExchangeSearch {
  private readonly first: RecordRange;
  private readonly second: RecordRange;
  private readonly rows: number;
  private readonly offLow: number;
  private readonly offHigh: number;
  /** The sums of what comes before each offset from `first.from` on. */
  private readonly sumLow: Int32Array;
  private readonly sumHigh: Int32Array;
  /** For each row, x^-8i as a map. */
  private readonly shifts: ByteMap[] = [];
  private readonly keysLow: Int32Array;
  private readonly keysHigh: Int32Array;
  private readonly slots: Int32Array;

  constructor(bytes: Uint8Array, off: bigint, first: RecordRange, second: RecordRange) {
    this.first = first;
    this.second = second;
    this.rows = first.to - first.from + 1;
    const undoing = new Undoing();
    [this.offLow, this.offHigh] = undone(off, bytes.length - first.from);
    this.sumLow = new Int32Array(second.to - first.from + 1);
    this.sumHigh = new Int32Array(second.to - first.from + 1);
    this.addUp(bytes);
    for (let row = 0; row < this.rows; row++) {
      const map = new ByteMap();
      map.set(undoing.low, undoing.high);
      this.shifts.push(map);
      undoing.step();
    }
    this.keysLow = new Int32Array(this.rows);
    this.keysHigh = new Int32Array(this.rows);
    this.slots = new Int32Array(1 << (34 - Math.clz32(this.rows)));
  }

  private addUp(bytes: Uint8Array): void {
    const { first, second, sumLow, sumHigh } = this;
    for (let offset = 0, low = 0, high = 0; offset <= second.to; offset++) {
      if (offset >= first.from) {
        sumLow[offset - first.from] = low;
        sumHigh[offset - first.from] = high;
      }
      const entry = (low ^ bytes[offset]) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ tableLow[entry];
      high = (high >>> 8) ^ tableHigh[entry];
    }
  }

  run(nearest: number, farthest: number): Exchange | undefined {
    const undoing = new Undoing();
    undoing.step(nearest);
    const apart = new ByteMap();
    const [low, high] = [new Int32Array(64), new Int32Array(64)];
    for (let distance = nearest; distance <= farthest; distance++) {
      for (let bit = 0; bit < 64; bit++) {
        low[bit] = undoing.low[bit] ^ (bit < 32 ? 1 << bit : 0);
        high[bit] = undoing.high[bit] ^ (bit < 32 ? 0 : 1 << (bit - 32));
      }
      apart.set(low, high);
      const found = this.at(distance, apart);
      if (found !== undefined) return found;
      undoing.step();
    }
    return undefined;
  }

  private at(distance: number, apart: ByteMap): Exchange | undefined {
    const { first, second, keysLow, keysHigh, slots, offLow, offHigh, sumLow, sumHigh } = this;
    const from = Math.max(0, second.from - first.from - distance);
    const to = Math.min(this.rows - 1, second.to - first.from - distance);
    const mask = slots.length - 1;
    slots.fill(0);
    for (let row = from; row <= to; row++) {
      const { low, high } = this.shifts[row];
      const l = sumLow[row] ^ sumLow[row + distance];
      const h = sumHigh[row] ^ sumHigh[row + distance];
      const [shiftedLow, shiftedHigh] = [part(low, l, h), part(high, l, h)];
      const keyLow = part(apart.low, shiftedLow, shiftedHigh);
      const keyHigh = part(apart.high, shiftedLow, shiftedHigh);
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

/** What `sum` was `count` NUL bytes before. */
function undone(sum: bigint, count: number): [low: number, high: number] {
  let low = Number(BigInt.asIntN(32, sum));
  let high = Number(BigInt.asIntN(32, sum >> 32n));
  for (let left = count; left > 0; left--) {
    const entry = entryByTop[high >>> 24];
    const old = low ^ tableLow[entry];
    high = ((high ^ tableHigh[entry]) << 8) | (old >>> 24);
    low = (old << 8) | entry;
  }
  return [low, high];
}
