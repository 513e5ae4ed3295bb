/**
 * The bytes that a frame has given so far, as far back as a match may reach: `bytes[start, end)`.
 *
 * It grows with what is decoded, so that a frame cannot claim more memory than it fills, and what is too old is moved away only when
 * as much as half a window has come, so that small blocks cost no more than large ones.
 */
export class History {
  bytes: Buffer = Buffer.alloc(0);
  end = 0;
  /** Where the oldest byte lies that a match may name. */
  start = 0;
  private readonly windowBytes: number;

  constructor(windowBytes: number) {
    this.windowBytes = windowBytes;
  }

  /** Makes room for `length` bytes at `end`. */
  reserve(length: number): void {
    const { windowBytes } = this;
    if (this.end + length > this.bytes.length) {
      const largest = windowBytes + (windowBytes >> 1) + length;
      if (this.bytes.length < largest) {
        const grown = Buffer.allocUnsafeSlow(Math.min(largest, Math.max(this.bytes.length * 2, this.end + length)));
        this.bytes.copy(grown, 0, 0, this.end);
        this.bytes = grown;
      }
      if (this.end + length > this.bytes.length) this.drop();
    }
    this.start = Math.max(this.start, this.end - windowBytes);
  }

  private drop(): void {
    const from = Math.max(this.start, this.end - this.windowBytes);
    this.bytes.copyWithin(0, from, this.end);
    this.end -= from;
    this.start = 0;
  }

  /** Appends `length` bytes from `offset` bytes back, of which those to come may be a part. The caller has checked both. */
  copyMatch(offset: number, length: number): void {
    const { bytes, end } = this;
    const from = end - offset;
    if (offset >= length && length > 24) bytes.copyWithin(end, from, from + length);
    else if (offset === 1 && length > 24) bytes.fill(bytes[from], end, end + length);
    else for (let index = 0; index < length; index++) bytes[end + index] = bytes[from + index];
    this.end = end + length;
  }

  /** Appends `source[from, to)`. */
  append(source: Uint8Array, from: number, to: number): void {
    const { bytes, end } = this;
    if (to - from > 24) bytes.set(source.subarray(from, to), end);
    else for (let at = from, into = end; at < to; at++, into++) bytes[into] = source[at];
    this.end = end + to - from;
  }
}
