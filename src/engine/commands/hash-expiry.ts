/**
 * Commands on hash fields that expire (Redis 7.4, Valkey 9.0).
 *
 * While a server loads, a field whose time is past stays: to Valkey it is there like any other, to Redis it is there only for
 * the commands that write it (`FlavorRules.ignoresPastFields`). The forks also differ in what they accept: Redis takes its
 * options in any order and moments below 2^46 ms, Valkey wants FIELDS last and takes any int64.
 */
import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { HashValue } from '../../values/hash.ts';
import { Kind } from '../../values/value.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { Handler } from './family.ts';

/** Latest moment that Redis takes for a field: 2^46 - 1 ms. */
const redisMomentMax = 2 ** 46 - 1;

/** What such a command, or one on members of a set, asks for. Which options a command takes is checked where they are read. */
export interface Request {
  /** Argument of the first field, and how many fields (or pairs of field and value) there are. */
  firstField: number;
  fieldCount: number;
  /** New moment of expiry, milliseconds since 1970; NaN: none was given. */
  at: number;
  keepExpiry: boolean;
  persist: boolean;
  /** NX, XX, GT or LT of HEXPIRE; of Valkey's HSETEX: NX and XX, on the key. */
  condition: string;
  /** FNX or FXX of HSETEX; MNX or MXX of SADDEX. */
  fieldCondition: string;
}

const units: Readonly<Record<string, readonly [milliseconds: number, relative: boolean]>> = {
  EX: [1000, true],
  PX: [1, true],
  EXAT: [1000, false],
  PXAT: [1, false],
};

/** An option word and what it does; gives the error reply, or how many arguments behind the word it took. */
type Option = (session: Session, frame: CommandView, index: number, request: Request) => number | string;

const onlyOneExpiry = 'ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified';

/** A moment from argument `index`: a count of `milliseconds`, from now on if `relative`. A string is the error reply. */
export function momentArgument(
  session: Session,
  frame: CommandView,
  index: number,
  milliseconds: number,
  relative: boolean,
): number | string {
  const name = session.command?.name ?? '';
  const given = integerArgument(frame, index);
  if (Number.isNaN(given)) return replies.notInteger;
  if (given < 0) {
    return session.rules.fork === 'redis' ? 'ERR invalid expire time, must be >= 0' : replies.invalidExpireTime(name);
  }
  const moment = given * milliseconds + (relative ? session.now : 0);
  const max = session.rules.fork === 'redis' ? redisMomentMax : 2 ** 63;
  return moment > max ? replies.invalidExpireTime(name) : moment;
}

function expiryOption(word: string): Option {
  const [milliseconds, relative] = units[word];
  return (session, frame, index, request) => {
    if (!Number.isNaN(request.at) || request.keepExpiry || request.persist) return onlyOneExpiry;
    if (index + 1 >= frame.argc) return replies.syntaxError;
    const moment = momentArgument(session, frame, index + 1, milliseconds, relative);
    if (typeof moment === 'string') return moment;
    request.at = moment;
    return 1;
  };
}

const keepOption: Option = (_session, _frame, _index, request) => {
  if (!Number.isNaN(request.at)) return onlyOneExpiry;
  request.keepExpiry = true;
  return 0;
};

const persistOption: Option = (_session, _frame, _index, request) => {
  if (!Number.isNaN(request.at)) return onlyOneExpiry;
  request.persist = true;
  return 0;
};

/** FNX and FXX, MNX and MXX. */
function fieldConditionOption(word: string): Option {
  return (_session, _frame, _index, request) => {
    if (request.fieldCondition !== '' && request.fieldCondition !== word) return replies.syntaxError;
    request.fieldCondition = word;
    return 0;
  };
}

/** NX, XX, GT, LT: one of them, though Redis and Valkey let it be said twice. */
function conditionOption(word: string): Option {
  return (_session, _frame, _index, request) => {
    if (request.condition !== '' && request.condition !== word) return 'ERR Multiple condition flags specified';
    request.condition = word;
    return 0;
  };
}

