import type { Dataset } from '../../engine/dataset.ts';
import { tooManyDatabases } from '../../engine/dataset.ts';
import type { Session } from '../../engine/session.ts';
import { limits } from '../../limits.ts';
import { DuplicateKeys } from '../../rdb/duplicate-keys.ts';
import { dataTypeOf } from '../../rdb/value-types.ts';
import { copiesTo, losesNegativeZero } from '../../rdb/writer/copies.ts';
import { readsType, type Target } from '../../servers/targets.ts';
import type { DatabaseStatistics } from '../key-statistics.ts';
import type { Sources } from '../sources.ts';
import type { KeyBloomFilter } from './key-bloom-filter.ts';
import { type LoadedRecord, LoadedRecords, unchangedEntry } from './loaded-records.ts';
import { laneTypes } from './untouched-batch.ts';

/** Ascending ranges as pairs of numbers; those that meet are one. */
class Ranges {
  private numbers = new Float64Array(4);
  private filled = 0;

  add(from: number, to: number): void {
    if (from === to) return;
    if (this.filled > 0 && this.numbers[this.filled - 1] === from) {
      this.numbers[this.filled - 1] = to;
      return;
    }
    if (this.filled === this.numbers.length) {
      const grown = new Float64Array(this.filled * 2);
      grown.set(this.numbers);
      this.numbers = grown;
    }
    this.numbers[this.filled++] = from;
    this.numbers[this.filled++] = to;
  }

  get pairs(): Float64Array {
    return this.numbers.subarray(0, this.filled);
  }
}

/** So many keys are compared by exact fingerprints, 8 to 22 bytes each: far less than loading them would take. */
const exactMost = 1 << 26;

/** A value that the lane leaves to JavaScript: its canonical type, and where it lies. */
export interface SingleValue {
  readonly type: number;
  readonly source: number;
  readonly offset: number;
  readonly length: number;
}

/** Keys of a database in `[from, to)` of the file; touched ones may be among them. */
export interface RecordRange {
  readonly from: number;
  readonly to: number;
  readonly database: number;
  /** It is one key, and not an ordinary one. */
  readonly isSingle: boolean;
  /** Ordinary keys that expire before this moment, milliseconds since 1970, are not kept; NaN keeps all. */
  readonly expiredBefore: number;
}

/** What is kept of one database. */
class UntouchedDatabase {
  keys = 0;
  expires = 0;
  usages = 0;
  /** By canonical type. */
  readonly types = new Map<number, number>();
  /** Records in the midst of the others that are not kept. */
  loaded = new LoadedRecords();
  /** Where the database's records lie, the loaded ones among them. */
  private readonly extents = new Ranges();

  addRecords(from: number, to: number): void {
    this.extents.add(from, to);
  }

  count(type: number, keys: number): void {
    this.keys += keys;
    this.types.set(type, (this.types.get(type) ?? 0) + keys);
  }

  /** Pairs of offsets between which all records are kept. */
  ranges(): Float64Array {
    const { extents, loaded } = this;
    const ranges = new Ranges();
    let next = 0;
    for (let extent = 0; extent < extents.pairs.length; extent += 2) {
      let at = extents.pairs[extent];
      const end = extents.pairs[extent + 1];
      for (; next < loaded.count; next++) {
        const { from, to } = loaded.at(next);
        if (from >= end) break;
        ranges.add(at, from);
        at = to;
      }
      ranges.add(at, end);
    }
    return ranges.pairs;
  }
}

/**
 * The keys of an RDB that the logs behind it do not touch: they are never loaded, only noted as stretches of the file. All that a
 * rewrite does with them is to copy them and to add them to the digest.
 */
export class UntouchedKeys {
  readonly touched: KeyBloomFilter;
  /** Nothing follows the RDB in its file, as far as is known. */
  readonly endsWithRdb: boolean;
  readonly seed: number;
  /** Number of the file that they are in; -1 before there is one. */
  source = -1;
  private readonly singles: SingleValue[] = [];
  private readonly databases = new Map<number, UntouchedDatabase>();
  private readonly duplicates: DuplicateKeys;
  private readonly onRange: ((stretch: RecordRange) => void) | undefined;

  constructor(touched: KeyBloomFilter, endsWithRdb: boolean, seed: number, onRange?: (stretch: RecordRange) => void) {
    this.touched = touched;
    this.endsWithRdb = endsWithRdb;
    this.seed = seed;
    this.onRange = onRange;
    this.duplicates = new DuplicateKeys(seed, exactMost);
  }

  // ---- while the RDB is read

  /** Room for so many keys. */
  expect(keys: number): void {
    this.duplicates.expect(keys);
  }

  /** Records lie in `[from, to)` of the file: they are kept, but for those that `addLoaded` is told of. */
  addRecords(database: number, from: number, to: number): void {
    this.database(database).addRecords(from, to);
  }

