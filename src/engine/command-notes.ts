import { CommandView } from '../resp/command-view.ts';
import type { SourceReader } from '../values/value.ts';

/**
 * Where commands lie in their files, to be read again in the same order. Each takes some bytes, whatever its arguments take:
 *
 *     command  source | start since the last end | length | commands between | id + 1 | arguments | argument...
 *     argument bytes since the last argument's end | length
 *
 * All numbers are written seven bits a byte, the low ones first; the high bit says that more follow.
 */
export class CommandNotes {
  count = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  #lastEnd = 0;
  #lastOrdinal = 0;
  readonly #reader: SourceReader;
  readonly #frame = new CommandView();
  #text: Buffer = Buffer.alloc(0);

  constructor(reader: SourceReader) {
    this.#reader = reader;
  }

  clear(): void {
    this.count = 0;
    this.#bytes = Buffer.alloc(0);
    this.#text = Buffer.alloc(0);
    this.rewind();
  }

  /** `id`: of the command, or -1. */
  push(frame: CommandView, id: number): void {
    // A number below 2^53 takes eight bytes at most, one below 2^31 five.
    const most = this.#length + 48 + frame.argc * 10;
    if (most > this.#bytes.length) this.#grow(most);
    if (this.count++ === 0) this.rewind();
    const { start, end, argc, starts, lengths, base } = frame;
    this.#write(frame.source);
    this.#write(start - this.#lastEnd);
    this.#write(end - start);
    this.#write(frame.ordinal - this.#lastOrdinal);
    this.#write(id + 1);
    this.#write(argc);
    let last = start - base;
    for (let argument = 0; argument < argc; argument++) {
      this.#write(starts[argument] - last);
      this.#write(lengths[argument]);
      last = starts[argument] + lengths[argument];
    }
    this.#lastEnd = end;
    this.#lastOrdinal = frame.ordinal;
  }

  #grow(least: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(65536, this.#bytes.length * 2, least));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  #write(value: number): void {
    let left = value;
    for (; left > 0x7fffffff; left = Math.floor(left / 128)) this.#bytes[this.#length++] = 0x80 | (left % 128);
    for (; left > 127; left >>>= 7) this.#bytes[this.#length++] = 0x80 | (left & 127);
    this.#bytes[this.#length++] = left;
  }

  #read(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#length++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** The next `next` gives the first command. Nothing can be pushed from here on until `clear`. */
  rewind(): void {
    this.#length = this.#lastEnd = this.#lastOrdinal = 0;
  }

  /** Id of the command that `next` read, or -1. */
  id = -1;

  /** The next command, its arguments read again; good until the next call. */
  next(): CommandView {
    const frame = this.#frame;
    frame.source = this.#read();
    frame.start = this.#lastEnd + this.#read();
    frame.end = this.#lastEnd = frame.start + this.#read();
    frame.ordinal = this.#lastOrdinal += this.#read();
    this.id = this.#read() - 1;
    frame.argc = this.#read();
    frame.reserve(frame.argc);
    frame.base = frame.start;
    let last = 0;
    for (let argument = 0; argument < frame.argc; argument++) {
      frame.starts[argument] = last + this.#read();
      frame.lengths[argument] = this.#read();
      last = frame.starts[argument] + frame.lengths[argument];
    }
    // What runs the command may read from the same reader, whose bytes are good until it does.
    if (this.#text.length < last) this.#text = Buffer.allocUnsafeSlow(Math.max(4096, last));
    this.#reader.read(frame.source, frame.start, last).copy(this.#text);
    frame.bytes = this.#text;
    return frame;
  }
}
