import { ValueCursor } from '../rdb/codec/cursor.ts';

/** Reads what decides the size of a value: lengths of strings, without their bytes where that can be. */
export class SizeCursor extends ValueCursor {
  /** After `textLength()`: the string is written as an integer, or may be the text of one. */
  mayBeInteger = false;
  /** After `packedLength()`: where the string's bytes lie, as far as they are known: all of them, or the first 16 of a compressed one. */
  head: Buffer = this.bytes;
  headStart = 0;
  private readonly prefix = Buffer.alloc(headBytes);

  /** Passes over a string and gives its length. */
  textLength(): number {
    const { bytes, position } = this;
    const first = bytes[position];
    if (first < 0x40 && position < this.end) {
      this.need(1 + first);
      this.position = position + 1 + first;
      this.mayBeInteger = first > 0 && first <= integerTextMax && isIntegerStart(bytes[position + 1]);
      return first;
    }
    return this.longTextLength(first);
  }

  private longTextLength(first: number): number {
    this.need(1);
    this.mayBeInteger = false;
    if (first < 0xc0) {
      const length = this.length();
      this.need(length);
      this.position += length;
      return length;
    }
    if (first === 0xc3) return this.compressedLength();
    if (first > 0xc3) this.fail('rdb.string.encoding', 'a string encoding (0xc0 to 0xc3)', `0x${first.toString(16)}`);
    const size = first === 0xc0 ? 1 : first === 0xc1 ? 2 : 4;
    this.need(1 + size);
    this.position += 1 + size;
    this.mayBeInteger = true;
    return decimalLength(this.bytes.readIntLE(this.position - size, size));
  }

  private compressedLength(): number {
    this.position++;
    const compressed = this.length();
    const plain = this.length();
    this.need(compressed);
    this.position += compressed;
    return plain;
  }

  /** The same for a packed value, of which the head is shown. */
  packedLength(): number {
    this.need(1);
    const first = this.bytes[this.position];
    if (first !== 0xc3) {
      const length = this.textLength();
      this.head = this.bytes;
      this.headStart = this.position - length;
      // The text of an integer is no packed value.
      if (length < headBytes) this.copyHead(first < 0xc0 ? length : 0);
      return length;
    }
    this.position++;
    const compressed = this.length();
    const plain = this.length();
    this.need(compressed);
    decompressHead(this.bytes, this.position, this.position + compressed, this.prefix);
    this.head = this.prefix;
    this.headStart = 0;
    this.position += compressed;
    return plain;
  }

  /** What is shorter than a head has zeros behind it, and nothing of what follows it in the file. */
  private copyHead(length: number): void {
    this.prefix.fill(0);
    if (length > 0) this.bytes.copy(this.prefix, 0, this.headStart, this.headStart + length);
    this.head = this.prefix;
    this.headStart = 0;
  }
}

const headBytes = 16;
const integerTextMax = 20;

/** A digit, or the sign before one. */
const isIntegerStart = (byte: number): boolean => (byte >= 0x30 && byte <= 0x39) || byte === 0x2d;

function decimalLength(value: number): number {
  let length = value < 0 ? 2 : 1;
  for (let rest = Math.abs(value); rest >= 10; rest = Math.trunc(rest / 10)) length++;
  return length;
}

/** Decompresses the first bytes of LZF data (src/lzf/decompress.ts has the format); what cannot be is left zero. */
function decompressHead(bytes: Buffer, from: number, to: number, into: Buffer): void {
  into.fill(0);
  let position = from;
  for (let filled = 0; filled < into.length && position < to; ) {
    const control = bytes[position++];
    if (control < 32) {
      const length = Math.min(control + 1, into.length - filled, to - position);
      for (let index = 0; index < length; index++) into[filled + index] = bytes[position + index];
      filled += control + 1;
      position += control + 1;
      continue;
    }
    let length = (control >> 5) + 2;
    if (length === 9) length += bytes[position++];
    let source = filled - ((control & 31) << 8) - bytes[position++] - 1;
    if (source < 0) return;
    for (const end = Math.min(filled + length, into.length); filled < end; ) into[filled++] = into[source++];
  }
}
