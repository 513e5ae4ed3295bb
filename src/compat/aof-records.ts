import type { Window } from '../io/window.ts';
import { aofLineBufferBytes } from '../limits.ts';
import { clip, cString, hexOfChar, parseLong } from './c-text.ts';

/**
 * Reads an AOF by the rules of redis-check-aof, which are not the loader's: header lines of at most 127 bytes through strtol,
 * CRLF demanded after everything, no look at names and counts.
 */
const headerLineMax = 127;
const carriageReturn = 13;
const newline = 10;
const longMax = (1n << 63n) - 1n;

/** In place of a header's number: reading ends here. */
const noHeader = Number.NaN;

/** Error line and line count: they go on through all files of one run. */
export class AofTally {
  error = '';
  line = 1;
}

export class AofRecords {
  readonly window: Window;
  /** MULTI without EXEC; -1 after an EXEC without MULTI. */
  openTransactions = 0;
  /** Whether the end of the file was met where a line had to begin. */
  metEnd = false;
  /** Where what was read last began. */
  lastOffset = 0;
  private readonly tally: AofTally;
  private readonly path: string;
  /** The last length that a double cannot hold. */
  private exact = 0n;

  constructor(window: Window, path: string, tally: AofTally) {
    this.window = window;
    this.path = path;
    this.tally = tally;
  }

  /** Notes an error line, as redis-check-aof prints it: the offset in hexadecimal, padded with blanks to 16. */
  fail(text: string): false {
    const offset = this.lastOffset.toString(16).padStart(16, ' ');
    this.tally.error = cString(`0x${offset}: ${clip(text, 1024)}`);
    return false;
  }

  /** The byte at which the next record begins, unread; -1 at the end. */
  peek(): number {
    const { window } = this;
    if (window.position === window.limit && !window.ensure(1)) {
      this.metEnd = true;
      return -1;
    }
    return window.bytes[window.position];
  }

  /** An annotation's line, of which a buffer of 1024 bytes holds 1023. */
  readAnnotation(): string {
    const { window } = this;
    this.lastOffset = window.offset;
    return this.readLine(aofLineBufferBytes - 1);
  }

  /** Moves over one command; false where something was wrong (`tally.error`) or missing. */
  readCommand(): boolean {
    const count = this.readHeader(0x2a);
    if (Number.isNaN(count)) return false;
    for (let index = 0; index < count; index++) {
      const length = this.readHeader(0x24);
      if (Number.isNaN(length) || !this.readArgument(length, index === 0)) return false;
    }
    return true;
  }

  /** The number of a header line; NaN where there is none. Beyond 2^53 it is rounded, which no file is long enough for. */
  private readHeader(prefix: number): number {
    const { window } = this;
    if (window.limit - window.position < 20) window.ensure(20);
    const { bytes, limit } = window;
    let position = window.position;
    if (limit - position < 20 || bytes[position] !== prefix) return this.readOddHeader(prefix);
    let value = 0;
    let digit = bytes[++position] - 48;
    for (const end = position + 15; digit >= 0 && digit <= 9 && position < end; digit = bytes[++position] - 48) {
      value = value * 10 + digit;
    }
    if (bytes[position] !== carriageReturn || bytes[position + 1] !== newline) return this.readOddHeader(prefix);
    this.lastOffset = window.base + window.position;
    window.position = position + 2;
    this.tally.line++;
    return value;
  }

  /** Any header line that is not plain digits, or that is near the end. */
  private readOddHeader(prefix: number): number {
    this.lastOffset = this.window.offset;
    const line = this.readLine(headerLineMax);
    if (line === '') {
      this.metEnd = true;
      return noHeader;
    }
    const expected = String.fromCharCode(prefix);
    if (line[0] !== expected) {
      this.fail(`Expected prefix '${expected}', got: '${line[0]}'`);
      return noHeader;
    }
    const { value, end } = parseLong(line, 1);
    if (!this.checkNewline(charAt(line, end), charAt(line, end + 1))) return noHeader;
    if (prefix === 0x24 && (value < 0n || value > longMax - 2n)) {
      this.fail(`Expected to read string of ${value} bytes, which is not in the suitable range`);
      return noHeader;
    }
    this.exact = value;
    return Number(value);
  }

  private checkNewline(first: number, second: number): boolean {
    if (first === carriageReturn && second === newline) {
      this.tally.line++;
      return true;
    }
    return this.fail(`Expected \\r\\n, got: ${hexOfChar(first)}${hexOfChar(second)}`);
  }

  /** What fgets reads: up to `most` bytes, ending after a newline. Empty at the end. */
  private readLine(most: number): string {
    const { window } = this;
    window.ensure(most);
    const { bytes, position } = window;
    const end = Math.min(position + most, window.limit);
    const at = bytes.subarray(position, end).indexOf(newline);
    window.position = at < 0 ? end : position + at + 1;
    return bytes.latin1Slice(position, window.position);
  }

  /** Moves over an argument of `length` bytes and its CRLF. */
  private readArgument(length: number, first: boolean): boolean {
    const { window } = this;
    this.lastOffset = window.base + window.position;
    const step = first && length >= 4 ? this.transactionStep(length) : 0;
    if (length + 2 <= window.limit - window.position) window.position += length;
    else if (!this.passArgument(length)) return false;
    const { bytes, position } = window;
    window.position = position + 2;
    if (!this.checkNewline(bytes[position], bytes[position + 1])) return false;
    return step === 0 || this.noteTransaction(step);
  }

  /** Passes over an argument that the window does not hold whole; its CRLF is then in the window. */
  private passArgument(length: number): boolean {
    const { window } = this;
    const start = window.offset;
    if (window.skip(length) && window.ensure(2)) return true;
    const read = window.base + window.limit - start;
    const wanted = Number.isSafeInteger(length) ? String(length + 2) : String(this.exact + 2n);
    window.position = window.limit;
    return this.fail(`Expected to read ${wanted} bytes, got ${read} bytes`);
  }

  /** 1 for MULTI, -1 for EXEC, in any case; as C strings, which end at a NUL. */
  private transactionStep(length: number): number {
    const { window } = this;
    if (!window.ensure(Math.min(length, 6))) return 0;
    const { bytes, position } = window;
    const initial = bytes[position] | 0x20;
    if (initial !== 0x6d && initial !== 0x65) return 0;
    const name = cString(bytes.latin1Slice(position, position + Math.min(length, 6))).toLowerCase();
    return name === 'multi' ? 1 : name === 'exec' ? -1 : 0;
  }

  private noteTransaction(step: number): boolean {
    const before = this.openTransactions;
    this.openTransactions += step;
    if (step > 0 && before !== 0) return this.fail(`Unexpected MULTI in AOF ${this.path}`);
    if (step < 0 && this.openTransactions !== 0) return this.fail(`Unexpected EXEC in AOF ${this.path}`);
    return true;
  }
}

/** Behind the end of a line, where the tool's buffer holds what an earlier line left there, this says 0. */
const charAt = (text: string, index: number): number => (index < text.length ? text.charCodeAt(index) : 0);
