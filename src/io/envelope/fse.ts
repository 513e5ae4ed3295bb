import { corrupt } from './frame.ts';

/*
 * Finite state entropy, the code of Zstandard's sequences and of its Huffman weights (RFC 8878, 4.1).
 */

/** Decoding table: for each state its symbol, how many bits lead to the next state, and what they are added to. */
export interface FseTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

/** A table of one state. */
export function fseOfSymbol(symbol: number): FseTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) };
}

/** The table for how often each symbol occurs; -1 stands for less than once. */
export function fseTable(counts: ArrayLike<number>, log: number): FseTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(counts.length);
  let high = size;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    if (counts[symbol] === -1) {
      symbols[--high] = symbol;
      next[symbol] = 1;
    } else next[symbol] = counts[symbol];
  }
  spread(counts, symbols, high);
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const order = next[symbols[state]]++;
    bits[state] = log - (31 - Math.clz32(order));
    bases[state] = (order << bits[state]) - size;
  }
  return { log, symbols, bits, bases };
}

/** Deals the states below `high` out to the symbols. */
function spread(counts: ArrayLike<number>, symbols: Uint8Array, high: number): void {
  const mask = symbols.length - 1;
  const step = (symbols.length >> 1) + (symbols.length >> 3) + 3;
  let position = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    for (let left = counts[symbol]; left > 0; left--) {
      symbols[position] = symbol;
      do position = (position + step) & mask;
      while (position >= high);
    }
  }
  if (position !== 0) corrupt('a Zstandard table that does not come out even');
}

/** Reads a table from `bytes[at, to)`; `at` of the result is where it ends. */
export function readFseTable(
  bytes: Uint8Array,
  from: number,
  to: number,
  logMax: number,
  symbolMax: number,
): { readonly table: FseTable; readonly at: number } {
  let bit = 0;
  const peek = (count: number): number => {
    const at = from + (bit >> 3);
    return (((bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)) >>> (bit & 7)) & ((1 << count) - 1)) >>> 0;
  };
  if (from >= to) corrupt('a Zstandard table that is cut short');
  const log = peek(4) + 5;
  bit = 4;
  if (log > logMax) corrupt(`a Zstandard table of 2^${log} states`);
  const counts = new Int16Array(symbolMax + 1);
  let symbol = 0;
  for (let remaining = 1 << log; remaining > 0; ) {
    if (symbol > symbolMax || from + (bit >> 3) >= to) corrupt('a Zstandard table of too many symbols');
    const width = 32 - Math.clz32(remaining + 1);
    const low = (1 << (width - 1)) - 1;
    const threshold = (1 << width) - 1 - (remaining + 1);
    let value = peek(width);
    if ((value & low) < threshold) {
      bit += width - 1;
      value &= low;
    } else {
      bit += width;
      if (value > low) value -= threshold;
    }
    const count = value - 1;
    counts[symbol++] = count;
    remaining -= Math.abs(count);
    if (count !== 0) continue;
    for (let repeat = 3; repeat === 3; symbol += repeat) {
      repeat = peek(2);
      bit += 2;
    }
  }
  const at = from + ((bit + 7) >> 3);
  if (at > to || symbol > symbolMax + 1) corrupt('a Zstandard table that does not fit');
  return { table: fseTable(counts.subarray(0, symbol), log), at };
}

/**
 * Bits that are read from the end of `bytes[from, to)` to its front; the highest bit that is set in the last byte is not one of them.
 * Beyond the front there are zeros.
 */
export class BackwardBits {
  /** Bits that are left; negative beyond the front. */
  left: number;
  private readonly bytes: Uint8Array;
  private readonly from: number;

  constructor(bytes: Uint8Array, from: number, to: number) {
    const last = to > from ? bytes[to - 1] : 0;
    if (last === 0) corrupt('a Zstandard bit stream without an end');
    this.bytes = bytes;
    this.from = from;
    this.left = (to - from) * 8 - 8 + 31 - Math.clz32(last);
  }

  /** At most 31 bits. */
  read(count: number): number {
    if (count > 16) {
      const high = this.read(count - 16);
      return high * 65536 + this.read(16);
    }
    this.left -= count;
    return this.at(this.left, count);
  }

  /** `count` bits, at most 16, from bit `position` on, which may be negative. */
  at(position: number, count: number): number {
    if (position < 0) {
      const there = count + position;
      return there <= 0 ? 0 : this.at(0, there) << -position;
    }
    const { bytes } = this;
    const byte = this.from + (position >> 3);
    return ((bytes[byte] | (bytes[byte + 1] << 8) | (bytes[byte + 2] << 16)) >>> (position & 7)) & ((1 << count) - 1);
  }
}
