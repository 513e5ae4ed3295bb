/*
 * The checksums of compressed frames: XXH32 of LZ4, XXH64 of Zstandard, both with seed 0 (xxHash's specification, version 0.1.1).
 */
import { openXxh64Kernel, type Xxh64Kernel, xxh64BufferBytes } from '../../kernels/xxh64-kernel.ts';

const prime1 = 0x9e3779b1 | 0;
const prime2 = 0x85ebca77 | 0;
const prime3 = 0xc2b2ae3d | 0;
const prime4 = 0x27d4eb2f | 0;
const prime5 = 0x165667b1 | 0;
const stripe32 = 16;

const rotated = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** A running XXH32. */
export class Xxh32 {
  private readonly checkKernel = Int32Array.of(prime1 + prime2, prime2, 0, -prime1);
  private readonly held = Buffer.alloc(stripe32);
  private heldLength = 0;
  private total = 0;

  update(bytes: Uint8Array, from = 0, to = bytes.length): void {
    this.total += to - from;
    let at = from;
    if (this.heldLength > 0) {
      at = from + Math.min(to - from, stripe32 - this.heldLength);
      this.held.set(bytes.subarray(from, at), this.heldLength);
      this.heldLength += at - from;
      if (this.heldLength < stripe32) return;
      this.take(this.held, 0, stripe32);
    }
    const end = to - ((to - at) % stripe32);
    this.take(bytes, at, end);
    this.held.set(bytes.subarray(end, to));
    this.heldLength = to - end;
  }

  private take(bytes: Uint8Array, from: number, to: number): void {
    let [a, b, c, d] = this.checkKernel;
    for (let at = from; at < to; at += stripe32) {
      a = round32(a, bytes, at);
      b = round32(b, bytes, at + 4);
      c = round32(c, bytes, at + 8);
      d = round32(d, bytes, at + 12);
    }
    this.checkKernel.set([a, b, c, d]);
  }

  /** The hash, an unsigned 32-bit integer. */
  value(): number {
    const [a, b, c, d] = this.checkKernel;
    const { held, heldLength } = this;
    let hash = this.total >= stripe32 ? (rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18)) | 0 : prime5;
    hash = (hash + this.total) | 0;
    let at = 0;
    for (; at + 4 <= heldLength; at += 4) {
      hash = Math.imul(rotated(hash + Math.imul(held.readInt32LE(at), prime3), 17), prime4);
    }
    for (; at < heldLength; at++) hash = Math.imul(rotated(hash + Math.imul(held[at], prime5), 11), prime1);
    hash = Math.imul(hash ^ (hash >>> 15), prime2);
    hash = Math.imul(hash ^ (hash >>> 13), prime3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }
}

function round32(batch: number, bytes: Uint8Array, at: number): number {
  const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  return Math.imul(rotated(batch + Math.imul(word, prime2), 13), prime1);
}

/** The XXH32 of `bytes[from, to)`. */
export function xxh32(bytes: Uint8Array, from = 0, to = bytes.length): number {
  const hash = new Xxh32();
  hash.update(bytes, from, to);
  return hash.value();
}

const stripe64 = 32;

/** A running XXH64, of which the low half is wanted. */
export class Xxh64 {
  private readonly kernel: Xxh64Kernel;
  private readonly held = Buffer.alloc(stripe64);
  private heldLength = 0;
  private total = 0;

  /** `kernel`: what hashes whole stripes; by default what this machine can run. */
  constructor(kernel: Xxh64Kernel = openXxh64Kernel() ?? xxh64Javascript()) {
    this.kernel = kernel;
    kernel.begin();
  }

  update(bytes: Uint8Array, from = 0, to = bytes.length): void {
    const { kernel } = this;
    this.total += to - from;
    for (let at = from; at < to; ) {
      kernel.buffer.set(this.held.subarray(0, this.heldLength));
      const end = Math.min(to, at + xxh64BufferBytes - this.heldLength);
      kernel.buffer.set(bytes.subarray(at, end), this.heldLength);
      const filled = this.heldLength + end - at;
      const whole = filled - (filled % stripe64);
      if (whole > 0) kernel.update(whole / stripe64);
      this.held.set(kernel.buffer.subarray(whole, filled));
      this.heldLength = filled - whole;
      at = end;
    }
  }

  /** The low half of the hash, an unsigned 32-bit integer. Nothing can be added after it. */
  low(): number {
    this.kernel.buffer.set(this.held.subarray(0, this.heldLength));
    this.kernel.finish(this.total, this.heldLength);
    return this.kernel.result[0];
  }
}

const wide = {
  prime1: 0x9e3779b185ebca87n,
  prime2: 0xc2b2ae3d27d4eb4fn,
  prime3: 0x165667b19e3779f9n,
  prime4: 0x85ebca77c2b2ae63n,
  prime5: 0x27d4eb2f165667c5n,
};
const mask64 = (1n << 64n) - 1n;
const rotated64 = (value: bigint, by: bigint): bigint => ((value << by) | ((value & mask64) >> (64n - by))) & mask64;
const round64 = (batch: bigint, input: bigint): bigint =>
  (rotated64((batch + input * wide.prime2) & mask64, 31n) * wide.prime1) & mask64;
const merge64 = (hash: bigint, batch: bigint): bigint =>
  ((hash ^ round64(0n, batch)) * wide.prime1 + wide.prime4) & mask64;

/** The kernel's work in JavaScript, slowly, for a machine that cannot run it. */
export function xxh64Javascript(): Xxh64Kernel {
  const buffer = Buffer.alloc(xxh64BufferBytes);
  const result = new Uint32Array(2);
  let checkKernel: bigint[] = [];
  return {
    buffer,
    result,
    begin() {
      checkKernel = [(wide.prime1 + wide.prime2) & mask64, wide.prime2, 0n, mask64 + 1n - wide.prime1];
    },
    update(count) {
      for (let at = 0; at < count * stripe64; at += stripe64) {
        checkKernel = checkKernel.map((batch, index) => round64(batch, buffer.readBigUInt64LE(at + index * 8)));
      }
    },
    finish(total, count) {
      const [a, b, c, d] = checkKernel;
      let hash = wide.prime5;
      if (total >= stripe64) {
        hash = (rotated64(a, 1n) + rotated64(b, 7n) + rotated64(c, 12n) + rotated64(d, 18n)) & mask64;
        for (const batch of checkKernel) hash = merge64(hash, batch);
      }
      hash = (hash + BigInt(total)) & mask64;
      let at = 0;
      for (; at + 8 <= count; at += 8) {
        hash = (rotated64(hash ^ round64(0n, buffer.readBigUInt64LE(at)), 27n) * wide.prime1 + wide.prime4) & mask64;
      }
      if (at + 4 <= count) {
        const word = (BigInt(buffer.readUInt32LE(at)) * wide.prime1) & mask64;
        hash = (rotated64(hash ^ word, 23n) * wide.prime2 + wide.prime3) & mask64;
        at += 4;
      }
      for (; at < count; at++) {
        hash = (rotated64(hash ^ ((BigInt(buffer[at]) * wide.prime5) & mask64), 11n) * wide.prime1) & mask64;
      }
      hash = ((hash ^ (hash >> 33n)) * wide.prime2) & mask64;
      hash = ((hash ^ (hash >> 29n)) * wide.prime3) & mask64;
      hash ^= hash >> 32n;
      result[0] = Number(hash & 0xffffffffn);
      result[1] = Number(hash >> 32n);
    },
  };
}
