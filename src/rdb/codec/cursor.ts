import type { U64 } from '../../encodings/u64.ts';
import { LimitError } from '../../errors.ts';
import { FormatError } from '../../faults.ts';
import type { FaultCode } from '../../findings.ts';
import { decompressionRatio, limits } from '../../limits.ts';
import { lzfDecompress } from '../../lzf/decompress.ts';
import { Interner } from '../../values/intern.ts';

/** Longest step of LZF: 3 bytes in for 264 out; what claims more is refused before room is made for it. */
const lzfRatioMax = 132;
const pooledLengthMax = 2048;
/** Longest string that is decompressed into memory that the next one uses again. */
const scratchMax = 1024 * 1024;

/**
 * Reads the primitives of one value that lies whole in memory: what RdbInput is to a file, without its window. Offsets of
 * faults count from the value's start.
 */
export class ValueCursor {
  bytes: Buffer = Buffer.alloc(0);
  position = 0;
  end = 0;
  /** After `blob()`: where the string's bytes lie until the next read: in `bytes`, or decompressed. */
  blobBytes: Buffer = this.bytes;
  blobStart = 0;
  blobEnd = 0;
  /** Shares the strings of what is often the same: names of fields. */
  readonly interner = new Interner();
  private start = 0;
  /** What the compressed strings of this value have come to, bytes. */
  decompressed = 0;
  private scratch = Buffer.allocUnsafeSlow(8192);

  /** Stands at the start of the value `bytes[from, to)`. */
  begin(bytes: Buffer, from: number, to: number): void {
    this.bytes = bytes;
    this.position = this.start = from;
    this.end = to;
    this.decompressed = 0;
  }

  fail(code: FaultCode, expected: string, found: string): never {
    throw new FormatError(code, this.position - this.start, expected, found);
  }

  /** Makes sure that `count` bytes are left. */
  need(count: number): void {
    if (this.end - this.position < count) {
      this.fail('rdb.truncated', `${count} bytes`, `${this.end - this.position}, the end of the value`);
    }
  }

  byte(): number {
    this.need(1);
    return this.bytes[this.position++];
  }

  /** A length; rounded beyond 2^53. */
  length(): number {
    const first = this.byte();
    if (first < 0x40) return first;
    if (first < 0x80) return ((first & 0x3f) << 8) | this.byte();
    if (first === 0x80) {
      this.need(4);
      this.position += 4;
      return this.bytes.readUInt32BE(this.position - 4);
    }
    if (first !== 0x81) {
      this.position--;
      this.fail('rdb.length.invalid', 'a length (0x00 to 0x81)', `0x${first.toString(16)}`);
    }
    this.need(8);
    this.position += 8;
    return this.bytes.readUInt32BE(this.position - 8) * 2 ** 32 + this.bytes.readUInt32BE(this.position - 4);
  }

  /** A 64-bit number in the form of a length, exactly. */
  unsigned(): U64 {
    const value = this.length();
    return value <= Number.MAX_SAFE_INTEGER ? value : this.bytes.readBigUInt64BE(this.position - 8);
  }

  /** A number of things of which each takes at least `bytesEach` bytes. */
  count(bytesEach = 1): number {
    const count = this.length();
    if (count * bytesEach > this.end - this.position) {
      this.fail('rdb.truncated', `${count} elements`, `${this.end - this.position} bytes`);
    }
    return count;
  }

  /** 8 bytes, little-endian, signed; rounded beyond 2^53. */
  int64(): number {
    this.need(8);
    const { bytes, position } = this;
    this.position = position + 8;
    return bytes.readInt32LE(position + 4) * 2 ** 32 + bytes.readUInt32LE(position);
  }

  double(): number {
    this.need(8);
    this.position += 8;
    return this.bytes.readDoubleLE(this.position - 8);
  }

  /** 8 bytes, the high one first. */
  uint64BE(): U64 {
    this.need(8);
    const high = this.bytes.readUInt32BE(this.position);
    this.position += 8;
    if (high < 0x200000) return high * 2 ** 32 + this.bytes.readUInt32BE(this.position - 4);
    return this.bytes.readBigUInt64BE(this.position - 8);
  }

