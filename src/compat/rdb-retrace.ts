import type { FormatError } from '../faults.ts';
import type { RdbInput } from '../rdb/input.ts';
import { moduleTypeOf } from '../rdb/module-data.ts';
import { Opcode } from '../rdb/opcodes.ts';
import type { Doing, RdbReader } from '../rdb/reader.ts';
import { LoaderReads, LoaderStop } from './loader-reads.ts';
import { type Reason, unexpectedEnd } from './rdb-reasons.ts';
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
export function retrace(input: RdbInput, itemOffset: number, reader: RdbReader, fault: FormatError): Trace | undefined {
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
