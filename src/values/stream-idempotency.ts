/**
 * The table of idempotent producers of a stream (Redis 8.6): which producer's message became which entry.
 *
 * A producer keeps its last `maxEntries` ids, oldest first; a server forgets them `duration` seconds after the moment in the
 * entry's id, but not while it loads, so the table keeps what it has and `live` says what is left at a moment.
 */

import { addU64, type U64 } from '../encodings/u64.ts';
import type { StreamId } from './stream-id.ts';

const idmpDurationDefault = 100;
const idmpEntriesDefault = 100;

export class Idempotency {
  /** Seconds, 1..86400. */
  duration = idmpDurationDefault;
  /** Ids remembered for a producer, 1..10000. */
  maxEntries = idmpEntriesDefault;
  /** Producer id -> message id -> entry, each in the order of arrival. */
  readonly producers = new Map<string, Map<string, StreamId>>();
  iidsAdded: U64 = 0;
  iidsDuplicates: U64 = 0;

  find(producer: string, iid: string): StreamId | undefined {
    return this.producers.get(producer)?.get(iid);
  }

  /** Remembers a message that is not known yet, and forgets the producer's oldest where there are too many. */
  record(producer: string, iid: string, id: StreamId): void {
    let known = this.producers.get(producer);
    if (known === undefined) {
      known = new Map();
      this.producers.set(producer, known);
    }
    if (known.size >= this.maxEntries) known.delete(known.keys().next().value as string);
    known.set(iid, id);
    this.iidsAdded = addU64(this.iidsAdded, 1);
  }

  noteDuplicate(): void {
    this.iidsDuplicates = addU64(this.iidsDuplicates, 1);
  }

  /** Sets both limits; a change forgets every message. */
  configure(duration: number, maxEntries: number): void {
    if (duration === this.duration && maxEntries === this.maxEntries) return;
    this.duration = duration;
    this.maxEntries = maxEntries;
    this.producers.clear();
  }

  /** The messages that a server would still know at `now`, ms: [producer, iid, entry] in the order of arrival. */
  *live(now: number): Generator<[producer: string, iid: string, id: StreamId]> {
    for (const [producer, known] of this.producers) {
      for (const [iid, id] of known) {
        if (Number(id.ms) + this.duration * 1000 >= now) yield [producer, iid, id];
      }
    }
  }

  /** Whether it is as in a stream that never heard of idempotent producers. */
  get isDefault(): boolean {
    return (
      this.duration === idmpDurationDefault &&
      this.maxEntries === idmpEntriesDefault &&
      this.producers.size === 0 &&
      this.iidsAdded === 0 &&
      this.iidsDuplicates === 0
    );
  }

  clone(): Idempotency {
    const copy = new Idempotency();
    copy.duration = this.duration;
    copy.maxEntries = this.maxEntries;
    for (const [producer, known] of this.producers) copy.producers.set(producer, new Map(known));
    copy.iidsAdded = this.iidsAdded;
    copy.iidsDuplicates = this.iidsDuplicates;
    return copy;
  }
}
