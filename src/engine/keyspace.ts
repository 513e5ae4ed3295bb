import { SipHash } from '../kernels/sip-hash.ts';
import type { CommandView } from '../resp/command-view.ts';
import type { ObjectValue } from '../values/value.ts';
import { Kind, type OwnString, objectKindMin } from '../values/value.ts';
import { KeyArena } from './key-arena.ts';
import { hashBytes } from './key-hash.ts';

/** Frames that are warmed for at a time, at most. */
const warmMax = 64;
/** A key that lies farther from its slot, or a removal that moves more, is what only prepared keys make likely. */
const probesMax = 512;

/**
 * One database: an open-addressing hash table over typed arrays, because a Map stops at 16.7 million entries and costs an
 * object a key.
 *
 * ```
 * table    pairs of 32 bits:  hash | entry + 1      (0 = empty slot; linear probing, removal shifts back)
 * entry    32 bytes:          key position u32 | key length u32 | kind u8, RDB type u8, source u16 | value length u32
 *                             | value f64 (offset, integer or object slot) | expiry f64 (NaN = none)
 * ```
 *
 * Entries are numbered in the order of insertion, and `next` walks them so. An entry's number stays valid until the next
 * `insert` or `clear`: an insert may renumber them when many were removed.
 */
export class Keyspace {
  /** Number of keys. */
  count = 0;
  /** Number of keys with an expiry. */
  expiring = 0;

  /** Keys that are not to be evicted (BLESS of Redis 8.12), by their text; undefined before the first. */
  #unevictable: Set<string> | undefined;

  readonly #seed: number;
  #table: Int32Array = new Int32Array(0);
  #mask = 0;
  #words: Int32Array = new Int32Array(0);
  #doubles: Float64Array = new Float64Array(0);
  #capacity = 0;
  /** Entries handed out, removed ones included. */
  #used = 0;
  #arena = new KeyArena();
  #objects: (ObjectValue | OwnString | undefined)[] = [];
  #freeObjects: number[] = [];
  readonly #warmPlaces = new Int32Array(warmMax);
  /** What the bytes that `warm` read come to, so that no compiler leaves the reading out. */
  warmth = 0;
  /** Hash that `find` computed last, so that an insert right after it need not do so again. */
  #lastHash = 0;
  #lastSlot = 0;

  /** The keyed hash, once keys turned out to be prepared to collide: then the fast one serves no more. */
  #keyed: SipHash | undefined;
  /** Slots that inserts and removals went over. */
  probes = 0;

  /** `seed` varies the hash function; iteration order does not depend on it. */
  constructor(seed = 0x2f0b4c47) {
    this.#seed = seed | 0;
    this.#reset();
  }

