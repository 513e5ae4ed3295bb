import { slotCount, slotOf } from '../../engine/slot.ts';
import { type KeySelection, type RecordTest, recordTest } from '../../keys/key-selection.ts';
import { MemoryEstimate } from '../../keys/memory-estimate.ts';
import { type ScanFacts, type ScanOptions, type ScanResult, scanKeys } from '../../keys/scan-keys.ts';
import { RecordSerializer } from '../../keys/serializer.ts';
import { type MemoryRules, type MemoryServer, memoryRules } from '../../memory/rules.ts';
import { Encoding, type EncodingName, encodingNames, KeySizer } from '../../memory/value-size.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import { dataTypeOf } from '../../rdb/value-types.ts';
import type { ObjectValue } from '../../values/value.ts';
import { Histogram, type HistogramBin, SizeHistogram } from './histogram.ts';
import { PrefixSums, type PrefixTree } from './prefix-tree.ts';
import { type ServerNeeds, serverNeeds } from './server-needs.ts';
import { type ListedKey, TopKeys } from './top-keys.ts';

export { type MemoryServer, memoryServers } from '../../memory/rules.ts';

export interface MemoryOptions extends ScanOptions {
  /** The server whose memory is estimated. Default: the measured one that the writer of the files follows. */
  readonly server?: MemoryServer;
  readonly select?: KeySelection;
  /** Keys in each list of keys. Default 10. */
  readonly top?: number;
  /** Levels of prefixes. Default 3. */
  readonly depth?: number;
  /** Bytes that end a level of a prefix, a binary string. Default `:.|/`. */
  readonly separators?: string;
  /** Prefixes listed below each one. Default 50. */
  readonly prefixes?: number;
  /** Whether bytes are added up by cluster slot. */
  readonly slots?: boolean;
}

/** Keys that have something in common. */
export interface MemoryGroup {
  readonly name: string;
  readonly keys: number;
  readonly bytes: number;
  readonly elements: number;
  readonly persistentKeys: number;
  readonly persistentBytes: number;
  /** Of the bytes of all keys, between 0 and 1. */
  readonly share: number;
}

export interface SlotSum {
  readonly slot: number;
  readonly keys: number;
  readonly bytes: number;
}

/**
 * What keys take in the memory of a server. All sums are exact but those of the prefixes, which say so themselves; bytes are estimates
 * (docs/memory.md).
 */
export interface MemoryResult extends ScanResult {
  readonly server: MemoryServer;
  readonly at: number;
  readonly bytes: number;
  readonly persistentKeys: number;
  /** Serialized bytes of values of modules and types of which no server told their size; in `bytes` with these. */
  readonly unknownBytes: number;
  readonly types: readonly MemoryGroup[];
  readonly encodings: readonly MemoryGroup[];
  readonly databases: readonly MemoryGroup[];
  readonly prefixes: PrefixTree;
  readonly slots?: readonly SlotSum[];
  readonly largest: readonly ListedKey[];
  readonly mostElements: readonly ListedKey[];
  /** By idle time or counter of use, where the file has it; else empty. */
  readonly hottest: readonly ListedKey[];
  readonly coldest: readonly ListedKey[];
  /** Bytes of keys: a bin a doubling, and what a share of the keys does not exceed, at most a sixteenth too high. */
  readonly sizes: readonly HistogramBin[];
  readonly percentiles: readonly { readonly share: number; readonly bytes: number }[];
  /** Seconds until keys expire, below zero for those that are past their time. */
  readonly ttl: readonly HistogramBin[];
  /** Seconds since the last use. */
  readonly idle: readonly HistogramBin[];
  /** Counter of use (LFU). */
  readonly freq: readonly HistogramBin[];
  readonly needs: ServerNeeds;
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const timeBounds = [0, minute, 10 * minute, hour, 6 * hour, day, 7 * day, 30 * day, 90 * day, 365 * day];
const freqBounds = [0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 255];
const percentileShares = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];
/** Bytes of an RDB's header, aux fields and end. */
const rdbFrameBytes = 150;

/**
 * Estimates what the keys at `path` take in the memory of a server, in one pass and in memory that does not depend on their number. Damage is
 * in the result: then it covers what came before. Throws as `scanKeys`.
 */
