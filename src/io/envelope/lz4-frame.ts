import type { Window } from '../window.ts';
import { corrupt, type FrameReader, take, takeUint32 } from './frame.ts';
import { History } from './history.ts';
import { Xxh32, xxh32 } from './xxhash.ts';

/*
 * An LZ4 frame (LZ4_Frame_format.md 1.6.1), all numbers little-endian:
 *
 *   04 22 4d 18 | FLG | BD | [content size u64] | [dictionary id u32] | HC
 *   block*      u32 size, bit 31: stored as it is; 0: the end      data      [u32 XXH32 of the data as it stands]
 *   [u32 XXH32 of the content]
 *
 *   FLG  01 version | independent blocks | block checksums | content size | content checksum | 0 | dictionary
 *   BD   0 | largest block: 4 64 KiB, 5 256 KiB, 6 1 MiB, 7 4 MiB | 0000
 *   HC   the second byte of the XXH32 of what lies between the magic and it
 *
 *   block := sequence*    sequence := token | [more of the literals' length] | literals | u16 offset | [more of the match's length]
 */
const magic = 0x184d2204;
const windowBytes = 65536;
const matchMin = 4;
const storedFlag = 0x80000000;

export class Lz4Frame implements FrameReader {
  private readonly window: Window;
  private readonly history = new History(windowBytes);
  private started = false;
  private independent = false;
  private blockChecksums = false;
  private blockMax = 0;
  /** Bytes that the frame says it holds, NaN where it does not say. */
  private contentSize = Number.NaN;
  private produced = 0;
  private contentHash: Xxh32 | undefined;

  constructor(window: Window) {
    this.window = window;
  }

  next(): Buffer | undefined {
    if (!this.started) this.readHeader();
    this.started = true;
    const { window, history } = this;
    const size = takeUint32(window);
    if (size === 0) {
      this.readEnd();
      return undefined;
    }
    const length = size >= storedFlag ? size - storedFlag : size;
    if (length > this.blockMax) corrupt(`an LZ4 block of ${length} bytes, the most is ${this.blockMax}`);
    const at = take(window, length + (this.blockChecksums ? 4 : 0));
    const { bytes } = window;
    if (this.blockChecksums && bytes.readUInt32LE(at + length) !== xxh32(bytes, at, at + length)) {
      corrupt('the checksum of an LZ4 block does not fit');
    }
    history.reserve(this.blockMax);
    if (this.independent) history.start = history.end;
    const from = history.end;
    if (size >= storedFlag) history.append(bytes, at, at + length);
    else this.decode(bytes, at, at + length);
    const block = history.bytes.subarray(from, history.end);
    this.produced += block.length;
    this.contentHash?.update(block);
    return block;
  }

  private readHeader(): void {
    const { window } = this;
    if (takeUint32(window) !== magic) corrupt('no LZ4 frame where one must begin');
    const first = take(window, 2);
    const flags = window.bytes[first];
    const descriptor = window.bytes[first + 1];
    if (flags >> 6 !== 1 || (flags & 2) !== 0) corrupt(`flags 0x${flags.toString(16)} of an LZ4 frame`);
    if ((flags & 1) !== 0) corrupt('an LZ4 frame that needs a dictionary');
    const size = (descriptor >> 4) & 7;
    if ((descriptor & 0x8f) !== 0 || size < 4) corrupt(`block size 0x${descriptor.toString(16)} of an LZ4 frame`);
    this.independent = (flags & 0x20) !== 0;
    this.blockChecksums = (flags & 0x10) !== 0;
    this.blockMax = 1 << (2 * size + 8);
    let head = Buffer.of(flags, descriptor);
    if ((flags & 8) !== 0) {
      const at = take(window, 8);
      head = Buffer.concat([head, window.bytes.subarray(at, at + 8)]);
      this.contentSize = Number(window.bytes.readBigUInt64LE(at));
    }
    if ((flags & 4) !== 0) this.contentHash = new Xxh32();
    const at = take(window, 1);
    if (window.bytes[at] !== ((xxh32(head) >>> 8) & 0xff)) {
      corrupt("the checksum of an LZ4 frame's header does not fit");
    }
  }

  private readEnd(): void {
    if (!Number.isNaN(this.contentSize) && this.contentSize !== this.produced) {
      corrupt(`${this.produced} bytes in an LZ4 frame of ${this.contentSize}`);
    }
    if (this.contentHash !== undefined && takeUint32(this.window) !== this.contentHash.value()) {
      corrupt('the checksum of an LZ4 frame does not fit');
    }
  }

  private decode(bytes: Uint8Array, from: number, to: number): void {
    const { history } = this;
    const outEnd = history.end + this.blockMax;
    for (let at = from; ; ) {
      if (at >= to) corrupt('an LZ4 block ends without a last sequence');
      const token = bytes[at++];
      let literals = token >> 4;
      if (literals === 15) {
        let more = 255;
        for (; more === 255; literals += more) more = at < to ? bytes[at++] : cutShort();
      }
      if (literals > to - at || history.end + literals > outEnd) corrupt('literals of an LZ4 block that are too long');
      history.append(bytes, at, at + literals);
      at += literals;
      if (at === to) return;
      if (to - at < 2) cutShort();
      const offset = bytes[at] | (bytes[at + 1] << 8);
      at += 2;
      let length = token & 15;
      if (length === 15) {
        let more = 255;
        for (; more === 255; length += more) more = at < to ? bytes[at++] : cutShort();
      }
      length += matchMin;
      if (offset === 0 || offset > history.end - history.start) corrupt(`an LZ4 match ${offset} bytes back`);
      if (history.end + length > outEnd) corrupt('an LZ4 block of more than its largest size');
      history.copyMatch(offset, length);
    }
  }
}

function cutShort(): never {
  return corrupt('an LZ4 block that is cut short');
}
