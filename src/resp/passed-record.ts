import type { Window } from '../io/window.ts';

/** Longest argument that is told: the longest ID of a stream entry. */
const argumentBytesMax = 41;
/** Where a record no longer lies whole in the window, its last short arguments are looked for in so many bytes. */
const tailBytes = 256;
const shortArguments = /(?:\$\d{1,2}\r\n[^\r\n]{0,41}\r\n)*$/;

/**
 * The short arguments of a record that a scanner has just passed over, which lies in the window still. Of one that was longer than the
 * window only the last arguments are known. One object serves many records: `begin` names the next.
 */
export class PassedRecord {
  count = 0;
  private readonly window: Window;
  /** Where the argument `index` begins, if the record lies in the window whole; else -1. */
  private position = -1;
  private index = 0;
  private start = 0;
  private tail: readonly string[] = [];

  constructor(window: Window) {
    this.window = window;
  }

  /** The record of `count` arguments from the offset `start` to where the window stands. */
  begin(start: number, count: number): void {
    const { window } = this;
    this.count = count;
    this.start = start < window.base ? -1 : window.bytes.indexOf(0x0a, start - window.base) + 1;
    this.rewind();
    if (this.start < 0) this.readTail();
  }

  /** Argument `index` as a binary string; '' if it is long, or not known. Cheap for one index after another. */
  argument(index: number): string {
    if (this.position < 0) return this.tail[index - (this.count - this.tail.length)] ?? '';
    if (index < this.index) this.rewind();
    const { bytes } = this.window;
    for (;;) {
      const lineEnd = bytes.indexOf(0x0a, this.position);
      const length = Number(bytes.latin1Slice(this.position + 1, lineEnd - 1));
      const begin = lineEnd + 1;
      if (this.index === index) return length > argumentBytesMax ? '' : bytes.latin1Slice(begin, begin + length);
      this.position = begin + length + 2;
      this.index++;
    }
  }

  private rewind(): void {
    this.position = this.start;
    this.index = 0;
  }

  private readTail(): void {
    const { bytes, position } = this.window;
    const text = bytes.latin1Slice(Math.max(position - tailBytes, 0), position);
    const [found] = shortArguments.exec(text) ?? [''];
    const parts = found.split('\r\n');
    this.tail = parts.filter((_, index) => index % 2 === 1);
  }
}
