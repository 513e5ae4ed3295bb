import type { Window } from '../../io/window.ts';
import { aofLineBufferBytes } from '../../limits.ts';
import type { CommandView } from '../../resp/command-view.ts';

/** What comes next, by the eyes of a server: `torn` is the end of the file inside a record, `bad` is what it calls a bad format. */
export const ServerRecord = { end: 0, command: 1, annotation: 2, torn: 3, bad: 4 } as const;
export type ServerRecord = (typeof ServerRecord)[keyof typeof ServerRecord];

const lineFeed = 0x0a;
const largeLength = 2 ** 31;

/**
 * Frames commands as a server's loader does, which is looser than what anybody writes: it takes a header line up to its LF, whatever
 * stands behind the number, and does not look at the two bytes after an argument (aof.c loadSingleAppendOnlyFile).
 */
export class ServerScanner {
  readonly window: Window;
  /** Offset of the record that `next` returned. */
  start = 0;
  private readonly annotations: boolean;
  /** Bytes of the record that were passed. */
  private done = 0;

  constructor(window: Window, annotations: boolean) {
    this.window = window;
    this.annotations = annotations;
  }

  next(frame: CommandView): ServerRecord {
    const { window } = this;
    this.start = window.offset;
    this.done = 0;
    if (window.atEnd()) return ServerRecord.end;
    const line = this.line();
    if (line[0] === '#' && this.annotations) return this.finish(ServerRecord.annotation);
    if (line[0] !== '*') return ServerRecord.bad;
    if (line.length === 1) return ServerRecord.torn;
    const argc = leadingNumber(line);
    if (!(argc >= 1)) return ServerRecord.bad;
    frame.ordinal++;
    frame.argc = argc;
    for (let index = 0; index < argc; index++) {
      const found = this.argument(frame, index);
      if (found !== ServerRecord.command) return found;
    }
    frame.bytes = window.bytes;
    frame.base = window.base;
    for (let index = 0; index < argc; index++) frame.starts[index] += window.position;
    return this.finish(ServerRecord.command);
  }

  private argument(frame: CommandView, index: number): ServerRecord {
    const line = this.line();
    if (line === '') return ServerRecord.torn;
    if (line[0] !== '$') return ServerRecord.bad;
    const length = leadingNumber(line);
    // A negative or absurd length makes a server fail to allocate; what it does then is no better than a bad format.
    if (!(length >= 0 && length < largeLength)) return ServerRecord.bad;
    if (index >= frame.starts.length) frame.reserve(index + 1);
    frame.starts[index] = this.done;
    frame.lengths[index] = length;
    this.done += length + 2;
    return this.has(this.done) ? ServerRecord.command : ServerRecord.torn;
  }

  /** Whether the record's first `length` bytes are there, and in memory. */
  private has(length: number): boolean {
    const { window } = this;
    const { remaining } = window;
    return (remaining === undefined || length <= remaining) && window.ensure(length);
  }

  /** The line at `done`, its LF included, as far as the server's buffer takes it; '' at the end of the file. */
  private line(): string {
    const { window } = this;
    window.ensure(this.done + aofLineBufferBytes);
    const from = window.position + this.done;
    const to = Math.min(from + aofLineBufferBytes - 1, window.limit);
    const newline = window.bytes.subarray(from, to).indexOf(lineFeed);
    const text = window.bytes.latin1Slice(from, newline < 0 ? to : from + newline + 1);
    this.done += text.length;
    return text;
  }

  private finish(record: ServerRecord): ServerRecord {
    this.window.position += this.done;
    return record;
  }
}

/** What atoi makes of a line behind its first character; NaN for no number, which is 0 to atoi. */
function leadingNumber(line: string): number {
  return Number(/^[ \t\n\v\f\r]*([+-]?\d+)/.exec(line.slice(1))?.[1] ?? 0);
}
