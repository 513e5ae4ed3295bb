import type { RunningChecksum } from '../io/window.ts';
import type { Lanes } from '../kernels/lanes.ts';
import { Crc64 } from './crc64.ts';

/** A running CRC-64 of what a window reads: without a copy while that lies in the lanes' memory. */
export class WindowChecksum implements RunningChecksum {
  private readonly lanes: Lanes;
  private low = 0;
  private high = 0;

  constructor(lanes: Lanes) {
    this.lanes = lanes;
  }

  /** Continues with `bytes[from, to)`. */
  update(bytes: Buffer, from: number, to: number): void {
    const { lanes } = this;
    if (lanes.owns(bytes)) {
      lanes.crc64(this.low, this.high, from, to);
      this.low = lanes.result[0];
      this.high = lanes.result[1];
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