  /** Reads a string: `blobBytes`, `blobStart` and `blobEnd` say where it lies until the next one is read. */
  blob(): void {
    this.need(1);
    const first = this.bytes[this.position];
    if (first >= 0xc0) {
      this.encodedBlob(first);
      return;
    }
    const length = this.length();
    this.need(length);
    this.blobBytes = this.bytes;
    this.blobStart = this.position;
    this.blobEnd = this.position += length;
  }

  private encodedBlob(first: number): void {
    if (first === 0xc3) this.compressedBlob();
    else {
      const text = String(this.smallInteger(first));
      this.blobBytes = this.scratch;
      this.blobStart = 0;
      this.blobEnd = this.scratch.latin1Write(text, 0);
    }
  }

  private smallInteger(first: number): number {
    const size = first === 0xc0 ? 1 : first === 0xc1 ? 2 : 4;
    if (first > 0xc2) this.fail('rdb.string.encoding', 'a string encoding (0xc0 to 0xc3)', `0x${first.toString(16)}`);
    this.need(1 + size);
    this.position += 1 + size;
    return this.bytes.readIntLE(this.position - size, size);
  }

  private compressedBlob(): void {
    this.position++;
    const compressed = this.length();
    const plain = this.length();
    this.need(compressed);
    if (plain > compressed * lzfRatioMax + 264) {
      this.fail('rdb.lzf.invalid', 'LZF lengths that go together', `${compressed} bytes for ${plain}`);
    }
    this.spend(plain);
    const into = this.roomFor(plain);
    const to = this.position + compressed;
    const isNothing = compressed === 0 && plain === 0;
    if (!isNothing && lzfDecompress(this.bytes, this.position, to, into, 0, plain) !== plain) {
      this.fail('rdb.lzf.invalid', `LZF data of ${plain} bytes`, 'data that does not decompress to that');
    }
    this.position = to;
    this.blobBytes = into;
    this.blobStart = 0;
    this.blobEnd = plain;
  }

  /** Memory in proportion: a file of some megabytes can state that it comes to gigabytes. */
  private spend(plain: number): void {
    this.decompressed += plain;
    const most = limits().decompressedBytes;
    if (this.decompressed <= most || this.decompressed <= (this.end - this.start) * decompressionRatio) return;
    throw new LimitError(
      '',
      `a value of ${this.end - this.start} bytes comes to more than ${most} bytes`,
      '--max-decompressed',
    );
  }

  /** What is long gets memory of its own, which `ownBlob` gives away: one copy of it at a time. */
  private roomFor(plain: number): Buffer {
    if (plain > scratchMax) return Buffer.allocUnsafeSlow(plain);
    if (this.scratch.length < plain) this.scratch = Buffer.allocUnsafeSlow(Math.max(plain, this.scratch.length * 2));
    return this.scratch;
  }

  /** A string as a binary string. */
  text(): string {
    this.need(1);
    const first = this.bytes[this.position];
    if (first >= 0xc0 && first < 0xc3) return String(this.smallInteger(first));
    this.blob();
    return this.blobBytes.latin1Slice(this.blobStart, this.blobEnd);
  }

  /** As `text`, for strings that come again and again. */
  sharedText(): string {
    this.blob();
    return this.interner.text(this.blobBytes, this.blobStart, this.blobEnd - this.blobStart);
  }

  /** A plain string: a number where it is written as an integer, else bytes of its own. */
  plain(): Buffer | number {
    this.need(1);
    const first = this.bytes[this.position];
    if (first >= 0xc0 && first < 0xc3) return this.smallInteger(first);
    this.blob();
    return this.ownBlob();
  }

  /** A copy of the last blob. */
  ownBlob(): Buffer {
    const length = this.blobEnd - this.blobStart;
    if (length > scratchMax && this.blobBytes.length === length && this.blobBytes !== this.bytes) return this.blobBytes;
    // Short ones share Node's pool: an ArrayBuffer each would cost more than its bytes.
    const own = length < pooledLengthMax ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
    this.blobBytes.copy(own, 0, this.blobStart, this.blobEnd);
    return own;
  }

  /** Passes over a string without looking into it. */
  skipString(): void {
    this.need(1);
    const first = this.bytes[this.position];
    if (first >= 0xc0 && first < 0xc3) this.smallInteger(first);
    else if (first === 0xc3) {
      this.position++;
      const compressed = this.length();
      this.length();
      this.need(compressed);
      this.position += compressed;
    } else {
      const length = this.length();
      this.need(length);
      this.position += length;
    }
  }
}
