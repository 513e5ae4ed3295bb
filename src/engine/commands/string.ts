import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { xxh3Hex64 } from '../../values/xxh3.ts';
import { deadline, ExpireOption, parseExpireOption } from '../expiry.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { CommandSpec, Family, Handler } from './family.ts';
import { incrementCommands } from './string-increment.ts';
import { stringRangeCommands } from './string-range.ts';

/** Conditions of SET and DELEX on what the key holds. */
const Condition = { None: 0, Absent: 1, Present: 2, Equal: 3, Unequal: 4, DigestEqual: 5, DigestUnequal: 6 } as const;
type Condition = (typeof Condition)[keyof typeof Condition];

const noCondition = 0;

/** The condition that argument `index` names, or None. */
function conditionAt(frame: CommandView, index: number): Condition {
  if (isWord(frame, index, 'NX')) return Condition.Absent;
  if (isWord(frame, index, 'XX')) return Condition.Present;
  return comparisonAt(frame, index);
}

function comparisonAt(frame: CommandView, index: number): Condition {
  if (isWord(frame, index, 'IFEQ')) return Condition.Equal;
  if (isWord(frame, index, 'IFNE')) return Condition.Unequal;
  if (isWord(frame, index, 'IFDEQ')) return Condition.DigestEqual;
  if (isWord(frame, index, 'IFDNE')) return Condition.DigestUnequal;
  return Condition.None;
}

/** Whether the condition holds for `entry` (-1: no key); a string is the error reply. `operand` is the argument compared with. */
function holds(
  session: Session,
  frame: CommandView,
  condition: Condition,
  operand: number,
  entry: number,
): boolean | string {
  if (condition === Condition.Absent) return entry < 0;
  if (condition === Condition.Present) return entry >= 0;
  if (condition === Condition.None) return true;
  const isDigest = condition >= Condition.DigestEqual;
  const wantsEqual = condition === Condition.Equal || condition === Condition.DigestEqual;
  if (entry < 0) return !wantsEqual;
  if (!session.isString(entry)) return replies.wrongType;
  if (isDigest && frame.lengths[operand] !== 16) return 'ERR must be exactly 16 hexadecimal characters';
  const bytes = session.stringBytes(session.keys, entry);
  const isEqual = isDigest
    ? xxh3Hex64(bytes) === frame.text(operand).toLowerCase()
    : bytes.latin1Slice() === frame.text(operand);
  return isEqual === wantsEqual;
}

const set: Handler = (session, frame) => {
  if (frame.argc > 3) return setWithOptions(session, frame);
  assign(session, frame, 1, 2);
  return undefined;
};

/** Makes argument `value` the whole value of the key at argument `key`, without an expiry. */
function assign(session: Session, frame: CommandView, key: number, value: number): void {
  const entry = session.findOrInsert(frame, key);
  session.storeArgument(entry, frame, value);
  session.keys.setExpiry(entry, Number.NaN);
}

function setWithOptions(session: Session, frame: CommandView): string | undefined {
  let expire: ExpireOption = ExpireOption.None;
  let timeIndex = 0;
  let condition: Condition = noCondition;
  let operand = 0;
  let wantsOld = false;
  for (let index = 3; index < frame.argc; index++) {
    const option = parseExpireOption(frame, index);
    if (option !== ExpireOption.None && option !== ExpireOption.Persist) {
      if (expire !== ExpireOption.None) return replies.syntaxError;
      expire = option;
      if (option === ExpireOption.Keep) continue;
      if ((timeIndex = ++index) === frame.argc) return replies.syntaxError;
    } else if (isWord(frame, index, 'GET')) wantsOld = true;
    else {
      const named = conditionAt(frame, index);
      if (named === Condition.None || condition !== noCondition) return replies.syntaxError;
      condition = named;
      if (condition >= Condition.Equal && (operand = ++index) === frame.argc) return replies.syntaxError;
    }
  }
  const time = timeIndex === 0 ? Number.NaN : deadline(session, frame, expire, timeIndex);
  if (timeIndex !== 0 && Number.isNaN(time)) return expireError(frame, timeIndex, 'set');
  let entry = session.find(frame, 1);
  if (wantsOld && entry >= 0 && !session.isString(entry)) return replies.wrongType;
  if (condition !== noCondition) {
    const verdict = holds(session, frame, condition, operand, entry);
    if (typeof verdict === 'string') return verdict;
    if (!verdict) return undefined;
  }
  if (entry < 0) entry = session.findOrInsert(frame, 1);
  session.storeArgument(entry, frame, 2);
  if (expire !== ExpireOption.Keep) session.keys.setExpiry(entry, time);
  return undefined;
}