  #reset(): void {
    this.count = 0;
    this.expiring = 0;
    this.#unevictable = undefined;
    this.#used = 0;
    this.#mask = 31;
    this.#table = new Int32Array(64);
    this.#allocateEntries(16);
    this.#arena = new KeyArena();
    this.#objects = [];
    this.#freeObjects = [];
  }

  #allocateEntries(capacity: number): void {
    const buffer = new ArrayBuffer(capacity * 32);
    const words = new Int32Array(buffer);
    words.set(this.#used === 0 ? [] : this.#words.subarray(0, this.#used * 8));
    this.#words = words;
    this.#doubles = new Float64Array(buffer);
    this.#capacity = capacity;
  }

  /** The entry of the key `bytes[start, start + length)`, or -1. */
  find(bytes: Uint8Array, start: number, length: number): number {
    const hash =
      this.#keyed === undefined ? hashBytes(bytes, start, length, this.#seed) : this.#keyed.hash(bytes, start, length);
    this.#lastHash = hash;
    const table = this.#table;
    const mask = this.#mask;
    const words = this.#words;
    let slot = hash & mask;
    for (;;) {
      const entry = table[slot * 2 + 1] - 1;
      if (entry < 0) return -1;
      if (table[slot * 2] === hash) {
        const word = entry * 8;
        if (words[word + 1] === length && this.#arena.equals(words[word] >>> 0, bytes, start, length)) {
          this.#lastSlot = slot;
          return entry;
        }
      }
      slot = (slot + 1) & mask;
    }
  }

  /**
   * Brings what `find` will look at into the processor's caches for the first keys of `count` frames. Found one by one, each key
   * waits for memory three times; here the waits of all of them overlap.
   */
  warm(frames: readonly CommandView[], count: number): void {
    const places = this.#warmPlaces;
    const table = this.#table;
    const words = this.#words;
    const mask = this.#mask;
    let keys = 0;
    if (this.#keyed !== undefined) return;
    for (let index = 0; index < count && keys < warmMax; index++) {
      const { argc, bytes, starts, lengths } = frames[index];
      if (argc > 1) places[keys++] = hashBytes(bytes, starts[1], lengths[1], this.#seed) & mask;
    }
    let found = 0;
    for (let index = 0; index < keys; index++) {
      const entry = table[places[index] * 2 + 1];
      if (entry > 0) places[found++] = entry - 1;
    }
    let seen = 0;
    for (let index = 0; index < found; index++) places[index] = words[places[index] * 8];
    for (let index = 0; index < found; index++) seen ^= this.#arena.byte(places[index] >>> 0);
    this.warmth = seen;
  }

  /** Adds a key that is not there, with the integer 0 as value, and gives its entry. Other entries' numbers may change. */
  insert(bytes: Uint8Array, start: number, length: number): number {
    return this.#insertHashed(this.#hash(bytes, start, length), bytes, start, length);
  }

  /** `insert` of the key that the last `find` on this keyspace did not find. */
  insertAfterFind(bytes: Uint8Array, start: number, length: number): number {
    // After a switch to the keyed hash the one that was computed before it is of no use.
    const hash = this.#keyed === undefined ? this.#lastHash : this.#hash(bytes, start, length);
    return this.#insertHashed(hash, bytes, start, length);
  }

  #hash(bytes: Uint8Array, start: number, length: number): number {
    if (this.#keyed !== undefined) return this.#keyed.hash(bytes, start, length);
    return hashBytes(bytes, start, length, this.#seed);
  }

  #insertHashed(found: number, bytes: Uint8Array, start: number, length: number): number {
    let hash = found;
    if (this.#used === this.#capacity) {
      this.#makeRoom();
      if (this.#keyed !== undefined) hash = this.#hash(bytes, start, length);
    }
    const entry = this.#used++;
    const word = entry * 8;
    const words = this.#words;
    words[word] = this.#arena.append(bytes, start, length);
    words[word + 1] = length;
    words[word + 2] = Kind.Integer;
    words[word + 3] = 0;
    this.#doubles[entry * 4 + 2] = 0;
    this.#doubles[entry * 4 + 3] = Number.NaN;
    this.count++;
    this.#place(hash, entry);
    return entry;
  }

  #place(hash: number, entry: number): void {
    const table = this.#table;
    const mask = this.#mask;
    let slot = hash & mask;
    while (table[slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
    table[slot * 2] = hash;
    table[slot * 2 + 1] = entry + 1;
    const probes = (slot - hash) & mask;
    this.probes += probes;
    if (probes > probesMax && this.#keyed === undefined) this.#useKeyedHash();
  }

  /** Removes entry `entry` and what it holds. */
  remove(entry: number): void {
    const slot = this.#slotOf(entry);
    if (this.#unevictable !== undefined) this.#unevictable.delete(this.keyText(entry));
    this.#release(entry);
    if (!Number.isNaN(this.#doubles[entry * 4 + 3])) this.expiring--;
    const word = entry * 8;
    this.#words[word + 2] = Kind.Free;
    this.count--;
    this.#unlink(slot);
    if (this.count === 0) this.#startOver();
  }

  #startOver(): void {
    this.#used = 0;
    this.#arena.clear();
    this.#objects.length = 0;
    this.#freeObjects.length = 0;
  }

  #slotOf(entry: number): number {
    const table = this.#table;
    if (table[this.#lastSlot * 2 + 1] === entry + 1) return this.#lastSlot;
    const mask = this.#mask;
    let slot = this.#hashOf(entry) & mask;
    while (table[slot * 2 + 1] !== entry + 1) slot = (slot + 1) & mask;
    return slot;
  }

  #hashOf(entry: number): number {
    const position = this.#words[entry * 8] >>> 0;
    const length = this.#words[entry * 8 + 1];
    return this.#hash(this.#arena.blockOf(position), this.#arena.startOf(position), length);
  }

  /** Empties a slot and moves back the entries that had been pushed past it. */
  #unlink(start: number): void {
    const table = this.#table;
    const mask = this.#mask;
    let hole = start;
    let slot = start;
    for (;;) {
      slot = (slot + 1) & mask;
      const occupant = table[slot * 2 + 1];
      if (occupant === 0) break;
      const home = table[slot * 2] & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      table[hole * 2] = table[slot * 2];
      table[hole * 2 + 1] = occupant;
      hole = slot;
    }
    table[hole * 2 + 1] = 0;
    const probes = (slot - start) & mask;
    this.probes += probes;
    if (probes > probesMax && this.#keyed === undefined) this.#useKeyedHash();
  }

  /** Places every entry anew by a hash whose collisions nobody can prepare. */
  #useKeyedHash(): void {
    this.#keyed = new SipHash();
    this.#table.fill(0);
    for (let entry = this.next(-1); entry >= 0; entry = this.next(entry)) this.#place(this.#hashOf(entry), entry);
  }

  #makeRoom(): void {
    if (this.count < this.#used - (this.#used >> 2)) this.#compact();
    else this.#allocateEntries(this.#capacity * 2);
    const slots = this.#mask + 1;
    if (this.#capacity * 3 > slots * 2) this.#rehash(slots * 2);
  }

  /** Makes room for `count` keys at once, so that they need not be moved again and again. */
  reserve(count: number): void {
    if (count > this.#capacity) this.#allocateEntries(Math.ceil(count));
    let slots = this.#mask + 1;
    while (count * 3 > slots * 2) slots *= 2;
    if (slots > this.#mask + 1) this.#rehash(slots);
  }

  /** Renumbers the live entries without gaps and drops the bytes of removed keys. */
  #compact(): void {
    const words = this.#words;
    const arena = new KeyArena();
    const numbers = new Int32Array(this.#used);
    let target = 0;
    for (let entry = 0; entry < this.#used; entry++) {
      const word = entry * 8;
      if ((words[word + 2] & 0xff) === Kind.Free) continue;
      const position = words[word] >>> 0;
      const length = words[word + 1];
      words.copyWithin(target * 8, word, word + 8);
      words[target * 8] = arena.append(this.#arena.blockOf(position), this.#arena.startOf(position), length);
      numbers[entry] = target++;
    }
    this.#arena = arena;
    this.#used = target;
    const table = this.#table;
    for (let slot = 1; slot < table.length; slot += 2)
      if (table[slot] !== 0) table[slot] = numbers[table[slot] - 1] + 1;
  }

  /** Moves the table to one of `slots` slots; the hashes are in it, so that no key has to be read. */
  #rehash(slots: number): void {
    const old = this.#table;
    this.#table = new Int32Array(slots * 2);
    this.#mask = slots - 1;
    const keyed = this.#keyed;
    for (let slot = 0; slot < old.length; slot += 2) {
      if (old[slot + 1] !== 0) this.#place(old[slot], old[slot + 1] - 1);
      // All entries have been placed anew.
      if (this.#keyed !== keyed) return;
    }
  }

  /** Removes every key. */
  clear(): void {
    this.#reset();
  }

  /** The entry after `entry` in the order of insertion (-1 to start), or -1 after the last. */
  next(entry: number): number {
    const words = this.#words;
    for (let candidate = entry + 1; candidate < this.#used; candidate++) {
      if ((words[candidate * 8 + 2] & 0xff) !== Kind.Free) return candidate;
    }
    return -1;
  }

  // ---- the key

  /** Length of the entry's key, bytes. */
  keyLength(entry: number): number {
    return this.#words[entry * 8 + 1];
  }

  /** The buffer that holds the entry's key, at `keyStart`. Valid until the next insert. */
  keyBlock(entry: number): Buffer {
    return this.#arena.blockOf(this.#words[entry * 8] >>> 0);
  }

  /** Position of the entry's key in `keyBlock`. */
  keyStart(entry: number): number {
    return this.#arena.startOf(this.#words[entry * 8] >>> 0);
  }

  /** The entry's key as a binary string. */
  keyText(entry: number): string {
    const start = this.keyStart(entry);
    return this.keyBlock(entry).latin1Slice(start, start + this.keyLength(entry));
  }

  /** The entry's key, a view that is valid until the next insert. */
  keyView(entry: number): Buffer {
    const start = this.keyStart(entry);
    return this.keyBlock(entry).subarray(start, start + this.keyLength(entry));
  }

  // ---- the expiry

  /** When the entry expires, milliseconds since 1970; NaN for never. */
  expiry(entry: number): number {
    return this.#doubles[entry * 4 + 3];
  }

  hasExpiry(entry: number): boolean {
    return !Number.isNaN(this.#doubles[entry * 4 + 3]);
  }

  /** Sets when the entry expires, milliseconds since 1970; NaN for never. */
  setExpiry(entry: number, at: number): void {
    const index = entry * 4 + 3;
    const doubles = this.#doubles;
    if (Number.isNaN(doubles[index])) this.expiring++;
    if (Number.isNaN(at)) this.expiring--;
    doubles[index] = at;
  }

  // ---- the mark that it is not to be evicted

  /** Whether the key is marked as not to be evicted. A new value leaves the mark, as a server does. */
  noEvict(entry: number): boolean {
    return this.#unevictable?.has(this.keyText(entry)) ?? false;
  }

  setNoEvict(entry: number, marked: boolean): void {
    if (marked) (this.#unevictable ??= new Set()).add(this.keyText(entry));
    else this.#unevictable?.delete(this.keyText(entry));
  }

  /** How many keys are marked so. */
  get noEvictCount(): number {
    return this.#unevictable?.size ?? 0;
  }

  // ---- the value

  kind(entry: number): Kind {
    return (this.#words[entry * 8 + 2] & 0xff) as Kind;
  }

  /** RDB type of a serialized value. */
  rdbType(entry: number): number {
    return (this.#words[entry * 8 + 2] >>> 8) & 0xff;
  }

  /** Source of a reference or a serialized value. */
  source(entry: number): number {
    return this.#words[entry * 8 + 2] >>> 16;
  }

  /** Absolute offset of a reference or a serialized value. */
  offset(entry: number): number {
    return this.#doubles[entry * 4 + 2];
  }

  /** Length of a reference or a serialized value, bytes. */
  length(entry: number): number {
    return this.#words[entry * 8 + 3] >>> 0;
  }

  /** The value of an entry of kind Integer. */
  integer(entry: number): number {
    return this.#doubles[entry * 4 + 2];
  }

  /** The value of an entry of kind Bytes. */
  own(entry: number): OwnString {
    return this.#objects[this.#doubles[entry * 4 + 2]] as OwnString;
  }

  /** The value of an entry whose kind is an object's. */
  object(entry: number): ObjectValue {
    return this.#objects[this.#doubles[entry * 4 + 2]] as ObjectValue;
  }

  setInteger(entry: number, value: number): void {
    this.#release(entry);
    this.#words[entry * 8 + 2] = Kind.Integer;
    this.#doubles[entry * 4 + 2] = value;
  }

  setReference(entry: number, source: number, offset: number, length: number): void {
    this.#release(entry);
    const word = entry * 8;
    this.#words[word + 2] = Kind.Reference | (source << 16);
    this.#words[word + 3] = length;
    this.#doubles[entry * 4 + 2] = offset;
  }

  setSerialized(entry: number, source: number, offset: number, length: number, rdbType: number): void {
    this.#release(entry);
    const word = entry * 8;
    this.#words[word + 2] = Kind.Serialized | (rdbType << 8) | (source << 16);
    this.#words[word + 3] = length;
    this.#doubles[entry * 4 + 2] = offset;
  }

  setOwn(entry: number, value: OwnString): void {
    this.#hold(entry, Kind.Bytes, value);
  }

  setObject(entry: number, value: ObjectValue): void {
    this.#hold(entry, value.kind, value);
  }

  /** Gives `entry` what `other` holds in `keys`, expiry and mark too; an object is then shared until one of the two lets it go. */
  adopt(entry: number, keys: Keyspace, other: number): void {
    const kind = keys.kind(other);
    if (kind === Kind.Bytes || kind >= objectKindMin) this.#hold(entry, kind, keys.#objects[keys.integer(other)]!);
    else {
      this.#release(entry);
      this.#words[entry * 8 + 2] = keys.#words[other * 8 + 2];
      this.#words[entry * 8 + 3] = keys.#words[other * 8 + 3];
      this.#doubles[entry * 4 + 2] = keys.#doubles[other * 4 + 2];
    }
    this.setExpiry(entry, keys.expiry(other));
    if (keys.noEvictCount + this.noEvictCount > 0) this.setNoEvict(entry, keys.noEvict(other));
  }

  #hold(entry: number, kind: Kind, value: ObjectValue | OwnString): void {
    this.#release(entry);
    const free = this.#freeObjects.pop();
    const slot = free === undefined ? this.#objects.length : free;
    this.#objects[slot] = value;
    this.#words[entry * 8 + 2] = kind;
    this.#doubles[entry * 4 + 2] = slot;
  }

  #release(entry: number): void {
    const kind = this.#words[entry * 8 + 2] & 0xff;
    if (kind !== Kind.Bytes && kind < objectKindMin) return;
    const slot = this.#doubles[entry * 4 + 2];
    this.#objects[slot] = undefined;
    this.#freeObjects.push(slot);
  }
}
