import { FormatError } from '../faults.ts';
import type { FaultCode } from '../findings.ts';
import { Window } from '../io/window.ts';
import { blobBytesMax } from '../limits.ts';
import { lzfDecompress, lzfValidate } from '../lzf/decompress.ts';

/**
 * The primitives of the RDB format over a window: lengths, strings, numbers.
 *
 *     length   00xxxxxx                       6 bits
 *              01xxxxxx xxxxxxxx             14 bits, high byte first
 *              10000000 + 4 bytes            32 bits, high byte first
 *              10000001 + 8 bytes            64 bits, high byte first (version 8 and later)
 *     string   length + bytes
 *              11000000 + int8 | 11000001 + int16 | 11000010 + int32      little-endian, stands for its decimal text
 *              11000011 + length compressed + length + LZF bytes
 */
export class RdbInput extends Window {
  /** After `length()`: the value's two halves, for numbers beyond 2^53. */
  high = 0;
  low = 0;
  /**
   * After `string()`: where the string's bytes lie until the next read. It is the window itself, or `scratch` for a string that
   * was compressed or an integer.
   */
  textBytes: Buffer = Buffer.alloc(0);
  textStart = 0;
  textLength = 0;
  /**
   * Whether a length may be one of a string's special encodings, as servers take it: its lower 6 bits. No server writes one, so that
   * it is damage to everything but what foretells a server.
   */
  takesEncodedLengths = false;
  /** A string was compressed that has no bytes: servers load it from 6.2 on, and none writes it. */
  emptyCompressedAt = -1;
  /** Whether `skipString` leaves compressed data unread: for a second reading of what was checked before. */
  trusting = false;
  private scratch = Buffer.allocUnsafeSlow(1024);

  /** Throws a fault at `offset` (by default: the next byte). */
  fail(code: FaultCode, expected: string, found: string, offset = this.offset): never {
    throw new FormatError(code, offset, expected, found);
  }

  /** Makes sure that `count` bytes can be read; their fault is that the file ends. */
  need(count: number): void {
    if (this.limit - this.position < count && !this.ensure(count)) this.truncated(count);
  }

  private truncated(count: number): never {
    const end = this.base + this.limit;
    throw new FormatError(
      'rdb.truncated',
      end,
      `${count} bytes from offset ${this.offset}`,
      `the end of the file at ${end}`,
    );
  }

  byte(): number {
    if (this.position === this.limit) this.need(1);
    return this.bytes[this.position++];
  }

  /** Moves over `count` bytes; the fault of a file that ends before them is found without reading what is left. */
  pass(count: number): void {
    if (count <= this.limit - this.position) {
      this.position += count;
      return;
    }
    const remaining = this.remaining;
    if (remaining !== undefined && count > remaining && this.limit - this.position < count) {
      // The size was taken when the file was opened: it may have grown, so the end itself decides.
      const from = this.offset;
      if (!this.skip(count))
        throw new FormatError(
          'rdb.truncated',
          this.offset,
          `${count} bytes from offset ${from}`,
          `the end of the file at ${this.offset}`,
        );
      return;
    }
    const from = this.offset;
    if (!this.skip(count)) {
      throw new FormatError(
        'rdb.truncated',
        this.offset,
        `${count} bytes from offset ${from}`,
        `the end of the file at ${this.offset}`,
      );
    }
  }

  /**
   * A length, or a 64-bit number in the same form. Above 2^53 the result is rounded: `high` and `low` hold it exactly.
   * A string's special encoding where a length must stand is a fault.
   */
  length(): number {
    if (this.limit - this.position < 9) this.ensure(9);
    const { bytes, position } = this;
    if (position >= this.limit) this.need(1);
    const first = bytes[position];
    if (first < 0x40) {
      this.position = position + 1;
      this.high = 0;
      return (this.low = first);
    }
    return this.longLength(first);
  }

  private longLength(first: number): number {
    this.high = 0;
    if (first < 0x80) {
      this.need(2);
      this.low = ((first & 0x3f) << 8) | this.bytes[this.position + 1];
      this.position += 2;
      return this.low;
    }
    if (first === 0x80) {
      this.need(5);
      this.low = this.bytes.readUInt32BE(this.position + 1);
      this.position += 5;
      return this.low;
    }
    if (first >= 0xc0 && this.takesEncodedLengths) {
      this.position++;
      this.low = first & 0x3f;
      return this.low;
    }
    if (first !== 0x81) {
      const found = `0x${first.toString(16)}`;
      this.fail('rdb.length.invalid', 'a length (0x00 to 0x81)', found);
    }
    this.need(9);
    this.high = this.bytes.readUInt32BE(this.position + 1);
    this.low = this.bytes.readUInt32BE(this.position + 5);
    this.position += 9;
    return this.high * 2 ** 32 + this.low;
  }

