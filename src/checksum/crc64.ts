/*
 * CRC-64 "Jones", the checksum at the end of an RDB and of a DUMP payload (crc64-javascript.ts states its parameters).
 */
import { kernelBufferBytes, loadKernels } from '../kernels/kernels.ts';
import { crc64Javascript, crc64Result } from './crc64-javascript.ts';

/** Below this many bytes copying into the kernel's memory costs more than its speed gives back. */
const kernelBytesMin = 128;

/** A running CRC-64. Bytes may come in pieces of any size; large ones (256 KiB and more) are fastest. */
export class Crc64 {
  private low: number;
  private high: number;

  /** `start`: the checksum of the bytes that came before, 0 for none. */
  constructor(start = 0n) {
    this.low = Number(start & 0xffffffffn);
    this.high = Number(start >> 32n);
  }

  /** Continues with `bytes[from, to)`, which are only read. */
  update(bytes: Uint8Array, from = 0, to = bytes.length): void {
    const kernels = to - from < kernelBytesMin ? undefined : loadKernels();
    if (!kernels) {
      crc64Javascript(this.low, this.high, bytes, from, to);
      this.low = crc64Result[0];
      this.high = crc64Result[1];
      return;
    }
    for (let at = from; at < to; at += kernelBufferBytes) {
      const end = Math.min(to, at + kernelBufferBytes);
      kernels.buffer.set(bytes.subarray(at, end));
      kernels.crc64(this.low, this.high, end - at);
      this.low = kernels.result[0];
      this.high = kernels.result[1];
    }
  }

  /** The checksum so far, an unsigned 64-bit integer. */
  value(): bigint {
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }

  /** Starts again from nothing. */
  reset(): void {
    this.low = 0;
    this.high = 0;
  }

  clone(): Crc64 {
    return new Crc64(this.value());
  }
}

/** The CRC-64 of `bytes[from, to)`. */
export function crc64(bytes: Uint8Array, from = 0, to = bytes.length): bigint {
  const crc = new Crc64();
  crc.update(bytes, from, to);
  return crc.value();
}

export { crc64Combine } from './crc64-combine.ts';
