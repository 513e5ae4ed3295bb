/**
 * A native bitmap (Redis 8.12): bits 0 .. 2^63 - 1 and a length in bytes, of which trailing zero bits are a part. Bit n is bit
 * `0x80 >> (n & 7)` of byte n >> 3, as in a string.
 *
 * Bits lie in blocks of 65536; a block without bits is not there, so that neither gaps nor huge offsets cost anything. A block is
 * either its maximal runs of set bits or, with many runs, the 8192 bytes that a string would have there.
 */

import { addU64, canonicalU64, type U64 } from '../encodings/u64.ts';
import { type DigestSink, Kind, type ObjectValue } from './value.ts';

export const blockBits = 65536;
export const blockBytes = blockBits / 8;

/** Runs up to which a block is kept as runs: a bit more is then a short copy, and no block takes more than four times a server's. */
const runsMax = 1024;

/** `first, last` of each maximal run, ascending, both included; or the bits as a string has them. */
type Block = Uint16Array | Uint8Array;

export class BitmapValue implements ObjectValue {
  readonly kind = Kind.Bitmap;
  /** What STRLEN would be of the string with these bits; no bit lies beyond it. */
  byteLength: U64 = 0;
  private blocks = new Map<number, Block>();
  /** Numbers of the blocks, ascending; undefined after a block was added. */
  private order: number[] | undefined = [];

  /** The bitmap with the bits and the length of a string. */
  static fromBytes(bytes: Uint8Array): BitmapValue {
    const bitmap = new BitmapValue();
    bitmap.writeBytes(0, bytes);
    return bitmap;
  }

  /** The number of bytes, rounded beyond 2^53. */
  get count(): number {
    return Number(this.byteLength);
  }

  copy(): BitmapValue {
    const copy = new BitmapValue();
    copy.byteLength = this.byteLength;
    for (const [number, block] of this.blocks) copy.blocks.set(number, block.slice());
    copy.order = undefined;
    return copy;
  }

  /** The length, then each maximal run of set bits, its end excluded (debug.c of the bitmap branch). */
  digest(sink: DigestSink): void {
    sink.mix(String(this.byteLength));
    for (const [start, end] of this.runs()) {
      sink.mix(String(start));
      sink.mix(String(end));
    }
  }

  // ---- bits

  bit(offset: U64): 0 | 1 {
    const block = this.blocks.get(blockNumber(offset));
    return block !== undefined && hasBit(block, bitInBlock(offset)) ? 1 : 0;
  }

  /** Sets or clears a bit; the length grows to hold it, for a cleared one too. */
  setBit(offset: U64, bit: 0 | 1): void {
    this.extend(addU64(byteOf(offset), 1));
    const number = blockNumber(offset);
    const block = this.blocks.get(number);
    const low = bitInBlock(offset);
    if (block === undefined) {
      if (bit === 1) this.put(number, Uint16Array.of(low, low));
    } else if (hasBit(block, low) !== (bit === 1)) {
      if (block instanceof Uint8Array) setPlainBit(block, low, bit);
      else this.put(number, withRunBit(block, low, bit));
    }
  }

  /** Makes the length at least `byteLength`. */
  extend(byteLength: U64): void {
    if (byteLength > this.byteLength) this.byteLength = byteLength;
  }

  /** Maximal runs of set bits, ascending, their end excluded. */
  *runs(): Generator<[start: U64, end: U64]> {
    let start: U64 = 0;
    let end: U64 = -1;
    for (const number of this.blockNumbers()) {
      for (const [first, last] of blockRuns(this.blocks.get(number)!)) {
        const from = bitOffset(number, first);
        if (from !== end) {
          if (end !== -1) yield [start, end];
          start = from;
        }
        end = bitOffset(number, last + 1);
      }
    }
    if (end !== -1) yield [start, end];
  }

  /** How many bits are set. */
  get cardinality(): number {
    let count = 0;
    for (const block of this.blocks.values()) {
      for (const [first, last] of blockRuns(block)) count += last - first + 1;
    }
    return count;
  }

  // ---- blocks, for operations on whole bitmaps

  /** Numbers of the blocks with any bit set, ascending: block n holds the bits from n * 65536 on. */
  blockNumbers(): readonly number[] {
    this.order ??= [...this.blocks.keys()].sort((a, b) => a - b);
    return this.order;
  }

