import type { FormatError } from '../faults.ts';
import type { RdbInput } from '../rdb/input.ts';
import type { Doing } from '../rdb/reader.ts';
import { internal, type Reason, unexpectedEnd } from './rdb-reasons.ts';

/** The loader gives up: where, the input says. */
export class LoaderStop extends Error {
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(reason.text);
    this.reason = reason;
  }
}

/** The reads of rdb.c: one that fails leaves the input where it is. */
export class LoaderReads {
  doing: Doing = 'read-type';
  /** What is said where the file ends in the middle of the current read. */
  atEnd: Reason = unexpectedEnd;
  private readonly input: RdbInput;
  private readonly fault: FormatError;

  constructor(input: RdbInput, fault: FormatError) {
    this.input = input;
    this.fault = fault;
  }

  stop(reason: Reason): never {
    throw new LoaderStop(reason);
  }

  /** Says what the end of the file means from here on. */
  expecting(text: string): this {
    this.atEnd = internal(text);
    return this;
  }

  /** One read of `count` bytes. */
  take(count: number): void {
    const { input } = this;
    const start = input.offset;
    if (input.skip(count)) return;
    input.seek(start);
    this.stop(this.atEnd);
  }

  byte(): number {
    this.take(1);
    return this.input.bytes[this.input.position - 1];
  }

  length(): bigint {
    const first = this.byte();
    if (first < 0x40) return BigInt(first);
    if (first < 0x80) return (BigInt(first & 0x3f) << 8n) | BigInt(this.byte());
    if (first > 0x81) return this.stop(internal(`Unknown length encoding ${first >> 6} in rdbLoadLen()`));
    return this.bigEndian(first === 0x80 ? 4 : 8);
  }

  private bigEndian(count: number): bigint {
    this.take(count);
    const { bytes, position } = this.input;
    let value = 0n;
    for (let index = position - count; index < position; index++) value = (value << 8n) | BigInt(bytes[index]);
    return value;
  }

  /** A string; gives its length, 0 for one that is not stored as it is. */
  string(): number {
    const { input } = this;
    const start = input.offset;
    const first = this.byte();
    if (first < 0xc0) {
      input.seek(start);
      const length = Number(this.length());
      this.take(length);
      return length;
    }
    if (first <= 0xc2) this.take(1 << (first & 3));
    else if (first === 0xc3) this.compressed(start);
    else this.stop(internal(`Unknown RDB string encoding type ${first & 0x3f}`));
    return 0;
  }

  private compressed(start: number): void {
    const { input, fault } = this;
    const compressed = this.length();
    this.length();
    this.take(Number(compressed));
    if (fault.code.startsWith('rdb.lzf') && fault.offset >= start && fault.offset <= input.offset) {
      this.stop(internal('Invalid LZF compressed string'));
    }
  }

  lengths(count: number): void {
    for (let index = 0; index < count; index++) this.length();
  }
}
