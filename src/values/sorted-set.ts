/**
 * A sorted set: a table from member to the slot of its score, so that a new score for a known member changes one double in
 * place; and an order that is only built when a command asks for ranks or ranges. In a
 * log most sorted sets see many ZADDs and no such question before they are written out.
 */

import { ScoreOrder } from './score-order.ts';
import { type MapLike, mapWithRoom } from './sharded-map.ts';
import { type DigestSink, Kind, type ObjectValue } from './value.ts';

/** Members and bytes a member up to which a server keeps a listpack (zset-max-listpack-entries, -value: the defaults). */
export const compactLimits = { count: 128, length: 64 } as const;
const { count: compactCountMax, length: compactLengthMax } = compactLimits;

export class SortedSetValue implements ObjectValue {
  private slots: MapLike<number> = new Map<string, number>();
  private readonly scores: number[] = [];
  /** Slots of members that were removed. */
  private free: number[] | undefined = undefined;
  private order: ScoreOrder | undefined = undefined;
  /** Changes since the order was last asked for; when they outnumber the members, keeping it up was not worth it. */
  private unreadChanges = 0;
  /** When members expire, milliseconds since 1970: only KeyDB's do. */
  private expiries: Map<string, number> | undefined = undefined;
  /**
   * True while a server would still hold this set as a listpack. That form, of 7.0 and later, stores whole scores
   * as integers, so a score of minus zero becomes zero; a set that has outgrown it never goes back, and keeps the sign.
   */
  compact = true;

  /**
   * A sorted set of these entries, whose form is decided by all of them at once: what a server's *STORE makes. `keepsNegativeZero`: as
   * up to 6.2, where a small one keeps the sign of a score of -0, too.
   */
  static of(entries: Iterable<[string, number]>, keepsNegativeZero = false): SortedSetValue {
    const set = new SortedSetValue();
    const all = [...entries];
    set.compact =
      !keepsNegativeZero && all.length <= compactCountMax && all.every(([member]) => member.length <= compactLengthMax);
    for (const [member, score] of all) set.set(member, score);
    return set;
  }

  copy(): SortedSetValue {
    const set = new SortedSetValue();
    set.compact = this.compact;
    for (const [member, slot] of this.slots.entries()) set.set(member, this.scores[slot]);
    if (this.expiries !== undefined) set.expiries = new Map(this.expiries);
    return set;
  }

  get kind(): Kind {
    return Kind.SortedSet;
  }

  digest(sink: DigestSink): void {
    for (const [member, slot] of this.slots.entries()) {
      sink.elementMix(member);
      sink.elementMix(sink.scoreText(this.scores[slot]));
      sink.endElement();
    }
  }

  get count(): number {
    return this.slots.size;
  }

  score(member: string): number | undefined {
    const slot = this.slots.get(member);
    return slot === undefined ? undefined : this.scores[slot];
  }

  has(member: string): boolean {
    return this.slots.get(member) !== undefined;
  }

  /** True if any member carries an expiry. */
  get hasExpiries(): boolean {
    return this.expiries !== undefined;
  }

  /** When a member expires, milliseconds since 1970; NaN for never. */
  expiry(member: string): number {
    return this.expiries?.get(member) ?? Number.NaN;
  }

  /** Sets the moment, in milliseconds since 1970, at which an existing member expires. */
  expire(member: string, at: number): void {
    this.expiries ??= new Map();
    this.expiries.set(member, at);
  }

  /** Takes the expiry off a member; true if it had one. */
  persist(member: string): boolean {
    if (this.expiries === undefined || !this.expiries.delete(member)) return false;
    if (this.expiries.size === 0) this.expiries = undefined;
    return true;
  }

  /** Adds a member or changes its score (not NaN); true if it is new. Equal scores, 0 and -0 too, change nothing. */
  set(member: string, score: number): boolean {
    const slot = this.slots.get(member);
    if (slot === undefined) {
      this.add(member, score);
      return true;
    }
    const before = this.scores[slot];
    if (before === score) return false;
    this.scores[slot] = this.stored(score);
    if (this.order !== undefined) this.noteChange(this.order, member, before, score);
    return false;
  }

  private add(member: string, score: number): void {
    this.slots = mapWithRoom(this.slots);
    if (this.compact && (member.length > compactLengthMax || this.slots.size >= compactCountMax)) this.compact = false;
    const slot = this.free?.pop() ?? this.scores.length;
    this.scores[slot] = this.stored(score);
    this.slots.set(member, slot);
    if (this.order !== undefined) this.noteChange(this.order, member, undefined, score);
  }

  private stored(score: number): number {
    return score === 0 && this.compact ? 0 : score;
  }

  /** True if the member was there. */
  delete(member: string): boolean {
    const slot = this.slots.get(member);
    if (slot === undefined) return false;
    this.drop(member, slot);
    if (this.order !== undefined) this.noteChange(this.order, member, this.scores[slot], undefined);
    return true;
  }

  private drop(member: string, slot: number): void {
    this.slots.delete(member);
    if (this.expiries !== undefined) this.persist(member);
    this.free ??= [];
    this.free.push(slot);
  }

  /** Member and score in no particular but always the same order; cheap. */
  *entries(): IterableIterator<[string, number]> {
    for (const [member, slot] of this.slots.entries()) yield [member, this.scores[slot]];
  }

  /** Member and score by ascending rank. */
  ordered(): IterableIterator<[string, number]> {
    return this.ranked().entries();
  }

  /** The lowest rank for which `reached` is true; it must be false up to some rank and true from there on. */
  firstRank(reached: (score: number, member: string) => boolean): number {
    return this.ranked().firstRank(reached);
  }

  /** Visits the ranks `start` … `stop` (inclusive; within 0 … count - 1) in ascending order. */
  visitRanks(start: number, stop: number, visitor: (member: string, score: number) => void): void {
    this.ranked().visit(start, stop, visitor);
  }

  /** Removes the ranks `start` … `stop` (inclusive; within 0 … count - 1). */
  removeRanks(start: number, stop: number): void {
    for (const member of this.ranked().takeRanks(start, stop)) this.drop(member, this.slots.get(member) as number);
  }

  /** Removes the member of the lowest, or highest, rank; the set must not be empty. */
  pop(highest: boolean): void {
    const order = this.ranked();
    const member = order.end(highest);
    const slot = this.slots.get(member) as number;
    order.remove(this.scores[slot], member);
    this.drop(member, slot);
  }

  private ranked(): ScoreOrder {
    this.unreadChanges = 0;
    return (this.order ??= new ScoreOrder(this.entries()));
  }

  private noteChange(order: ScoreOrder, member: string, before: number | undefined, after: number | undefined): void {
    if (++this.unreadChanges > this.slots.size + compactCountMax) {
      this.order = undefined;
      return;
    }
    if (before !== undefined) order.remove(before, member);
    if (after !== undefined) order.insert(this.stored(after), member);
  }
}