  /** The bytes that a string has in this block, 8192 of them, zeros included; a copy. */
  blockBytes(number: number): Uint8Array {
    const block = this.blocks.get(number);
    if (block instanceof Uint8Array) return block.slice();
    const bytes = new Uint8Array(blockBytes);
    if (block !== undefined) for (let at = 0; at < block.length; at += 2) fillBits(bytes, block[at], block[at + 1]);
    return bytes;
  }

  /** Maximal runs of set bits within a block, both ends included; empty where it has none. */
  blockRuns(number: number): Iterable<readonly [first: number, last: number]> {
    const block = this.blocks.get(number);
    return block === undefined ? [] : blockRuns(block);
  }

  /** Makes these 8192 bytes the bits of a block. The length stays: who calls this extends it. */
  setBlockBytes(number: number, bytes: Uint8Array): void {
    const runs = compactRuns(bytes);
    if (runs?.length === 0) this.remove(number);
    else this.put(number, runs ?? bytes.slice());
  }

  /** Makes these maximal runs (`first, last`, ascending, both included) the bits of a block. The length stays. */
  setBlockRuns(number: number, runs: Uint16Array): void {
    if (runs.length === 0) this.remove(number);
    else if (runs.length <= 2 * runsMax) this.put(number, runs);
    else {
      const bytes = new Uint8Array(blockBytes);
      for (let at = 0; at < runs.length; at += 2) fillBits(bytes, runs[at], runs[at + 1]);
      this.put(number, bytes);
    }
  }

  // ---- bytes

  /** `length` bytes of the string with these bits, from byte `from` on; zeros beyond the length. */
  readBytes(from: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    const end = from + length;
    for (let number = Math.floor(from / blockBytes); number * blockBytes < end; number++) {
      if (!this.blocks.has(number)) continue;
      const base = number * blockBytes;
      const begin = Math.max(from, base);
      const part = this.blockBytes(number).subarray(begin - base, Math.min(end - base, blockBytes));
      bytes.set(part, begin - from);
    }
    return bytes;
  }

  /** Writes bytes from byte `from` on; the length grows to hold them. */
  writeBytes(from: number, bytes: Uint8Array): void {
    const end = from + bytes.length;
    for (let number = Math.floor(from / blockBytes); number * blockBytes < end; number++) {
      const base = number * blockBytes;
      const begin = Math.max(from, base);
      const part = bytes.subarray(begin - from, Math.min(base + blockBytes, end) - from);
      const block = this.blockBytes(number);
      block.set(part, begin - base);
      this.setBlockBytes(number, block);
    }
    this.extend(end);
  }

  /** The string with these bits. Who calls this has seen that it is not too long. */
  toBytes(): Buffer {
    const bytes = Buffer.alloc(Number(this.byteLength));
    for (const number of this.blockNumbers()) {
      const base = number * blockBytes;
      const block = this.blockBytes(number);
      bytes.set(block.subarray(0, bytes.length - base), base);
    }
    return bytes;
  }

  private put(number: number, block: Block): void {
    if (block.length === 0) {
      this.remove(number);
      return;
    }
    if (!this.blocks.has(number)) this.order = undefined;
    this.blocks.set(number, block);
  }

  private remove(number: number): void {
    if (this.blocks.delete(number)) this.order = undefined;
  }
}

function blockNumber(offset: U64): number {
  return typeof offset === 'number' ? Math.floor(offset / blockBits) : Number(offset / BigInt(blockBits));
}

function bitInBlock(offset: U64): number {
  return typeof offset === 'number' ? offset % blockBits : Number(offset % BigInt(blockBits));
}

function byteOf(offset: U64): U64 {
  return typeof offset === 'number' ? Math.floor(offset / 8) : canonicalU64(offset / 8n);
}

/** Bit `low` of block `number` (`low` may be 65536, the end of a run). */
function bitOffset(number: number, low: number): U64 {
  const offset = number * blockBits + low;
  if (offset <= Number.MAX_SAFE_INTEGER) return offset;
  return canonicalU64(BigInt(number) * BigInt(blockBits) + BigInt(low));
}

