import { parseInt64 } from '../../encodings/number-text.ts';
import { int64Argument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import type { LongDouble } from '../../values/long-double.ts';
import { addLongDouble, formatLongDouble, parseLongDouble } from '../../values/long-double.ts';
import { Kind } from '../../values/value.ts';
import { deadline, ExpireOption, parseExpireOption } from '../expiry.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { CommandSpec, Handler } from './family.ts';

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

/** The integer that an entry's string is; undefined where it is none. */
function integerOf(session: Session, entry: number): number | bigint | undefined {
  const keys = session.keys;
  if (keys.kind(entry) === Kind.Integer) return keys.integer(entry);
  const bytes = session.stringBytes(keys, entry);
  return parseInt64(bytes, 0, bytes.length);
}

function storeInteger(session: Session, entry: number, value: number | bigint): void {
  const number = Number(value);
  session.store(entry, Number.isSafeInteger(number) ? number : Buffer.from(String(value), 'latin1'));
}

/** Adds to the integer at the key of argument 1, which counts as 0 where there is none. */
function add(session: Session, frame: CommandView, amount: number | bigint): string | undefined {
  const keys = session.keys;
  const entry = session.find(frame, 1);
  if (entry < 0) {
    storeInteger(session, session.findOrInsert(frame, 1), amount);
    return undefined;
  }
  if (typeof amount === 'number' && keys.kind(entry) === Kind.Integer) {
    const sum = keys.integer(entry) + amount;
    if (Number.isSafeInteger(sum)) {
      keys.setInteger(entry, sum);
      return undefined;
    }
  }
  if (!session.isString(entry)) return replies.wrongType;
  const before = integerOf(session, entry);
  if (before === undefined) return replies.notInteger;
  const sum = BigInt(before) + BigInt(amount);
  if (sum > int64Max || sum < int64Min) return replies.incrementOverflow;
  storeInteger(session, entry, sum);
  return undefined;
}

const increment: Handler = (session, frame) => add(session, frame, 1);
const decrement: Handler = (session, frame) => add(session, frame, -1);

const incrementBy: Handler = (session, frame) => {
  const amount = int64Argument(frame, 2);
  return amount === undefined ? replies.notInteger : add(session, frame, amount);
};

const decrementBy: Handler = (session, frame) => {
  const amount = int64Argument(frame, 2);
  if (amount === undefined) return replies.notInteger;
  if (BigInt(amount) === int64Min) return 'ERR decrement would overflow';
  return add(session, frame, -amount);
};

const zero: LongDouble = { mantissa: 0n, exponent: 0, infinite: 0 };

const incrementByFloat: Handler = (session, frame) => {
  const entry = session.find(frame, 1);
  if (entry >= 0 && !session.isString(entry)) return replies.wrongType;
  const before = entry < 0 ? zero : parseLongDouble(session.stringBytes(session.keys, entry).latin1Slice());
  const amount = parseLongDouble(frame.text(2));
  if (before === undefined || amount === undefined) return replies.notFloat;
  const sum = addLongDouble(before, amount);
  if (sum === undefined) return replies.incrementNotFinite;
  session.replaceString(frame, 1, Buffer.from(formatLongDouble(sum), 'latin1'), true);
  return undefined;
};

/** Options of INCREX. The numbers are exact rationals: long doubles, of which an integer is one. */
class BoundedIncrement {
  isFloat = false;
  amount: LongDouble = { mantissa: 1n, exponent: 0, infinite: 0 };
  saturates = false;
  lower: LongDouble | undefined = undefined;
  upper: LongDouble | undefined = undefined;
  expire: ExpireOption = ExpireOption.None;
  time = Number.NaN;
  onlyWithoutExpiry = false;
}

function parseIncrementOptions(session: Session, frame: CommandView): BoundedIncrement | string {
  const options = new BoundedIncrement();
  for (let index = 2; index < frame.argc; index++) {
    const expire = parseExpireOption(frame, index);
    if (expire === ExpireOption.Persist) options.expire = expire;
    else if (isWord(frame, index, 'SATURATE')) options.saturates = true;
    else if (isWord(frame, index, 'ENX')) options.onlyWithoutExpiry = true;
    else if (index + 1 === frame.argc || expire === ExpireOption.Keep) return replies.syntaxError;
    else if (expire !== ExpireOption.None) {
      options.expire = expire;
      options.time = deadline(session, frame, expire, ++index);
      if (Number.isNaN(options.time)) return replies.invalidExpireTime('increx');
    } else {
      const error = parseIncrementNumber(options, frame, index++);
      if (error !== undefined) return error;
    }
  }
  return options;
}

function parseIncrementNumber(options: BoundedIncrement, frame: CommandView, index: number): string | undefined {
  const number = parseLongDouble(frame.text(index + 1));
  if (number === undefined) return replies.notFloat;
  if (isWord(frame, index, 'LBOUND')) options.lower = number;
  else if (isWord(frame, index, 'UBOUND')) options.upper = number;
  else if (isWord(frame, index, 'BYINT')) options.amount = number;
  else if (isWord(frame, index, 'BYFLOAT')) {
    options.amount = number;
    options.isFloat = true;
  } else return replies.syntaxError;
  return undefined;
}

function isLess(first: LongDouble, second: LongDouble): boolean {
  if (first.infinite !== second.infinite) return first.infinite < second.infinite;
  const exponent = Math.min(first.exponent, second.exponent);
  return first.mantissa << BigInt(first.exponent - exponent) < second.mantissa << BigInt(second.exponent - exponent);
}

/**
 * INCREX key [BYFLOAT n|BYINT n] [SATURATE] [LBOUND n] [UBOUND n] [EX|PX|EXAT|PXAT t|PERSIST] [ENX]. A log holds SET in its
 * place, so this is only for files written by hand. Out of bounds without SATURATE nothing changes.
 */
const incrementBounded: Handler = (session, frame) => {
  const options = parseIncrementOptions(session, frame);
  if (typeof options === 'string') return options;
  const entry = session.find(frame, 1);
  if (entry >= 0 && !session.isString(entry)) return replies.wrongType;
  const before = entry < 0 ? zero : parseLongDouble(session.stringBytes(session.keys, entry).latin1Slice());
  if (before === undefined) return options.isFloat ? replies.notFloat : replies.notInteger;
  let sum = addLongDouble(before, options.amount);
  if (sum === undefined) return replies.incrementNotFinite;
  const isBelow = options.lower !== undefined && isLess(sum, options.lower);
  const isAbove = options.upper !== undefined && isLess(options.upper, sum);
  if ((isBelow || isAbove) && !options.saturates) return undefined;
  if (isBelow) sum = options.lower as LongDouble;
  if (isAbove) sum = options.upper as LongDouble;
  session.replaceString(frame, 1, Buffer.from(formatLongDouble(sum), 'latin1'), true);
  const target = session.find(frame, 1);
  const keepsExpiry = options.onlyWithoutExpiry && session.keys.hasExpiry(target);
  if (options.expire !== ExpireOption.None && !keepsExpiry) session.keys.setExpiry(target, options.time);
  return undefined;
};

/** Commands that count. */
export const incrementCommands: Record<string, CommandSpec> = {
  INCR: { arity: 2, keys: [1, 1, 1], handler: increment },
  DECR: { arity: 2, keys: [1, 1, 1], handler: decrement },
  INCRBY: { arity: 3, keys: [1, 1, 1], handler: incrementBy },
  DECRBY: { arity: 3, keys: [1, 1, 1], handler: decrementBy },
  INCRBYFLOAT: { arity: 3, keys: [1, 1, 1], handler: incrementByFloat },
  INCREX: { arity: -2, keys: [1, 1, 1], handler: incrementBounded, fork: 'redis' },
};
