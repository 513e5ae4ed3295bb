import { shortInteger, shortIntegerBytes } from '../encodings/integer-text.ts';
import { ByteWriter } from '../io/writer.ts';
import { lzfCompress, lzfLengthMin, lzfSaving } from '../lzf/compress.ts';

/** Longest text that a server tries to write as an integer: `-2147483648`. */
const integerLengthMax = 11;
/** Encoding byte and two lengths. */
const compressedHeadMax = 19;

/**
 * The primitives of the RDB format, as a server writes them: lengths and strings in their shortest form.
 * RdbInput has the diagram.
 */
export class RdbOutput extends ByteWriter {
  /** Whether strings of more than 20 bytes are compressed where that saves 4 (`rdbcompression`). */
  compress = true;
  private scratch = Buffer.alloc(0);

  /** A length, up to 2^53. */
  writeLength(value: number): void {
    this.reserve(9);
    const { bytes, length } = this;
    if (value < 0x40) {
      bytes[length] = value;
      this.length = length + 1;
    } else if (value < 0x4000) {
      bytes[length] = 0x40 | (value >> 8);
      bytes[length + 1] = value;
      this.length = length + 2;
    } else if (value <= 0xffffffff) {
      bytes[length] = 0x80;
      this.length = bytes.writeUInt32BE(value, length + 1);
    } else {
      bytes[length] = 0x81;
      this.length = bytes.writeBigUInt64BE(BigInt(value), length + 1);
    }
  }

  /** A 64-bit number in the form of a length; a negative one as its two's complement. */
  writeUnsigned(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0) {
      this.writeLength(value);
      return;
    }
    const unsigned = BigInt.asUintN(64, BigInt(value));
    if (unsigned <= 0xffffffffn) {
      this.writeLength(Number(unsigned));
      return;
    }
    this.writeByte(0x81);
    this.writeUint64BE(unsigned);
  }

  /** A string of bytes: as an integer, compressed or plain, as rdbSaveRawString in the servers' rdb.c decides. */
  writeString(source: Uint8Array, from = 0, to = source.length): void {
    const length = to - from;
    if (length <= integerLengthMax && this.writeIntegerText(shortIntegerBytes(source, from, length))) return;
    if (this.compress && length >= lzfLengthMin && this.writeCompressed(source, from, to)) return;
    this.writeLength(length);
    this.writeBytes(source, from, to);
  }

  /** The same for a binary string. */
  writeStringText(text: string): void {
    const { length } = text;
    if (length <= integerLengthMax && this.writeIntegerText(shortInteger(text))) return;
    if (this.compress && length >= lzfLengthMin) {
      if (this.scratch.length < length) this.scratch = Buffer.allocUnsafeSlow(Math.max(1024, length * 2));
      this.scratch.latin1Write(text, 0, length);
      if (this.writeCompressed(this.scratch, 0, length)) return;
    }
    this.writeLength(length);
    this.writeText(text);
  }

  /** A plain string that is a safe integer. */
  writeInteger(value: number): void {
    if (!this.writeIntegerText(value)) {
      const text = String(value);
      this.writeLength(text.length);
      this.writeText(text);
    }
  }

  private writeIntegerText(value: number): boolean {
    if (!(value >= -2147483648 && value <= 2147483647)) return false;
    this.reserve(5);
    const { bytes, length } = this;
    if (value >= -128 && value <= 127) {
      bytes[length] = 0xc0;
      this.length = bytes.writeInt8(value, length + 1);
    } else if (value >= -32768 && value <= 32767) {
      bytes[length] = 0xc1;
      this.length = bytes.writeInt16LE(value, length + 1);
    } else {
      bytes[length] = 0xc2;
      this.length = bytes.writeInt32LE(value, length + 1);
    }
    return true;
  }

  /** False, with nothing written, where compressing saves less than 4 bytes. */
  private writeCompressed(source: Uint8Array, from: number, to: number): boolean {
    const plain = to - from;
    this.reserve(plain + compressedHeadMax);
    const start = this.length;
    const data = start + compressedHeadMax;
    const compressed = lzfCompress(source, from, to, this.bytes, data, plain - lzfSaving);
    if (compressed === 0) return false;
    this.bytes[start] = 0xc3;
    this.length = start + 1;
    this.writeLength(compressed);
    this.writeLength(plain);
    this.bytes.copyWithin(this.length, data, data + compressed);
    this.length += compressed;
    return true;
  }
}
