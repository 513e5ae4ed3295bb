import { corrupt } from './frame.ts';
import { BackwardBits, readFseTable } from './fse.ts';

/*
 * Zstandard's Huffman codes for literals (RFC 8878, 4.2).
 */
const bitsMax = 11;
const symbolsMax = 256;
const weightLogMax = 6;

/** For each sequence of `width` bits the symbol that it begins with, and that one's length above it: `length << 8 | symbol`. */
export interface HuffmanTable {
  readonly width: number;
  readonly entries: Uint16Array;
}

/** Reads the description of a code from `bytes[from, to)`; `at` of the result is where it ends. */
export function readHuffmanTable(
  bytes: Uint8Array,
  from: number,
  to: number,
): { readonly table: HuffmanTable; readonly at: number } {
  if (from >= to) corrupt('a Zstandard Huffman code that is cut short');
  const head = bytes[from];
  const weights = new Uint8Array(symbolsMax);
  if (head >= 128) {
    const count = head - 127;
    const at = from + 1 + ((count + 1) >> 1);
    if (at > to) corrupt('a Zstandard Huffman code that is cut short');
    for (let index = 0; index < count; index++) {
      const byte = bytes[from + 1 + (index >> 1)];
      weights[index] = (index & 1) === 0 ? byte >> 4 : byte & 15;
    }
    return { table: tableOf(weights, count), at };
  }
  const at = from + 1 + head;
  if (at > to) corrupt('a Zstandard Huffman code that is cut short');
  return { table: tableOf(weights, readWeights(bytes, from + 1, at, weights)), at };
}

/** Weights in finite state entropy, two states in turns; how many there are. */
function readWeights(bytes: Uint8Array, from: number, to: number, weights: Uint8Array): number {
  const { table, at } = readFseTable(bytes, from, to, weightLogMax, bitsMax + 1);
  const bits = new BackwardBits(bytes, at, to);
  const states = [bits.read(table.log), bits.read(table.log)];
  if (bits.left < 0) corrupt('Zstandard Huffman weights that are cut short');
  let count = 0;
  for (let turn = 0; ; turn ^= 1) {
    if (count >= symbolsMax - 2) corrupt('too many Zstandard Huffman weights');
    const state = states[turn];
    weights[count++] = table.symbols[state];
    const step = table.bits[state];
    if (step > bits.left) {
      weights[count++] = table.symbols[states[turn ^ 1]];
      return count;
    }
    states[turn] = table.bases[state] + bits.read(step);
  }
}

/** The code of these weights and of one more symbol, whose weight makes the sum a power of two. */
function tableOf(weights: Uint8Array, count: number): HuffmanTable {
  let sum = 0;
  for (let symbol = 0; symbol < count; symbol++) {
    if (weights[symbol] > bitsMax + 1) corrupt(`a Zstandard Huffman weight of ${weights[symbol]}`);
    if (weights[symbol] > 0) sum += 1 << (weights[symbol] - 1);
  }
  if (sum === 0) corrupt('a Zstandard Huffman code of no symbols');
  const width = 32 - Math.clz32(sum);
  const rest = (1 << width) - sum;
  if (width > bitsMax || (rest & (rest - 1)) !== 0) corrupt('a Zstandard Huffman code that does not come out even');
  weights[count] = 32 - Math.clz32(rest);
  const entries = new Uint16Array(1 << width);
  let position = 0;
  for (let weight = 1; weight <= width; weight++) {
    for (let symbol = 0; symbol <= count; symbol++) {
      if (weights[symbol] !== weight) continue;
      const end = position + (1 << (weight - 1));
      entries.fill(((width + 1 - weight) << 8) | symbol, position, end);
      position = end;
    }
  }
  return { width, entries };
}

/** Decodes exactly `out[start, end)` from all bits of `bytes[from, to)`. */
export function decodeHuffman(
  { width, entries }: HuffmanTable,
  bytes: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
  start: number,
  end: number,
): void {
  const bits = new BackwardBits(bytes, from, to);
  let { left } = bits;
  const mask = entries.length - 1;
  for (let index = start; index < end; index++) {
    const position = left - width;
    const byte = from + (position >> 3);
    const key =
      position < 0
        ? bits.at(position, width)
        : ((bytes[byte] | (bytes[byte + 1] << 8) | (bytes[byte + 2] << 16)) >>> (position & 7)) & mask;
    const entry = entries[key];
    out[index] = entry;
    left -= entry >> 8;
  }
  if (left !== 0) corrupt('Zstandard literals that do not end with their bits');
}