export async function memoryReport(path: string, options: MemoryOptions): Promise<MemoryResult> {
  const report = new MemoryReport(options);
  const scanned = await scanKeys(path, options, report);
  return { ...scanned, ...report.result() };
}

/** Sums of one group. */
class Sums {
  keys = 0;
  bytes = 0;
  elements = 0;
  persistentKeys = 0;
  persistentBytes = 0;

  add(bytes: number, elements: number, expires: boolean): void {
    this.keys++;
    this.bytes += bytes;
    this.elements += elements;
    if (expires) return;
    this.persistentKeys++;
    this.persistentBytes += bytes;
  }

  group(name: string, total: number): MemoryGroup {
    const { keys, bytes, elements, persistentKeys, persistentBytes } = this;
    const share = total === 0 ? 0 : bytes / total;
    return {
      name,
      keys,
      bytes: Math.round(bytes),
      elements,
      persistentKeys,
      persistentBytes: Math.round(persistentBytes),
      share,
    };
  }
}

class MemoryReport {
  private readonly options: MemoryOptions;
  private readonly test: RecordTest | undefined;
  private rules: MemoryRules;
  private sizer: KeySizer;
  private estimate: MemoryEstimate | undefined;
  private readonly all = new Sums();
  private readonly types: (Sums | undefined)[] = [];
  private readonly encodings: (Sums | undefined)[] = [];
  private readonly databases = new Map<number, Sums>();
  private database = -1;
  private databaseSums = new Sums();
  private readonly prefixes: PrefixSums;
  private readonly slotKeys: Float64Array | undefined;
  private readonly slotBytes: Float64Array | undefined;
  private readonly largest: TopKeys;
  private readonly mostElements: TopKeys;
  private readonly hottest: TopKeys;
  private readonly coldest: TopKeys;
  private readonly sizes = new SizeHistogram();
  private readonly ttl = new Histogram(timeBounds);
  private readonly idle = new Histogram(timeBounds);
  private readonly freq = new Histogram(freqBounds);
  private uncounted = 0;
  private unknownBytes = 0;
  private serializedBytes = rdbFrameBytes;

  constructor(options: MemoryOptions) {
    this.options = options;
    const { top = 10, depth = 3, separators = ':.|/', select, slots } = options;
    this.rules = memoryRules(options.server ?? 'redis-8.6');
    this.sizer = new KeySizer(this.rules);
    this.test =
      select &&
      recordTest(select, {
        elements: (record) => (this.measure(record) ? this.sizer.elements : 0),
        bytes: (record) => (this.measure(record) ? this.sizer.bytes : 0),
      });
    this.prefixes = new PrefixSums(depth, separators);
    if (slots) {
      this.slotKeys = new Float64Array(slotCount);
      this.slotBytes = new Float64Array(slotCount);
    }
    this.largest = new TopKeys(top);
    this.mostElements = new TopKeys(top);
    this.hottest = new TopKeys(top);
    this.coldest = new TopKeys(top);
  }

  begin(facts: ScanFacts): void {
    this.estimate = new MemoryEstimate(facts, new RecordSerializer(facts), this.options.server);
    this.sizer = this.estimate.sizer;
    this.rules = memoryRules(this.estimate.server);
  }

  key(record: KeyRecord): undefined {
    if (this.test?.(record) === false) return;
    // The type of a value that commands made is known once it is serialized.
    const isMeasured = this.measure(record);
    const { sizer } = this;
    if (isMeasured) this.add(record, record.type, sizer.encoding, sizer.bytes, sizer.elements);
    else this.addUnserialized(record);
  }

  /** False for a value that no RDB holds. */
  private measure(record: KeyRecord): boolean {
    return this.estimate?.measure(record) === true;
  }

  /** A vector set that commands have made: nothing but the number of its elements is known. */
  private addUnserialized(record: KeyRecord): void {
    const { count } = record.value as ObjectValue;
    this.add(record, -1, Encoding.vectorset, 0, count);
  }

