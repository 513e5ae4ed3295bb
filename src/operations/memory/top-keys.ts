import { escapeBytes } from '../../io/text.ts';
import { type EncodingName, encodingNames } from '../../memory/value-size.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import { dataTypeOf } from '../../rdb/value-types.ts';

/** One key of a list of the largest, hottest or coldest. */
export interface ListedKey {
  readonly db: number;
  /** Its name, what is not printable escaped, at most 256 bytes of it. */
  readonly key: string;
  readonly type: string;
  readonly encoding: EncodingName;
  readonly bytes: number;
  readonly elements: number;
  /** Milliseconds since 1970; left out for a key that never expires. */
  readonly expiry?: number;
  /** Seconds since the last use, and the counter of uses (LFU), where the file says so. */
  readonly idle?: number;
  readonly freq?: number;
}

/** The keys with the largest values of something, in memory for these alone: a heap with the smallest on top. */
export class TopKeys {
  private readonly max: number;
  private readonly entries: { rank: number; key: ListedKey }[] = [];
  /** What a key must exceed. */
  private least = Number.NEGATIVE_INFINITY;

  constructor(max: number) {
    this.max = max;
    if (max === 0) this.least = Number.POSITIVE_INFINITY;
  }

  /** `type`: canonical. */
  add(rank: number, record: KeyRecord, type: number, encoding: number, bytes: number, elements: number): void {
    if (rank <= this.least) return;
    const { entries, max } = this;
    const key = listed(record, type, encoding, bytes, elements);
    if (entries.length < max) {
      entries.push({ rank, key });
      this.up(entries.length - 1);
    } else {
      entries[0] = { rank, key };
      this.down();
    }
    if (entries.length === max) this.least = entries[0].rank;
  }

  private up(from: number): void {
    const { entries } = this;
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (entries[parent].rank <= entries[index].rank) return;
      [entries[parent], entries[index]] = [entries[index], entries[parent]];
      index = parent;
    }
  }

  private down(): void {
    const { entries } = this;
    for (let index = 0; ; ) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2])
        if (child < entries.length && entries[child].rank < entries[least].rank) least = child;
      if (least === index) return;
      [entries[least], entries[index]] = [entries[index], entries[least]];
      index = least;
    }
  }

  /** The largest first. */
  result(): ListedKey[] {
    return this.entries.toSorted((a, b) => b.rank - a.rank).map(({ key }) => key);
  }
}

function listed(record: KeyRecord, type: number, encoding: number, bytes: number, elements: number): ListedKey {
  const { database: db, key, keyFrom, keyTo, expire, idle, freq } = record;
  const name = encodingNames[encoding];
  return {
    db,
    key: escapeBytes(key, keyFrom, keyTo),
    type: name === 'vectorset' ? 'vectorset' : dataTypeOf(type),
    encoding: name,
    bytes,
    elements,
    ...(!Number.isNaN(expire) && { expiry: expire }),
    ...(idle >= 0 && { idle }),
    ...(freq >= 0 && { freq }),
  };
}
