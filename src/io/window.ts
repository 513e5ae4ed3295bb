import { blobBytesMax, windowBytes } from '../limits.ts';
import type { Source } from './source.ts';

/** What a window tells about the bytes that leave it, in order and without gaps: a running checksum. */
export interface RunningChecksum {
  update(bytes: Buffer, from: number, to: number): void;
}

/**
 * The part of a source that is in memory: `bytes[position]` is the byte at `offset`, `bytes[limit]` is the first one not read.
 *
 *     bytes  [ done | position … limit | free ]
 *     offset        base + position
 *
 * Hot loops read `bytes`, `position` and `limit` themselves and write `position` back; whoever called `ensure` reads
 * `bytes` and `position` again, because it may have moved them.
 */
export class Window {
  bytes: Buffer;
  position = 0;
  limit = 0;
  /** Absolute offset of `bytes[0]`. */
  base = 0;
  readonly source: Source;
  /** The memory it began with, to which it returns after something that needed more. */
  readonly home: Buffer;
  /** Told how far reading has come, in bytes, now and then. */
  onProgress: ((offset: number) => void) | undefined;
  private ended = false;
  private checksum: RunningChecksum | undefined;
  private checksumPosition = 0;

  /** `bytes`: the memory to use, where the caller has a reason to choose it. */
  constructor(source: Source, size = windowBytes, bytes?: Buffer) {
    this.source = source;
    const wanted = source.size === undefined ? size : Math.min(size, source.size + 1);
    this.bytes = this.home = bytes ?? Buffer.allocUnsafeSlow(Math.max(64, wanted));
  }

  /** Absolute offset of the next byte. */
  get offset(): number {
    return this.base + this.position;
  }

  /** Bytes that are left, where the source can tell. */
  get remaining(): number | undefined {
    return this.source.size === undefined ? undefined : Math.max(this.source.size - this.offset, 0);
  }

  /** True at the end of the source. */
  atEnd(): boolean {
    return this.position === this.limit && !this.ensure(1);
  }

  /**
   * Brings the next `length` bytes into memory, side by side from `position`; false where the source ends before.
   * Never more than `blobBytesMax` beside a window: a caller compares longer lengths with `remaining` and skips.
   */
  ensure(length: number): boolean {
    if (this.limit - this.position >= length) return true;
    if (this.ended) return false;
    this.makeRoom(length);
    while (this.limit - this.position < length) {
      if (!this.fill()) return false;
    }
    return true;
  }

  /** Moves over `length` bytes without holding them; false where the source ends before (everything is then consumed). */
  skip(length: number): boolean {
    let left = length;
    for (;;) {
      const here = this.limit - this.position;
      if (left <= here) {
        this.position += left;
        return true;
      }
      left -= here;
      this.position = this.limit;
      if (!this.ensure(1)) return false;
    }
  }

  /** Goes to `offset`, back or forth; false where the source can only be read once and the bytes are gone. */
  seek(offset: number): boolean {
    if (offset >= this.base && offset <= this.base + this.limit) {
      this.position = offset - this.base;
      return true;
    }
    if (!this.source.seek(offset)) return false;
    this.base = offset;
    this.position = this.limit = 0;
    this.ended = false;
    return true;
  }

  /** From here on, every byte that is consumed goes into `checksum` too. */
  startChecksum(checksum: RunningChecksum): void {
    this.checksum = checksum;
    this.checksumPosition = this.position;
  }

  /** Brings the checksum up to `position` and takes no more bytes in. */
  stopChecksum(): void {
    this.updateChecksum();
    this.checksum = undefined;
  }

  private updateChecksum(): void {
    if (this.checksum === undefined || this.position <= this.checksumPosition) return;
    this.checksum.update(this.bytes, this.checksumPosition, this.position);
    this.checksumPosition = this.position;
  }

  private makeRoom(length: number): void {
    if (this.position === 0 && this.bytes.length >= length) return;
    if (this.bytes.length - this.position >= length && this.bytes.length - this.limit >= this.bytes.length >> 2) return;
    this.updateChecksum();
    const kept = this.limit - this.position;
    const room = this.roomFor(length, kept);
    this.bytes.copy(room, 0, this.position, this.limit);
    this.bytes = room;
    this.base += this.position;
    this.position = 0;
    this.checksumPosition = 0;
    this.limit = kept;
  }

  /** Memory for `length` bytes, of which `kept` are there. */
  private roomFor(length: number, kept: number): Buffer {
    const { bytes, home } = this;
    if (length > bytes.length) {
      return Buffer.allocUnsafeSlow(Math.min(Math.max(length, bytes.length * 2), length + blobBytesMax));
    }
    return length <= home.length && kept <= home.length ? home : bytes;
  }

  private fill(): boolean {
    const count = this.source.read(this.bytes, this.limit, this.bytes.length - this.limit);
    if (count === 0) {
      this.ended = true;
      return false;
    }
    this.limit += count;
    this.onProgress?.(this.base + this.limit);
    return true;
  }
}
