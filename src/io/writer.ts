/**
 * A growing buffer that encoders write into, and that may hand its bytes on to a sink as it fills: the counterpart of Window.
 */

/** Where finished bytes go, in order. `bytes` is only valid during the call: it is memory that will be reused. */
export interface ByteSink {
  write(bytes: Uint8Array): void;
  /** Takes `length` bytes of an open file from `offset` on, where another thread reads and writes them. */
  copy?(descriptor: number, offset: number, length: number): void;
}

const capacityMin = 1024;
/** Bytes that are gathered before they are handed on. */
const spillBytes = 256 * 1024;
/** A piece of this size or more is handed on without being copied into the buffer. */
const directBytesMin = 128 * 1024;
/** Texts up to this length are written by a loop, which is faster than a call out of JavaScript. */
const loopLengthMax = 24;

/**
 * `bytes[0, length)` is what was written and not yet handed on. Hot loops may `reserve` and write into `bytes` themselves.
 * With a sink, whoever writes much calls `settle` at each point before which nothing will be changed any more.
 */
export class ByteWriter {
  bytes: Buffer;
  /** Bytes written and not yet handed to the sink. */
  length = 0;
  /** Bytes handed to the sink. */
  spilled = 0;
  private readonly sink: ByteSink | undefined;

  constructor(sink?: ByteSink, capacity = sink === undefined ? capacityMin : spillBytes * 2) {
    this.sink = sink;
    this.bytes = Buffer.allocUnsafeSlow(Math.max(64, capacity));
  }

  /** Bytes written in all. */
  get offset(): number {
    return this.spilled + this.length;
  }

  /** Makes room for `count` more bytes; `bytes` may be another buffer afterwards. */
  reserve(count: number): void {
    if (this.bytes.length - this.length < count) this.grow(count);
  }

  private grow(count: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.length + count, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  /** Hands the bytes on where enough have gathered. */
  settle(): void {
    if (this.length >= spillBytes && this.sink !== undefined) this.spill();
  }

  /** Hands on whatever there is. */
  spill(): void {
    if (this.sink === undefined || this.length === 0) return;
    this.sink.write(this.bytes.subarray(0, this.length));
    this.spilled += this.length;
    this.length = 0;
    // A single value that needed a large buffer does not keep it.
    if (this.bytes.length > 16 * spillBytes) this.bytes = Buffer.allocUnsafeSlow(spillBytes * 2);
  }

  /** Forgets what was written and not handed on. */
  reset(): void {
    this.length = 0;
  }

  /** What was written and not handed on: a view, valid until the next write. */
  view(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  writeByte(value: number): void {
    if (this.length === this.bytes.length) this.grow(1);
    this.bytes[this.length++] = value;
  }

  /** Writes `source[from, to)`. */
  writeBytes(source: Uint8Array, from = 0, to = source.length): void {
    const count = to - from;
    if (count >= directBytesMin && this.sink !== undefined) {
      this.spill();
      this.sink.write(source.subarray(from, to));
      this.spilled += count;
      return;
    }
    if (this.bytes.length - this.length < count) this.grow(count);
    const { bytes, length } = this;
    if (count <= loopLengthMax)
      for (let index = 0; index < count; index++) bytes[length + index] = source[from + index];
    else if (source instanceof Buffer) source.copy(bytes, length, from, to);
    else bytes.set(source.subarray(from, to), length);
    this.length = length + count;
  }

  /** Writes a binary string, one byte a character. */
  writeText(text: string): void {
    const count = text.length;
    if (this.bytes.length - this.length < count) this.grow(count);
    const { bytes, length } = this;
    if (count <= loopLengthMax)
      for (let index = 0; index < count; index++) bytes[length + index] = text.charCodeAt(index);
    else bytes.latin1Write(text, length, count);
    this.length = length + count;
  }

  /** 8 bytes, IEEE 754 little-endian. */
  writeDouble(value: number): void {
    this.reserve(8);
    this.length = this.bytes.writeDoubleLE(value, this.length);
  }

  /** 8 bytes, little-endian, two's complement. */
  writeInt64(value: number | bigint): void {
    this.reserve(8);
    const { bytes, length } = this;
    if (typeof value === 'bigint') bytes.writeBigInt64LE(BigInt.asIntN(64, value), length);
    else {
      bytes.writeInt32LE(value | 0, length);
      bytes.writeInt32LE(Math.floor(value / 4294967296) | 0, length + 4);
    }
    this.length = length + 8;
  }

  /** 8 bytes, the high one first, unsigned. */
  writeUint64BE(value: number | bigint): void {
    this.reserve(8);
    this.length = this.bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)), this.length);
  }

  /** An integer in decimal. */
  writeDecimal(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value < 1e9) this.writeShortDecimal(value);
    else this.writeText(String(value));
  }

  private writeShortDecimal(value: number): void {
    this.reserve(10);
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits++;
    const { bytes } = this;
    let rest = value | 0;
    for (let position = this.length + digits - 1; position >= this.length; position--) {
      const tenth = (rest / 10) | 0;
      bytes[position] = 48 + rest - tenth * 10;
      rest = tenth;
    }
    this.length += digits;
  }
}
