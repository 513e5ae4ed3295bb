import type { FormatFault } from '../faults.ts';
import type { FaultCode } from '../findings.ts';
import type { Window } from '../io/window.ts';
import { aofLineBufferBytes, bulkLengthMax } from '../limits.ts';
import type { CommandView } from './command-view.ts';

/**
 * Frames the commands of an AOF.
 *
 *     record     := annotation | command
 *     annotation := '#' … '\n'
 *     command    := '*' argc CRLF  ( '$' length CRLF bytes CRLF ) × argc
 *
 * As strict as redis-check-aof about CRLF and as strict as the server's loader about counts, so that what passes here is
 * valid for both (aof.c loadSingleAppendOnlyFile, redis-check-aof.c processRESP; docs/formats/aof.md, section 1).
 */
export const Record = { end: 0, command: 1, annotation: 2, flaw: 3 } as const;
export type Record = (typeof Record)[keyof typeof Record];

const star = 0x2a;
const dollar = 0x24;
const hash = 0x23;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const zero = 0x30;

/** Arguments that a scanner which does not keep commands still remembers: the name and a container's subcommand. */
const argumentsKept = 2;
/** An argument that is not needed and longer than this is passed over without being held. */
const skippedLengthMin = 64 * 1024;

export class RespScanner {
  readonly window: Window;
  /** Offset of the record that `next` returned, or tried to. */
  start = 0;
  /** What was wrong, after `next` returned Record.flaw. */
  flaw: FormatFault | undefined;
  /** Length of the annotation line, its newline included, after Record.annotation; it lies at `annotationPosition`. */
  annotationLength = 0;
  private readonly keep: boolean;
  /** Whether the window must not let go of the bytes from `start` on. */
  private holding = false;
  private number = 0;

  /**
   * `keep`: whether a whole command must lie in memory when `next` returns (an engine needs it); otherwise only the first
   * arguments do, and memory stays constant however long a command is.
   */
  constructor(window: Window, keep: boolean) {
    this.window = window;
    this.keep = keep;
  }

  /**
   * Reads the next record into `frame`. After Record.command `frame.starts` are positions in `frame.bytes` (-1 for an argument
   * that was passed over). After Record.flaw the window has moved to where the flaw was seen: `start` is where the record began.
   */
  next(frame: CommandView): Record {
    const window = this.window;
    if (window.position === window.limit && !window.ensure(1)) {
      this.start = window.offset;
      return Record.end;
    }
    this.start = window.base + window.position;
    this.holding = true;
    const first = window.bytes[window.position];
    if (first === hash) return this.annotation();
    if (first !== star)
      return this.fail('aof.header.prefix', window.offset, "'*' (a command) or '#' (an annotation)", show(first));
    const argc = this.header(star, 'aof.header.count');
    if (argc < 0) return Record.flaw;
    if (argc === 0) return this.fail('aof.header.count', this.start, 'at least 1 argument', '*' + this.number);
    frame.argc = argc;
    frame.ordinal++;
    return this.keep ? this.wholeCommand(frame, argc) : this.passCommand(frame, argc);
  }

  /** Every argument into memory, side by side. */
  private wholeCommand(frame: CommandView, argc: number): Record {
    const window = this.window;
    // Room grows with what was read, not with what was declared.
    for (let index = 0; index < argc; index++) {
      const length = this.argumentLength();
      if (length < 0) return Record.flaw;
      if (index >= frame.starts.length) frame.reserve(index + 1);
      frame.starts[index] = window.base + window.position - this.start;
      frame.lengths[index] = length;
      if (!this.passArgument(length)) return Record.flaw;
    }
    frame.bytes = window.bytes;
    frame.base = window.base;
    const shift = this.start - window.base;
    const { starts } = frame;
    for (let index = 0; index < argc; index++) starts[index] += shift;
    frame.start = this.start;
    frame.end = window.offset;
    return Record.command;
  }

  private passCommand(frame: CommandView, argc: number): Record {
    const window = this.window;
    let kept = Math.min(argc, argumentsKept);
    for (let index = 0; index < argc; index++) {
      const length = this.argumentLength();
      if (length < 0) return Record.flaw;
      if (index < kept) {
        if (length > skippedLengthMin) kept = index;
        frame.starts[index] = window.base + window.position - this.start;
        frame.lengths[index] = length;
      }
      if (index === kept) this.holding = false;
      if (!this.passArgument(length)) return Record.flaw;
      if (index === kept - 1) this.copyUntouched(frame, kept);
    }
    for (let index = kept; index < Math.min(argc, argumentsKept); index++) frame.starts[index] = -1;
    return Record.command;
  }

  /** The first arguments may leave the window while the rest of a long command is passed over: keeps a copy of them. */
  private copyUntouched(frame: CommandView, kept: number): void {
    const window = this.window;
    this.holding = false;
    const end = frame.starts[kept - 1] + frame.lengths[kept - 1];
    const from = this.start - window.base;
    if (frame.bytes.length < end) frame.bytes = Buffer.allocUnsafeSlow(Math.max(end, 256));
    const { bytes } = frame;
    const source = window.bytes;
    for (let position = 0; position < end; position++) bytes[position] = source[from + position];
    frame.base = this.start;
  }

  /** Moves over an argument's bytes and its CRLF. */
  private passArgument(length: number): boolean {
    const window = this.window;
    if (this.holding || length <= skippedLengthMin) {
      if (!this.ensure(length + 2)) return this.truncated(length + 2);
      window.position += length;
    } else {
      if (!window.skip(length)) return this.truncated(length + 2);
      if (!window.ensure(2)) return this.truncated(2);
    }
    const { bytes, position } = window;
    if (bytes[position] === carriageReturn && bytes[position + 1] === lineFeed) {
      window.position = position + 2;
      return true;
    }
    const found = show(bytes[position]) + ' ' + show(bytes[position + 1]);
    this.fail('aof.argument.terminator', window.offset, '\\r\\n after the argument', found);
    return false;
  }

