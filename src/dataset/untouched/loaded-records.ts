import type { Keyspace } from '../../engine/keyspace.ts';
import { Kind } from '../../values/value.ts';
import type { Sources } from '../sources.ts';

/** A record of an RDB that was loaded, because a log may touch its key. */
export interface LoadedRecord {
  /** `[from, to)` of the file. */
  readonly from: number;
  readonly to: number;
  /** Where its name and its value are read: numbers of sources, and offsets there. */
  readonly nameSource: number;
  readonly nameOffset: number;
  readonly nameLength: number;
  readonly valueSource: number;
  readonly valueOffset: number;
  /** Milliseconds since 1970; NaN for never. */
  readonly expire: number;
  readonly hasUsage: boolean;
}

const columns = 9;

/** The records of a database that were loaded, in the order of the file: a few numbers each. */
export class LoadedRecords {
  count = 0;
  /** Nothing before the first: a file may have a million databases. */
  private numbers = new Float64Array(0);

  add(record: LoadedRecord): void {
    const { from, to, nameSource, nameOffset, nameLength, valueSource, valueOffset, expire, hasUsage } = record;
    const at = this.count++ * columns;
    if (at === this.numbers.length) {
      const grown = new Float64Array(Math.max(at * 2, columns * 16));
      grown.set(this.numbers);
      this.numbers = grown;
    }
    const row = [from, to, nameSource, nameOffset, nameLength, valueSource, valueOffset, expire, hasUsage ? 1 : 0];
    this.numbers.set(row, at);
  }

  at(index: number): LoadedRecord {
    const start = index * columns;
    const [from, to, nameSource, nameOffset, nameLength, valueSource, valueOffset, expire, usage] =
      this.numbers.subarray(start, start + columns);
    const name = { nameSource, nameOffset, nameLength };
    return { from, to, ...name, valueSource, valueOffset, expire, hasUsage: usage === 1 };
  }
}

/** The entry of the record's key if that is as it was loaded; -1 if not, or if its name is not at hand. */
export function unchangedEntry(keys: Keyspace, record: LoadedRecord, sources: Sources): number {
  if (record.nameOffset < 0) return -1;
  const name = sources.read(record.nameSource, record.nameOffset, record.nameLength);
  const entry = keys.find(name, 0, name.length);
  if (entry < 0 || keys.kind(entry) !== Kind.Serialized) return -1;
  const isThere = keys.source(entry) === record.valueSource && keys.offset(entry) === record.valueOffset;
  return isThere && Object.is(keys.expiry(entry), record.expire) ? entry : -1;
}
