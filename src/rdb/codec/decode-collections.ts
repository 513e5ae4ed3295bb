/**
 * Lists, sets and sorted sets from their RDB forms; the layouts are in ../values/.
 */

import { compactScore, decodeDoubleText, doubleTextLength } from '../../encodings/double.ts';
import { countIntset, decodeIntset } from '../../encodings/intset.ts';
import { compactLimits } from '../../servers/compact-limits.ts';
import { ListValue } from '../../values/list.ts';
import { SetValue } from '../../values/set.ts';
import { SortedSetValue } from '../../values/sorted-set.ts';
import type { ValueCursor } from './cursor.ts';
import { type BlobForm, ElementWalk } from './element-walk.ts';

const containerPlain = 1;
const containerPacked = 2;

export class CollectionDecoder {
  private readonly cursor: ValueCursor;
  private readonly walk = new ElementWalk();
  /** A small sorted set keeps the sign of a score of -0: that of a server before 7.0, a ziplist. */
  private readonly keepsNegativeZero: boolean;

  constructor(cursor: ValueCursor, keepsNegativeZero: boolean) {
    this.cursor = cursor;
    this.keepsNegativeZero = keepsNegativeZero;
  }

  /** Type 1. */
  linkedList(): ListValue {
    const count = this.cursor.count();
    const list = new ListValue(count);
    for (let index = 0; index < count; index++) list.pushTail(this.cursor.text());
    return list;
  }

  /** Type 10. */
  ziplistList(): ListValue {
    const list = new ListValue();
    this.appendNode(list, 'ziplist');
    return list;
  }

  /** Type 14. */
  quicklist(): ListValue {
    const list = new ListValue();
    for (let nodes = this.cursor.count(); nodes > 0; nodes--) this.appendNode(list, 'ziplist');
    return list;
  }

  /** Type 18. */
  quicklist2(): ListValue {
    const list = new ListValue();
    for (let nodes = this.cursor.count(2); nodes > 0; nodes--) {
      const container = this.cursor.length();
      if (container === containerPlain) list.pushTail(this.cursor.text());
      else if (container === containerPacked) this.appendNode(list, 'listpack');
      else this.cursor.fail('quicklist.container', 'a container 1 (plain) or 2 (packed)', String(container));
    }
    return list;
  }

  private appendNode(list: ListValue, form: BlobForm): void {
    const { walk } = this;
    walk.begin(this.cursor, form);
    while (walk.next()) list.pushTail(walk.text());
  }

  /** Type 2. */
  hashtableSet(): SetValue {
    const set = new SetValue();
    for (let count = this.cursor.count(); count > 0; count--) set.add(this.cursor.text());
    return set;
  }

  /** Type 11. */
  intset(): SetValue {
    this.cursor.blob();
    const { blobBytes, blobStart, blobEnd } = this.cursor;
    // A server passes over a key with an intset of no members.
    if (blobEnd - blobStart === 8 && countIntset(blobBytes, blobStart, blobEnd) === 0) return new SetValue();
    return SetValue.of(decodeIntset(blobBytes, blobStart, blobEnd));
  }

  /** Type 20. */
  listpackSet(): SetValue {
    const set = new SetValue();
    this.walk.begin(this.cursor, 'listpack');
    while (this.walk.next()) set.add(this.walk.text());
    return set;
  }

  /** Type 34: an expiry of 0 is none. */
  listpackExpirySet(): SetValue {
    const { walk, cursor } = this;
    cursor.int64();
    const set = new SetValue();
    walk.begin(cursor, 'listpack');
    while (walk.next()) this.addExpiring(set, walk.text(), Number(walk.partner()));
    return set;
  }

  /** Type 35: expiries count from the earliest. */
  expirySet(): SetValue {
    const { cursor } = this;
    const earliest = cursor.int64();
    const set = new SetValue();
    for (let count = cursor.count(2); count > 0; count--) {
      const relative = cursor.length();
      this.addExpiring(set, cursor.text(), relative === 0 ? 0 : earliest + relative - 1);
    }
    return set;
  }

  private addExpiring(set: SetValue, member: string, expiry: number): void {
    if (!set.add(member)) this.cursor.fail('set.expiry.duplicate', 'each member once', JSON.stringify(member));
    if (expiry !== 0) set.expire(member, expiry);
  }

  /** Types 12 and 17. */
  compactSortedSet(form: BlobForm): SortedSetValue {
    const { walk } = this;
    const set = new SortedSetValue();
    // What is there as the text "-0" keeps its sign when a server loads it; only one that is added loses it.
    set.compact = false;
    walk.begin(this.cursor, form);
    while (walk.next()) {
      const member = walk.text();
      const text = walk.partner();
      const score = compactScore(text);
      if (Number.isNaN(score)) this.cursor.fail('zset.score.text', 'a score', JSON.stringify(text));
      set.set(member, score);
    }
    set.compact = !this.keepsNegativeZero && set.count <= compactLimits.sortedSetEntries;
    return set;
  }

  /** Type 3, scores as text, and type 5, scores as doubles. */
  skiplist(scores: 'text' | 'binary'): SortedSetValue {
    const { cursor } = this;
    const set = new SortedSetValue();
    const count = cursor.count(2);
    let lengthMax = 0;
    // While it is loading it is a skiplist, which keeps the sign of a zero; small ones become listpacks when it is whole.
    set.compact = false;
    for (let index = 0; index < count; index++) {
      const member = cursor.text();
      const score = scores === 'binary' ? cursor.double() : this.scoreText();
      if (Number.isNaN(score)) cursor.fail('zset.score.nan', 'a score', 'NaN');
      set.set(member, score);
      if (member.length > lengthMax) lengthMax = member.length;
    }
    const { sortedSetEntries, sortedSetValueBytes } = compactLimits;
    const isSmall = count <= sortedSetEntries && lengthMax <= sortedSetValueBytes;
    if (isSmall && !this.keepsNegativeZero) makeCompact(set);
    return set;
  }

  private scoreText(): number {
    const { cursor } = this;
    cursor.need(1);
    const length = doubleTextLength(cursor.bytes[cursor.position]);
    cursor.need(length);
    const from = cursor.position;
    cursor.position += length;
    return decodeDoubleText(cursor.bytes, from, from + length);
  }
}

function makeCompact(set: SortedSetValue): void {
  set.compact = true;
  const signed = [...set.entries()].filter(([, score]) => Object.is(score, -0));
  for (const [member] of signed) {
    set.delete(member);
    set.set(member, 0);
  }
}
