/** The number under which held values are read: no file has it. */
export const heldSource = 0xffff;

/** Values lie in chunks; longer ones are not held, and none once there are so many chunks. */
const chunkBytes = 4 * 1024 * 1024;
const heldLengthMax = 64 * 1024;
const chunksMax = 16;

/** Serialized values that are likely to be wanted, held in memory while the file is at hand: reading each again would be a call. */
export class ValueCache {
  private readonly chunks: Buffer[] = [];
  /** Bytes in the last chunk. */
  private filled = chunkBytes;

  /** Holds `bytes[from, to)`; the offset for `read`, or -1 if it is too much. */
  hold(bytes: Buffer, from: number, to: number): number {
    const length = to - from;
    if (length > heldLengthMax) return -1;
    if (this.filled + length > chunkBytes) {
      if (this.chunks.length === chunksMax) return -1;
      this.chunks.push(Buffer.allocUnsafeSlow(chunkBytes));
      this.filled = 0;
    }
    const chunk = this.chunks.length - 1;
    const position = this.filled;
    bytes.copy(this.chunks[chunk], position, from, to);
    this.filled += length;
    return chunk * chunkBytes + position;
  }

  read(offset: number, length: number): Buffer {
    const position = offset % chunkBytes;
    return this.chunks[Math.floor(offset / chunkBytes)].subarray(position, position + length);
  }
}
