import { readU32 } from '../encodings/listpack-entry.ts';
import { canonicalU64, type U64 } from '../encodings/u64.ts';
import { EncodingError, type FormatFault, formatFault } from '../faults.ts';
import type { FaultCode } from '../findings.ts';
import { BitmapValue, blockBits } from './roaring-bitmap.ts';

/*
 * CRoaring's portable form of a 64-bit bitmap: the string of RDB type 33 (Redis 8.12). All numbers are little-endian.
 *
 *   u64 buckets                        bucket: u32 high half (ascending), then a 32-bit bitmap
 *   u32 cookie                         12346: u32 containers, none of them runs
 *                                      low half 12347: containers - 1 in the high half, then a bit each: is it runs?
 *   containers × ( u16 key | u16 cardinality - 1 )     keys ascending
 *   containers × u32 offset            with 12346, or from 4 containers on; a reader ignores it
 *   containers, each one of            runs    u16 n, n × ( u16 start | u16 length - 1 )      flagged; its cardinality is ignored
 *                                      bits    8192 bytes, bit v % 8 of byte v / 8            cardinality above 4096
 *                                      array   cardinality × u16, ascending
 *
 * A bit's number is high half << 32 | key << 16 | 16 bits. What is accepted and refused is as CRoaring 4.7.2 does, which Redis
 * has built in: `roaring64_bitmap_portable_deserialize_safe`, the same size as the string, and `internal_validate`.
 */

const cookieNoRuns = 12346;
const cookieRuns = 12347;
const arrayMax = 4096;
const bitsetBytes = 8192;
const containersMax = 65536;
const offsetsFrom = 4;

/** Told the containers of a bitmap that are not empty, ascending: the block's number and its maximal runs or its bits. */
interface ContainerSink {
  runs(block: number, pairs: Uint16Array): void;
  bits(block: number, bytes: Uint8Array): void;
}

/** What is wrong with the bitmap `bytes[from, to)` of `byteLength` bytes. Positions in the flaw count from `from`. */
export function validateRoaring(bytes: Uint8Array, from: number, to: number, byteLength: U64): FormatFault | undefined {
  let last: U64 = -1;
  const note = (block: number, low: number) => {
    last = bitNumber(block, low);
  };
  try {
    new RoaringReader(bytes, from, to).read({
      runs: (block, pairs) => note(block, pairs[pairs.length - 1]),
      bits: (block, words) => note(block, lastBit(words)),
    });
  } catch (error) {
    if (error instanceof EncodingError) return error;
    throw error;
  }
  if (last === -1 || byteOf(last) < byteLength) return undefined;
  return formatFault('bitmap.length', 0, `no bit beyond ${byteLength} bytes`, `bit ${last}`);
}

/** The bitmap in `bytes[from, to)`, its length not set. Throws EncodingError. */
export function decodeRoaring(bytes: Uint8Array, from: number, to: number): BitmapValue {
  const bitmap = new BitmapValue();
  new RoaringReader(bytes, from, to).read({
    runs: (block, pairs) => bitmap.setBlockRuns(block, pairs),
    bits: (block, words) => bitmap.setBlockBytes(block, mirrored(words)),
  });
  return bitmap;
}

