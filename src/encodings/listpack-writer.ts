import type { BacklenThreshold } from '../servers/targets.ts';
import { canonicalInteger, integerTextMax, shortInteger } from './integer-text.ts';
import { writeLatin1 } from './latin1.ts';
import { listpackCountUnknown } from './listpack.ts';
import { backlenWidth, isThreshold, listpackHeaderBytes } from './listpack-entry.ts';

/** Bytes around an element at most: 5 of encoding, 5 of backlen. */
const entryOverheadMax = 10;
const capacityMin = 1024;

/** A listpack of `elements` (binary strings), byte for byte as a server writes it after appending them one by one. */
export function encodeListpack(elements: readonly string[], threshold: BacklenThreshold = 'exclusive'): Buffer {
  let capacity = listpackHeaderBytes + 1;
  for (let i = 0; i < elements.length; i++) capacity += elements[i].length + entryOverheadMax;
  const writer = new ListpackWriter(threshold, capacity);
  for (let i = 0; i < elements.length; i++) writer.append(elements[i]);
  return writer.finish();
}

/**
 * Builds listpacks entry by entry. A text that is an int64 in canonical form is stored as the smallest integer that holds it,
 * any other as a string, as lpAppend in the servers' listpack.c does.
 */
export class ListpackWriter {
  /** Entries appended since the last reset. */
  count = 0;
  /** Bytes written since the last reset, header included, terminator not. */
  length = listpackHeaderBytes;
  private readonly threshold: BacklenThreshold;
  private bytes: Buffer;

  constructor(threshold: BacklenThreshold = 'exclusive', capacity = capacityMin) {
    this.threshold = threshold;
    this.bytes = Buffer.allocUnsafe(Math.max(capacity, listpackHeaderBytes + 1 + entryOverheadMax));
  }

  append(text: string): void {
    const { length } = text;
    if (length <= integerTextMax) {
      const short = shortInteger(text);
      if (!Number.isNaN(short)) {
        this.appendInteger(short);
        return;
      }
      const first = text.charCodeAt(0);
      if (length > 15 && first <= 0x39 && first >= 0x2d) {
        const big = canonicalInteger(text);
        if (big !== undefined) {
          this.appendInt64(big);
          return;
        }
      }
    }
    this.appendString(text);
  }

  /** An integer that a double holds exactly. */
  appendInteger(value: number): void {
    if (value < -2147483648 || value > 2147483647) {
      this.appendInt64(BigInt(value));
      return;
    }
    this.reserve(entryOverheadMax);
    const { bytes } = this;
    const at = this.length;
    let length = 1;
    if (value >= 0 && value <= 127) bytes[at] = value;
    else if (value >= -4096 && value <= 4095) {
      bytes[at] = 0xc0 | ((value >> 8) & 0x1f);
      bytes[at + 1] = value;
      length = 2;
    } else if (value >= -32768 && value <= 32767) length = this.store(0xf1, value, 2);
    else if (value >= -8388608 && value <= 8388607) length = this.store(0xf2, value, 3);
    else length = this.store(0xf3, value, 4);
    bytes[at + length] = length;
    this.length = at + length + 1;
    this.count++;
  }

  /** Any int64. */
  appendInt64(value: bigint): void {
    if (value >= -2147483648n && value <= 2147483647n) {
      this.appendInteger(Number(value));
      return;
    }
    this.reserve(entryOverheadMax);
    this.bytes[this.length] = 0xf4;
    this.bytes.writeBigInt64LE(BigInt.asIntN(64, value), this.length + 1);
    this.bytes[this.length + 9] = 9;
    this.length += 10;
    this.count++;
  }

  /** The blob. It is the writer's own memory: copy it if the writer is used again. */
  finish(): Buffer {
    this.reserve(1);
    const { bytes, count } = this;
    bytes[this.length] = 0xff;
    const total = this.length + 1;
    bytes.writeUInt32LE(total, 0);
    bytes.writeUInt16LE(Math.min(count, listpackCountUnknown), 4);
    return bytes.subarray(0, total);
  }

  /** Starts the next listpack in the same memory. */
  reset(): void {
    this.count = 0;
    this.length = listpackHeaderBytes;
  }

  private appendString(text: string): void {
    const size = text.length;
    this.reserve(size + entryOverheadMax);
    const { bytes } = this;
    let at = this.length;
    const start = at;
    if (size < 64) bytes[at++] = 0x80 | size;
    else if (size < 4096) {
      bytes[at++] = 0xe0 | (size >> 8);
      bytes[at++] = size;
    } else {
      bytes[at++] = 0xf0;
      at = bytes.writeUInt32LE(size, at);
    }
    writeLatin1(bytes, text, at);
    this.length = this.writeBacklen(at + size, at + size - start);
    this.count++;
  }

  private store(code: number, value: number, width: number): number {
    const { bytes, length } = this;
    bytes[length] = code;
    for (let i = 0; i < width; i++) bytes[length + 1 + i] = value >> (8 * i);
    return width + 1;
  }

  private writeBacklen(position: number, length: number): number {
    const { bytes } = this;
    let width = backlenWidth(length);
    if (this.threshold === 'inclusive' && isThreshold(length)) width--;
    for (let i = width - 1, rest = length; i >= 0; i--, rest = Math.floor(rest / 128)) {
      bytes[position + i] = (rest & 0x7f) | (i > 0 ? 0x80 : 0);
    }
    return position + width;
  }

  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
