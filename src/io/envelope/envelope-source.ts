import { DecompressionError } from '../decompression-error.ts';
import type { EnvelopeFacts, Source } from '../source.ts';
import { Window } from '../window.ts';
import { FrameFault, type FrameReader } from './frame.ts';
import { Lz4Frame } from './lz4-frame.ts';
import { type Codec, envelopeBytes } from './vcs.ts';
import { ZstdFrame } from './zstd-frame.ts';

/** Bytes of the compressed file that are read at a time. */
const windowBytes = 256 * 1024;

/**
 * The decompressed bytes of an RDB in an envelope. After the frame there is nothing, but for the rest of an AOF: bytes that begin as a
 * command or an annotation does are given as they stand.
 */
export class EnvelopeSource implements Source, EnvelopeFacts {
  readonly name: string;
  readonly size = undefined;
  readonly envelope: EnvelopeFacts = this;
  readonly codec: Codec;
  hasTail = false;
  ended = false;
  private readonly raw: Window;
  private readonly frame: FrameReader;
  private block: Buffer = Buffer.alloc(0);
  private used = 0;
  private offset = 0;
  private error: DecompressionError | undefined;

  /** `raw` stands at the envelope. */
  constructor(raw: Source, codec: Codec) {
    this.name = raw.name;
    this.codec = codec;
    this.raw = new Window(raw, windowBytes);
    this.raw.skip(envelopeBytes);
    this.frame = codec === 'lz4' ? new Lz4Frame(this.raw) : new ZstdFrame(this.raw);
  }

  /** How far the compressed file was read. */
  get physicalOffset(): number {
    return this.raw.offset;
  }

  read(into: Uint8Array, position: number, length: number): number {
    while (this.used === this.block.length) {
      if (this.error !== undefined) throw this.error;
      if (this.ended) return this.readTail(into, position, length);
      this.nextBlock();
    }
    const count = Math.min(length, this.block.length - this.used);
    into.set(this.block.subarray(this.used, this.used + count), position);
    this.used += count;
    this.offset += count;
    return count;
  }

  private nextBlock(): void {
    this.used = 0;
    this.block = Buffer.alloc(0);
    try {
      const block = this.frame.next();
      if (block !== undefined) this.block = block;
      else {
        this.ended = true;
        this.hasTail = this.beginsRecord();
      }
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      this.error = this.toError(error);
    }
  }

  private toError({ kind, message }: FrameFault): DecompressionError {
    const where = `${message} (at byte ${this.raw.offset} of the compressed file)`;
    if (kind === 'limit') {
      return new DecompressionError('rdb.envelope.limit', this.offset, 'a frame within the limits', where);
    }
    const code = kind === 'truncated' ? 'rdb.envelope.truncated' : 'rdb.envelope.corrupt';
    return new DecompressionError(code, this.offset, 'a whole frame', where);
  }

  private beginsRecord(): boolean {
    const { raw } = this;
    return !raw.atEnd() && (raw.bytes[raw.position] === 0x2a || raw.bytes[raw.position] === 0x23);
  }

  private readTail(into: Uint8Array, position: number, length: number): number {
    const { raw } = this;
    if (!this.hasTail || raw.atEnd()) return 0;
    const count = Math.min(length, raw.limit - raw.position);
    into.set(raw.bytes.subarray(raw.position, raw.position + count), position);
    raw.position += count;
    this.offset += count;
    return count;
  }

  seek(): boolean {
    return false;
  }

  close(): void {
    this.raw.source.close();
  }
}