/** NX and XX of HSETEX, which only Valkey has. */
function keyConditionOption(word: string): Option {
  const set = conditionOption(word);
  return (session, frame, index, request) =>
    session.rules.fork === 'valkey' ? set(session, frame, index, request) : `ERR unknown argument: ${word}`;
}

type OptionTable = readonly (readonly [word: string, option: Option])[];

const expiryOptions: OptionTable = Object.keys(units).map((word) => [word, expiryOption(word)]);
export const conditionOptions: OptionTable = ['NX', 'XX', 'GT', 'LT'].map((word) => [word, conditionOption(word)]);
const setOptions: OptionTable = [
  ...expiryOptions,
  ['KEEPTTL', keepOption],
  ['FNX', fieldConditionOption('FNX')],
  ['FXX', fieldConditionOption('FXX')],
  ['NX', keyConditionOption('NX')],
  ['XX', keyConditionOption('XX')],
];
/** Those of SADDEX. */
export const memberOptions: OptionTable = [
  ...expiryOptions,
  ['KEEPTTL', keepOption],
  ['MNX', fieldConditionOption('MNX')],
  ['MXX', fieldConditionOption('MXX')],
];
const getOptions: OptionTable = [...expiryOptions, ['PERSIST', persistOption]];

/** Reads options and `FIELDS count field …` (or another `keyword`) from argument `first` on; a field takes `width` arguments. */
export function readRequest(
  session: Session,
  frame: CommandView,
  first: number,
  width: number,
  options: OptionTable,
  keyword = 'FIELDS',
): Request | string {
  const request: Request = {
    firstField: 0,
    fieldCount: 0,
    at: Number.NaN,
    keepExpiry: false,
    persist: false,
    condition: '',
    fieldCondition: '',
  };
  for (let index = first; index < frame.argc; index++) {
    const taken = isWord(frame, index, keyword)
      ? readFields(session, frame, index, width, request)
      : (options.find(([word]) => isWord(frame, index, word))?.[1](session, frame, index, request) ??
        `ERR unknown argument: ${frame.text(index)}`);
    if (typeof taken === 'string') return taken;
    index += taken;
  }
  return request.firstField === 0 ? `ERR missing ${keyword} argument` : request;
}

function readFields(
  session: Session,
  frame: CommandView,
  index: number,
  width: number,
  request: Request,
): number | string {
  const valkey = session.rules.fork === 'valkey';
  const badCount = 'ERR numfields should be greater than 0 and match the provided number of fields';
  if (request.firstField !== 0) return 'ERR FIELDS keyword specified multiple times';
  const count = index + 1 < frame.argc ? integerArgument(frame, index + 1) : Number.NaN;
  if (!(count >= 1)) return valkey ? badCount : 'ERR Parameter `numFields` should be greater than 0';
  const end = index + 2 + count * width;
  if (valkey ? end !== frame.argc : end > frame.argc) return valkey ? badCount : 'ERR wrong number of arguments';
  request.firstField = index + 2;
  request.fieldCount = count;
  return 1 + count * width;
}

/** The hash at the key of argument 1; undefined: no such key; a string: WRONGTYPE. */
function hashAt(session: Session, frame: CommandView): HashValue | undefined | string {
  return session.read<HashValue>(frame, 1, Kind.Hash);
}

/** Whether a command that looks a field up finds it. */
export function findsField(session: Session, hash: HashValue, field: string): boolean {
  if (!hash.has(field)) return false;
  return !(hash.hasExpiries && session.rules.ignoresPastFields && hash.expiry(field) < session.now);
}

/** Whether the condition lets a field with expiry `before` (NaN: none, which counts as never) take the new one. */
export function allows(condition: string, before: number, at: number): boolean {
  const has = !Number.isNaN(before);
  if (condition === 'NX') return !has;
  if (condition === 'XX') return has;
  if (condition === 'GT') return has && at > before;
  return condition !== 'LT' || !has || at < before;
}

/** HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT key time [NX|XX|GT|LT] FIELDS count field …. */
export function expireFields(milliseconds: number, relative: boolean): Handler {
  return (session, frame) => {
    const at = momentArgument(session, frame, 2, milliseconds, relative);
    if (typeof at === 'string') return at;
    const request = readRequest(session, frame, 3, 1, conditionOptions);
    if (typeof request === 'string') return request;
    const hash = hashAt(session, frame);
    if (hash === undefined || typeof hash === 'string') return hash;
    for (let i = 0; i < request.fieldCount; i++) {
      const field = session.intern(frame, request.firstField + i);
      if (!hash.has(field) || !allows(request.condition, hash.expiry(field), at)) continue;
      hash.expire(field, at);
    }
    return undefined;
  };
}

/** HPERSIST key FIELDS count field …. */
export const persistFields: Handler = (session, frame) => {
  const request = readRequest(session, frame, 2, 1, []);
  if (typeof request === 'string') return request;
  const hash = hashAt(session, frame);
  if (hash === undefined || typeof hash === 'string') return hash;
  for (let i = 0; i < request.fieldCount; i++) {
    const field = session.intern(frame, request.firstField + i);
    if (findsField(session, hash, field)) hash.persist(field);
  }
  return undefined;
};

/** HSETEX key [NX|XX] [FNX|FXX] [EX|PX|EXAT|PXAT time|KEEPTTL] FIELDS count field value …. */
export const setAndExpire: Handler = (session, frame) => {
  const request = readRequest(session, frame, 2, 2, setOptions);
  if (typeof request === 'string') return request;
  const found = hashAt(session, frame);
  if (typeof found === 'string') return found;
  if (request.condition !== '' && (request.condition === 'XX') === (found === undefined)) return undefined;
  if (!fieldsAllow(session, frame, found, request)) return undefined;
  const hash = found ?? new HashValue(request.fieldCount);
  if (found === undefined) session.add(frame, 1, hash);
  for (let i = 0; i < request.fieldCount; i++) {
    const index = request.firstField + 2 * i;
    const field = session.intern(frame, index);
    hash.set(field, frame.text(index + 1));
    if (!Number.isNaN(request.at)) hash.expire(field, request.at);
    else if (!request.keepExpiry) hash.persist(field);
  }
  return undefined;
};

/** FNX: none of the fields exists; FXX: all of them do. */
function fieldsAllow(session: Session, frame: CommandView, hash: HashValue | undefined, request: Request): boolean {
  if (request.fieldCondition === '') return true;
  const wanted = request.fieldCondition === 'FXX';
  for (let i = 0; i < request.fieldCount; i++) {
    const field = session.intern(frame, request.firstField + 2 * i);
    if ((hash !== undefined && findsField(session, hash, field)) !== wanted) return false;
  }
  return true;
}

/** HGETEX key [EX|PX|EXAT|PXAT time|PERSIST] FIELDS count field …. */
export const getAndExpire: Handler = (session, frame) => {
  const request = readRequest(session, frame, 2, 1, getOptions);
  if (typeof request === 'string') return request;
  const hash = hashAt(session, frame);
  if (hash === undefined || typeof hash === 'string') return hash;
  for (let i = 0; i < request.fieldCount; i++) {
    const field = session.intern(frame, request.firstField + i);
    if (!findsField(session, hash, field)) continue;
    if (request.persist) hash.persist(field);
    else if (!Number.isNaN(request.at)) hash.expire(field, request.at);
  }
  return undefined;
};

/** HGETDEL key FIELDS count field …. */
export const getAndDelete: Handler = (session, frame) => {
  const request = readRequest(session, frame, 2, 1, []);
  if (typeof request === 'string') return request;
  const hash = hashAt(session, frame);
  if (hash === undefined || typeof hash === 'string') return hash;
  for (let i = 0; i < request.fieldCount; i++) {
    const field = session.intern(frame, request.firstField + i);
    if (findsField(session, hash, field)) hash.delete(field);
  }
  session.removeIfEmpty(frame, 1, hash);
  return undefined;
};
