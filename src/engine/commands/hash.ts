/** Hashes. One that becomes empty is removed. Setting a field takes its expiry off; counting it up does not. */

import { int64Argument } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { HashValue } from '../../values/hash.ts';
import { addLongDouble, formatLongDouble, parseLongDouble } from '../../values/long-double.ts';
import { Kind } from '../../values/value.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { CommandSpec, Family, Handler } from './family.ts';
import { expireFields, findsField, getAndDelete, getAndExpire, persistFields, setAndExpire } from './hash-expiry.ts';

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

/** The hash at the key of argument 1; undefined: no such key; a string: WRONGTYPE. */
function hashAt(session: Session, frame: CommandView): HashValue | undefined | string {
  return session.read<HashValue>(frame, 1, Kind.Hash);
}

/** The hash at the key of argument 1, made with room for `fieldsHint` fields if there is none; a string: WRONGTYPE. */
function hashToChange(session: Session, frame: CommandView, fieldsHint: number): HashValue | string {
  const found = hashAt(session, frame);
  if (found !== undefined) return found;
  const hash = new HashValue(fieldsHint);
  session.add(frame, 1, hash);
  return hash;
}

/** HSET, HMSET. */
function setFields(name: string): Handler {
  return (session, frame) => {
    if (frame.argc % 2 !== 0) return replies.wrongArgumentCount(name);
    const hash = hashToChange(session, frame, (frame.argc - 2) >> 1);
    if (typeof hash === 'string') return hash;
    for (let index = 2; index < frame.argc; index += 2) {
      const field = session.intern(frame, index);
      // Whoever stores an object again changes few of its fields.
      if (!hash.hasValue(field, frame.bytes, frame.starts[index + 1], frame.lengths[index + 1]))
        hash.set(field, valueText(session, frame, index + 1));
      if (hash.hasExpiries) hash.persist(field);
    }
    return undefined;
  };
}

/** Values of a few bytes (small numbers, flags) repeat; longer ones seldom do. */
function valueText(session: Session, frame: CommandView, index: number): string {
  return frame.lengths[index] <= 3 ? session.intern(frame, index) : frame.text(index);
}

const setIfMissing: Handler = (session, frame) => {
  const hash = hashToChange(session, frame, 1);
  if (typeof hash === 'string') return hash;
  const field = session.intern(frame, 2);
  if (findsField(session, hash, field)) return undefined;
  hash.set(field, frame.text(3));
  hash.persist(field);
  return undefined;
};

const deleteFields: Handler = (session, frame) => {
  const hash = hashAt(session, frame);
  if (hash === undefined || typeof hash === 'string') return hash;
  for (let index = 2; index < frame.argc; index++) hash.delete(session.intern(frame, index));
  session.removeIfEmpty(frame, 1, hash);
  return undefined;
};

/** A field's value as an int64, strictly decimal. */
function integerValue(text: string): number | bigint | undefined {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return String(value) === text ? value : undefined;
  if (!/^-?[1-9][0-9]{15,18}$/.test(text)) return undefined;
  const exact = BigInt(text);
  return exact >= int64Min && exact <= int64Max ? exact : undefined;
}

/** The sum's decimal text, or undefined if it is no int64. */
function sumText(first: number | bigint, second: number | bigint): string | undefined {
  if (typeof first === 'number' && typeof second === 'number') {
    const sum = first + second;
    if (Number.isSafeInteger(sum)) return String(sum);
  }
  const exact = BigInt(first) + BigInt(second);
  return exact >= int64Min && exact <= int64Max ? String(exact) : undefined;
}

function foundValue(session: Session, hash: HashValue | undefined, field: string): string | undefined {
  return hash !== undefined && findsField(session, hash, field) ? hash.get(field) : undefined;
}

const increment: Handler = (session, frame) => {
  const by = int64Argument(frame, 3);
  if (by === undefined) return replies.notInteger;
  const found = hashAt(session, frame);
  if (typeof found === 'string') return found;
  const field = session.intern(frame, 2);
  const before = foundValue(session, found, field);
  const value = before === undefined ? 0 : integerValue(before);
  if (value === undefined) return 'ERR hash value is not an integer';
  const sum = sumText(value, by);
  if (sum === undefined) return replies.incrementOverflow;
  storeField(session, frame, found, field, sum);
  return undefined;
};

/** Sets a field of the hash that was looked up last, and leaves its expiry. */
function storeField(
  session: Session,
  frame: CommandView,
  found: HashValue | undefined,
  field: string,
  value: string,
): void {
  const hash = found ?? new HashValue();
  hash.set(field, value);
  if (found === undefined) session.add(frame, 1, hash);
}

const incrementFloat: Handler = (session, frame) => {
  const by = parseLongDouble(frame.text(3));
  if (by === undefined) return replies.notFloat;
  if (by.infinite !== 0) return 'ERR value is NaN or Infinity';
  const found = hashAt(session, frame);
  if (typeof found === 'string') return found;
  const field = session.intern(frame, 2);
  const value = parseLongDouble(foundValue(session, found, field) ?? '0');
  if (value === undefined) return 'ERR hash value is not a float';
  const sum = addLongDouble(value, by);
  if (sum === undefined) return replies.incrementNotFinite;
  storeField(session, frame, found, field, formatLongDouble(sum));
  return undefined;
};

const oneKey = [1, 1, 1] as const;

const commands: Record<string, CommandSpec> = {
  HDEL: { arity: -3, keys: oneKey, handler: deleteFields },
  HEXPIRE: { arity: -6, keys: oneKey, handler: expireFields(1000, true) },
  HEXPIREAT: { arity: -6, keys: oneKey, handler: expireFields(1000, false) },
  HGETDEL: { arity: -5, keys: oneKey, handler: getAndDelete },
  HGETEX: { arity: -5, keys: oneKey, handler: getAndExpire },
  HINCRBY: { arity: 4, keys: oneKey, handler: increment },
  HINCRBYFLOAT: { arity: 4, keys: oneKey, handler: incrementFloat },
  HMSET: { arity: -4, keys: oneKey, handler: setFields('hmset') },
  HPERSIST: { arity: -5, keys: oneKey, handler: persistFields },
  HPEXPIRE: { arity: -6, keys: oneKey, handler: expireFields(1, true) },
  HPEXPIREAT: { arity: -6, keys: oneKey, handler: expireFields(1, false) },
  HSET: { arity: -4, keys: oneKey, handler: setFields('hset') },
  HSETEX: { arity: -6, keys: oneKey, handler: setAndExpire },
  HSETNX: { arity: 4, keys: oneKey, handler: setIfMissing },
};

export const hashFamily: Family = { name: 'hash', commands };