class RoaringReader {
  private readonly bytes: Uint8Array;
  private readonly from: number;
  private readonly to: number;
  private position: number;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes;
    this.from = this.position = from;
    this.to = to;
  }

  read(sink: ContainerSink): void {
    this.need(8);
    const buckets = readU32(this.bytes, this.position);
    if (readU32(this.bytes, this.position + 4) !== 0) this.unfit('at most 2^32 - 1 buckets', 'more');
    this.position += 8;
    let previous = -1;
    for (let left = buckets; left > 0; left--) {
      this.need(4);
      const high = readU32(this.bytes, this.position);
      if (high <= previous) this.unfit('ascending buckets', `${high} after ${previous}`);
      this.position += 4;
      previous = high;
      this.readBucket(high * containersMax, sink);
    }
    if (this.position < this.to) {
      this.fail('bitmap.trailing', 'the end of the bitmap', `${this.to - this.position} bytes more`);
    }
  }

  /** A 32-bit bitmap whose blocks count from `base` on. */
  private readBucket(base: number, sink: ContainerSink): void {
    const { bytes } = this;
    this.need(4);
    const cookie = readU32(bytes, this.position);
    const hasRuns = (cookie & 0xffff) === cookieRuns;
    if (!hasRuns && cookie !== cookieNoRuns) this.unfit(`a cookie ${cookieNoRuns} or ${cookieRuns}`, String(cookie));
    this.position += 4;
    let count = (cookie >>> 16) + 1;
    const flags = hasRuns ? this.take((count + 7) >> 3) : -1;
    if (!hasRuns) {
      count = readU32(bytes, this.take(4));
      if (count > containersMax) this.unfit(`at most ${containersMax} containers`, String(count));
    }
    const heads = this.take(count * 4);
    if (!hasRuns || count >= offsetsFrom) this.take(count * 4);
    let previous = -1;
    for (let index = 0; index < count; index++) {
      const key = this.u16(heads + index * 4);
      if (key <= previous) this.unfit('ascending containers', `${key} after ${previous}`);
      previous = key;
      const cardinality = this.u16(heads + index * 4 + 2) + 1;
      const isRuns = flags >= 0 && (bytes[flags + (index >> 3)] & (1 << (index & 7))) !== 0;
      if (isRuns) sink.runs(base + key, this.readRuns());
      else if (cardinality > arrayMax) sink.bits(base + key, this.readBits(cardinality));
      else sink.runs(base + key, this.readArray(cardinality));
    }
  }

  private readRuns(): Uint16Array {
    const count = this.u16(this.take(2));
    if (count === 0) this.fail('bitmap.container', 'at least one run', '0');
    const at = this.take(count * 4);
    const pairs = new Uint16Array(count * 2);
    let end = -2;
    for (let index = 0; index < count; index++) {
      const start = this.u16(at + index * 4);
      const last = start + this.u16(at + index * 4 + 2);
      // Runs that touch should have been one.
      if (start <= end + 1) this.fail('bitmap.container', `a run from ${end + 2} on`, `one from ${start}`);
      if (last >= blockBits) this.fail('bitmap.container', 'a run up to 65535', `one up to ${last}`);
      pairs[index * 2] = start;
      pairs[index * 2 + 1] = end = last;
    }
    return pairs;
  }

  private readArray(cardinality: number): Uint16Array {
    const at = this.take(cardinality * 2);
    const pairs = new Uint16Array(cardinality * 2);
    let filled = 0;
    let previous = -2;
    for (let index = 0; index < cardinality; index++) {
      const value = this.u16(at + index * 2);
      if (value <= previous) this.fail('bitmap.container', `a value above ${previous}`, String(value));
      if (value > previous + 1) {
        pairs[filled] = value;
        filled += 2;
      }
      pairs[filled - 1] = previous = value;
    }
    return pairs.subarray(0, filled);
  }

  private readBits(cardinality: number): Uint8Array {
    const at = this.take(bitsetBytes);
    const bits = this.bytes.subarray(at, at + bitsetBytes);
    let count = 0;
    for (let index = 0; index < bitsetBytes; index++) count += bitCounts[bits[index]];
    if (count !== cardinality) this.fail('bitmap.container', `${cardinality} bits`, String(count));
    return bits;
  }

  private u16(at: number): number {
    return this.bytes[at] | (this.bytes[at + 1] << 8);
  }

  private need(count: number): void {
    if (this.to - this.position < count) this.unfit(`${count} bytes`, `${this.to - this.position}, the end`);
  }

  /** Moves over `count` bytes; gives where they lie. */
  private take(count: number): number {
    this.need(count);
    this.position += count;
    return this.position - count;
  }

  /** These bytes are no such bitmap at all. */
  private unfit(expected: string, found: string): never {
    return this.fail('bitmap.layout', expected, found);
  }

  private fail(code: FaultCode, expected: string, found: string): never {
    throw new EncodingError(formatFault(code, this.position - this.from, expected, found));
  }
}

/** Number of bits set in each byte, and each byte with its bits in the other order: Redis counts them from the high one. */
const bitCounts = new Uint8Array(256);
const mirroredBytes = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  for (let bit = 0; bit < 8; bit++) {
    if ((byte & (1 << bit)) === 0) continue;
    bitCounts[byte]++;
    mirroredBytes[byte] |= 0x80 >> bit;
  }
}

function mirrored(bits: Uint8Array): Uint8Array {
  return bits.map((byte) => mirroredBytes[byte]);
}

/** The highest bit of a container that has one. */
function lastBit(bits: Uint8Array): number {
  let index = bitsetBytes - 1;
  while (bits[index] === 0) index--;
  return index * 8 + 31 - Math.clz32(bits[index]);
}

function bitNumber(block: number, low: number): U64 {
  const bit = block * blockBits + low;
  return bit <= Number.MAX_SAFE_INTEGER ? bit : canonicalU64(BigInt(block) * BigInt(blockBits) + BigInt(low));
}

function byteOf(bit: U64): U64 {
  return typeof bit === 'number' ? Math.floor(bit / 8) : canonicalU64(bit / 8n);
}
