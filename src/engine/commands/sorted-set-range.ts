/** The ranges that sorted set commands name: by rank, by score, by the members' bytes. Each becomes a pair of ranks. */

import { parseLooseDouble } from '../../encodings/loose-double.ts';
import { integerArgument } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import type { SortedSetValue } from '../../values/sorted-set.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';

const badScoreBound = 'ERR min or max is not a float';
const badLexBound = 'ERR min or max not valid string range item';

/** Lowest and highest rank, inclusive; empty where start > stop. */
export interface Ranks {
  readonly start: number;
  readonly stop: number;
}

const none: Ranks = { start: 0, stop: -1 };

/** Finds the ranks of a range in a sorted set. `reverse` matters only for ranks and for a lexical range over unequal scores. */
export type RangeFinder = (set: SortedSetValue, reverse: boolean) => Ranks;

/** A range of ranks from arguments `first` and `last`, negative ones counted from the end. */
export function rankRange(_session: Session, frame: CommandView, first: number, last: number): RangeFinder | string {
  const from = integerArgument(frame, first);
  const to = integerArgument(frame, last);
  if (Number.isNaN(from) || Number.isNaN(to)) return replies.notInteger;
  return (set, reverse) => {
    const count = set.count;
    const start = Math.max(0, from < 0 ? count + from : from);
    const stop = Math.min(count - 1, to < 0 ? count + to : to);
    if (start > stop) return none;
    return reverse ? { start: count - 1 - stop, stop: count - 1 - start } : { start, stop };
  };
}

interface Bound {
  readonly value: number;
  readonly exclusive: boolean;
}

/** A bound by score: a double, `(` before it to leave it out. */
function scoreBound(session: Session, frame: CommandView, index: number): Bound | undefined {
  const given = frame.text(index);
  const exclusive = given.startsWith('(');
  const number = exclusive ? given.slice(1) : given;
  if (number === '' && !session.rules.emptyBoundIsZero) return undefined;
  const value = parseLooseDouble(number, session.rules.strictFloats);
  return Number.isNaN(value) ? undefined : { value, exclusive };
}

/** A range of scores from arguments `low` and `high`. */
export function scoreRange(session: Session, frame: CommandView, low: number, high: number): RangeFinder | string {
  const min = scoreBound(session, frame, low);
  const max = scoreBound(session, frame, high);
  if (min === undefined || max === undefined) return badScoreBound;
  return (set) => {
    if (min.value > max.value || (min.value === max.value && (min.exclusive || max.exclusive))) return none;
    const start = set.firstRank((score) => (min.exclusive ? score > min.value : score >= min.value));
    const after = set.firstRank((score) => (max.exclusive ? score >= max.value : score > max.value));
    return { start, stop: after - 1 };
  };
}

/** `side` -1 for `-`, 1 for `+`, 0 for a text. */
interface LexBound {
  readonly side: -1 | 0 | 1;
  readonly text: string;
  readonly exclusive: boolean;
}

function lexBound(frame: CommandView, index: number): LexBound | undefined {
  const text = frame.text(index);
  if (text === '-') return { side: -1, text: '', exclusive: false };
  if (text === '+') return { side: 1, text: '', exclusive: false };
  if (text.startsWith('[')) return { side: 0, text: text.slice(1), exclusive: false };
  return text.startsWith('(') ? { side: 0, text: text.slice(1), exclusive: true } : undefined;
}

/** A range of members from arguments `low` and `high`: `-`, `+`, `[text` or `(text`. */
export function lexRange(_session: Session, frame: CommandView, low: number, high: number): RangeFinder | string {
  const min = lexBound(frame, low);
  const max = lexBound(frame, high);
  if (min === undefined || max === undefined) return badLexBound;
  const reaches = (member: string): boolean =>
    min.side !== 0 ? min.side < 0 : min.exclusive ? member > min.text : member >= min.text;
  const within = (member: string): boolean =>
    max.side !== 0 ? max.side > 0 : max.exclusive ? member < max.text : member <= max.text;
  const empty =
    min.side > max.side ||
    (min.side === 0 &&
      max.side === 0 &&
      (min.text > max.text || (min.text === max.text && (min.exclusive || max.exclusive))));
  return (set, reverse) => {
    if (empty || !overlaps(set, reaches, within)) return none;
    if (set.compact) return scanned(set, reverse, reaches, within);
    const start = set.firstRank((_, member) => reaches(member));
    return { start, stop: set.firstRank((_, member) => !within(member)) - 1 };
  };
}

/** A server first looks whether the last member is above one bound and the first below the other. */
function overlaps(
  set: SortedSetValue,
  reaches: (member: string) => boolean,
  within: (member: string) => boolean,
): boolean {
  let found = true;
  set.visitRanks(set.count - 1, set.count - 1, (last) => (found &&= reaches(last)));
  set.visitRanks(0, 0, (first) => (found &&= within(first)));
  return found;
}

/**
 * A lexical range is only defined over equal scores. Over unequal ones a server that holds a listpack walks it from one end:
 * the first member that one bound admits, and on while the other does; so does this.
 */
function scanned(
  set: SortedSetValue,
  reverse: boolean,
  reaches: (member: string) => boolean,
  within: (member: string) => boolean,
): Ranks {
  const members = Array.from(set.ordered(), (entry) => entry[0]);
  const last = members.length - 1;
  if (!reverse) {
    const start = members.findIndex(reaches);
    let stop = start - 1;
    while (stop < last && within(members[stop + 1])) stop++;
    return { start, stop };
  }
  const stop = members.findLastIndex(within);
  let start = stop + 1;
  while (start > 0 && reaches(members[start - 1])) start--;
  return { start, stop };
}
