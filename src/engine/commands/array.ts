/** Arrays (Redis 8.8). */

import { addU64, canonicalU64, subtractU64, type U64 } from '../../encodings/u64.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { ArrayValue, arrayIndexMax, rebuildRing, remainder } from '../../values/array.ts';
import { Kind } from '../../values/value.ts';
import { noSuchKey, wrongArgumentCount } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Family } from './family.ts';

const badIndex = 'ERR invalid array index';

/** Argument `argument` as an index, undefined where it is none. */
function indexArgument(frame: CommandView, argument: number): U64 | undefined {
  const text = frame.text(argument);
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) return undefined;
  const value = text.length <= 15 ? Number(text) : canonicalU64(BigInt(text));
  return value <= arrayIndexMax ? value : undefined;
}

/** The array at the key, made where there is none; a string is the error reply. */
function arrayToFill(session: Session, frame: CommandView): ArrayValue | string {
  const found = session.read<ArrayValue>(frame, 1, Kind.Array);
  if (found !== undefined) return found;
  const array = new ArrayValue();
  session.add(frame, 1, array);
  return array;
}

/** ARSET key index value ... */
function set(session: Session, frame: CommandView): string | undefined {
  const first = indexArgument(frame, 2);
  if (first === undefined || addU64(first, frame.argc - 4) > arrayIndexMax) return badIndex;
  const array = arrayToFill(session, frame);
  if (typeof array === 'string') return array;
  for (let i = 3; i < frame.argc; i++) array.set(addU64(first, i - 3), frame.text(i));
  return undefined;
}

/** ARMSET key index value ... */
function setMany(session: Session, frame: CommandView): string | undefined {
  if (frame.argc % 2 !== 0) return wrongArgumentCount('armset');
  const indexes: U64[] = [];
  for (let i = 2; i < frame.argc; i += 2) {
    const index = indexArgument(frame, i);
    if (index === undefined) return badIndex;
    indexes.push(index);
  }
  const array = arrayToFill(session, frame);
  if (typeof array === 'string') return array;
  for (const [i, index] of indexes.entries()) array.set(index, frame.text(3 + 2 * i));
  return undefined;
}

/** The index that the next insertion goes to. */
function nextIndex(array: ArrayValue): U64 {
  return array.insertIndex === undefined ? 0 : addU64(array.insertIndex, 1);
}

/** ARINSERT key value ... */
function insert(session: Session, frame: CommandView): string | undefined {
  const found = session.read<ArrayValue>(frame, 1, Kind.Array);
  if (typeof found === 'string') return found;
  const first = found === undefined ? 0 : nextIndex(found);
  if (addU64(first, frame.argc - 3) > arrayIndexMax) return badIndex;
  const array = found ?? new ArrayValue();
  if (found === undefined) session.add(frame, 1, array);
  for (let i = 2; i < frame.argc; i++) array.set(addU64(first, i - 2), frame.text(i));
  array.insertIndex = addU64(first, frame.argc - 3);
  return undefined;
}

/** ARRING key size value ... */
function ring(session: Session, frame: CommandView): string | undefined {
  const size = indexArgument(frame, 2);
  if (size === undefined || size === 0) return 'ERR invalid ring size';
  const array = arrayToFill(session, frame);
  if (typeof array === 'string') return array;
  const { length } = array;
  let next = wrapped(nextIndex(array), size);
  const turned = length !== size && next < length && array.insertIndex !== undefined;
  if (length > size || turned) {
    rebuildRing(array, size);
    next = wrapped(nextIndex(array), size);
  }
  for (let i = 3; i < frame.argc; i++) {
    array.set(next, frame.text(i));
    array.insertIndex = next;
    next = wrapped(addU64(next, 1), size);
  }
  return undefined;
}

function wrapped(index: U64, size: U64): U64 {
  return index >= size ? remainder(index, size) : index;
}

/** ARSEEK key index: the next insertion goes there. */
function seek(session: Session, frame: CommandView): string | undefined {
  const index = indexArgument(frame, 2);
  if (index === undefined) return badIndex;
  const array = session.read<ArrayValue>(frame, 1, Kind.Array);
  if (typeof array === 'string') return array;
  if (array === undefined) return noSuchKey;
  array.insertIndex = index === 0 ? undefined : subtractU64(index, 1);
  return undefined;
}

/** ARDEL key index ... */
function remove(session: Session, frame: CommandView): string | undefined {
  return removeRanges(session, frame, 1);
}

/** ARDELRANGE key start end ...: bounds in any order, both included. */
function removeRange(session: Session, frame: CommandView): string | undefined {
  return frame.argc % 2 === 0 ? removeRanges(session, frame, 2) : wrongArgumentCount('ardelrange');
}

function removeRanges(session: Session, frame: CommandView, width: 1 | 2): string | undefined {
  const ranges: [U64, U64][] = [];
  for (let i = 2; i < frame.argc; i += width) {
    const one = indexArgument(frame, i);
    const other = indexArgument(frame, i + width - 1);
    if (one === undefined || other === undefined) return badIndex;
    ranges.push(one < other ? [one, other] : [other, one]);
  }
  const array = session.read<ArrayValue>(frame, 1, Kind.Array);
  if (typeof array === 'string' || array === undefined) return array;
  for (const [first, last] of ranges) array.deleteRange(first, last);
  session.removeIfEmpty(frame, 1, array);
  return undefined;
}

export const arrayFamily: Family = {
  name: 'array',
  commands: {
    ARDEL: { arity: -3, keys: [1, 1, 1], handler: remove, fork: 'redis' },
    ARDELRANGE: { arity: -4, keys: [1, 1, 1], handler: removeRange, fork: 'redis' },
    ARINSERT: { arity: -3, keys: [1, 1, 1], handler: insert, fork: 'redis' },
    ARMSET: { arity: -4, keys: [1, 1, 1], handler: setMany, fork: 'redis' },
    ARRING: { arity: -4, keys: [1, 1, 1], handler: ring, fork: 'redis' },
    ARSEEK: { arity: 3, keys: [1, 1, 1], handler: seek, fork: 'redis' },
    ARSET: { arity: -4, keys: [1, 1, 1], handler: set, fork: 'redis' },
  },
};