  /** A record, in the order of the file, that is loaded. */
  addLoaded(database: number, record: LoadedRecord): void {
    this.database(database).loaded.add(record);
  }

  /** Ordinary keys lie there; those that are kept have these fingerprints. */
  addRecordRange(stretch: RecordRange, prints: Uint32Array, kept: number): void {
    this.duplicates.addPrints(prints, kept);
    if (kept > 0) this.onRange?.(stretch);
  }

  /** So many keys of each type, then how many of them expire, then how many say how they were used. The counts begin anew. */
  addCounts(database: number, counts: Uint32Array): void {
    const kept = this.database(database);
    for (let type = 0; type < laneTypes; type++) if (counts[type] > 0) kept.count(type, counts[type]);
    kept.expires += counts[laneTypes];
    kept.usages += counts[laneTypes + 1];
    counts.fill(0);
  }

  /** A key whose record and value lie there, and that no stretch of ordinary ones takes in. `addRecords` is told of it, too. */
  addSingle(
    record: Pick<RecordRange, 'from' | 'to' | 'database'>,
    key: Uint8Array,
    value: SingleValue,
    { expires, hasUsage }: { readonly expires: boolean; readonly hasUsage: boolean },
  ): void {
    this.duplicates.add(key, key.length, record.database);
    this.keepSingle(record, value, expires, hasUsage);
  }

  private keepSingle(
    record: Pick<RecordRange, 'from' | 'to' | 'database'>,
    value: SingleValue,
    expires: boolean,
    hasUsage: boolean,
  ): void {
    const kept = this.database(record.database);
    kept.count(value.type, 1);
    if (expires) kept.expires++;
    if (hasUsage) kept.usages++;
    this.singles.push(value);
    this.onRange?.({ ...record, isSingle: true, expiredBefore: Number.NaN });
  }

  private database(index: number): UntouchedDatabase {
    let database = this.databases.get(index);
    if (database === undefined) {
      const most = limits().databases;
      if (this.databases.size >= most) throw tooManyDatabases(most);
      this.databases.set(index, (database = new UntouchedDatabase()));
    }
    return database;
  }

  // ---- afterwards

  /**
   * Takes back from the dataset what was loaded and is as it was: a key may be touched in another database, or look like one that is. So
   * only what has changed changes its place when everything is written.
   */
  takeBack(dataset: Dataset, sources: Sources): void {
    for (const [database, kept] of this.databases) {
      const keys = dataset.database(database);
      const changed = new LoadedRecords();
      for (let index = 0; index < kept.loaded.count; index++) {
        const record = kept.loaded.at(index);
        const entry = unchangedEntry(keys, record, sources);
        if (entry < 0) changed.add(record);
        else {
          const { valueSource: source, valueOffset: offset } = record;
          const value = { type: keys.rdbType(entry), source, offset, length: keys.length(entry) };
          if (keys.expiry(entry) < this.pastBefore) this.past++;
          this.keepSingle({ ...record, database }, value, keys.hasExpiry(entry), record.hasUsage);
          keys.remove(entry);
        }
      }
      kept.loaded = changed;
    }
  }

  /** How many of the kept keys are past their time. */
  past = 0;
  /** The moment that decides it, milliseconds since 1970; NaN: they are not counted. */
  pastBefore = Number.NaN;

  /** Whether a key may stand twice. */
  get suspicious(): boolean {
    return this.duplicates.suspicious;
  }

  /** Whether all can be copied for a server of `target`. */
  fits(target: Target, { sources, session }: { readonly sources: Sources; readonly session: Session }): boolean {
    const { keepsNegativeZero } = session.rules;
    for (const { types, usages } of this.databases.values()) {
      if (usages > 0 && !target.hasUsage) return false;
      for (const type of types.keys()) {
        if (!readsType(target, type) || (keepsNegativeZero && losesNegativeZero(target, type))) return false;
      }
    }
    return this.singles.every(({ type, source, offset, length }) =>
      copiesTo(target, type, sources.read(source, offset, length), 0, length),
    );
  }

  /** Pairs of offsets: whole records of a database lie from one to the other. */
  ranges(database: number): Float64Array {
    return this.databases.get(database)?.ranges() ?? new Float64Array(0);
  }

  /** Canonical types of the values that are kept. */
  types(): number[] {
    return [...new Set([...this.databases.values()].flatMap(({ types }) => [...types.keys()]))];
  }

  census(): DatabaseStatistics[] {
    const occupied = [...this.databases].filter(([, { keys }]) => keys > 0);
    return occupied.map(([database, { keys, expires, types }]) => {
      const byName: Record<string, number> = {};
      for (const [type, count] of types) byName[dataTypeOf(type)] = (byName[dataTypeOf(type)] ?? 0) + count;
      return { database, keys, expires, types: byName };
    });
  }
}
