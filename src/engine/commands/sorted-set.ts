/** Sorted sets. One that becomes empty is removed; the blocking commands do what they do when they need not wait. */
import { doubleArgument, integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { compactLimits, SortedSetValue } from '../../values/sorted-set.ts';
import { Kind } from '../../values/value.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { CommandSpec, Family, Handler } from './family.ts';
import { popRequest, timeoutError } from './list.ts';
import { sortedSetMoveCommands } from './sorted-set-move.ts';
import { lexRange, type RangeFinder, rankRange, scoreRange } from './sorted-set-range.ts';
import { combineInto, rangeInto } from './sorted-set-store.ts';

const resultNotNumber = 'ERR resulting score is not a number (NaN)';

/** The options of ZADD, as bits. CH changes only the reply. */
const onlyNew = 1;
const onlyExisting = 2;
const onlyGreater = 4;
const onlyLess = 8;
const increment = 16;

function sortedSetAt(session: Session, frame: CommandView, index: number): SortedSetValue | undefined | string {
  return session.read<SortedSetValue>(frame, index, Kind.SortedSet);
}

const add: Handler = (session, frame) => {
  let options = 0;
  let index = 2;
  for (; index < frame.argc; index++) {
    // A score starts with a digit, a sign or a dot far more often than with a letter.
    if (frame.bytes[frame.starts[index]] < 0x41) break;
    if (isWord(frame, index, 'NX')) options |= onlyNew;
    else if (isWord(frame, index, 'XX')) options |= onlyExisting;
    else if (isWord(frame, index, 'GT')) options |= onlyGreater;
    else if (isWord(frame, index, 'LT')) options |= onlyLess;
    else if (isWord(frame, index, 'INCR')) options |= increment;
    else if (!isWord(frame, index, 'CH')) break;
  }
  const rest = frame.argc - index;
  if (rest === 0 || rest % 2 !== 0) return replies.syntaxError;
  return (options === 0 ? undefined : optionConflict(options, rest)) ?? addScores(session, frame, index, options);
};

function optionConflict(options: number, rest: number): string | undefined {
  const has = (bits: number): boolean => (options & bits) === bits;
  if (has(onlyNew | onlyExisting)) return 'ERR XX and NX options at the same time are not compatible';
  if (has(onlyGreater | onlyNew) || has(onlyLess | onlyNew) || has(onlyGreater | onlyLess)) {
    return 'ERR GT, LT, and/or NX options at the same time are not compatible';
  }
  return has(increment) && rest > 2 ? 'ERR INCR option supports a single increment-element pair' : undefined;
}

/** Adds the pairs of score and member from argument `first` on. All scores are read before anything is changed. */
function addScores(session: Session, frame: CommandView, first: number, options: number): string | undefined {
  const score = doubleArgument(frame, first);
  if (Number.isNaN(score)) return replies.notFloat;
  let scores: number[] | undefined;
  for (let index = first + 2; index < frame.argc; index += 2) {
    const next = doubleArgument(frame, index);
    if (Number.isNaN(next)) return replies.notFloat;
    scores ??= [score];
    scores.push(next);
  }
  let set = sortedSetAt(session, frame, 1);
  if (typeof set === 'string') return set;
  if (set === undefined) {
    if ((options & onlyExisting) !== 0) return undefined;
    set = new SortedSetValue();
    const elements = scores?.length ?? 1;
    // From 7.2 on a set that is made with many elements at once is a skiplist from the start.
    const isLarge = session.rules.scoreText === 'grisu' && elements > compactLimits.count;
    if (session.rules.keepsNegativeZero || isLarge) set.compact = false;
    session.add(frame, 1, set);
  }
  if (set.compact && session.rules.fork === 'valkey' && outgrows(set, frame, first)) set.compact = false;
  if (scores === undefined) return addScore(set, frame.text(first + 1), score, options);
  for (let pair = 0; pair < scores.length; pair++)
    addScore(set, frame.text(first + 1 + 2 * pair), scores[pair], options);
  return undefined;
}

/** Valkey looks at all elements of a command before it adds the first. */
function outgrows(set: SortedSetValue, frame: CommandView, first: number): boolean {
  if (set.count + (frame.argc - first) / 2 > compactLimits.count) return true;
  for (let index = first + 1; index < frame.argc; index += 2)
    if (frame.lengths[index] > compactLimits.length) return true;
  return false;
}

function addScore(set: SortedSetValue, member: string, given: number, options: number): string | undefined {
  if (options === 0) {
    set.set(member, given);
    return undefined;
  }
  const before = set.score(member);
  if (before === undefined) {
    if ((options & onlyExisting) === 0) set.set(member, given);
    return undefined;
  }
  if ((options & onlyNew) !== 0) return undefined;
  const score = (options & increment) === 0 ? given : before + given;
  if (Number.isNaN(score)) return resultNotNumber;
  if ((options & onlyGreater) !== 0 && score <= before) return undefined;
  if ((options & onlyLess) !== 0 && score >= before) return undefined;
  set.set(member, score);
  return undefined;
}

const incrementBy: Handler = (session, frame) => addScores(session, frame, 2, increment);

const removeMembers: Handler = (session, frame) => {
  const set = sortedSetAt(session, frame, 1);
  if (set === undefined || typeof set === 'string') return set;
  for (let index = 2; index < frame.argc; index++) set.delete(frame.text(index));
  session.removeIfEmpty(frame, 1, set);
  return undefined;
};

/** ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX. */
function removeRange(
  range: (session: Session, frame: CommandView, low: number, high: number) => RangeFinder | string,
): Handler {
  return (session, frame) => {
    const find = range(session, frame, 2, 3);
    if (typeof find === 'string') return find;
    const set = sortedSetAt(session, frame, 1);
    if (set === undefined || typeof set === 'string') return set;
    const { start, stop } = find(set, false);
    if (start <= stop) set.removeRanks(start, stop);
    session.removeIfEmpty(frame, 1, set);
    return undefined;
  };
}

function popMembers(set: SortedSetValue, highest: boolean, count: number): void {
  const taken = Math.min(count, set.count);
  if (taken === 0) return;
  if (taken === 1) set.pop(highest);
  else if (highest) set.removeRanks(set.count - taken, set.count - 1);
  else set.removeRanks(0, taken - 1);
}

/** ZPOPMIN, ZPOPMAX. */
function pop(highest: boolean): Handler {
  return (session, frame) => {
    if (frame.argc > 3) return replies.syntaxError;
    const count = frame.argc === 3 ? integerArgument(frame, 2) : 1;
    if (!(count >= 0)) return replies.notPositive;
    const set = sortedSetAt(session, frame, 1);
    if (set === undefined || typeof set === 'string') return set;
    popMembers(set, highest, count);
    session.removeIfEmpty(frame, 1, set);
    return undefined;
  };
}

/** Pops up to `count` members of the first sorted set among the keys `first` … `last`. */
function popFirst(
  session: Session,
  frame: CommandView,
  first: number,
  last: number,
  highest: boolean,
  count: number,
): string | undefined {
  for (let index = first; index <= last; index++) {
    const set = sortedSetAt(session, frame, index);
    if (typeof set === 'string') return set;
    if (set === undefined) continue;
    popMembers(set, highest, count);
    session.removeIfEmpty(frame, index, set);
    return undefined;
  }
  return undefined;
}

/** BZPOPMIN, BZPOPMAX. */
function blockingPop(highest: boolean): Handler {
  return (session, frame) => {
    const error = timeoutError(frame, frame.argc - 1);
    return error ?? popFirst(session, frame, 1, frame.argc - 2, highest, 1);
  };
}

/** ZMPOP (`index` 1), BZMPOP (2: behind its timeout). */
function popMany(index: number): Handler {
  return (session, frame) => {
    const error = index === 2 ? timeoutError(frame, 1) : undefined;
    if (error !== undefined) return error;
    const request = popRequest(frame, index, 'MIN', 'MAX');
    if (typeof request === 'string') return request;
    return popFirst(session, frame, request.firstKey, request.lastKey, !request.atStart, request.count);
  };
}

const oneKey = [1, 1, 1] as const;
const noFixedKeys = [0, 0, 0] as const;
/** A destination; the sources are counted by an argument. */
const destination = [1, 1, 1] as const;

const commands: Record<string, CommandSpec> = {
  BZMPOP: { arity: -5, keys: noFixedKeys, handler: popMany(2) },
  BZPOPMAX: { arity: -3, keys: [1, -2, 1], handler: blockingPop(true) },
  BZPOPMIN: { arity: -3, keys: [1, -2, 1], handler: blockingPop(false) },
  ZADD: { arity: -4, keys: oneKey, handler: add },
  ZDIFFSTORE: { arity: -4, keys: destination, handler: combineInto('diff') },
  ZINCRBY: { arity: 4, keys: oneKey, handler: incrementBy },
  ZINTERSTORE: { arity: -4, keys: destination, handler: combineInto('inter') },
  ZMPOP: { arity: -4, keys: noFixedKeys, handler: popMany(1) },
  ZPOPMAX: { arity: -2, keys: oneKey, handler: pop(true) },
  ZPOPMIN: { arity: -2, keys: oneKey, handler: pop(false) },
  ZRANGESTORE: { arity: -5, keys: [1, 2, 1], handler: rangeInto },
  ZREM: { arity: -3, keys: oneKey, handler: removeMembers },
  ZREMRANGEBYLEX: { arity: 4, keys: oneKey, handler: removeRange(lexRange) },
  ZREMRANGEBYRANK: { arity: 4, keys: oneKey, handler: removeRange(rankRange) },
  ZREMRANGEBYSCORE: { arity: 4, keys: oneKey, handler: removeRange(scoreRange) },
  ZUNIONSTORE: { arity: -4, keys: destination, handler: combineInto('union') },
  ...sortedSetMoveCommands,
};

export const sortedSetFamily: Family = { name: 'sorted-set', commands };
