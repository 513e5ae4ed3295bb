import type { TouchedKeys } from '../../engine/touched-keys.ts';
import { DuplicateKeys } from '../../rdb/duplicate-keys.ts';
import { laneTypes } from '../../rdb/keep-lane.ts';
import type { RdbReader } from '../../rdb/reader.ts';
import { readsType, type Target } from '../../rdb/targets.ts';
import { dataTypeOf } from '../../rdb/value-types.ts';
import { copiesTo } from '../../rdb/writer/copies.ts';
import type { DatabaseCensus } from './census.ts';
import type { Sources } from './sources.ts';

/** So many keys are compared by exact fingerprints, 8 to 22 bytes each: far less than loading them would take. */
const exactMost = 1 << 26;

/** A value that the lane leaves to JavaScript: its canonical type, and where in the file it lies. */
export interface SingleValue {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
}

/** Keys of a database in `[from, to)` of the file; touched ones may be among them. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly database: number;
  /** It is one key, and not an ordinary one. */
  readonly isSingle: boolean;
}

/** What is kept of one database. */
class KeptDatabase {
  keys = 0;
  expires = 0;
  usages = 0;
  /** By canonical type. */
  readonly types = new Map<number, number>();
  /** Pairs: whole records from one offset of the file to another. */
  private ranges = new Float64Array(64);
  private filled = 0;

  addRange(from: number, to: number): void {
    if (from === to) return;
    if (this.filled > 0 && this.ranges[this.filled - 1] === from) {
      this.ranges[this.filled - 1] = to;
      return;
    }
    if (this.filled === this.ranges.length) {
      const grown = new Float64Array(this.filled * 2);
      grown.set(this.ranges);
      this.ranges = grown;
    }
    this.ranges[this.filled++] = from;
    this.ranges[this.filled++] = to;
  }

  count(type: number, keys: number): void {
    this.keys += keys;
    this.types.set(type, (this.types.get(type) ?? 0) + keys);
  }

  get places(): Float64Array {
    return this.ranges.subarray(0, this.filled);
  }
}

/**
 * The keys of an RDB that the logs behind it do not touch: they are never loaded, only noted as stretches of the file. All that a
 * rewrite does with them is to copy them and to add them to the digest.
 */
export class KeptKeys {
  readonly touched: TouchedKeys;
  /** Nothing follows the RDB in its file, as far as is known. */
  readonly endsWithRdb: boolean;
  readonly seed: number;
  /** Number of the file that they are in; -1 before there is one. */
  source = -1;
  private readonly singles: SingleValue[] = [];
  private readonly databases = new Map<number, KeptDatabase>();
  private readonly duplicates: DuplicateKeys;
  private readonly onStretch: ((stretch: Stretch) => void) | undefined;

  constructor(touched: TouchedKeys, endsWithRdb: boolean, seed: number, onStretch?: (stretch: Stretch) => void) {
    this.touched = touched;
    this.endsWithRdb = endsWithRdb;
    this.seed = seed;
    this.onStretch = onStretch;
    this.duplicates = new DuplicateKeys(seed, exactMost);
  }

  // ---- while the RDB is read

  /** Room for so many keys. */
  expect(keys: number): void {
    this.duplicates.expect(keys);
  }

  /** Records `[from, to)` of the file are kept. */
  addRange(database: number, from: number, to: number): void {
    this.database(database).addRange(from, to);
  }

  /** Ordinary keys lie in `[from, to)`; those that are kept have these fingerprints. */
  addStretch(database: number, from: number, to: number, prints: Uint32Array, kept: number): void {
    this.duplicates.addPrints(prints, kept);
    if (kept > 0) this.onStretch?.({ from, to, database, isSingle: false });
  }

  /** So many keys of each type, then how many of them expire, then how many say how they were used. The counts begin anew. */
  addCounts(database: number, counts: Uint32Array): void {
    const kept = this.database(database);
    for (let type = 0; type < laneTypes; type++) if (counts[type] > 0) kept.count(type, counts[type]);
    kept.expires += counts[laneTypes];
    kept.usages += counts[laneTypes + 1];
    counts.fill(0);
  }

  /** The key that the reader has read: records `[from, to)`. */
  addSingle(reader: RdbReader, value: SingleValue, from: number, to: number): void {
    const { db, key, keyLength, expire, idle, freq } = reader;
    const kept = this.database(db);
    kept.addRange(from, to);
    kept.count(value.type, 1);
    if (!Number.isNaN(expire)) kept.expires++;
    if (idle >= 0 || freq >= 0) kept.usages++;
    this.duplicates.add(key, keyLength, db);
    this.singles.push(value);
    this.onStretch?.({ from, to, database: db, isSingle: true });
  }

  private database(index: number): KeptDatabase {
    let database = this.databases.get(index);
    if (database === undefined) this.databases.set(index, (database = new KeptDatabase()));
    return database;
  }

  // ---- afterwards

  /** Whether a key may stand twice. */
  get suspicious(): boolean {
    return this.duplicates.suspicious;
  }

  /** Whether all can be copied for a server of `target`. */
  fits(target: Target, sources: Sources): boolean {
    for (const { types, usages } of this.databases.values()) {
      if (usages > 0 && !target.hasUsage) return false;
      for (const type of types.keys()) if (!readsType(target, type)) return false;
    }
    return this.singles.every(({ type, offset, length }) =>
      copiesTo(target, type, sources.read(this.source, offset, length), 0, length),
    );
  }

  /** Pairs of offsets: whole records of a database lie from one to the other. */
  ranges(database: number): Float64Array {
    return this.databases.get(database)?.places ?? new Float64Array(0);
  }

  census(): DatabaseCensus[] {
    const occupied = [...this.databases].filter(([, { keys }]) => keys > 0);
    return occupied.map(([database, { keys, expires, types }]) => {
      const byName: Record<string, number> = {};
      for (const [type, count] of types) byName[dataTypeOf(type)] = (byName[dataTypeOf(type)] ?? 0) + count;
      return { database, keys, expires, types: byName };
    });
  }
}
