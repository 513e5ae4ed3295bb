import type { Dataset } from '../engine/dataset.ts';
import type { Keyspace } from '../engine/keyspace.ts';
import { Glob } from '../io/glob.ts';
import { entryType } from './key-statistics.ts';

/** Which keys an operation takes. */
export interface KeyFilterOptions {
  /** Databases to take; all by default. */
  readonly databases?: readonly number[];
  /** Glob patterns as of KEYS, binary strings: a key must match one of them. */
  readonly patterns?: readonly string[];
  /** Keys that match one of these are left out. */
  readonly excluded?: readonly string[];
  /** Data types as TYPE names them. */
  readonly types?: readonly string[];
  /** Keys that expire before this moment are left out, milliseconds since 1970; undefined keeps all. */
  readonly expiredBefore?: number;
}

/** What a filter looks at: each is only asked for where a test needs it. */
interface KeyFacts {
  readonly database: number;
  /** Milliseconds since 1970; NaN for never. */
  readonly expire: number;
  /** As TYPE names it. */
  readonly dataType: string;
  /** A binary string. */
  readonly name: string;
}

export type KeyTest = (key: KeyFacts) => boolean;
export type KeyFilter = (database: number, keys: Keyspace, entry: number) => boolean;

/** A predicate for these options; undefined where every key passes. */
export function keyTest(options: KeyFilterOptions): KeyTest | undefined {
  const tests: KeyTest[] = [];
  const { databases, types, expiredBefore } = options;
  if (databases?.length) tests.push((key) => databases.includes(key.database));
  if (types?.length) tests.push((key) => types.includes(key.dataType));
  if (expiredBefore !== undefined) tests.push((key) => !(key.expire < expiredBefore));
  const wanted = options.patterns?.map((pattern) => new Glob(pattern));
  if (wanted?.length) tests.push((key) => matches(wanted, key.name));
  const unwanted = options.excluded?.map((pattern) => new Glob(pattern));
  if (unwanted?.length) tests.push((key) => !matches(unwanted, key.name));
  if (tests.length === 0) return undefined;
  return (key) => tests.every((test) => test(key));
}

/** The same for the entries of a keyspace. */
export function keyFilter(options: KeyFilterOptions): KeyFilter | undefined {
  const passes = keyTest(options);
  return passes && ((database, keys, entry) => passes(new EntryFacts(database, keys, entry)));
}

class EntryFacts implements KeyFacts {
  readonly database: number;
  private readonly keys: Keyspace;
  private readonly entry: number;

  constructor(database: number, keys: Keyspace, entry: number) {
    this.database = database;
    this.keys = keys;
    this.entry = entry;
  }

  get expire(): number {
    return this.keys.expiry(this.entry);
  }

  get dataType(): string {
    return entryType(this.keys, this.entry);
  }

  get name(): string {
    return this.keys.keyText(this.entry);
  }
}

function matches(patterns: readonly Glob[], text: string): boolean {
  const bytes = Buffer.from(text, 'latin1');
  return patterns.some((pattern) => pattern.matches(bytes));
}

/** Removes the keys that do not pass; their number. */
export function filterDataset(dataset: Dataset, options: KeyFilterOptions): number {
  const passes = keyFilter(options);
  if (passes === undefined) return 0;
  let removed = 0;
  for (const database of dataset.occupied()) {
    const keys = dataset.database(database);
    const unwanted: number[] = [];
    for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) {
      if (!passes(database, keys, entry)) unwanted.push(entry);
    }
    for (const entry of unwanted) keys.remove(entry);
    removed += unwanted.length;
  }
  return removed;
}
