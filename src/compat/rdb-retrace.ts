import type { RdbFault, RdbInput } from '../rdb/input.ts';
import { moduleTypeOf } from '../rdb/module-data.ts';
import { Opcode } from '../rdb/opcodes.ts';
import type { Doing, RdbReader } from '../rdb/reader.ts';
import { internal, type Reason, unexpectedEnd } from './rdb-reasons.ts';
import { retraceStream } from './rdb-retrace-stream.ts';

/**
 * Where the server's loader stands when it gives up: it counts what it consumed, read by read, and a read that fails consumes
 * nothing. An item with a broken frame is therefore gone through a second time, read by read as rdb.c does it.
 */
export interface Trace {
  readonly reason: Reason;
  readonly offset: number;
  readonly doing: Doing;
}

/** Faults of the frame, whose place must be retraced; of all others it is where reading stands. */
const framing = /^rdb\.(truncated|length|string|lzf)/;

/** Goes through the item at `itemOffset` up to `fault`; undefined where it cannot be read again or nothing turns up. */
export function retrace(input: RdbInput, itemOffset: number, reader: RdbReader, fault: RdbFault): Trace | undefined {
  if (!framing.test(fault.code) || !input.seek(itemOffset)) return undefined;
  const reads = new LoaderReads(input, fault);
  try {
    retraceItem(reads, reader);
  } catch (error) {
    if (!(error instanceof LoaderStop)) throw error;
    return { reason: error.reason, offset: input.offset, doing: reads.doing };
  }
  return undefined;
}

/** The loader gives up: where, the input says. */
class LoaderStop extends Error {
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
  private readonly fault: RdbFault;

  constructor(input: RdbInput, fault: RdbFault) {
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

/** Opcodes before a key, or a whole item of another kind. */
function retraceItem(reads: LoaderReads, reader: RdbReader): void {
  for (;;) {
    reads.doing = 'read-type';
    const code = reads.byte();
    if (code < 240) {
      retraceKey(reads, code, reader);
      return;
    }
    if (code === Opcode.eof) {
      reads.doing = 'check-sum';
      reads.take(8);
      return;
    }
    retraceOpcode(reads, code, reader);
  }
}

function retraceOpcode(reads: LoaderReads, code: number, reader: RdbReader): void {
  if (code === Opcode.expireTime || code === Opcode.expireTimeMs) {
    reads.doing = 'read-expire';
    reads.take(code === Opcode.expireTime ? 4 : 8);
  } else if (code === Opcode.freq) reads.take(1);
  else if (code === Opcode.idle) reads.length();
  else if (code === Opcode.slotInfo) reads.lengths(3);
  else if (code === Opcode.selectDb || code === Opcode.resizeDb) {
    reads.doing = 'read-len';
    reads.lengths(code === Opcode.selectDb ? 1 : 2);
  } else if (code === Opcode.aux) {
    reads.doing = 'read-aux';
    reads.string();
    reads.string();
  } else if (code === Opcode.moduleAux) {
    reads.doing = 'read-module-aux';
    const name = moduleTypeOf(reads.length()).name;
    reads.lengths(2);
    retraceModule(reads, name);
  } else if (code === Opcode.function2) {
    reads.doing = 'read-functions';
    reads.atEnd = { text: 'Failed loading library, Failed loading library payload', internal: false };
    reads.string();
    reads.atEnd = unexpectedEnd;
  } else if (code === Opcode.keyMeta && reader.fork === 'redis') {
    for (let classes = reads.length(); classes > 0n; classes--) {
      reads.take(4);
      retraceModule(reads, 'metadata');
    }
  } else reads.stop(unexpectedEnd);
}

/** Items of a module's data; the loader does not mind which opcodes it does not know. */
function retraceModule(reads: LoaderReads, name: string): void {
  const failing = (kind: string): LoaderReads => reads.expecting(`Error reading ${kind} from module ${name} value`);
  for (;;) {
    reads.atEnd = unexpectedEnd;
    const opcode = reads.length();
    if (opcode === 0n) return;
    if (opcode <= 2n) failing('integer').length();
    else if (opcode === 3n) failing('float').take(4);
    else if (opcode === 4n) failing('double').take(8);
    else if (opcode === 5n) failing('string').string();
  }
}

function retraceKey(reads: LoaderReads, type: number, reader: RdbReader): void {
  reads.doing = 'read-key';
  reads.string();
  reads.doing = 'read-object-value';
  const name = 'Short read module id';
  if (type === 7) retraceModule(reads, moduleTypeOf(reads.expecting(name).length()).name);
  else if (type in streamVersions) retraceStream(reads, streamVersions[type]);
  else (values[type] ?? unknown)(reads, reader);
}

const streamVersions: Record<number, number> = { 15: 1, 19: 2, 21: 3, 26: 4, 27: 5 };

type Retrace = (reads: LoaderReads, reader: RdbReader) => void;

const unknown: Retrace = (reads) => reads.stop(unexpectedEnd);
const oneString = (reads: LoaderReads): void => void reads.string();

/** A number of elements, each read by the same reads. */
const elements =
  (read: (reads: LoaderReads) => void): Retrace =>
  (reads) => {
    for (let left = reads.length(); left > 0n; left--) read(reads);
  };

const pair = (reads: LoaderReads): void => {
  reads.string();
  reads.string();
};

/** A score as text: its length, or 253 to 255 for what has none. */
const textScore = (reads: LoaderReads): void => {
  reads.string();
  const length = reads.byte();
  if (length < 253) reads.take(length);
};

/** A field with an expiry before it; the loader logs where it stopped. */
const expiringField = (reads: LoaderReads): void => {
  const failing = (what: string): LoaderReads => {
    reads.atEnd = { ...unexpectedEnd, log: `failed reading hash ${what}` };
    return reads;
  };
  failing('TTL').length();
  failing('field').string();
  failing('value').string();
};

const valkeyField = (reads: LoaderReads): void => {
  pair(reads);
  reads.take(8);
};

const values: Record<number, Retrace> = {
  0: oneString,
  1: elements(oneString),
  2: elements(oneString),
  3: elements(textScore),
  4: elements(pair),
  5: elements((reads) => {
    reads.string();
    reads.take(8);
  }),
  9: oneString,
  10: oneString,
  11: oneString,
  12: oneString,
  13: oneString,
  14: elements(oneString),
  16: oneString,
  17: oneString,
  18: elements((reads) => {
    reads.length();
    reads.string();
  }),
  20: oneString,
  22: (reads, reader) => elements(reader.fork === 'redis' ? expiringField : valkeyField)(reads, reader),
  23: oneString,
  24: (reads, reader) => {
    reads.expecting('Hash failed loading minExpire').take(8);
    reads.atEnd = unexpectedEnd;
    elements(expiringField)(reads, reader);
  },
  25: (reads) => {
    reads.expecting('Short read of listpackex min expiration time.').take(8);
    reads.atEnd = unexpectedEnd;
    reads.string();
  },
};