/** Which of the two replies a bad time gets. */
function expireError(frame: CommandView, index: number, name: string): string {
  return Number.isNaN(integerArgument(frame, index)) ? replies.notInteger : replies.invalidExpireTime(name);
}

/** SETEX, PSETEX: the time is argument 2, the value argument 3. */
function setWithExpiry(option: ExpireOption, name: string): Handler {
  return (session, frame) => {
    const time = deadline(session, frame, option, 2);
    if (Number.isNaN(time)) return expireError(frame, 2, name);
    const entry = session.findOrInsert(frame, 1);
    session.storeArgument(entry, frame, 3);
    session.keys.setExpiry(entry, time);
    return undefined;
  };
}

const setIfAbsent: Handler = (session, frame) => {
  if (session.find(frame, 1) < 0) assign(session, frame, 1, 2);
  return undefined;
};

const getAndSet: Handler = (session, frame) => {
  const entry = session.find(frame, 1);
  if (entry >= 0 && !session.isString(entry)) return replies.wrongType;
  assign(session, frame, 1, 2);
  return undefined;
};

const getAndDelete: Handler = (session, frame) => {
  const entry = session.find(frame, 1);
  if (entry < 0) return undefined;
  if (!session.isString(entry)) return replies.wrongType;
  session.keys.remove(entry);
  return undefined;
};

/** GETEX key [EX|PX|EXAT|PXAT time|PERSIST]; the time of PERSIST is none. */
const getAndExpire: Handler = (session, frame) => {
  const timeIndex = frame.argc - 1;
  const option = frame.argc === 2 ? ExpireOption.None : parseExpireOption(frame, 2);
  if (frame.argc > 2) {
    if (option === ExpireOption.None || option === ExpireOption.Keep) return replies.syntaxError;
    if (frame.argc !== (option === ExpireOption.Persist ? 3 : 4)) return replies.syntaxError;
  }
  const time = frame.argc === 4 ? deadline(session, frame, option, timeIndex) : Number.NaN;
  const isBad = frame.argc === 4 && Number.isNaN(time);
  // Valkey 9 looks at the time first, the others at the key.
  if (isBad && session.rules.fork === 'valkey' && session.rules.strictFloats)
    return expireError(frame, timeIndex, 'getex');
  const entry = session.find(frame, 1);
  if (entry < 0) return undefined;
  if (!session.isString(entry)) return replies.wrongType;
  if (isBad) return expireError(frame, timeIndex, 'getex');
  if (option !== ExpireOption.None) session.keys.setExpiry(entry, time);
  return undefined;
};

const setMany: Handler = (session, frame) => {
  if (frame.argc % 2 === 0) return replies.wrongArgumentCount('mset');
  for (let index = 1; index < frame.argc; index += 2) assign(session, frame, index, index + 1);
  return undefined;
};

const setManyIfAbsent: Handler = (session, frame) => {
  if (frame.argc % 2 === 0) return replies.wrongArgumentCount('msetnx');
  for (let index = 1; index < frame.argc; index += 2) if (session.find(frame, index) >= 0) return undefined;
  for (let index = 1; index < frame.argc; index += 2) assign(session, frame, index, index + 1);
  return undefined;
};

