/**
 * A sorted set: a table from member to score, and an order that is only built when a command asks for ranks or ranges. In a
 * log most sorted sets see many ZADDs and no such question before they are written out.
 */
import { type DigestSink, Kind, type ObjectValue } from '../value.ts';
import { ScoreOrder } from './score-order.ts';
import { type MapLike, mapWithRoom } from './sharded-map.ts';

/** Members and bytes a member up to which a server keeps a listpack (zset-max-listpack-entries, -value: the defaults). */
const compactCountMax = 128;
const compactLengthMax = 64;

export class SortedSetValue implements ObjectValue {
  private table: MapLike<number> = new Map<string, number>();
  private order: ScoreOrder | undefined = undefined;
  /** Changes since the order was last asked for; when they outnumber the members, keeping it up was not worth it. */
  private unreadChanges = 0;
  /**
   * True while a server would still hold this set as a listpack. From 7.2 on (and in Valkey) that form stores whole scores
   * as integers, so a score of minus zero becomes zero; a set that has outgrown it never goes back, and keeps the sign.
   */
  compact = true;

  /** A sorted set of these entries, whose form is decided by all of them at once: what a server's *STORE makes. */
  static of(entries: Iterable<[string, number]>): SortedSetValue {
    const set = new SortedSetValue();
    const all = [...entries];
    set.compact = all.length <= compactCountMax && all.every(([member]) => member.length <= compactLengthMax);
    for (const [member, score] of all) set.set(member, score);
    return set;
  }

  copy(): SortedSetValue {
    const set = new SortedSetValue();
    set.compact = this.compact;
    for (const [member, score] of this.table.entries()) set.set(member, score);
    return set;
  }

  get kind(): Kind {
    return Kind.SortedSet;
  }

  digest(sink: DigestSink): void {
    for (const [member, score] of this.table.entries()) {
      sink.beginElement();
      sink.elementMix(member);
      sink.elementMix(sink.scoreText(score));
      sink.endElement();
    }
  }

  get count(): number {
    return this.table.size;
  }

  score(member: string): number | undefined {
    return this.table.get(member);
  }

  /** Adds a member or changes its score (not NaN); true if it is new. Equal scores, 0 and -0 too, change nothing. */
  set(member: string, score: number): boolean {
    const before = this.table.get(member);
    if (before === score) return false;
    if (before === undefined) {
      this.table = mapWithRoom(this.table);
      if (this.compact && (member.length > compactLengthMax || this.table.size >= compactCountMax))
        this.compact = false;
    }
    const stored = this.compact && score === 0 ? 0 : score;
    this.table.set(member, stored);
    if (this.order !== undefined) this.noteChange(this.order, member, before, stored);
    return before === undefined;
  }

  /** True if the member was there. */
  delete(member: string): boolean {
    if (this.order === undefined) return this.table.delete(member);
    const before = this.table.get(member);
    if (before === undefined) return false;
    this.table.delete(member);
    this.noteChange(this.order, member, before, undefined);
    return true;
  }

  /** Member and score in no particular but always the same order; cheap. */
  entries(): IterableIterator<[string, number]> {
    return this.table.entries();
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
    for (const member of this.ranked().takeRanks(start, stop)) this.table.delete(member);
  }

  /** Removes the member of the lowest, or highest, rank; the set must not be empty. */
  pop(highest: boolean): void {
    const order = this.ranked();
    const rank = highest ? this.count - 1 : 0;
    const member = order.end(highest);
    if (highest) order.remove(this.table.get(member) as number, member);
    else order.takeRanks(rank, rank);
    this.table.delete(member);
  }

  private ranked(): ScoreOrder {
    this.unreadChanges = 0;
    return (this.order ??= new ScoreOrder(this.table.entries()));
  }

  private noteChange(order: ScoreOrder, member: string, before: number | undefined, after: number | undefined): void {
    if (++this.unreadChanges > this.table.size + compactCountMax) {
      this.order = undefined;
      return;
    }
    if (before !== undefined) order.remove(before, member);
    if (after !== undefined) order.insert(after, member);
  }
}
