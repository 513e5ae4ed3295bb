/**
 * A list: a ring of binary strings, so that both ends cost the same whatever its length.
 * The ring's capacity is a power of two; element `i` lies at `(head + i) & (capacity - 1)`.
 */
import { type DigestSink, Kind, type ObjectValue } from './value.ts';

const capacityMin = 4;
/** `new Array(n)` above this makes a slow, sparse array; a longer ring grows by pushing. */
const denseArrayMax = 2 ** 20;

export class ListValue implements ObjectValue {
  /** Number of elements. */
  count = 0;
  private ring: (string | undefined)[];
  private head = 0;

  /** An empty list, with room for `countHint` elements. */
  constructor(countHint = capacityMin) {
    let capacity = capacityMin;
    while (capacity < countHint && capacity < denseArrayMax) capacity *= 2;
    this.ring = new Array(capacity);
  }

  /** A list of these elements, head first. */
  static of(elements: Iterable<string>): ListValue {
    const list = new ListValue();
    for (const element of elements) list.pushTail(element);
    return list;
  }

  get kind(): Kind {
    return Kind.List;
  }

  digest(sink: DigestSink): void {
    for (let index = 0; index < this.count; index++) sink.mix(this.at(index));
  }

  copy(): ListValue {
    const list = new ListValue(this.count);
    for (let index = 0; index < this.count; index++) list.pushTail(this.at(index));
    return list;
  }

  /** Element `index`, counted from the head; the caller keeps it within 0 … count - 1. */
  at(index: number): string {
    return this.ring[(this.head + index) & (this.ring.length - 1)] as string;
  }

  set(index: number, element: string): void {
    this.ring[(this.head + index) & (this.ring.length - 1)] = element;
  }

  pushHead(element: string): void {
    if (this.count === this.ring.length) this.grow();
    this.head = (this.head - 1) & (this.ring.length - 1);
    this.ring[this.head] = element;
    this.count++;
  }

  pushTail(element: string): void {
    if (this.count === this.ring.length) this.grow();
    this.ring[(this.head + this.count) & (this.ring.length - 1)] = element;
    this.count++;
  }

  /** Removes the head and returns it; undefined when the list is empty. */
  popHead(): string | undefined {
    if (this.count === 0) return undefined;
    const element = this.ring[this.head];
    this.ring[this.head] = undefined;
    this.head = (this.head + 1) & (this.ring.length - 1);
    this.count--;
    return element;
  }

  /** Removes the tail and returns it; undefined when the list is empty. */
  popTail(): string | undefined {
    if (this.count === 0) return undefined;
    const position = (this.head + this.count - 1) & (this.ring.length - 1);
    const element = this.ring[position];
    this.ring[position] = undefined;
    this.count--;
    return element;
  }

  /** Index of the first element equal to `element`, -1 if none. */
  indexOf(element: string): number {
    for (let index = 0; index < this.count; index++) if (this.at(index) === element) return index;
    return -1;
  }

  /** Puts `element` before what is now at `index` (0 … count), moving the shorter side. */
  insert(index: number, element: string): void {
    if (index < this.count / 2) {
      this.pushHead(element);
      for (let i = 0; i < index; i++) this.set(i, this.at(i + 1));
    } else {
      this.pushTail(element);
      for (let i = this.count - 1; i > index; i--) this.set(i, this.at(i - 1));
    }
    this.set(index, element);
  }

  /** Removes up to `limit` elements equal to `element`, from the head or from the tail on; returns how many. */
  removeEqual(element: string, limit: number, fromTail: boolean): number {
    const length = this.count;
    let removed = 0;
    for (let i = 0; i < length; i++) {
      const index = fromTail ? length - 1 - i : i;
      const current = this.at(index);
      if (removed < limit && current === element) removed++;
      else if (removed > 0) this.set(fromTail ? index + removed : index - removed, current);
    }
    for (let i = 0; i < removed; i++) {
      if (fromTail) this.popHead();
      else this.popTail();
    }
    return removed;
  }

  /** Keeps the elements `start` … `stop` (both within the list, start <= stop). */
  trim(start: number, stop: number): void {
    for (let excess = this.count - 1 - stop; excess > 0; excess--) this.popTail();
    for (let excess = start; excess > 0; excess--) this.popHead();
  }

  *values(): IterableIterator<string> {
    for (let index = 0; index < this.count; index++) yield this.at(index);
  }

  private grow(): void {
    const capacity = this.ring.length;
    if (capacity * 2 <= denseArrayMax) {
      const ring = new Array<string | undefined>(capacity * 2);
      for (let index = 0; index < this.count; index++) ring[index] = this.at(index);
      this.ring = ring;
      this.head = 0;
      return;
    }
    // Unrolls the wrapped part behind the rest, in place.
    for (let position = 0; position < this.head; position++) {
      this.ring.push(this.ring[position]);
      this.ring[position] = undefined;
    }
    while (this.ring.length < capacity * 2) this.ring.push(undefined);
  }
}
