/**
 * Consumer groups of a stream (Redis 5.0): groups, consumers, and the entries that were delivered and not acknowledged.
 */

import type { U64 } from '../encodings/u64.ts';
import { compareParts, type StreamId } from './stream-id.ts';

export class Consumer {
  readonly name: string;
  /** Moment of its last attempt to read or claim, ms. */
  seenTime: number;
  /** Moment of its last success, ms; -1 for never (7.2; before that the same as the seen time). */
  activeTime: number;
  /** How many pending entries it owns. */
  pending = 0;

  constructor(name: string, seenTime: number, activeTime: number) {
    this.name = name;
    this.seenTime = seenTime;
    this.activeTime = activeTime;
  }
}

/** A pending entry. */
export class Pending {
  readonly ms: U64;
  readonly seq: U64;
  /** Moment of the last delivery, ms. */
  deliveryTime: number;
  /** Number of deliveries; XNACK FATAL sets 2^63 - 1. */
  deliveryCount: U64;
  /** Its owner; none for an entry of the NACK zone (8.8). */
  consumer: Consumer | undefined;

  constructor(id: StreamId, deliveryTime: number, deliveryCount: U64, consumer: Consumer | undefined) {
    this.ms = id.ms;
    this.seq = id.seq;
    this.deliveryTime = deliveryTime;
    this.deliveryCount = deliveryCount;
    this.consumer = consumer;
  }
}

const chunkCountMax = 512;

/** Pending entries in the order of their ids: sorted chunks, so that no list and no Map grows with the whole. */
class PendingList {
  private chunks: Pending[][] = [];
  size = 0;

  /** Adds an entry that must not be there yet. */
  add(entry: Pending): void {
    this.size++;
    const last = this.chunks[this.chunks.length - 1];
    if (last === undefined) {
      this.chunks.push([entry]);
      return;
    }
    const tail = last[last.length - 1];
    if (compareParts(tail.ms, tail.seq, entry.ms, entry.seq) < 0) {
      if (last.length < chunkCountMax) last.push(entry);
      else this.chunks.push([entry]);
      return;
    }
    const index = this.chunkOf(entry.ms, entry.seq);
    const chunk = this.chunks[index];
    chunk.splice(lowerBound(chunk, entry.ms, entry.seq), 0, entry);
    if (chunk.length > chunkCountMax) this.chunks.splice(index + 1, 0, chunk.splice(chunkCountMax >> 1));
  }

  get(ms: U64, seq: U64): Pending | undefined {
    const chunk = this.chunks[this.chunkOf(ms, seq)];
    if (chunk === undefined) return undefined;
    const entry = chunk[lowerBound(chunk, ms, seq)];
    return entry !== undefined && entry.ms === ms && entry.seq === seq ? entry : undefined;
  }

  remove(ms: U64, seq: U64): void {
    const index = this.chunkOf(ms, seq);
    const chunk = this.chunks[index];
    if (chunk === undefined) return;
    const at = lowerBound(chunk, ms, seq);
    const entry = chunk[at];
    if (entry === undefined || entry.ms !== ms || entry.seq !== seq) return;
    this.size--;
    if (chunk.length === 1) this.chunks.splice(index, 1);
    else if (at === 0) chunk.shift();
    else chunk.splice(at, 1);
  }

  /** Keeps only the entries that the test passes. */
  retain(keep: (entry: Pending) => boolean): void {
    this.chunks = this.chunks.map((chunk) => chunk.filter(keep)).filter((chunk) => chunk.length > 0);
    this.size = this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  *[Symbol.iterator](): Generator<Pending> {
    for (const chunk of this.chunks) yield* chunk;
  }

  /** The entries from this id on, as they are now: what is removed meanwhile is still listed. */
  from(id: StreamId): Pending[] {
    const first = this.chunkOf(id.ms, id.seq);
    const out: Pending[] = [];
    for (let i = first; i < this.chunks.length; i++) {
      const chunk = this.chunks[i];
      for (let j = i === first ? lowerBound(chunk, id.ms, id.seq) : 0; j < chunk.length; j++) out.push(chunk[j]);
    }
    return out;
  }

  /** Index of the first chunk whose last entry is not below the id. */
  private chunkOf(ms: U64, seq: U64): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const chunk = this.chunks[middle];
      const tail = chunk[chunk.length - 1];
      if (compareParts(tail.ms, tail.seq, ms, seq) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function lowerBound(chunk: readonly Pending[], ms: U64, seq: U64): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareParts(chunk[middle].ms, chunk[middle].seq, ms, seq) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Group {
  readonly name: string;
  lastId: StreamId;
  /** How many entries it has read, as far as that is known: -1 where not (7.0). */
  entriesRead: U64;
  readonly pending = new PendingList();
  readonly consumers = new Map<string, Consumer>();
  /** Entries without an owner, in the order in which they were given back (XNACK, 8.8). */
  readonly nackZone = new Set<Pending>();

  constructor(name: string, lastId: StreamId, entriesRead: U64) {
    this.name = name;
    this.lastId = lastId;
    this.entriesRead = entriesRead;
  }

  /** Adds a pending entry that must not be there yet; without an owner it joins the NACK zone. */
  add(entry: Pending): void {
    this.pending.add(entry);
    if (entry.consumer) entry.consumer.pending++;
    else this.nackZone.add(entry);
  }

  /** Gives the entry to the consumer, or with undefined to the end of the NACK zone. */
  assign(entry: Pending, consumer: Consumer | undefined): void {
    this.release(entry);
    entry.consumer = consumer;
    if (consumer) consumer.pending++;
    else this.nackZone.add(entry);
  }

  remove(entry: Pending): void {
    this.release(entry);
    this.pending.remove(entry.ms, entry.seq);
  }

  /** Removes the consumer with its pending entries. */
  removeConsumer(consumer: Consumer): void {
    if (consumer.pending > 0) this.pending.retain((entry) => entry.consumer !== consumer);
    this.consumers.delete(consumer.name);
  }

  private release(entry: Pending): void {
    if (entry.consumer) entry.consumer.pending--;
    else this.nackZone.delete(entry);
  }

  clone(): Group {
    const copy = new Group(this.name, this.lastId, this.entriesRead);
    for (const consumer of this.consumers.values()) {
      copy.consumers.set(consumer.name, new Consumer(consumer.name, consumer.seenTime, consumer.activeTime));
    }
    for (const entry of this.pending) if (entry.consumer) copy.add(copyPending(entry, copy));
    for (const entry of this.nackZone) copy.add(copyPending(entry, copy));
    return copy;
  }
}

function copyPending(entry: Pending, group: Group): Pending {
  const owner = entry.consumer && group.consumers.get(entry.consumer.name);
  return new Pending(entry, entry.deliveryTime, entry.deliveryCount, owner);
}
