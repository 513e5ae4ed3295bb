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
  const indexes = new Set([...first, ...second].map(({ database }) => database));
  return [...indexes]
    .sort((a, b) => a - b)
    .map((index) => {
      const parts = [...first, ...second].filter(({ database }) => database === index);
      const types: Record<string, number> = {};
      for (const part of parts)
        for (const [type, count] of Object.entries(part.types)) types[type] = (types[type] ?? 0) + count;
      const sum = (of: (part: DatabaseStatistics) => number) => parts.reduce((total, part) => total + of(part), 0);
      return { database: index, keys: sum(({ keys }) => keys), expires: sum(({ expires }) => expires), types };
    });
}