  private add(record: KeyRecord, type: number, encoding: number, bytes: number, elements: number): void {
    const { sizer, options } = this;
    const { key, keyFrom, keyTo, expire, idle, freq } = record;
    const expires = !Number.isNaN(expire);
    this.all.add(bytes, elements, expires);
    (this.types[type + 1] ??= new Sums()).add(bytes, elements, expires);
    (this.encodings[encoding] ??= new Sums()).add(bytes, elements, expires);
    if (record.database !== this.database) this.select(record.database);
    this.databaseSums.add(bytes, elements, expires);
    this.prefixes.add(key, keyFrom, keyTo, bytes, expires);
    this.sizes.add(bytes);
    this.largest.add(bytes, record, type, encoding, bytes, elements);
    this.mostElements.add(encoding <= Encoding.raw ? -1 : elements, record, type, encoding, bytes, elements);
    if (expires) this.ttl.add((expire - options.at) / 1000, bytes);
    if (idle >= 0 || freq >= 0) this.use(record, type, encoding, bytes, elements);
    if (this.slotKeys !== undefined && this.slotBytes !== undefined) {
      const slot = slotOf(key, keyFrom, keyTo - keyFrom);
      this.slotKeys[slot]++;
      this.slotBytes[slot] += bytes;
    }
    this.uncounted += sizer.uncounted;
    this.unknownBytes += sizer.unknownBytes;
    this.serializedBytes += record.rawTo - record.rawFrom + keyTo - keyFrom + (expires ? 11 : 2);
  }

  private select(database: number): void {
    this.database = database;
    let sums = this.databases.get(database);
    if (sums === undefined) this.databases.set(database, (sums = new Sums()));
    this.databaseSums = sums;
  }

  private use(record: KeyRecord, type: number, encoding: number, bytes: number, elements: number): void {
    const { idle, freq } = record;
    if (idle >= 0) this.idle.add(idle, bytes);
    else this.freq.add(freq, bytes);
    const heat = idle >= 0 ? -idle : freq;
    this.hottest.add(heat, record, type, encoding, bytes, elements);
    this.coldest.add(-heat, record, type, encoding, bytes, elements);
  }

  result() {
    const { all, rules, options } = this;
    const total = all.bytes;
    const databases = [...this.databases].sort(([a], [b]) => a - b);
    return {
      server: rules.server,
      at: options.at,
      keys: all.keys,
      bytes: Math.round(total),
      persistentKeys: all.persistentKeys,
      unknownBytes: this.unknownBytes,
      types: this.typeGroups(total),
      encodings: bySize(this.encodings.flatMap((sums, index) => sums?.group(encodingNames[index], total) ?? [])),
      databases: databases.map(([database, sums]) => sums.group(String(database), total)),
      prefixes: this.prefixes.result(options.prefixes ?? 50),
      ...(this.slotKeys && { slots: this.slotSums() }),
      largest: this.largest.result(),
      mostElements: this.mostElements.result().filter(({ encoding }) => !isString(encoding)),
      hottest: this.hottest.result(),
      coldest: this.coldest.result(),
      sizes: this.sizes.result(),
      percentiles: percentileShares.map((share) => ({ share, bytes: this.sizes.percentile(share) })),
      ttl: this.ttl.result(),
      idle: this.idle.result(),
      freq: this.freq.result(),
      needs: serverNeeds(
        rules,
        total,
        this.uncounted,
        databases.map(([, { keys, persistentKeys }]) => ({ keys, expires: keys - persistentKeys })),
        this.serializedBytes,
      ),
    };
  }

  /** Value types of one data type together. */
  private typeGroups(total: number): MemoryGroup[] {
    const byName = new Map<string, Sums>();
    for (const [index, sums] of this.types.entries()) {
      if (sums === undefined) continue;
      const name = index === 0 ? 'module' : dataTypeOf(index - 1);
      const whole = byName.get(name);
      if (whole === undefined) byName.set(name, Object.assign(new Sums(), sums));
      else
        for (const field of ['keys', 'bytes', 'elements', 'persistentKeys', 'persistentBytes'] as const)
          whole[field] += sums[field];
    }
    return bySize(Array.from(byName, ([name, sums]) => sums.group(name, total)));
  }

  private slotSums(): SlotSum[] {
    const sums: SlotSum[] = [];
    this.slotKeys?.forEach((keys, slot) => {
      if (keys > 0) sums.push({ slot, keys, bytes: Math.round(this.slotBytes?.[slot] ?? 0) });
    });
    return sums;
  }
}

const isString = (encoding: EncodingName): boolean => encoding === 'int' || encoding === 'embstr' || encoding === 'raw';

const bySize = (groups: readonly MemoryGroup[]): MemoryGroup[] => groups.toSorted((a, b) => b.bytes - a.bytes);
