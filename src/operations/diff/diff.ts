import type { Progress } from '../../aof/report.ts';
import { type KeyFilter, type KeyFilterOptions, keyFilter } from '../../dataset/filter.ts';
import { entryType } from '../../dataset/key-statistics.ts';
import { type Loaded, loadDataset, type OpaquePolicy } from '../../dataset/load.ts';
import { Digester } from '../../engine/digest.ts';
import type { Keyspace } from '../../engine/keyspace.ts';
import { yieldToEventLoop } from '../../io/turns.ts';
import type { Flavor } from '../../servers/flavor.ts';
import { Kind, objectKindMin, type Value } from '../../values/value.ts';
import type { DifferentKey, DiffResult, DiffSide } from './result.ts';
import { momentText, valueDifference } from './value-difference.ts';

export interface DiffOptions {
  /** By whose rules both are loaded and compared. Default redis-8. */
  readonly flavor?: Flavor;
  /** The moment of loading, milliseconds since 1970. */
  readonly at: number;
  /** Compares expiry to the millisecond; otherwise only whether there is one. */
  readonly ttl?: boolean;
  /** Compares what no digest covers: groups, counters and last ids of streams, and the values of modules. */
  readonly deep?: boolean;
  readonly filter?: KeyFilterOptions;
  /** What to do with commands whose effect nobody knows. Default `fail`: then there is no answer. */
  readonly opaque?: OpaquePolicy;
  /** Called for each key that differs, as it is found. */
  readonly onKey?: (key: DifferentKey) => void | Promise<void>;
  /** Keys to tell; all are counted. */
  readonly limit?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
}

/** Keys between two pauses. */
const keysBetweenPauses = 1 << 15;
/**
 * Compares the datasets at two paths, of any two layouts. Datasets of one digest are equal without a look at their keys, unless
 * `ttl`, `deep` or a filter asks for more. Throws UnreadableError.
 */
export async function diff(pathA: string, pathB: string, options: DiffOptions): Promise<DiffResult> {
  const flavor = options.flavor ?? 'redis-8';
  const load = { ...options, flavor };
  const a = await loadDataset(pathA, load);
  try {
    const b = await loadDataset(pathB, load);
    try {
      return await new Comparison(a, b, flavor, options).run();
    } finally {
      b.close();
    }
  } finally {
    a.close();
  }
}

class Comparison {
  private readonly a: Loaded;
  private readonly b: Loaded;
  private readonly options: DiffOptions;
  private readonly filter: KeyFilter | undefined;
  private readonly digesterA: Digester;
  private readonly digesterB: Digester;
  private told = 0;
  private visited = 0;

  constructor(a: Loaded, b: Loaded, flavor: Flavor, options: DiffOptions) {
    this.a = a;
    this.b = b;
    this.options = options;
    this.filter = keyFilter(options.filter ?? {});
    const { at } = options;
    this.digesterA = new Digester({ flavor, at, codec: a.codec, reader: a.sources });
    this.digesterB = new Digester({ flavor, at, codec: b.codec, reader: b.sources });
  }

  async run(): Promise<DiffResult> {
    const { a, b, options } = this;
    const sides = { a: this.sideOf(a), b: this.sideOf(b) };
    if (!sides.a.ok || !sides.b.ok)
      return { ok: false, equal: false, ...sides, byDigest: false, databases: [], libraries: [] };
    const digests = { a: this.digesterA.dataset(a.dataset), b: this.digesterB.dataset(b.dataset) };
    const libraries = this.filter === undefined ? this.differentLibraries() : [];
    const same = digests.a === digests.b;
    const isEnough = same && !options.ttl && !options.deep;
    const databases = isEnough ? [] : await this.compareDatabases();
    const different = databases.some(({ onlyA, onlyB, changed }) => onlyA + onlyB + changed > 0);
    return {
      ok: true,
      equal: !different && libraries.length === 0,
      a: { ...sides.a, digest: digests.a },
      b: { ...sides.b, digest: digests.b },
      byDigest: isEnough,
      databases,
      libraries,
    };
  }

  private sideOf({ path, layout, dataset, findings, opaque }: Loaded): DiffSide {
    const known = opaque.length === 0 || (this.options.opaque ?? 'fail') !== 'fail';
    const ok = findings.errors === 0 && known;
    return { path, layout, ok, keys: dataset.keyCount, findings: findings.findings, opaque: opaque.length };
  }

  /** Names of function libraries that only one has, or with another source. A filter of keys leaves them out. */
  private differentLibraries(): string[] {
    const [one, other] = [this.a.dataset.libraries, this.b.dataset.libraries];
    return [...new Set([...one.keys(), ...other.keys()])].filter((name) => one.get(name) !== other.get(name)).sort();
  }

