/**
 * Native bitmaps (Redis 8.12). Commands in a log make strings, as ever: where a server made a native bitmap, it logged BITCONVERT before
 * the command that needed it, or BITROAROP in place of BITOP. From the sources: no server that has them was at hand.
 */

import { addU64, canonicalU64, i64Max, type U64 } from '../../encodings/u64.ts';
import { bulkLengthMax } from '../../limits.ts';
import { isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { BitCombination, type BitOperation, type FieldType } from '../../values/bitmap.ts';
import { BitmapValue, blockBytes } from '../../values/roaring-bitmap.ts';
import { Kind } from '../../values/value.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { CommandSpec, Handler } from './family.ts';

/** Longest native bitmap, bytes: 2^60 - 1. */
const byteLengthMax = i64Max >> 3n;
/** Blocks up to which a bitmap is turned around: NOT of a huge, empty one would fill all memory. */
const invertedBlocksMax = 1 << 20;

/** The native bitmap at the key of argument `index`; undefined where there is none, or something else. */
export function nativeBitmapAt(session: Session, frame: CommandView, index: number): BitmapValue | undefined {
  const entry = session.find(frame, index);
  if (entry < 0 || session.kind(entry) !== Kind.Bitmap) return undefined;
  return session.keys.object(entry) as BitmapValue;
}

/** Whether a native bitmap can have this bit. */
function isNativeOffset(offset: U64): boolean {
  return offset >= 0 && BigInt(offset) >> 3n < byteLengthMax;
}

/** The unsigned bits of a field, those past the end zero. */
export function readNativeField(bitmap: BitmapValue, offset: U64, { signed, bits }: FieldType): bigint {
  let value = 0n;
  for (let index = 0; index < bits; index++) value = (value << 1n) | BigInt(bitmap.bit(addU64(offset, index)));
  return signed ? BigInt.asIntN(bits, value) : value;
}

/** Writes the low bits of `value` into a field; the bitmap grows to hold it. */
export function writeNativeField(bitmap: BitmapValue, offset: U64, { bits }: FieldType, value: bigint): void {
  for (let index = 0; index < bits; index++) {
    const bit = (value >> BigInt(bits - 1 - index)) & 1n;
    bitmap.setBit(addU64(offset, index), bit === 1n ? 1 : 0);
  }
}

/** BITCONVERT key: a string becomes a native bitmap, a missing key an empty one. A draft had the word ROARING behind it. */
const convert: Handler = (session, frame) => {
  if (frame.argc > 3 || (frame.argc === 3 && !isWord(frame, 2, 'ROARING'))) return replies.syntaxError;
  const entry = session.find(frame, 1);
  if (entry < 0) {
    session.add(frame, 1, new BitmapValue());
    return undefined;
  }
  if (session.kind(entry) === Kind.Bitmap) return undefined;
  if (!session.isString(entry)) return replies.wrongType;
  session.keys.setObject(entry, BitmapValue.fromBytes(session.stringBytes(session.keys, entry)));
  return undefined;
};

const bitOperations: readonly BitOperation[] = ['AND', 'OR', 'XOR', 'NOT', 'DIFF', 'DIFF1', 'ANDOR', 'ONE'];

/** The operation that argument 1 names, if as many sources follow as it takes; else a string, the error reply. */
export function bitOperationOf(frame: CommandView): { readonly operation: BitOperation } | string {
  const operation = bitOperations.find((word) => isWord(frame, 1, word));
  if (operation === undefined) return replies.syntaxError;
  if (operation === 'NOT' && frame.argc !== 4) return 'ERR BITOP NOT must be called with a single source key.';
  const needsTwo = operation === 'DIFF' || operation === 'DIFF1' || operation === 'ANDOR';
  if (needsTwo && frame.argc < 5) return `ERR BITOP ${operation} must be called with at least two source keys.`;
  return { operation };
}

/** The sources from argument 3 on as bitmaps, empty ones for missing keys; a string is the error reply. */
function bitmapSources(session: Session, frame: CommandView): BitmapValue[] | string {
  const sources: BitmapValue[] = [];
  for (let index = 3; index < frame.argc; index++) {
    const native = nativeBitmapAt(session, frame, index);
    const bytes = native === undefined ? session.readString(frame, index) : undefined;
    if (typeof bytes === 'string') return bytes;
    sources.push(native ?? (bytes === undefined ? new BitmapValue() : BitmapValue.fromBytes(bytes)));
  }
  return sources;
}

/** What the operation gives, as long as the longest source; undefined where it would have too many blocks. */
function combined(operation: BitOperation, sources: readonly BitmapValue[]): BitmapValue | undefined {
  const result = new BitmapValue();
  for (const source of sources) result.extend(source.byteLength);
  const length = Number(result.byteLength);
  const inverts = operation === 'NOT';
  if (inverts && length / blockBytes > invertedBlocksMax) return undefined;
  const numbers = inverts
    ? Array.from({ length: Math.ceil(length / blockBytes) }, (_, number) => number)
    : new Set(sources.flatMap((source) => [...source.blockNumbers()]));
  for (const number of numbers) {
    const combination = new BitCombination(operation, blockBytes);
    for (const source of sources) combination.add(source.blockBytes(number));
    const bytes = combination.finish();
    // NOT sets bits beyond the end of the last block's part that belongs to the bitmap.
    if (inverts && (number + 1) * blockBytes > length) bytes.fill(0, length - number * blockBytes);
    result.setBlockBytes(number, bytes);
  }
  return result;
}

/** BITROAROP operation destination key …: BITOP whose result is a native bitmap. */
const combineInto: Handler = (session, frame) => {
  const named = bitOperationOf(frame);
  if (typeof named === 'string') return named;
  const sources = bitmapSources(session, frame);
  if (typeof sources === 'string') return sources;
  if (sources.every(({ byteLength }) => byteLength === 0)) {
    session.remove(frame, 2);
    return undefined;
  }
  const result = combined(named.operation, sources);
  if (result === undefined) return session.opaque(frame, 'unknown');
  session.replace(frame, 2, result);
  return undefined;
};

/** BITOP with a native bitmap among its sources: the result is a string. */
export function combineIntoString(session: Session, frame: CommandView, operation: BitOperation): string | undefined {
  const sources = bitmapSources(session, frame);
  if (typeof sources === 'string') return sources;
  if (sources.some(({ byteLength }) => byteLength > bulkLengthMax)) return replies.stringTooLong;
  const result = combined(operation, sources);
  if (result === undefined || result.byteLength === 0) session.remove(frame, 2);
  else session.replaceString(frame, 2, result.toBytes(), false);
  return undefined;
}

/** A bit offset as the text of a 64-bit integer gives it, `width` times as much behind a `#`; undefined where none can be. */
export function nativeOffset(given: number | bigint | undefined, width: number): U64 | undefined {
  if (given === undefined) return undefined;
  const offset = canonicalU64(BigInt(given) * BigInt(width));
  return isNativeOffset(offset) ? offset : undefined;
}

export const nativeBitmapCommands: Record<string, CommandSpec> = {
  BITCONVERT: { arity: -2, keys: [1, 1, 1], handler: convert, fork: 'redis' },
  BITROAROP: { arity: -4, keys: [2, -1, 1], handler: combineInto, fork: 'redis' },
};