  /** Like window.ensure; while `holding`, the bytes since the record's start stay in memory too. */
  private ensure(length: number): boolean {
    const window = this.window;
    if (window.limit - window.position >= length) return true;
    if (!this.holding) return window.ensure(length);
    const back = window.base + window.position - this.start;
    window.position -= back;
    const enough = window.ensure(back + length);
    window.position += back;
    return enough;
  }

  private argumentLength(): number {
    const window = this.window;
    if (window.position === window.limit && !this.ensure(1)) {
      this.truncated(1);
      return -1;
    }
    const first = window.bytes[window.position];
    if (first !== dollar) {
      this.fail('aof.argument.prefix', window.offset, "'$'", show(first));
      return -1;
    }
    const at = window.offset;
    const length = this.header(dollar, 'aof.argument.length');
    if (length < 0) return -1;
    if (length > bulkLengthMax) {
      const remaining = window.remaining;
      if (remaining === undefined || length > remaining || length > 2 ** 40) {
        this.fail('aof.argument.length', at, `0 to ${bulkLengthMax}`, String(length));
        return -1;
      }
    }
    return length;
  }

  /** `*n\r\n` or `$n\r\n`: the number, or -1 after a flaw. */
  private header(prefix: number, code: FaultCode): number {
    const window = this.window;
    const { bytes, limit } = window;
    let position = window.position + 1;
    let value = 0;
    let digit = 0;
    const first = position;
    while (position < limit && (digit = bytes[position] - zero) >= 0 && digit <= 9) {
      value = value * 10 + digit;
      position++;
    }
    if (
      position + 1 < limit &&
      position > first &&
      position - first < 16 &&
      bytes[position] === carriageReturn &&
      bytes[position + 1] === lineFeed
    ) {
      window.position = position + 2;
      return value;
    }
    return this.headerSlow(prefix, code);
  }

  /** The same for a line that is cut by the window's end, unusual, or wrong. */
  private headerSlow(prefix: number, code: FaultCode): number {
    const window = this.window;
    const at = window.offset;
    const lineLength = this.findLineEnd();
    if (lineLength < 0) return -1;
    const line = window.bytes.latin1Slice(window.position, window.position + lineLength);
    // strtol's rules: blanks and a sign may come first; what follows the digits must be CRLF.
    const match = /^[ \t\n\v\f\r]*([+-]?\d+)/.exec(line.slice(1));
    if (match === null) {
      this.fail(code, at, `a number after '${String.fromCharCode(prefix)}'`, quote(line));
      return -1;
    }
    const rest = line.slice(1 + match[0].length);
    if (rest !== '\r\n') {
      this.fail('aof.header.terminator', at + 1 + match[0].length, '\\r\\n', quote(rest));
      return -1;
    }
    this.number = Number(match[1]);
    window.position += lineLength;
    if (this.number >= 0 && Number.isSafeInteger(this.number)) return this.number;
    this.fail(code, at, 'a number of bytes or arguments', match[1]);
    return -1;
  }

  /** Length of the line at `position`, its LF included; -1 after a flaw: the file ends first, or the line is too long. */
  private findLineEnd(): number {
    const window = this.window;
    for (let length = 32; ; length *= 2) {
      const enough = this.ensure(length);
      const end = Math.min(window.position + length, window.limit);
      const found = window.bytes.subarray(window.position, end).indexOf(lineFeed);
      if (found >= 0) return found + 1;
      if (!enough) {
        this.truncated(1);
        return -1;
      }
      if (length >= aofLineBufferBytes) {
        const text = window.bytes.latin1Slice(window.position, window.position + 32);
        this.fail(
          'aof.header.length',
          window.offset,
          `a line shorter than ${aofLineBufferBytes} bytes`,
          quote(text) + '…',
        );
        return -1;
      }
    }
  }

  private annotation(): Record {
    const window = this.window;
    for (let length = 64; ; length *= 2) {
      const enough = window.ensure(length);
      const end = Math.min(window.position + length, window.limit);
      const found = window.bytes.subarray(window.position, end).indexOf(lineFeed);
      if (found >= 0 && found + 1 < aofLineBufferBytes) return this.annotationOf(found + 1);
      if (!enough && found < 0) return this.annotationOf(window.limit - window.position);
      if (found >= 0 || length >= aofLineBufferBytes) {
        return this.fail(
          'aof.annotation.length',
          window.offset,
          `a line shorter than ${aofLineBufferBytes} bytes`,
          'a longer one',
        );
      }
    }
  }

  private annotationOf(length: number): Record {
    this.annotationLength = length;
    this.window.position += length;
    return Record.annotation;
  }

  /** Position in the window's bytes of the annotation that was just returned. */
  get annotationPosition(): number {
    return this.window.position - this.annotationLength;
  }

  private truncated(missing: number): false {
    const window = this.window;
    window.position = window.limit;
    const end = window.offset;
    this.fail(
      'aof.truncated',
      this.start,
      `${missing} more byte${missing === 1 ? '' : 's'} of the command`,
      `the end of the file at ${end}`,
    );
    return false;
  }

  private fail(code: FaultCode, offset: number, expected: string, found: string): Record {
    this.flaw = { code, offset, expected, found };
    return Record.flaw;
  }
}

/** A byte as a person would name it. */
function show(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `0x${byte.toString(16).padStart(2, '0')}`;
}

function quote(text: string): string {
  const cut = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return JSON.stringify(cut);
}
