/**
 * A hash: while small, one array that alternates field and value; a table after that. Fields may carry a moment of expiry
 * (Redis 7.4, Valkey 9.0), kept beside them and only for the fields that have one.
 */

import { type MapLike, mapWithRoom } from './sharded-map.ts';
import { type DigestSink, Kind, type ObjectValue } from './value.ts';

/** Fields that are searched one by one; field names are mostly shared strings, so most steps compare addresses. */
const flatFieldsMax = 16;

export class HashValue implements ObjectValue {
  private flat: string[] | undefined;
  private table: MapLike<string> | undefined = undefined;
  private flatLength = 0;
  private expiries: Map<string, number> | undefined = undefined;

  /** An empty hash, with exact room for `fieldsHint` fields while it stays small. */
  constructor(fieldsHint = 1) {
    this.flat = new Array(2 * Math.min(fieldsHint, flatFieldsMax));
  }

  get kind(): Kind {
    return Kind.Hash;
  }

  digest(sink: DigestSink): void {
    const { digestFieldExpiry, hidesPastFields } = sink.rules;
    for (const [field, value] of this.entries()) {
      const expiry = this.expiry(field);
      if (hidesPastFields && expiry < sink.at) continue;
      sink.elementMix(field);
      sink.elementMix(value);
      if (digestFieldExpiry && !Number.isNaN(expiry)) sink.elementXor('!!hexpire!!');
      sink.endElement();
    }
  }

  copy(): HashValue {
    const hash = new HashValue(this.count);
    for (const [field, value] of this.entries()) hash.set(field, value);
    if (this.expiries !== undefined) hash.expiries = new Map(this.expiries);
    return hash;
  }

  /** Number of fields. */
  get count(): number {
    return this.flat === undefined ? this.table!.size : this.flatLength >> 1;
  }

  get(field: string): string | undefined {
    if (this.flat === undefined) return this.table!.get(field);
    const position = this.positionOf(this.flat, field);
    return position < 0 ? undefined : this.flat[position + 1];
  }

  /** Whether the field is there with the value `bytes[start, start + length)`. */
  hasValue(field: string, bytes: Uint8Array, start: number, length: number): boolean {
    const value = this.get(field);
    if (value === undefined || value.length !== length) return false;
    // Values that are not equal mostly differ at their end already.
    for (let index = length - 1; index >= 0; index--)
      if (value.charCodeAt(index) !== bytes[start + index]) return false;
    return true;
  }

  has(field: string): boolean {
    return this.flat === undefined ? this.table!.has(field) : this.positionOf(this.flat, field) >= 0;
  }

  /** Sets a field's value and leaves its expiry alone; true if the field is new. */
  set(field: string, value: string): boolean {
    const flat = this.flat;
    if (flat === undefined) return this.setInTable(field, value);
    const position = this.positionOf(flat, field);
    if (position >= 0) {
      flat[position + 1] = value;
      return false;
    }
    if (this.flatLength === 2 * flatFieldsMax) return this.setInTable(field, value);
    flat[this.flatLength++] = field;
    flat[this.flatLength++] = value;
    return true;
  }

  /** Removes a field and its expiry; true if it was there. */
  delete(field: string): boolean {
    if (this.expiries !== undefined) this.persist(field);
    const flat = this.flat;
    if (flat === undefined) return this.table!.delete(field);
    const position = this.positionOf(flat, field);
    if (position < 0) return false;
    flat.length = this.flatLength;
    flat.splice(position, 2);
    this.flatLength -= 2;
    return true;
  }

  /** Field and value, in order of insertion until the hash has been dealt out over several tables. */
  *entries(): IterableIterator<[string, string]> {
    if (this.flat === undefined) {
      yield* this.table!.entries();
      return;
    }
    for (let position = 0; position < this.flatLength; position += 2) {
      yield [this.flat[position], this.flat[position + 1]];
    }
  }

  /** True if every field is past its time at `now`, milliseconds since 1970: Valkey does not load such a key from an RDB. */
  isPast(now: number): boolean {
    if (this.expiries === undefined || this.expiries.size < this.count) return false;
    for (const at of this.expiries.values()) if (at >= now) return false;
    return true;
  }

  /** True if any field carries an expiry. */
  get hasExpiries(): boolean {
    return this.expiries !== undefined;
  }

  /** When the field expires, milliseconds since 1970; NaN for never. */
  expiry(field: string): number {
    if (this.expiries === undefined) return Number.NaN;
    return this.expiries.get(field) ?? Number.NaN;
  }

  /** Sets the moment, in milliseconds since 1970, at which an existing field expires. */
  expire(field: string, at: number): void {
    this.expiries ??= new Map();
    this.expiries.set(field, at);
  }

  /** Takes the expiry off a field; true if it had one. */
  persist(field: string): boolean {
    if (this.expiries === undefined || !this.expiries.delete(field)) return false;
    if (this.expiries.size === 0) this.expiries = undefined;
    return true;
  }

  private positionOf(flat: string[], field: string): number {
    for (let position = 0; position < this.flatLength; position += 2) if (flat[position] === field) return position;
    return -1;
  }

  private setInTable(field: string, value: string): boolean {
    if (this.flat !== undefined) {
      this.table = new Map(this.entries());
      this.flat = undefined;
    }
    const table = (this.table = mapWithRoom(this.table!));
    const before = table.size;
    table.set(field, value);
    return table.size !== before;
  }
}
