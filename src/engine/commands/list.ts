/** Lists. A list that becomes empty is removed; the blocking commands do what they do when they need not wait. */
import { doubleArgument, int64Argument, integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { ListValue } from '../../values/list.ts';
import { Kind } from '../../values/value.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { CommandSpec, Family, Handler } from './family.ts';

const wrongTimeout = 'ERR timeout is not a float or out of range';
const negativeTimeout = 'ERR timeout is negative';
export const countNotPositive = 'ERR count should be greater than 0';

/** The list at the key of argument `index`; undefined: no such key; a string: WRONGTYPE. */
function listAt(session: Session, frame: CommandView, index: number): ListValue | undefined | string {
  return session.read<ListValue>(frame, index, Kind.List);
}

/** LPUSH, RPUSH, LPUSHX, RPUSHX. */
function push(toHead: boolean, onlyExisting: boolean): Handler {
  return (session, frame) => {
    let list = listAt(session, frame, 1);
    if (typeof list === 'string') return list;
    if (list === undefined) {
      if (onlyExisting) return undefined;
      list = new ListValue(frame.argc - 2);
      session.add(frame, 1, list);
    }
    for (let index = 2; index < frame.argc; index++) {
      if (toHead) list.pushHead(frame.text(index));
      else list.pushTail(frame.text(index));
    }
    return undefined;
  };
}

function popElements(list: ListValue, fromHead: boolean, count: number): void {
  for (let left = Math.min(count, list.count); left > 0; left--) {
    if (fromHead) list.popHead();
    else list.popTail();
  }
}

/** LPOP, RPOP. */
function pop(fromHead: boolean): Handler {
  return (session, frame) => {
    if (frame.argc > 3) return replies.wrongArgumentCount(fromHead ? 'lpop' : 'rpop');
    const count = frame.argc === 3 ? integerArgument(frame, 2) : 1;
    if (!(count >= 0)) return frame.argc === 3 ? replies.notPositive : undefined;
    const list = listAt(session, frame, 1);
    if (list === undefined || typeof list === 'string') return list;
    popElements(list, fromHead, count);
    session.removeIfEmpty(frame, 1, list);
    return undefined;
  };
}

/** The reply to a timeout (argument `index`) that cannot be, or undefined. */
export function timeoutError(frame: CommandView, index: number): string | undefined {
  const seconds = doubleArgument(frame, index);
  if (Number.isNaN(seconds) || seconds * 1000 > 2 ** 63) return wrongTimeout;
  return seconds < 0 ? negativeTimeout : undefined;
}

/** BLPOP, BRPOP: pops from the first key that exists. */
function blockingPop(fromHead: boolean): Handler {
  return (session, frame) => {
    const error = timeoutError(frame, frame.argc - 1);
    if (error !== undefined) return error;
    return popFirst(session, frame, 1, frame.argc - 2, fromHead, 1);
  };
}

/** Pops up to `count` elements of the first list among the keys `first` … `last`. */
function popFirst(
  session: Session,
  frame: CommandView,
  first: number,
  last: number,
  fromHead: boolean,
  count: number,
): string | undefined {
  for (let index = first; index <= last; index++) {
    const list = listAt(session, frame, index);
    if (typeof list === 'string') return list;
    if (list === undefined) continue;
    popElements(list, fromHead, count);
    session.removeIfEmpty(frame, index, list);
    return undefined;
  }
  return undefined;
}

/** LEFT is true, RIGHT false. */
function sideArgument(frame: CommandView, index: number): boolean | undefined {
  if (isWord(frame, index, 'LEFT')) return true;
  return isWord(frame, index, 'RIGHT') ? false : undefined;
}

/** `numkeys key … WHERE [COUNT n]` from argument `index` on, as LMPOP and ZMPOP have it. */
export interface PopRequest {
  readonly firstKey: number;
  readonly lastKey: number;
  /** True for the first of the two words. */
  readonly atStart: boolean;
  readonly count: number;
}

/** Reads the arguments of LMPOP and ZMPOP; a string is the error reply. */
export function popRequest(frame: CommandView, index: number, startWord: string, endWord: string): PopRequest | string {
  const keyCount = integerArgument(frame, index);
  if (!(keyCount >= 1)) return replies.numkeysNotPositive;
  const where = index + keyCount + 1;
  if (where >= frame.argc) return replies.syntaxError;
  const atStart = isWord(frame, where, startWord);
  if (!atStart && !isWord(frame, where, endWord)) return replies.syntaxError;
  let count = -1;
  for (let option = where + 1; option < frame.argc; option += 2) {
    if (count !== -1 || !isWord(frame, option, 'COUNT') || option + 1 >= frame.argc) return replies.syntaxError;
    count = integerArgument(frame, option + 1);
    if (!(count >= 1)) return countNotPositive;
  }
  return { firstKey: index + 1, lastKey: where - 1, atStart, count: count === -1 ? 1 : count };
}

/** LMPOP (`index` 1), BLMPOP (2: behind its timeout). */
function popMany(index: number): Handler {
  return (session, frame) => {
    const error = index === 2 ? timeoutError(frame, 1) : undefined;
    if (error !== undefined) return error;
    const request = popRequest(frame, index, 'LEFT', 'RIGHT');
    if (typeof request === 'string') return request;
    return popFirst(session, frame, request.firstKey, request.lastKey, request.atStart, request.count);
  };
}

/** Moves `count` elements between two lists (arguments 1 and 2, perhaps the same); `asBlock` keeps their order. */
function moveElements(
  session: Session,
  frame: CommandView,
  source: ListValue,
  fromHead: boolean,
  toHead: boolean,
  count: number,
  asBlock: boolean,
): string | undefined {
  let target = listAt(session, frame, 2);
  if (typeof target === 'string') return target;
  const moved: string[] = [];
  for (let left = count; left > 0; left--) moved.push((fromHead ? source.popHead() : source.popTail()) as string);
  if (target === undefined) {
    target = new ListValue(count);
    session.add(frame, 2, target);
  }
  // A block taken from the tail was gathered last element first; pushed to a head it would be turned around as well.
  if (asBlock && fromHead === toHead) moved.reverse();
  for (const element of moved) {
    if (toHead) target.pushHead(element);
    else target.pushTail(element);
  }
  session.removeIfEmpty(frame, 1, source);
  return undefined;
}

function move(session: Session, frame: CommandView, fromHead: boolean, toHead: boolean): string | undefined {
  const source = listAt(session, frame, 1);
  if (source === undefined || typeof source === 'string') return source;
  return moveElements(session, frame, source, fromHead, toHead, 1, false);
}

/** LMOVE, BLMOVE. */
function moveBetween(blocking: boolean): Handler {
  return (session, frame) => {
    const fromHead = sideArgument(frame, 3);
    const toHead = sideArgument(frame, 4);
    if (fromHead === undefined || toHead === undefined) return replies.syntaxError;
    const error = blocking ? timeoutError(frame, 5) : undefined;
    return error ?? move(session, frame, fromHead, toHead);
  };
}

/** RPOPLPUSH, BRPOPLPUSH. */
function popAndPush(blocking: boolean): Handler {
  return (session, frame) => {
    const error = blocking ? timeoutError(frame, 3) : undefined;
    return error ?? move(session, frame, false, true);
  };
}

/**
 * LMOVEM src dst LEFT|RIGHT LEFT|RIGHT [COUNT n | EXACTLY n] [OBO | BULK], and BLMOVEM with a timeout at the end: several
 * elements, one by one (as LMOVE again and again; the default) or as a block. EXACTLY moves nothing from a shorter list.
 * By the sources of Redis 8.10 (docs/formats/commands.md, section 3); no server of that version was available to try it.
 */
function moveMany(blocking: boolean): Handler {
  return (session, frame) => {
    const last = blocking ? frame.argc - 1 : frame.argc;
    const error = blocking ? timeoutError(frame, last) : undefined;
    if (error !== undefined) return error;
    const fromHead = sideArgument(frame, 3);
    const toHead = sideArgument(frame, 4);
    if (fromHead === undefined || toHead === undefined) return replies.syntaxError;
    let count = 1;
    let exactly = false;
    let asBlock = false;
    for (let index = 5; index < last; index++) {
      if (isWord(frame, index, 'OBO')) asBlock = false;
      else if (isWord(frame, index, 'BULK')) asBlock = true;
      else if (index + 1 < last && (isWord(frame, index, 'COUNT') || isWord(frame, index, 'EXACTLY'))) {
        exactly = isWord(frame, index, 'EXACTLY');
        count = integerArgument(frame, ++index);
        if (!(count >= 1)) return countNotPositive;
      } else return replies.syntaxError;
    }
    const source = listAt(session, frame, 1);
    if (source === undefined || typeof source === 'string') return source;
    if (exactly && source.count < count) return undefined;
    return moveElements(session, frame, source, fromHead, toHead, Math.min(count, source.count), asBlock);
  };
}

const insert: Handler = (session, frame) => {
  const after = isWord(frame, 2, 'AFTER');
  if (!after && !isWord(frame, 2, 'BEFORE')) return replies.syntaxError;
  const list = listAt(session, frame, 1);
  if (list === undefined || typeof list === 'string') return list;
  const pivot = list.indexOf(frame.text(3));
  if (pivot >= 0) list.insert(after ? pivot + 1 : pivot, frame.text(4));
  return undefined;
};

const setElement: Handler = (session, frame) => {
  const list = listAt(session, frame, 1);
  if (list === undefined) return replies.noSuchKey;
  if (typeof list === 'string') return list;
  const given = int64Argument(frame, 2);
  if (given === undefined) return replies.notInteger;
  const cut = session.rules.shortListIndex ? Number(BigInt.asIntN(32, BigInt(given))) : Number(given);
  const index = cut < 0 ? list.count + cut : cut;
  if (index < 0 || index >= list.count) return replies.indexOutOfRange;
  list.set(index, frame.text(3));
  return undefined;
};

const removeElements: Handler = (session, frame) => {
  const count = integerArgument(frame, 2);
  if (Number.isNaN(count)) return replies.notInteger;
  if (count === -(2 ** 63) && session.rules.shortListIndex) return 'ERR value is out of range';
  const list = listAt(session, frame, 1);
  if (list === undefined || typeof list === 'string') return list;
  list.removeEqual(frame.text(3), count === 0 ? list.count : Math.abs(count), count < 0);
  session.removeIfEmpty(frame, 1, list);
  return undefined;
};

const trim: Handler = (session, frame) => {
  const first = integerArgument(frame, 2);
  const last = integerArgument(frame, 3);
  if (Number.isNaN(first) || Number.isNaN(last)) return replies.notInteger;
  const list = listAt(session, frame, 1);
  if (list === undefined || typeof list === 'string') return list;
  const start = Math.max(0, first < 0 ? list.count + first : first);
  const stop = Math.min(list.count - 1, last < 0 ? list.count + last : last);
  if (start > stop) session.remove(frame, 1);
  else list.trim(start, stop);
  return undefined;
};

const oneKey = [1, 1, 1] as const;
const twoKeys = [1, 2, 1] as const;
const noFixedKeys = [0, 0, 0] as const;

const commands: Record<string, CommandSpec> = {
  BLMOVE: { arity: 6, keys: twoKeys, handler: moveBetween(true) },
  BLMOVEM: { arity: -6, keys: twoKeys, handler: moveMany(true), fork: 'redis' },
  BLMPOP: { arity: -5, keys: noFixedKeys, handler: popMany(2) },
  BLPOP: { arity: -3, keys: [1, -2, 1], handler: blockingPop(true) },
  BRPOP: { arity: -3, keys: [1, -2, 1], handler: blockingPop(false) },
  BRPOPLPUSH: { arity: 4, keys: twoKeys, handler: popAndPush(true) },
  LINSERT: { arity: 5, keys: oneKey, handler: insert },
  LMOVE: { arity: 5, keys: twoKeys, handler: moveBetween(false) },
  LMOVEM: { arity: -5, keys: twoKeys, handler: moveMany(false), fork: 'redis' },
  LMPOP: { arity: -4, keys: noFixedKeys, handler: popMany(1) },
  LPOP: { arity: -2, keys: oneKey, handler: pop(true) },
  LPUSH: { arity: -3, keys: oneKey, handler: push(true, false) },
  LPUSHX: { arity: -3, keys: oneKey, handler: push(true, true) },
  LREM: { arity: 4, keys: oneKey, handler: removeElements },
  LSET: { arity: 4, keys: oneKey, handler: setElement },
  LTRIM: { arity: 4, keys: oneKey, handler: trim },
  RPOP: { arity: -2, keys: oneKey, handler: pop(false) },
  RPOPLPUSH: { arity: 3, keys: twoKeys, handler: popAndPush(false) },
  RPUSH: { arity: -3, keys: oneKey, handler: push(false, false) },
  RPUSHX: { arity: -3, keys: oneKey, handler: push(false, true) },
};

export const listFamily: Family = { name: 'list', commands };
