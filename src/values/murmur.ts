/**
 * MurmurHash64A (Austin Appleby, public domain) with the seed of the servers' HyperLogLog, little-endian loads, on 32-bit halves.
 */
const seed = 0xadc83b19;
const multiplierLow = 0x5bd1e995;
const multiplierHigh = 0xc6a4a793;

/** Holds the two halves of the last hash, so that hashing allocates nothing. */
export class Murmur64 {
  low = 0;
  high = 0;

  /** Hashes `bytes[start, start + length)` into `low` and `high`, both signed 32-bit. */
  hash(bytes: Buffer, start: number, length: number): void {
    this.low = length | 0;
    this.high = 0;
    this.multiply();
    let low = this.low ^ seed;
    let high = this.high;
    let position = start;
    for (const end = start + (length & ~7); position < end; position += 8) {
      this.low = bytes.readInt32LE(position);
      this.high = bytes.readInt32LE(position + 4);
      this.multiply();
      this.low ^= this.high >>> 15;
      this.multiply();
      this.low ^= low;
      this.high ^= high;
      this.multiply();
      low = this.low;
      high = this.high;
    }
    this.low = low;
    this.high = high;
    if ((length & 7) !== 0) this.mixTail(bytes, position, length & 7);
    this.low ^= this.high >>> 15;
    this.multiply();
    this.low ^= this.high >>> 15;
  }

  private mixTail(bytes: Buffer, position: number, length: number): void {
    for (let i = 0; i < length; i++) {
      if (i < 4) this.low ^= bytes[position + i] << (8 * i);
      else this.high ^= bytes[position + i] << (8 * (i - 4));
    }
    this.multiply();
  }

  /** Multiplies the halves by the algorithm's constant, modulo 2^64. */
  private multiply(): void {
    const { low, high } = this;
    this.high = (highProduct(low, multiplierLow) + Math.imul(low, multiplierHigh) + Math.imul(high, multiplierLow)) | 0;
    this.low = Math.imul(low, multiplierLow);
  }
}

/** Upper 32 bits of the product of two unsigned 32-bit integers. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const other = aLow * bHigh + (middle % 0x10000);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000);
}
