/**
 * Maps and sets beyond V8's limit: a Map or a Set throws at 2^24 entries. A collection starts as a plain one and is dealt
 * out over several when it gets near; below the limit nothing is added to the cost of a Map.
 */

import { SipHash } from '../kernels/sip-hash.ts';

/** Entries of one Map or Set before it is dealt out; V8 stops at 2^24. */
const shardEntriesMax = 2 ** 23;
const shardsAtFirst = 4;

/** What the collections use of a Map. */
export interface MapLike<V> {
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  set(key: string, value: V): unknown;
  delete(key: string): boolean;
  keys(): IterableIterator<string>;
  entries(): IterableIterator<[string, V]>;
}

/** What the collections use of a Set. */
export interface SetLike {
  readonly size: number;
  has(member: string): boolean;
  add(member: string): unknown;
  delete(member: string): boolean;
  values(): IterableIterator<string>;
}

/** `map` itself, or the sharded map that replaces it once it holds `limit` entries. Call it before adding a key. */
export function mapWithRoom<V>(map: MapLike<V>, limit = shardEntriesMax): MapLike<V> {
  return map.size < limit || map instanceof ShardedMap ? map : new ShardedMap<V>(map.entries(), limit);
}

/** `set` itself, or the sharded set that replaces it once it holds `limit` members. Call it before adding a member. */
export function setWithRoom(set: SetLike, limit = shardEntriesMax): SetLike {
  return set.size < limit || set instanceof ShardedSet ? set : new ShardedSet(set.values(), limit);
}

/** The key is fixed, so that the order of iteration is; to find millions of keys whose low bits agree takes too long even so. */
const hasher = new SipHash(Uint32Array.of(0x2f0b4c47, 0x51ed270b, 0x9e3779b9, 0x7f4a7c15));

function shardHash(key: string): number {
  const bytes = Buffer.from(key, 'latin1');
  return hasher.hash(bytes, 0, bytes.length);
}

/** A map over a power of two of Maps; their number doubles when one of them reaches the limit. */
export class ShardedMap<V> implements MapLike<V> {
  private shards: Map<string, V>[] = [];
  private count = 0;
  private readonly limit: number;

  constructor(entries: Iterable<[string, V]>, limit = shardEntriesMax) {
    this.limit = limit;
    this.deal(entries, shardsAtFirst);
  }

  get size(): number {
    return this.count;
  }

  get(key: string): V | undefined {
    return this.shardOf(key).get(key);
  }

  has(key: string): boolean {
    return this.shardOf(key).has(key);
  }

  set(key: string, value: V): void {
    const shard = this.shardOf(key);
    const before = shard.size;
    shard.set(key, value);
    this.count += shard.size - before;
    if (shard.size >= this.limit) this.deal(this.entries(), this.shards.length * 2);
  }

  delete(key: string): boolean {
    const found = this.shardOf(key).delete(key);
    if (found) this.count--;
    return found;
  }

  *keys(): IterableIterator<string> {
    for (const shard of this.shards) yield* shard.keys();
  }

  *entries(): IterableIterator<[string, V]> {
    for (const shard of this.shards) yield* shard.entries();
  }

  private shardOf(key: string): Map<string, V> {
    return this.shards[shardHash(key) & (this.shards.length - 1)];
  }

  private deal(entries: Iterable<[string, V]>, shardCount: number): void {
    const dealt = Array.from({ length: shardCount }, () => new Map<string, V>());
    this.count = 0;
    for (const [key, value] of entries) {
      dealt[shardHash(key) & (shardCount - 1)].set(key, value);
      this.count++;
    }
    this.shards = dealt;
  }
}

/** A set over a power of two of Sets; their number doubles when one of them reaches the limit. */
export class ShardedSet implements SetLike {
  private shards: Set<string>[] = [];
  private count = 0;
  private readonly limit: number;

  constructor(members: Iterable<string>, limit = shardEntriesMax) {
    this.limit = limit;
    this.deal(members, shardsAtFirst);
  }

  get size(): number {
    return this.count;
  }

  has(member: string): boolean {
    return this.shardOf(member).has(member);
  }

  add(member: string): void {
    const shard = this.shardOf(member);
    const before = shard.size;
    shard.add(member);
    this.count += shard.size - before;
    if (shard.size >= this.limit) this.deal(this.values(), this.shards.length * 2);
  }

  delete(member: string): boolean {
    const found = this.shardOf(member).delete(member);
    if (found) this.count--;
    return found;
  }

  *values(): IterableIterator<string> {
    for (const shard of this.shards) yield* shard.values();
  }

  private shardOf(member: string): Set<string> {
    return this.shards[shardHash(member) & (this.shards.length - 1)];
  }

  private deal(members: Iterable<string>, shardCount: number): void {
    const dealt = Array.from({ length: shardCount }, () => new Set<string>());
    this.count = 0;
    for (const member of members) {
      dealt[shardHash(member) & (shardCount - 1)].add(member);
      this.count++;
    }
    this.shards = dealt;
  }
}
