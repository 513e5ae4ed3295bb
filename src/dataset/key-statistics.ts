import type { Dataset } from '../engine/dataset.ts';
import type { Keyspace } from '../engine/keyspace.ts';
import { dataTypeOf } from '../rdb/value-types.ts';
import { Kind, typeOf } from '../values/value.ts';

/** Keys by data type, and those with an expiry, of one database. */
export interface DatabaseStatistics {
  readonly database: number;
  readonly keys: number;
  readonly expires: number;
  readonly types: Readonly<Record<string, number>>;
}

/** The data type of an entry, as the TYPE command names it, without decoding it. */
export function entryType(keys: Keyspace, entry: number): string {
  const kind = keys.kind(entry);
  return kind === Kind.Serialized ? dataTypeOf(keys.rdbType(entry)) : typeOf(kind);
}

/** Counts the keys of each database that holds any. */
export function takeStatistics(dataset: Dataset): DatabaseStatistics[] {
  return dataset.occupied().map((database) => {
    const keys = dataset.database(database);
    const types: Record<string, number> = {};
    for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) {
      const type = entryType(keys, entry);
      types[type] = (types[type] ?? 0) + 1;
    }
    return { database, keys: keys.count, expires: keys.expiring, types };
  });
}

/** The censuses of two shards of one dataset as one. */
export function addStatistics(
  first: readonly DatabaseStatistics[],
  second: readonly DatabaseStatistics[],
): DatabaseStatistics[] {
  const sums = new Map(first.map((part) => [part.database, part]));
  for (const part of second) {
    const other = sums.get(part.database);
    sums.set(part.database, other === undefined ? part : sumOf(other, part));
  }
  return [...sums.values()].sort((left, right) => left.database - right.database);
}

function sumOf(left: DatabaseStatistics, right: DatabaseStatistics): DatabaseStatistics {
  const types: Record<string, number> = { ...left.types };
  for (const [type, count] of Object.entries(right.types)) types[type] = (types[type] ?? 0) + count;
  const { database, keys, expires } = left;
  return { database, keys: keys + right.keys, expires: expires + right.expires, types };
}
