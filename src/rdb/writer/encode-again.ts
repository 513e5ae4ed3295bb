import { decodeIntset, encodeIntset } from '../../encodings/intset.ts';
import { FormatError } from '../../faults.ts';
import { MemorySource } from '../../io/source.ts';
import { type Target, targets } from '../../servers/targets.ts';
import { TypeId } from '../../servers/value-type-id.ts';
import type { Stream } from '../../values/stream.ts';
import { Kind } from '../../values/value.ts';
import { RdbCodec } from '../codec/codec.ts';
import { RdbInput } from '../input.ts';
import { RdbOutput } from '../output.ts';
import { writeStream } from './encode-stream.ts';
import { streamVersions } from './mended-values.ts';

/** A value that was encoded anew under its type, and how many elements it has. */
export interface EncodedAgain {
  readonly bytes: Buffer;
  readonly elements: number;
}

/**
 * The serialized value again, under the same type, with its members in order, its nodes without empty ones, its counts right
 * (`mendedCodes`); undefined where it is of another type or has more wrong with it than that.
 */
export function encodeAgain(type: number, raw: Buffer, target: Target): EncodedAgain | undefined {
  try {
    return type === TypeId.setIntset ? sortIntset(raw) : writeStreamAgain(type, raw, target);
  } catch (error) {
    if (error instanceof FormatError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function sortIntset(raw: Buffer): EncodedAgain | undefined {
  const input = new RdbInput(new MemorySource(raw));
  if (!input.string()) return undefined;
  const members = decodeIntset(input.textBytes, input.textStart, input.textStart + input.textLength);
  return { bytes: written((out) => out.writeString(encodeIntset(members))), elements: members.length };
}

function writeStreamAgain(type: number, raw: Buffer, target: Target): EncodedAgain | undefined {
  const version = streamVersions[type];
  if (version === undefined) return undefined;
  const value = new RdbCodec({ fork: target.fork }).decode(type, raw, 0, raw.length);
  if (typeof value !== 'object' || value instanceof Uint8Array || value.kind !== Kind.Stream) return undefined;
  const stream = value as Stream;
  const bytes = written((out) => writeStream(out, stream, target, 0));
  const elements = [...stream.nodes()].reduce((sum, { count }) => sum + count, 0);
  return { bytes, elements };
}

function written(write: (out: RdbOutput) => void): Buffer {
  const out = new RdbOutput();
  write(out);
  return Buffer.from(out.bytes.subarray(0, out.length));
}

/** A release whose RDBs have this type of streams. */
export function writerOf(fork: Target['fork'], type: number): Target | undefined {
  const version = streamVersions[type] ?? 0;
  const all = targets.filter(({ streamVersion }) => version === 0 || streamVersion === version);
  return all.findLast((target) => target.fork === fork) ?? all.at(-1);
}