  private async compareDatabases() {
    const databases = new Set([...this.a.dataset.occupied(), ...this.b.dataset.occupied()]);
    const rows = [];
    for (const database of [...databases].sort((a, b) => a - b)) rows.push(await this.compareDatabase(database));
    return rows;
  }

  private async compareDatabase(database: number) {
    const one = this.a.dataset.database(database);
    const other = this.b.dataset.database(database);
    const counts = { database, keysA: 0, keysB: 0, onlyA: 0, onlyB: 0, changed: 0 };
    for (let entry = one.next(-1); entry >= 0; entry = one.next(entry)) {
      const twin = other.find(one.keyBlock(entry), one.keyStart(entry), one.keyLength(entry));
      // A key counts if the filter takes it on either side, so that what a filter of types sees as changed is not lost.
      if (!this.takes(database, one, entry) && (twin < 0 || !this.takes(database, other, twin))) continue;
      counts.keysA++;
      if (twin >= 0) counts.keysB++;
      const found =
        twin < 0 ? this.onlyIn('only-a', database, one, entry) : this.compareKey(database, one, entry, other, twin);
      if (found !== undefined) counts[found.kind === 'only-a' ? 'onlyA' : 'changed']++;
      await this.tell(found);
    }
    for (let entry = other.next(-1); entry >= 0; entry = other.next(entry)) {
      if (one.find(other.keyBlock(entry), other.keyStart(entry), other.keyLength(entry)) >= 0) continue;
      if (!this.takes(database, other, entry)) continue;
      counts.keysB++;
      counts.onlyB++;
      await this.tell(this.onlyIn('only-b', database, other, entry));
    }
    return counts;
  }

  private takes(database: number, keys: Keyspace, entry: number): boolean {
    return this.filter === undefined || this.filter(database, keys, entry);
  }

  private onlyIn(kind: 'only-a' | 'only-b', database: number, keys: Keyspace, entry: number): DifferentKey {
    const type = entryType(keys, entry);
    const sides = kind === 'only-a' ? { typeA: type } : { typeB: type };
    return { kind, database, key: keys.keyText(entry), ...sides };
  }

  private compareKey(database: number, one: Keyspace, a: number, other: Keyspace, b: number): DifferentKey | undefined {
    const { deep, ttl } = this.options;
    const [expiryA, expiryB] = [one.expiry(a), other.expiry(b)];
    const sameTtl = ttl ? Object.is(expiryA, expiryB) : Number.isNaN(expiryA) === Number.isNaN(expiryB);
    const [typeA, typeB] = [entryType(one, a), entryType(other, b)];
    const looksInside = deep || (ttl && typeA === 'hash');
    if (sameTtl && !looksInside && this.digesterA.entry(one, a) === this.digesterB.entry(other, b)) return undefined;
    const common = { database, key: one.keyText(a), typeA, typeB };
    if (typeA !== typeB) return { kind: 'type', ...common };
    const difference = this.difference(one, a, other, b);
    if (difference !== undefined) return { kind: 'value', ...common, difference };
    if (!sameTtl) {
      return {
        kind: 'ttl',
        ...common,
        difference: { place: 'expiry', a: momentText(expiryA), b: momentText(expiryB) },
      };
    }
    return looksInside ? undefined : { kind: 'value', ...common };
  }

  private difference(one: Keyspace, a: number, other: Keyspace, b: number) {
    const { deep = false, ttl = false } = this.options;
    // What a reader gives is valid until its next call, and both may be one file: the first string is kept.
    const first = valueAt(this.a, one, a);
    const kept = Buffer.isBuffer(first) ? Buffer.from(first) : first;
    return valueDifference(kept, valueAt(this.b, other, b), { deep, ttl });
  }

  private async tell(found: DifferentKey | undefined): Promise<void> {
    const { onKey, limit = Number.POSITIVE_INFINITY, pause = yieldToEventLoop } = this.options;
    if (++this.visited % keysBetweenPauses === 0) await pause();
    if (found === undefined || this.told >= limit) return;
    this.told++;
    await onKey?.(found);
  }
}

function valueAt(loaded: Loaded, keys: Keyspace, entry: number): Value {
  const kind = keys.kind(entry);
  if (kind >= objectKindMin) return keys.object(entry);
  if (kind === Kind.Integer) return keys.integer(entry);
  if (kind !== Kind.Serialized) return loaded.session.stringBytes(keys, entry);
  const bytes = loaded.sources.read(keys.source(entry), keys.offset(entry), keys.length(entry));
  return loaded.codec.decode(keys.rdbType(entry), bytes, 0, bytes.length);
}
