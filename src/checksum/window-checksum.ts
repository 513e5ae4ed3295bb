import type { RunningChecksum } from '../io/window.ts';
import type { CheckKernel } from '../kernels/check-kernel.ts';
import { Crc64 } from './crc64.ts';

/** A running CRC-64 of what a window reads: without a copy while that lies in the lanes' memory. */
export class WindowChecksum implements RunningChecksum {
  private readonly checkKernel: CheckKernel;
  private low = 0;
  private high = 0;

  constructor(checkKernel: CheckKernel) {
    this.checkKernel = checkKernel;
  }

  /** Continues with `bytes[from, to)`. */
  update(bytes: Buffer, from: number, to: number): void {
    const { checkKernel } = this;
    if (checkKernel.owns(bytes)) {
      checkKernel.crc64(this.low, this.high, from, to);
      this.low = checkKernel.result[0];
      this.high = checkKernel.result[1];
      return;
    }
    const crc = new Crc64(this.value());
    crc.update(bytes, from, to);
    const value = crc.value();
    this.low = Number(value & 0xffffffffn);
    this.high = Number(value >> 32n);
  }

  /** The checksum so far, an unsigned 64-bit integer. */
  value(): bigint {
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }
}