function hasBit(block: Block, low: number): boolean {
  if (block instanceof Uint8Array) return (block[low >> 3] & (0x80 >> (low & 7))) !== 0;
  const at = runBefore(block, low);
  return at >= 0 && low <= block[at + 1];
}

function setPlainBit(bytes: Uint8Array, low: number, bit: 0 | 1): void {
  const mask = 0x80 >> (low & 7);
  if (bit === 1) bytes[low >> 3] |= mask;
  else bytes[low >> 3] &= ~mask;
}

/** Position of the last run that begins at or before `low`, -2 for none. */
function runBefore(runs: Uint16Array, low: number): number {
  let from = 0;
  let to = runs.length >> 1;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (runs[middle * 2] <= low) from = middle + 1;
    else to = middle;
  }
  return (from - 1) * 2;
}

/** The runs with the bit turned to what it is not yet; the 8192 bytes where they become too many. */
function withRunBit(runs: Uint16Array, low: number, bit: 0 | 1): Block {
  const at = runBefore(runs, low);
  const changed = bit === 1 ? withBitSet(runs, at, low) : withBitCleared(runs, at, low);
  if (changed.length <= 2 * runsMax) return changed;
  const bytes = new Uint8Array(blockBytes);
  for (let index = 0; index < changed.length; index += 2) fillBits(bytes, changed[index], changed[index + 1]);
  return bytes;
}

function withBitSet(runs: Uint16Array, at: number, low: number): Uint16Array {
  const meetsLeft = at >= 0 && runs[at + 1] === low - 1;
  const meetsRight = at + 2 < runs.length && runs[at + 2] === low + 1;
  const first = meetsLeft ? runs[at] : low;
  const last = meetsRight ? runs[at + 3] : low;
  return spliced(runs, meetsLeft ? at : at + 2, meetsRight ? at + 4 : at + 2, [first, last]);
}

function withBitCleared(runs: Uint16Array, at: number, low: number): Uint16Array {
  const rest: number[] = [];
  if (runs[at] < low) rest.push(runs[at], low - 1);
  if (runs[at + 1] > low) rest.push(low + 1, runs[at + 1]);
  return spliced(runs, at, at + 2, rest);
}

function spliced(runs: Uint16Array, from: number, to: number, pairs: readonly number[]): Uint16Array {
  const changed = new Uint16Array(runs.length - (to - from) + pairs.length);
  changed.set(runs.subarray(0, from));
  changed.set(pairs, from);
  changed.set(runs.subarray(to), from + pairs.length);
  return changed;
}

function* blockRuns(block: Block): Generator<readonly [first: number, last: number]> {
  if (block instanceof Uint8Array) {
    yield* plainRuns(block);
    return;
  }
  for (let at = 0; at < block.length; at += 2) yield [block[at], block[at + 1]];
}

/** Maximal runs of set bits of 8192 bytes. */
function* plainRuns(bytes: Uint8Array): Generator<readonly [first: number, last: number]> {
  let first = -1;
  for (let index = 0; index < blockBytes; index++) {
    const byte = bytes[index];
    if (byte === (first < 0 ? 0 : 0xff)) continue;
    for (let bit = 0; bit < 8; bit++) {
      const isSet = (byte & (0x80 >> bit)) !== 0;
      if (isSet === first >= 0) continue;
      const low = index * 8 + bit;
      if (isSet) first = low;
      else {
        yield [first, low - 1];
        first = -1;
      }
    }
  }
  if (first >= 0) yield [first, blockBits - 1];
}

/** The runs of 8192 bytes, undefined where there are too many. */
function compactRuns(bytes: Uint8Array): Uint16Array | undefined {
  const pairs: number[] = [];
  for (const [first, last] of plainRuns(bytes)) {
    if (pairs.length === 2 * runsMax) return undefined;
    pairs.push(first, last);
  }
  return Uint16Array.from(pairs);
}

function fillBits(bytes: Uint8Array, first: number, last: number): void {
  const from = first >> 3;
  const to = last >> 3;
  const head = 0xff >> (first & 7);
  const tail = (0xff00 >> ((last & 7) + 1)) & 0xff;
  if (from === to) {
    bytes[from] |= head & tail;
    return;
  }
  bytes[from] |= head;
  bytes.fill(0xff, from + 1, to);
  bytes[to] |= tail;
}
