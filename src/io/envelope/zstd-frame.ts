import { zstdWindowMax } from '../../limits.ts';
import type { Window } from '../window.ts';
import { corrupt, FrameFault, type FrameReader, take, takeUint32 } from './frame.ts';
import { History } from './history.ts';
import { Xxh64 } from './xxhash.ts';
import { ZstdBlocks } from './zstd-block.ts';

/*
 * A Zstandard frame (RFC 8878, 3.1.1), all numbers little-endian:
 *
 *   28 b5 2f fd | descriptor | [window] | [dictionary id] | [content size]
 *   block*      3 bytes: last (1 bit) | raw, repeated byte, compressed (2 bits) | size (21 bits)      data
 *   [u32 low half of the XXH64 of the content]
 *
 *   descriptor  size of the content size (2 bits) | single segment | unused | 0 | checksum | size of the dictionary id (2 bits)
 *   window      exponent - 10 (5 bits) | eighths (3 bits)
 *
 * The decoder is ours: the one in plain JavaScript that npm has moves its whole window for every block, so that a file of small blocks
 * takes minutes, verifies no checksum, and takes offsets beyond the data for zeros.
 */
const magic = 0xfd2fb528;
const blockMax = 131072;
const blockRaw = 0;
const blockRepeated = 1;
const blockReserved = 3;
/** Bytes after a block that the bit readers may look at, and not use. */
const slack = 4;

export class ZstdFrame implements FrameReader {
  private readonly window: Window;
  private history = new History(0);
  private blocks: ZstdBlocks | undefined;
  private blockLimit = 0;
  private contentSize = Number.NaN;
  private produced = 0;
  private hash: Xxh64 | undefined;
  private ended = false;
  private readonly scratch = Buffer.alloc(blockMax + slack);

  constructor(window: Window) {
    this.window = window;
  }

  next(): Buffer | undefined {
    this.blocks ??= this.readHeader();
    if (this.ended) {
      this.readEnd();
      return undefined;
    }
    const { window, history } = this;
    const at = take(window, 3);
    const head = window.bytes.readUIntLE(at, 3);
    this.ended = (head & 1) === 1;
    const type = (head >> 1) & 3;
    const size = head >> 3;
    if (type === blockReserved) corrupt('a Zstandard block of a reserved type');
    if (size > this.blockLimit) corrupt(`a Zstandard block of ${size} bytes, the most is ${this.blockLimit}`);
    history.reserve(this.blockLimit);
    const from = history.end;
    if (type === blockRepeated) {
      const byte = window.bytes[take(window, 1)];
      history.bytes.fill(byte, from, from + size);
      history.end += size;
    } else {
      const data = take(window, size);
      if (type === blockRaw) history.append(window.bytes, data, data + size);
      else {
        window.bytes.copy(this.scratch, 0, data, data + size);
        this.blocks.decode(this.scratch, 0, size, this.blockLimit);
      }
    }
    const block = history.bytes.subarray(from, history.end);
    this.produced += block.length;
    this.hash?.update(block);
    return block;
  }

  private readHeader(): ZstdBlocks {
    const { window } = this;
    if (takeUint32(window) !== magic) corrupt('no Zstandard frame where one must begin');
    const descriptor = window.bytes[take(window, 1)];
    const isSingle = (descriptor & 0x20) !== 0;
    if ((descriptor & 8) !== 0) corrupt('a reserved bit in the header of a Zstandard frame');
    let windowSize = isSingle ? 0 : windowOf(window.bytes[take(window, 1)]);
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
    if (dictionaryBytes > 0 && readNumber(window, dictionaryBytes) !== 0) {
      corrupt('a Zstandard frame that needs a dictionary');
    }
    const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6];
    if (sizeBytes > 0) this.contentSize = readNumber(window, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
    if (isSingle) windowSize = this.contentSize;
    if (windowSize > zstdWindowMax) {
      throw new FrameFault('limit', `a Zstandard window of ${windowSize} bytes: at most ${zstdWindowMax} are taken`);
    }
    if ((descriptor & 4) !== 0) this.hash = new Xxh64();
    this.blockLimit = Math.min(windowSize, blockMax);
    this.history = new History(windowSize);
    return new ZstdBlocks(this.history);
  }

  private readEnd(): void {
    if (!Number.isNaN(this.contentSize) && this.contentSize !== this.produced) {
      corrupt(`${this.produced} bytes in a Zstandard frame of ${this.contentSize}`);
    }
    if (this.hash !== undefined && takeUint32(this.window) !== this.hash.low()) {
      corrupt('the checksum of a Zstandard frame does not fit');
    }
  }
}

function windowOf(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

function readNumber(window: Window, width: number): number {
  const at = take(window, width);
  if (width === 8) return Number(window.bytes.readBigUInt64LE(at));
  return window.bytes.readUIntLE(at, width);
}