/** MSETEX numkeys key value … [NX|XX] [EX|PX|EXAT|PXAT time|KEEPTTL] */
const setManyWithOptions: Handler = (session, frame) => {
  const count = integerArgument(frame, 1);
  if (Number.isNaN(count) || count <= 0 || count > 0x3fffffff) return 'ERR invalid numkeys value';
  const end = 2 + count * 2;
  if (end > frame.argc) return replies.wrongArgumentCount('msetex');
  let expire: ExpireOption = ExpireOption.None;
  let timeIndex = 0;
  let condition: Condition = noCondition;
  for (let index = end; index < frame.argc; index++) {
    const option = parseExpireOption(frame, index);
    if (option !== ExpireOption.None && option !== ExpireOption.Persist) {
      if (expire !== ExpireOption.None) return replies.syntaxError;
      expire = option;
      if (option === ExpireOption.Keep) continue;
      if ((timeIndex = ++index) === frame.argc) return replies.syntaxError;
      continue;
    }
    const named = conditionAt(frame, index);
    if (named === Condition.None || named >= Condition.Equal || condition !== noCondition) return replies.syntaxError;
    condition = named;
  }
  const time = timeIndex === 0 ? Number.NaN : deadline(session, frame, expire, timeIndex);
  if (timeIndex !== 0 && Number.isNaN(time)) return expireError(frame, timeIndex, 'msetex');
  for (let index = 2; index < end; index += 2) {
    if (condition !== noCondition && session.find(frame, index) >= 0 !== (condition === Condition.Present)) {
      return undefined;
    }
  }
  for (let index = 2; index < end; index += 2) {
    const entry = session.findOrInsert(frame, index);
    session.storeArgument(entry, frame, index + 1);
    if (expire !== ExpireOption.Keep) session.keys.setExpiry(entry, time);
  }
  return undefined;
};

/**
 * DELEX key [IFEQ value|IFNE value|IFDEQ digest|IFDNE digest]; without a condition it deletes a key of any type. Valkey 9.2 compares values
 * only.
 */
const deleteIf: Handler = (session, frame) => {
  if (frame.argc !== 2 && frame.argc !== 4) return replies.wrongArgumentCount('delex');
  const condition = frame.argc === 4 ? comparisonAt(frame, 2) : noCondition;
  const isValkey = session.rules.fork === 'valkey';
  if (isValkey && condition >= Condition.DigestEqual) return replies.syntaxError;
  if (frame.argc === 4 && condition === Condition.None) return 'ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE';
  const error = removeIf(session, frame, condition, 3);
  if (isValkey) return error;
  return error === replies.wrongType ? 'ERR Key should be of string type if conditions are specified' : error;
};

function removeIf(session: Session, frame: CommandView, condition: Condition, operand: number): string | undefined {
  const entry = session.find(frame, 1);
  if (entry < 0) return undefined;
  const verdict = holds(session, frame, condition, operand, entry);
  if (typeof verdict === 'string') return verdict;
  if (verdict) session.keys.remove(entry);
  return undefined;
}

const deleteIfEqual: Handler = (session, frame) => removeIf(session, frame, Condition.Equal, 2);

const assignCommands: Record<string, CommandSpec> = {
  SET: { arity: -3, keys: [1, 1, 1], handler: set },
  SETEX: { arity: 4, keys: [1, 1, 1], handler: setWithExpiry(ExpireOption.Seconds, 'setex') },
  PSETEX: { arity: 4, keys: [1, 1, 1], handler: setWithExpiry(ExpireOption.Milliseconds, 'psetex') },
  SETNX: { arity: 3, keys: [1, 1, 1], handler: setIfAbsent },
  GETSET: { arity: 3, keys: [1, 1, 1], handler: getAndSet },
  GETDEL: { arity: 2, keys: [1, 1, 1], handler: getAndDelete },
  GETEX: { arity: -2, keys: [1, 1, 1], handler: getAndExpire },
  MSET: { arity: -3, keys: [1, -1, 2], handler: setMany },
  MSETNX: { arity: -3, keys: [1, -1, 2], handler: setManyIfAbsent },
  MSETEX: { arity: -4, keys: [0, 0, 0], handler: setManyWithOptions, fork: 'redis' },
  DELEX: { arity: -2, keys: [1, 1, 1], handler: deleteIf },
  DELIFEQ: { arity: 3, keys: [1, 1, 1], handler: deleteIfEqual, fork: 'valkey' },
};

/** Commands on plain strings but for bits and HyperLogLogs. */
export const stringFamily: Family = {
  name: 'string',
  commands: { ...assignCommands, ...incrementCommands, ...stringRangeCommands },
};
