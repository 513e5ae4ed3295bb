/**
 * A set of binary strings: a plain array while it is small, a hash table after that. Iteration is in order of insertion
 * until the set has been dealt out over several tables (beyond 8 million members).
 */
import { type DigestSink, Kind, type ObjectValue } from '../value.ts';
import { type SetLike, setWithRoom } from './sharded-map.ts';

/** Members that are searched one by one; a table costs more memory, and no less time, below this. */
const arrayCountMax = 16;

export class SetValue implements ObjectValue {
  private members: string[] | undefined = [];
  private table: SetLike | undefined = undefined;

  static of(members: Iterable<string>): SetValue {
    const set = new SetValue();
    for (const member of members) set.add(member);
    return set;
  }

  get kind(): Kind {
    return Kind.Set;
  }

  digest(sink: DigestSink): void {
    for (const member of this.values()) sink.xor(member);
  }

  copy(): SetValue {
    return SetValue.of(this.values());
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

  /** True if the member was there. */
  delete(member: string): boolean {
    if (this.members === undefined) return this.table!.delete(member);
    const index = this.members.indexOf(member);
    if (index < 0) return false;
    this.members.splice(index, 1);
    return true;
  }

  values(): IterableIterator<string> {
    return this.members === undefined ? this.table!.values() : this.members.values();
  }

  private addToTable(member: string): boolean {
    const table = (this.table = setWithRoom(this.table!));
    const before = table.size;
    table.add(member);
    return table.size !== before;
  }
}
