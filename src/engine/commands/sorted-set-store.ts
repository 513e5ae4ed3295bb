/** ZUNIONSTORE, ZINTERSTORE, ZDIFFSTORE and ZRANGESTORE: they make a new sorted set and put it in the place of a key. */
import { doubleArgument, integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import type { SetValue } from '../../values/set.ts';
import { type MapLike, mapWithRoom } from '../../values/sharded-map.ts';
import { SortedSetValue } from '../../values/sorted-set.ts';
import { Kind } from '../../values/value.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { Handler } from './family.ts';
import { presentMembers } from './set-expiry.ts';
import { lexRange, type RangeFinder, type Ranks, rankRange, scoreRange } from './sorted-set-range.ts';

type Aggregate = 'sum' | 'min' | 'max' | 'count';
type Operation = 'union' | 'inter' | 'diff';

/** One input: a sorted set, a set (whose members score 1), or nothing. */
interface Source {
  readonly value: SortedSetValue | SetValue | undefined;
  weight: number;
}

interface Request {
  readonly sources: Source[];
  aggregate: Aggregate;
}

function sourceAt(session: Session, frame: CommandView, index: number): Source | string {
  const entry = session.find(frame, index);
  if (entry < 0) return { value: undefined, weight: 1 };
  const kind = session.kind(entry);
  if (kind !== Kind.SortedSet && kind !== Kind.Set) return replies.wrongType;
  const value = session.keys.object(entry);
  if (kind === Kind.Set) return { value: presentMembers(session, value as SetValue), weight: 1 };
  return { value: value as SortedSetValue, weight: 1 };
}

/** `destination numkeys key … [WEIGHTS w …] [AGGREGATE SUM|MIN|MAX|COUNT]`. */
function readRequest(session: Session, frame: CommandView, operation: Operation): Request | string {
  const keyCount = integerArgument(frame, 2);
  if (Number.isNaN(keyCount)) return replies.notInteger;
  if (keyCount < 1) return `ERR at least 1 input key is needed for 'z${operation}store' command`;
  if (keyCount > frame.argc - 3) return replies.syntaxError;
  const request: Request = { sources: [], aggregate: 'sum' };
  for (let index = 3; index < 3 + keyCount; index++) {
    const source = sourceAt(session, frame, index);
    if (typeof source === 'string') return source;
    request.sources.push(source);
  }
  let index = 3 + keyCount;
  while (index < frame.argc) {
    const taken = operation === 'diff' ? replies.syntaxError : readOption(session, frame, index, request);
    if (typeof taken === 'string') return taken;
    index += taken;
  }
  return request;
}

/** Reads the option at argument `index`; gives how many arguments it took, or the error reply. */
function readOption(session: Session, frame: CommandView, index: number, request: Request): number | string {
  const left = frame.argc - index;
  if (isWord(frame, index, 'WEIGHTS') && left >= request.sources.length + 1) {
    for (let i = 0; i < request.sources.length; i++) {
      const weight = doubleArgument(frame, index + 1 + i);
      if (Number.isNaN(weight)) return 'ERR weight value is not a float';
      request.sources[i].weight = weight;
    }
    return request.sources.length + 1;
  }
  if (!isWord(frame, index, 'AGGREGATE') || left < 2) return replies.syntaxError;
  if (isWord(frame, index + 1, 'SUM')) request.aggregate = 'sum';
  else if (isWord(frame, index + 1, 'MIN')) request.aggregate = 'min';
  else if (isWord(frame, index + 1, 'MAX')) request.aggregate = 'max';
  else if (isWord(frame, index + 1, 'COUNT') && session.rules.fork === 'redis') request.aggregate = 'count';
  else return replies.syntaxError;
  return 2;
}

function notNaN(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

/** Adds one more source's product to what the earlier ones gave. Infinity minus infinity counts as 0. */
function aggregated(aggregate: Aggregate, before: number, value: number): number {
  if (aggregate === 'min') return value < before ? value : before;
  if (aggregate === 'max') return value > before ? value : before;
  return notNaN(before + value);
}

function scoreIn(value: SortedSetValue | SetValue | undefined, member: string): number | undefined {
  if (value === undefined) return undefined;
  if (value.kind === Kind.SortedSet) return (value as SortedSetValue).score(member);
  return (value as SetValue).has(member) ? 1 : undefined;
}

function* scoresOf(value: SortedSetValue | SetValue): IterableIterator<[string, number]> {
  if (value.kind === Kind.SortedSet) yield* (value as SortedSetValue).entries();
  else for (const member of (value as SetValue).values()) yield [member, 1];
}

/** What a source contributes for a member of this score. */
function product(source: Source, aggregate: Aggregate, score: number): number {
  return aggregate === 'count' ? source.weight : source.weight * score;
}

function union({ sources, aggregate }: Request): MapLike<number> {
  let scores: MapLike<number> = new Map<string, number>();
  for (const source of sources) {
    if (source.value === undefined) continue;
    for (const [member, score] of scoresOf(source.value)) {
      const value = notNaN(product(source, aggregate, score));
      const before = scores.get(member);
      if (before === undefined) scores = mapWithRoom(scores);
      scores.set(member, before === undefined ? value : aggregated(aggregate, before, value));
    }
  }
  return scores;
}

/** Only the first product is kept from being NaN by itself, as in the servers; a later one is caught by a sum. */
function intersection({ sources, aggregate }: Request): MapLike<number> {
  let scores: MapLike<number> = new Map<string, number>();
  const [first, ...others] = sources;
  if (first.value === undefined) return scores;
  next: for (const [member, score] of scoresOf(first.value)) {
    let value = notNaN(product(first, aggregate, score));
    for (const other of others) {
      const found = scoreIn(other.value, member);
      if (found === undefined) continue next;
      value = aggregated(aggregate, value, product(other, aggregate, found));
    }
    scores = mapWithRoom(scores);
    scores.set(member, value);
  }
  return scores;
}

function difference({ sources }: Request): MapLike<number> {
  let scores: MapLike<number> = new Map<string, number>();
  const [first, ...others] = sources;
  if (first.value === undefined) return scores;
  for (const [member, score] of scoresOf(first.value)) {
    if (others.some((other) => scoreIn(other.value, member) !== undefined)) continue;
    scores = mapWithRoom(scores);
    scores.set(member, score);
  }
  return scores;
}

const combinations = { union, inter: intersection, diff: difference } as const;

/** ZUNIONSTORE, ZINTERSTORE, ZDIFFSTORE. */
export function combineInto(operation: Operation): Handler {
  return (session, frame) => {
    const request = readRequest(session, frame, operation);
    if (typeof request === 'string') return request;
    // The smallest source comes first; sums of doubles depend on it. Equal sizes keep their order.
    if (operation !== 'diff') request.sources.sort((a, b) => (a.value?.count ?? 0) - (b.value?.count ?? 0));
    session.replace(
      frame,
      1,
      SortedSetValue.of(combinations[operation](request).entries(), session.rules.keepsNegativeZero),
    );
    return undefined;
  };
}

interface RangeOptions {
  by: 'rank' | 'score' | 'lex';
  reverse: boolean;
  offset: number;
  /** Negative: no limit. */
  limit: number;
}

function readRangeOptions(frame: CommandView): RangeOptions | string {
  const options: RangeOptions = { by: 'rank', reverse: false, offset: 0, limit: -1 };
  for (let index = 5; index < frame.argc; index++) {
    if (isWord(frame, index, 'BYSCORE')) options.by = 'score';
    else if (isWord(frame, index, 'BYLEX')) options.by = 'lex';
    else if (isWord(frame, index, 'REV')) options.reverse = true;
    else if (isWord(frame, index, 'LIMIT') && index + 2 < frame.argc) {
      options.offset = integerArgument(frame, ++index);
      options.limit = integerArgument(frame, ++index);
      if (Number.isNaN(options.offset) || Number.isNaN(options.limit)) return replies.notInteger;
    } else return replies.syntaxError;
  }
  if (options.limit !== -1 && options.by === 'rank') {
    return 'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX';
  }
  return options;
}

function rangeFinder(session: Session, frame: CommandView, { by, reverse }: RangeOptions): RangeFinder | string {
  if (by === 'rank') return rankRange(session, frame, 3, 4);
  // REV turns the bounds around: the higher one comes first.
  const low = reverse ? 4 : 3;
  const high = reverse ? 3 : 4;
  return by === 'score' ? scoreRange(session, frame, low, high) : lexRange(session, frame, low, high);
}

/** ZRANGESTORE destination source min max [BYSCORE|BYLEX] [REV] [LIMIT offset count]. */
export const rangeInto: Handler = (session, frame) => {
  const options = readRangeOptions(frame);
  if (typeof options === 'string') return options;
  const find = rangeFinder(session, frame, options);
  if (typeof find === 'string') return find;
  const source = session.read<SortedSetValue>(frame, 2, Kind.SortedSet);
  if (typeof source === 'string') return source;
  const result = SortedSetValue.of([], session.rules.keepsNegativeZero);
  if (source !== undefined) {
    const { start, stop } = limited(session, source, find(source, options.reverse), options);
    if (start <= stop) source.visitRanks(start, stop, (member, score) => result.set(member, score));
  }
  session.replace(frame, 1, result);
  return undefined;
};

/**
 * The ranks that LIMIT leaves. A negative offset leaves none; but Redis 7.4 to 8.0 and Valkey ask a skiplist for the n-th member
 * of the range, and there a negative n counts from the end. The flavor redis-8 follows 8.6, which no longer does.
 */
function limited(session: Session, set: SortedSetValue, ranks: Ranks, { offset, limit, reverse }: RangeOptions): Ranks {
  const { start, stop } = ranks;
  const most = (limit < 0 ? set.count : limit) - 1;
  const countsBack = session.rules.fork === 'valkey' || session.flavor === 'redis-7.4';
  if (offset < 0 && (set.compact || !countsBack)) return { start: 0, stop: -1 };
  if (reverse) {
    const highest = offset < 0 ? start - offset - 1 : stop - offset;
    return highest > stop ? { start: 0, stop: -1 } : { start: Math.max(start, highest - most), stop: highest };
  }
  const lowest = offset < 0 ? stop + offset + 1 : start + offset;
  return lowest < start ? { start: 0, stop: -1 } : { start: lowest, stop: Math.min(stop, lowest + most) };
}
