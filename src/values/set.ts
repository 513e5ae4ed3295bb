/**
 * A set of binary strings: a plain array while it is small, a hash table after that. Iteration is in order of insertion
 * until the set has been dealt out over several tables (beyond 8 million members). Members may carry a moment of expiry
 * (Redis 8.12), kept beside them and only for the members that have one.
 */

import { type SetLike, setWithRoom } from './sharded-map.ts';
import { type DigestSink, Kind, type ObjectValue } from './value.ts';

/** Members that are searched one by one; a table costs more memory, and no less time, below this. */
const arrayCountMax = 16;

export class SetValue implements ObjectValue {
  private members: string[] | undefined = [];
  private table: SetLike | undefined = undefined;
  private expiries: Map<string, number> | undefined = undefined;

  static of(members: Iterable<string>): SetValue {
    const set = new SetValue();
    for (const member of members) set.add(member);
    return set;
  }

  get kind(): Kind {
    return Kind.Set;
  }

  digest(sink: DigestSink): void {
    // An expiry leaves no mark here, in debug.c of the branch that brought it (not tried on a server).
    for (const member of this.values()) sink.xor(member);
  }

  copy(): SetValue {
    const set = SetValue.of(this.values());
    if (this.expiries !== undefined) set.expiries = new Map(this.expiries);
    return set;
  }

  get count(): number {
    return this.members === undefined ? this.table!.size : this.members.length;
  }

  has(member: string): boolean {
    return this.members === undefined ? this.table!.has(member) : this.members.includes(member);
  }

  /** True if the member was not there. */
  add(member: string): boolean {
    if (this.members === undefined) return this.addToTable(member);
    if (this.members.includes(member)) return false;
    if (this.members.length < arrayCountMax) {
      this.members.push(member);
      return true;
    }
    this.table = new Set(this.members);
    this.members = undefined;
    return this.addToTable(member);
  }

  /** Removes a member and its expiry; true if it was there. */
  delete(member: string): boolean {
    if (this.expiries !== undefined) this.persist(member);
    if (this.members === undefined) return this.table!.delete(member);
    const index = this.members.indexOf(member);
    if (index < 0) return false;
    this.members.splice(index, 1);
    return true;
  }

  values(): IterableIterator<string> {
    return this.members === undefined ? this.table!.values() : this.members.values();
  }

  /** True if any member carries an expiry. */
  get hasExpiries(): boolean {
    return this.expiries !== undefined;
  }

  /** When the member expires, milliseconds since 1970; NaN for never. */
  expiry(member: string): number {
    if (this.expiries === undefined) return Number.NaN;
    return this.expiries.get(member) ?? Number.NaN;
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

  private addToTable(member: string): boolean {
    const table = (this.table = setWithRoom(this.table!));
    const before = table.size;
    table.add(member);
    return table.size !== before;
  }
}
