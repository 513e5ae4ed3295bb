/**
 * ZMOVE, BZMOVE and ZMOVEMEMBER (Redis 8.12): members go from one sorted set to another with their scores, which replace those that
 * the other has for them. Both keys keep their expiry. From the documentation: no server that has them was at hand.
 */
import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { SortedSetValue } from '../../values/sorted-set.ts';
import { Kind } from '../../values/value.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { CommandSpec, Handler } from './family.ts';
import { countNotPositive, timeoutError } from './list.ts';
import { type RangeFinder, scoreRange } from './sorted-set-range.ts';

/** Which members are moved: the lowest, the highest, or those of a range of scores, of which a count takes the lowest. */
interface Selection {
  readonly highest: boolean;
  readonly range: RangeFinder | undefined;
  /** Argument behind the selection. */
  readonly next: number;
}

function selectionAt(session: Session, frame: CommandView, index: number): Selection | string {
  if (isWord(frame, index, 'MIN') || isWord(frame, index, 'MAX')) {
    return { highest: isWord(frame, index, 'MAX'), range: undefined, next: index + 1 };
  }
  if (!isWord(frame, index, 'BYSCORE') || index + 2 >= frame.argc) return replies.syntaxError;
  const range = scoreRange(session, frame, index + 1, index + 2);
  return typeof range === 'string' ? range : { highest: false, range, next: index + 3 };
}

/** COUNT n at argument `index`, `otherwise` where nothing is there; a string is the error reply. */
function countAt(frame: CommandView, index: number, otherwise: number): number | string {
  if (index === frame.argc) return otherwise;
  if (index + 2 !== frame.argc || !isWord(frame, index, 'COUNT')) return replies.syntaxError;
  const count = integerArgument(frame, index + 1);
  if (Number.isNaN(count)) return replies.notInteger;
  return count >= 1 ? count : countNotPositive;
}

/** The members, with their scores, that a selection takes from a set. */
function selected(set: SortedSetValue, { highest, range }: Selection, count: number): [string, number][] {
  const ranks = range?.(set, false) ?? { start: 0, stop: set.count - 1 };
  if (ranks.start > ranks.stop) return [];
  const start = highest ? Math.max(ranks.start, ranks.stop - count + 1) : ranks.start;
  const stop = highest ? ranks.stop : Math.min(ranks.stop, ranks.start + count - 1);
  const members: [string, number][] = [];
  set.visitRanks(start, stop, (member, score) => members.push([member, score]));
  return members;
}

/** Source and destination (arguments 1 and 2) of a move; undefined: there is nothing to move; a string is the error reply. */
function bothSets(
  session: Session,
  frame: CommandView,
): { readonly source: SortedSetValue; readonly target: SortedSetValue | undefined } | undefined | string {
  const source = session.read<SortedSetValue>(frame, 1, Kind.SortedSet);
  if (source === undefined || typeof source === 'string') return source;
  const target = session.read<SortedSetValue>(frame, 2, Kind.SortedSet);
  if (typeof target === 'string') return target;
  return target === source ? undefined : { source, target };
}

function moveAll(
  session: Session,
  frame: CommandView,
  source: SortedSetValue,
  found: SortedSetValue | undefined,
  members: readonly [string, number][],
): void {
  if (members.length === 0) return;
  const target = found ?? new SortedSetValue();
  if (found === undefined) {
    // Another lookup lies between: the key must be the last that was looked for.
    session.find(frame, 2);
    session.add(frame, 2, target);
  }
  for (const [member, score] of members) {
    source.delete(member);
    target.set(member, score);
  }
  session.removeIfEmpty(frame, 1, source);
}

/** ZMOVE source destination MIN|MAX|BYSCORE min max [COUNT n], BZMOVE source destination MIN|MAX timeout [COUNT n]. */
function moveSelected(blocking: boolean): Handler {
  return (session, frame) => {
    if (blocking && isWord(frame, 3, 'BYSCORE')) return replies.syntaxError;
    const selection = selectionAt(session, frame, 3);
    if (typeof selection === 'string') return selection;
    const error = blocking ? timeoutError(frame, selection.next) : undefined;
    if (error !== undefined) return error;
    const count = countAt(frame, selection.next + (blocking ? 1 : 0), selection.range === undefined ? 1 : Infinity);
    if (typeof count === 'string') return count;
    const sets = bothSets(session, frame);
    if (sets === undefined || typeof sets === 'string') return sets;
    moveAll(session, frame, sets.source, sets.target, selected(sets.source, selection, count));
    return undefined;
  };
}

/** ZMOVEMEMBER source destination [NX|XX] MEMBERS n member …: NX moves those that the destination lacks, XX those that it has. */
const moveNamed: Handler = (session, frame) => {
  const isConditional = isWord(frame, 3, 'NX') || isWord(frame, 3, 'XX');
  const wanted = isWord(frame, 3, 'XX');
  const first = isConditional ? 6 : 5;
  if (frame.argc <= first || !isWord(frame, first - 2, 'MEMBERS')) return replies.syntaxError;
  const count = integerArgument(frame, first - 1);
  if (!(count >= 1)) return replies.notPositive;
  if (first + count !== frame.argc) return replies.syntaxError;
  const sets = bothSets(session, frame);
  if (sets === undefined || typeof sets === 'string') return sets;
  const { source, target } = sets;
  const members = new Map<string, number>();
  for (let index = first; index < frame.argc; index++) {
    const member = frame.text(index);
    const score = source.score(member);
    if (score === undefined) continue;
    if (isConditional && (target?.score(member) !== undefined) !== wanted) continue;
    members.set(member, score);
  }
  moveAll(session, frame, source, target, [...members]);
  return undefined;
};

const twoKeys = [1, 2, 1] as const;

export const sortedSetMoveCommands: Record<string, CommandSpec> = {
  BZMOVE: { arity: -5, keys: twoKeys, handler: moveSelected(true), fork: 'redis' },
  ZMOVE: { arity: -4, keys: twoKeys, handler: moveSelected(false), fork: 'redis' },
  ZMOVEMEMBER: { arity: -6, keys: twoKeys, handler: moveNamed, fork: 'redis' },
};
