import { parseInt64 } from '../../encodings/number-text.ts';
import { addU64, type U64 } from '../../encodings/u64.ts';
import { bulkLengthMax } from '../../limits.ts';
import { int64Argument, integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import {
  addToField,
  BitCombination,
  type FieldType,
  type Overflow,
  readField,
  writeField,
} from '../../values/bitmap.ts';
import type { BitmapValue } from '../../values/roaring-bitmap.ts';
import { notInteger, syntaxError } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Family } from './family.ts';
import {
  bitOperationOf,
  combineIntoString,
  nativeBitmapAt,
  nativeBitmapCommands,
  nativeOffset,
  readNativeField,
  writeNativeField,
} from './native-bitmap.ts';

const badOffset = 'ERR bit offset is not an integer or out of range';
const badType = 'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.';

/** SETBIT key offset value */
function setBit(session: Session, frame: CommandView): string | undefined {
  const offset = bitOffset(frame, 2, 0);
  if (Number.isNaN(offset)) {
    const native = nativeBitmapAt(session, frame, 1);
    return native === undefined ? badOffset : setNativeBit(frame, native);
  }
  const bit = integerArgument(frame, 3);
  if (bit !== 0 && bit !== 1) return 'ERR bit is not an integer or out of range';
  const position = Math.floor(offset / 8);
  const bytes = session.writableString(frame, 1, position + 1);
  if (typeof bytes === 'string') {
    const native = nativeBitmapAt(session, frame, 1);
    return native === undefined ? bytes : setNativeBit(frame, native);
  }
  const mask = 0x80 >> (offset % 8);
  bytes[position] = bit === 1 ? bytes[position] | mask : bytes[position] & ~mask;
  return undefined;
}

/** SETBIT of a native bitmap, which has more bits than a string. */
function setNativeBit(frame: CommandView, bitmap: BitmapValue): string | undefined {
  const offset = nativeOffset(int64Argument(frame, 2), 1);
  if (offset === undefined) return badOffset;
  const bit = integerArgument(frame, 3);
  if (bit !== 0 && bit !== 1) return 'ERR bit is not an integer or out of range';
  bitmap.setBit(offset, bit);
  return undefined;
}

/** A bit offset, NaN where it is none. With a `width`, `#n` means n * width. */
function bitOffset(frame: CommandView, index: number, width: number): number {
  const start = frame.starts[index];
  const hash = width > 0 && frame.bytes[start] === 0x23 && frame.lengths[index] > 0 ? 1 : 0;
  const offset = Number(parseInt64(frame.bytes, start + hash, frame.lengths[index] - hash)) * (hash ? width : 1);
  return offset >= 0 && offset < bulkLengthMax * 8 ? offset : Number.NaN;
}

type FieldOperation = {
  readonly name: 'GET' | 'SET' | 'INCRBY';
  readonly type: FieldType;
  readonly offset: U64;
  readonly operand: bigint;
  readonly overflow: Overflow;
};

/** BITFIELD key [GET type offset | [OVERFLOW WRAP|SAT|FAIL] SET type offset value | INCRBY type offset increment] ... */
function bitField(session: Session, frame: CommandView): string | undefined {
  const native = nativeBitmapAt(session, frame, 1);
  const operations = parseFieldOperations(frame, native !== undefined);
  if (typeof operations === 'string') return operations;
  if (native !== undefined) return changeNativeFields(native, operations);
  let end = 0;
  for (const { name, offset, type } of operations) if (name !== 'GET') end = Math.max(end, Number(offset) + type.bits);
  if (end === 0) {
    const found = session.readString(frame, 1);
    return typeof found === 'string' ? found : undefined;
  }
  // The string grows before anything is tried, even if every operation fails then.
  const bytes = session.writableString(frame, 1, Math.ceil(end / 8));
  if (typeof bytes === 'string') return bytes;
  for (const { name, type, offset, operand, overflow } of operations) {
    if (name === 'GET') continue;
    const increases = name === 'INCRBY';
    const value = increases ? readField(bytes, Number(offset), type) : operand;
    const result = addToField(type, value, increases ? operand : 0n, overflow);
    if (result !== undefined) writeField(bytes, Number(offset), type, result);
  }
  return undefined;
}

/** BITFIELD of a native bitmap; it grows before anything is tried, as a string does. */
function changeNativeFields(bitmap: BitmapValue, operations: readonly FieldOperation[]): undefined {
  for (const { name, offset, type } of operations) {
    if (name === 'GET') continue;
    const end = addU64(offset, type.bits + 7);
    bitmap.extend(typeof end === 'number' ? Math.floor(end / 8) : end / 8n);
  }
  for (const { name, type, offset, operand, overflow } of operations) {
    if (name === 'GET') continue;
    const increases = name === 'INCRBY';
    const value = increases ? readNativeField(bitmap, offset, type) : operand;
    const result = addToField(type, value, increases ? operand : 0n, overflow);
    if (result !== undefined) writeNativeField(bitmap, offset, type, result);
  }
  return undefined;
}

