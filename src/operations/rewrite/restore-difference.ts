import type { Loaded } from '../../dataset/load.ts';
import { Digester } from '../../engine/digest.ts';
import type { Keyspace } from '../../engine/keyspace.ts';
import { Kind } from '../../values/value.ts';

/** How one database differs from what it is at the end of the log. */
export interface DatabaseDifference {
  readonly database: number;
  readonly keys: number;
  readonly keysAtEnd: number;
  /** Keys that are not there at the end of the log. */
  readonly added: number;
  /** Keys that are there only at the end of the log. */
  readonly gone: number;
  /** Keys with another value, or another expiry, than at the end. */
  readonly changed: number;
  /** The first keys of each kind, binary strings. */
  readonly firstAdded: readonly string[];
  readonly firstGone: readonly string[];
  readonly firstChanged: readonly string[];
}

/** Keys of each kind that are named. */
const namesMax = 10;

/** Compares two datasets that were loaded from the same files in the same order. `at`: the moment, milliseconds since 1970. */
export function differenceOf(point: Loaded, end: Loaded, at: number): DatabaseDifference[] {
  const digesters = [digesterOf(point, at), digesterOf(end, at)] as const;
  const databases = new Set([...point.dataset.occupied(), ...end.dataset.occupied()]);
  const same = sameSources(point, end);
  return [...databases]
    .sort((a, b) => a - b)
    .map((database) => {
      const one = point.dataset.database(database);
      const other = end.dataset.database(database);
      const isEqual = (a: number, b: number): boolean =>
        sameExpiry(one, a, other, b) &&
        ((same && samePlace(one, a, other, b)) || digesters[0].entry(one, a) === digesters[1].entry(other, b));
      return { database, keys: one.count, keysAtEnd: other.count, ...compare(one, other, isEqual) };
    });
}

const digesterOf = (loaded: Loaded, at: number): Digester =>
  new Digester({ flavor: loaded.session.flavor, at, codec: loaded.codec, reader: loaded.sources });

function compare(one: Keyspace, other: Keyspace, isEqual: (a: number, b: number) => boolean) {
  const added: string[] = [];
  const gone: string[] = [];
  const changed: string[] = [];
  const counts = { added: 0, gone: 0, changed: 0 };
  const note = (kind: keyof typeof counts, list: string[], keys: Keyspace, entry: number) => {
    counts[kind]++;
    if (list.length < namesMax) list.push(keys.keyText(entry));
  };
  for (let entry = one.next(-1); entry >= 0; entry = one.next(entry)) {
    const twin = other.find(one.keyBlock(entry), one.keyStart(entry), one.keyLength(entry));
    if (twin < 0) note('added', added, one, entry);
    else if (!isEqual(entry, twin)) note('changed', changed, one, entry);
  }
  for (let entry = other.next(-1); entry >= 0; entry = other.next(entry)) {
    const twin = one.find(other.keyBlock(entry), other.keyStart(entry), other.keyLength(entry));
    if (twin < 0) note('gone', gone, other, entry);
  }
  return { ...counts, firstAdded: added, firstGone: gone, firstChanged: changed };
}

/** The numbers of the files that values are noted with mean the same in both, as far as both have them. */
function sameSources(point: Loaded, end: Loaded): boolean {
  return point.files.every((file, index) => file.path === end.files[index]?.path);
}

function sameExpiry(one: Keyspace, a: number, other: Keyspace, b: number): boolean {
  return Object.is(one.expiry(a), other.expiry(b));
}

/** Both values are still where they lie in the file, in the same place: what it says need not be looked at. */
function samePlace(one: Keyspace, a: number, other: Keyspace, b: number): boolean {
  const kind = one.kind(a);
  if (kind !== other.kind(b) || (kind !== Kind.Serialized && kind !== Kind.Reference)) return false;
  return one.source(a) === other.source(b) && one.offset(a) === other.offset(b) && one.length(a) === other.length(b);
}