  /** A 64-bit number in the form of a length, exactly. */
  unsigned(): bigint {
    this.length();
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  /** A number of things of which each takes at least `bytesEach` bytes: more than the file can hold is a fault. */
  count(what: string, bytesEach = 1): number {
    const at = this.offset;
    const count = this.length();
    const remaining = this.remaining;
    const holds = remaining === undefined ? Number.MAX_SAFE_INTEGER : Math.max(remaining, this.limit - this.position);
    if (count * bytesEach > holds) {
      const end = this.offset + holds;
      this.fail('rdb.truncated', `${count} ${what}`, `the end of the file at ${end}`, end);
    }
    if (count > Number.MAX_SAFE_INTEGER) this.fail('rdb.length.range', `a number of ${what}`, String(count), at);
    return count;
  }

  int64(): bigint {
    this.need(8);
    const value = this.bytes.readBigInt64LE(this.position);
    this.position += 8;
    return value;
  }

  /** A 64-bit little-endian number of milliseconds. Exact: no file's moment lies beyond 2^53 (year 287396) but a damaged one's. */
  milliseconds(): number {
    this.need(8);
    const { bytes, position } = this;
    this.position = position + 8;
    return bytes.readInt32LE(position + 4) * 2 ** 32 + bytes.readUInt32LE(position);
  }

  double(): number {
    this.need(8);
    const value = this.bytes.readDoubleLE(this.position);
    this.position += 8;
    return value;
  }

  /** Moves over a string; what is compressed is checked to decompress to exactly the length that it states. */
  skipString(): void {
    if (this.position === this.limit) this.need(1);
    const first = this.bytes[this.position];
    if (first < 0x40) {
      this.position++;
      if (first <= this.limit - this.position) this.position += first;
      else this.pass(first);
      return;
    }
    if (first < 0xc0) this.pass(this.stringLength());
    else if (first === 0xc3) this.skipCompressed();
    else this.pass(1 + this.integerBytes(first));
  }

  /** A string's length; one that no part of the file could hold was never written so. */
  private stringLength(): number {
    const at = this.offset;
    const length = this.length();
    const size = this.source.size;
    if (size !== undefined && length > size && length > this.limit - this.position) {
      this.fail('rdb.string.length', `a string within the file's ${size} bytes`, `one of ${length} bytes`, at);
    }
    return length;
  }

  private skipCompressed(): void {
    const at = this.offset;
    this.position++;
    const compressed = this.length();
    const plain = this.length();
    this.plausible(compressed, plain, at);
    if (this.trusting || compressed > blobBytesMax || compressed === 0) {
      this.pass(compressed);
      return;
    }
    this.need(compressed);
    const flawAt = lzfValidate(this.bytes, this.position, this.position + compressed, plain);
    if (flawAt >= 0) {
      this.fail(
        'rdb.lzf.invalid',
        `LZF data of ${plain} bytes`,
        'data that does not decompress to that',
        this.base + flawAt,
      );
    }
    this.position += compressed;
  }

  /** One LZF operation of at least 3 bytes makes at most 264 bytes, so a larger claim is a lie that need not be tried. */
  private plausible(compressed: number, plain: number, at: number): void {
    if (plain <= compressed * 132 + 264 && compressed > 0 && plain > 0) return;
    if (compressed === 0 && plain === 0) {
      this.emptyCompressedAt = at;
      return;
    }
    this.fail('rdb.lzf.invalid', 'LZF lengths that go together', `${compressed} bytes for ${plain}`, at);
  }

  private integerBytes(first: number): number {
    if (first === 0xc0) return 1;
    if (first === 0xc1) return 2;
    if (first === 0xc2) return 4;
    return this.fail('rdb.string.encoding', 'a string encoding (0xc0 to 0xc3)', `0x${first.toString(16)}`);
  }

  /**
   * Reads a string whole: `textBytes`, `textStart`, `textLength` say where it lies. False where it is longer than
   * `lengthMax`: it is then passed over, its framing checked.
   */
  string(lengthMax = blobBytesMax): boolean {
    if (this.position === this.limit) this.need(1);
    const first = this.bytes[this.position];
    if (first === 0xc3) return this.compressedString(lengthMax);
    if (first >= 0xc0) return this.integerString(first);
    const length = this.stringLength();
    if (length > lengthMax) {
      this.pass(length);
      return false;
    }
    this.needText(length);
    this.textBytes = this.bytes;
    this.textStart = this.position;
    this.textLength = length;
    this.position += length;
    return true;
  }

  /** Room for a declared length is only made where the file is long enough. */
  private needText(length: number): void {
    if (length <= this.limit - this.position) return;
    const remaining = this.remaining;
    if (remaining !== undefined && length > remaining) this.pass(length);
    else this.need(length);
  }

  /** Makes sure that `count` bytes can be read: room for them is only made where the file is long enough. */
  needBytes(count: number): void {
    this.needText(count);
    this.need(count);
  }

  private integerString(first: number): boolean {
    const size = this.integerBytes(first);
    this.need(1 + size);
    const text = String(this.bytes.readIntLE(this.position + 1, size));
    this.textLength = this.scratch.latin1Write(text, 0);
    this.textBytes = this.scratch;
    this.textStart = 0;
    this.position += 1 + size;
    return true;
  }

  private compressedString(lengthMax: number): boolean {
    const at = this.offset;
    this.position++;
    const compressed = this.length();
    const plain = this.length();
    this.plausible(compressed, plain, at);
    if (plain > lengthMax || compressed > blobBytesMax) {
      this.pass(compressed);
      return false;
    }
    this.needText(compressed);
    if (this.scratch.length < plain) this.scratch = Buffer.allocUnsafeSlow(Math.max(plain, this.scratch.length * 2));
    const isNothing = compressed === 0 && plain === 0;
    if (
      !isNothing &&
      lzfDecompress(this.bytes, this.position, this.position + compressed, this.scratch, 0, plain) !== plain
    ) {
      this.fail('rdb.lzf.invalid', `LZF data of ${plain} bytes`, 'data that does not decompress to that', at);
    }
    this.position += compressed;
    this.textBytes = this.scratch;
    this.textStart = 0;
    this.textLength = plain;
    return true;
  }

  /** A string as a binary (latin1) string. */
  text(): string {
    if (!this.string()) this.fail('rdb.string.long', `at most ${blobBytesMax} bytes`, 'a longer string');
    return this.textBytes.latin1Slice(this.textStart, this.textStart + this.textLength);
  }
}