function parseFieldOperations(frame: CommandView, isNative: boolean): FieldOperation[] | string {
  const operations: FieldOperation[] = [];
  let overflow: Overflow = 'wrap';
  for (let index = 2; index < frame.argc; ) {
    const more = frame.argc - 1 - index;
    if (more >= 1 && isWord(frame, index, 'OVERFLOW')) {
      const wanted = overflowWord(frame, index + 1);
      if (wanted === undefined) return 'ERR Invalid OVERFLOW type specified';
      overflow = wanted;
      index += 2;
      continue;
    }
    const name = (['GET', 'SET', 'INCRBY'] as const).find((word) => isWord(frame, index, word));
    const used = name === 'GET' ? 3 : 4;
    if (name === undefined || more < used - 1) return syntaxError;
    const operation = parseFieldOperation(frame, index, name, overflow, isNative);
    if (typeof operation === 'string') return operation;
    operations.push(operation);
    index += used;
  }
  return operations;
}

function parseFieldOperation(
  frame: CommandView,
  index: number,
  name: FieldOperation['name'],
  overflow: Overflow,
  isNative: boolean,
): FieldOperation | string {
  const type = fieldType(frame, index + 1);
  if (type === undefined) return badType;
  const offset = isNative ? nativeFieldOffset(frame, index + 2, type.bits) : bitOffset(frame, index + 2, type.bits);
  if (offset === undefined || Number.isNaN(offset)) return badOffset;
  const operand = name === 'GET' ? 0 : int64Argument(frame, index + 3);
  if (operand === undefined) return notInteger;
  return { name, type, offset, operand: BigInt(operand), overflow };
}

function nativeFieldOffset(frame: CommandView, index: number, width: number): U64 | undefined {
  const isCount = frame.lengths[index] > 0 && frame.bytes[frame.starts[index]] === 0x23;
  const skipped = isCount ? 1 : 0;
  const given = parseInt64(frame.bytes, frame.starts[index] + skipped, frame.lengths[index] - skipped);
  return nativeOffset(given, isCount ? width : 1);
}

function overflowWord(frame: CommandView, index: number): Overflow | undefined {
  if (isWord(frame, index, 'WRAP')) return 'wrap';
  if (isWord(frame, index, 'SAT')) return 'saturate';
  return isWord(frame, index, 'FAIL') ? 'fail' : undefined;
}

/** `i1` to `i64`, `u1` to `u63`. */
function fieldType(frame: CommandView, index: number): FieldType | undefined {
  const first = frame.bytes[frame.starts[index]];
  const signed = first === 0x69;
  if (frame.lengths[index] < 2 || (!signed && first !== 0x75)) return undefined;
  const bits = Number(parseInt64(frame.bytes, frame.starts[index] + 1, frame.lengths[index] - 1));
  return bits >= 1 && bits <= (signed ? 64 : 63) ? { signed, bits } : undefined;
}

/** BITOP operation destination key [key ...] */
function bitOperation(session: Session, frame: CommandView): string | undefined {
  const named = bitOperationOf(frame);
  if (typeof named === 'string') return named;
  const { operation } = named;
  let length = 0;
  for (let i = 3; i < frame.argc; i++) {
    const source = session.readString(frame, i);
    if (typeof source === 'string') {
      const isNative = nativeBitmapAt(session, frame, i) !== undefined;
      return isNative ? combineIntoString(session, frame, operation) : source;
    }
    length = Math.max(length, source?.length ?? 0);
  }
  if (length === 0) {
    session.remove(frame, 2);
    return undefined;
  }
  const combination = new BitCombination(operation, length);
  for (let i = 3; i < frame.argc; i++)
    combination.add((session.readString(frame, i) as Buffer | undefined) ?? Buffer.alloc(0));
  session.replaceString(frame, 2, combination.finish(), false);
  return undefined;
}

export const bitmapFamily: Family = {
  name: 'bitmap',
  commands: {
    BITFIELD: { arity: -2, keys: [1, 1, 1], handler: bitField },
    BITOP: { arity: -4, keys: [2, -1, 1], handler: bitOperation },
    SETBIT: { arity: 4, keys: [1, 1, 1], handler: setBit },
    ...nativeBitmapCommands,
  },
};
