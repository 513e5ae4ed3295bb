import type { FindingList } from '../aof/report.ts';
import type { Dataset } from '../engine/dataset.ts';
import type { Keyspace } from '../engine/keyspace.ts';
import { parseLibraryHeader } from '../engine/library-header.ts';
import type { Partition } from '../engine/partition.ts';
import { EncodingError, FormatError } from '../faults.ts';
import { escapeBytes } from '../io/text.ts';
import type { CheckKernel } from '../kernels/check-kernel.ts';
import { blobBytesMax } from '../limits.ts';
import type { RdbInput } from '../rdb/input.ts';
import type { LoadCheck, Refusal } from '../rdb/load-check.ts';
import { needsModule } from '../rdb/module-data.ts';
import type { NotedValues } from '../rdb/noted-values.ts';
import { Opcode } from '../rdb/opcodes.ts';
import { PlaceBatch, type PlaceReceiver } from '../rdb/place-batch.ts';
import { memberExpiryAux, moduleTypeText } from '../rdb/product.ts';
import { itemStart, millisecondsAt } from '../rdb/read-rdb.ts';
import { Item, RdbReader } from '../rdb/reader.ts';
import { ValueCheck } from '../rdb/value-check.ts';
import { checkValue, valueType } from '../rdb/value-types.ts';
import { CommandView } from '../resp/command-view.ts';
import { canonicalType, TypeId } from '../servers/value-type-id.ts';
import type { CommandStatistics } from './command-statistics.ts';
import { type TouchedReceiver, UntouchedBatch } from './untouched/untouched-batch.ts';
import type { UntouchedKeys } from './untouched/untouched-keys.ts';
import { heldSource, type ValueCache } from './untouched/value-cache.ts';

export interface RdbLoadOptions {
  readonly path: string;
  /** Number of the source that the values' places refer to. */
  readonly source: number;
  readonly dataset: Dataset;
  readonly findings: FindingList;
  /** Keys that expired before this moment are left out, as a server does with an RDB that does not say that it is part of an AOF; NaN keeps all. */
  readonly dropExpiredBefore: number;
  /** Whether a hash is left out too: one whose fields are all past, which Valkey does not load. Undefined keeps all. */
  readonly isPastHash?: (type: number, offset: number, length: number) => boolean;
  readonly pause: () => Promise<void>;
  /** Where it is noted how keys were used. */
  readonly usage?: CommandStatistics;
  /** Only the keys of this shard. */
  readonly shard?: Partition;
  /** Takes the keys that are not touched: the dataset does not. Needs `lanes`. */
  readonly kept?: UntouchedKeys;
  /** Where the values of keys are held that `kept` does not take. */
  readonly held?: ValueCache;
  /** Looks at each value as a server does that loads it: what that refuses is an error among the findings. Without `lanes`. */
  readonly exam?: LoadCheck;
  /** Takes what is found in values, which are looked into then: with `kept` only. */
  readonly noted?: NotedValues;
  /** Runs a command of an UPDATE record on what was loaded so far; where nobody does, it ends the reading. */
  readonly update?: (database: number, args: readonly Buffer[]) => void;
  /** Kernels whose window the input has, where there are any. */
  readonly checkKernel?: CheckKernel;
}

/** A key takes at least three bytes: its type, an empty name, an empty value. */
const keyBytesMin = 3;
/** Items between two pauses. */
const itemsBetweenPauses = 1 << 17;

/**
 * Puts the keys of the RDB at the front of an input into a dataset, their values serialized: only noted as a place in the
 * file, until a command touches them.
 */
export class RdbLoad {
  readonly reader: RdbReader;
  keys = 0;
  expiredKeys = 0;
  /** What `redis-ver` or `valkey-ver` says; '' where neither is there. */
  serverVersion = '';
  /** The first value of which nobody can tell what the server of `exam` does with it. */
  unsure: Refusal | undefined;
  /** It says that it is the front of an AOF: there a server keeps what has expired. */
  private isBase = false;
  /** Members that expire (KeyDB). */
  memberExpiries = 0;
  /** Scheduled jobs (KeyDB). */
  jobs = 0;
  private member = '';
  /** Entry of the last key; -1 for none, or one that was left out. */
  private last = -1;
  /** Commands of UPDATE records that were run. */
  private updates = 0;
  private readonly values: ValueCheck;
  private readonly options: RdbLoadOptions;
  private readonly batch: PlaceBatch | undefined;
  private readonly untouchedBatch: UntouchedBatch | undefined;

  constructor(input: RdbInput, options: RdbLoadOptions) {
    const { checkKernel, shard, kept } = options;
    // The first shard's loader sees to the checksum.
    const preReleaseFunctions = options.exam?.options.target.name === 'redis-7.0';
    this.reader = new RdbReader(input, {
      checkKernel,
      checksum: shard === undefined || shard.index === 0,
      preReleaseFunctions,
    });
    this.options = options;
    if (kept === undefined) this.batch = checkKernel && new PlaceBatch(this.reader, checkKernel, shard);
    else
      this.untouchedBatch = checkKernel && new UntouchedBatch(this.reader, checkKernel, kept.touched.bits, kept.seed);
    const looks = options.exam !== undefined || options.noted !== undefined;
    this.values = new ValueCheck(looks, this.reader.templates, 0);
    // The checksum vouches for what is compressed; without one, all of it is checked afterwards.
    input.trusting = !looks;
    input.takesEncodedLengths = options.exam !== undefined;
  }

  /** True if the RDB is sound up to its end; else the findings say why not. */
  async run(): Promise<boolean> {
    const { reader, options } = this;
    try {
      reader.readHeader();
      this.values.ofFormat(reader);
      while (!this.loadItems(itemsBetweenPauses)) await options.pause();
    } catch (error) {
      await this.addFault(error);
      return false;
    }
    if (reader.checksumState !== 'mismatch') return true;
    const hex = (sum: bigint) => sum.toString(16).padStart(16, '0');
    const sums = { expected: hex(reader.computedChecksum), found: hex(reader.storedChecksum) };
    options.findings.add('rdb.checksum.mismatch', options.path, reader.checksumOffset, { length: 8, ...sums });
    return false;
  }

  /** Loads at most `most` items; true at the end. */
  private loadItems(most: number): boolean {
    const { reader } = this;
    for (let index = 0; index < most; index++) {
      index += this.options.kept === undefined ? this.placeKeys() : this.keepKeys(this.options.kept);
      const item = reader.next();
      if (item === Item.key) this.loadKey();
      else if (item === Item.end) return true;
      else if (item === Item.resizeDb) this.expectKeys();
      else if (item === Item.aux) this.noteAux();
      else if (item === Item.function) this.loadFunction();
      else if (item === Item.update) this.runUpdate();
      else if (item === Item.moduleAux && needsModule(reader.moduleName)) this.loseModuleAux();
    }
    return false;
  }

  /** Loads the ordinary keys at the front of the window; how many it went over. */
  private placeKeys(): number {
    const { batch, options, reader } = this;
    const dropsKeys = !this.isBase && (!Number.isNaN(options.dropExpiredBefore) || options.isPastHash !== undefined);
    if (batch === undefined || dropsKeys) return 0;
    const { input } = reader;
    const place = this.placing(options.dataset.database(reader.db));
    const receive: PlaceReceiver = (key, length, type, from, to, expiry) =>
      place(
        key,
        length,
        type,
        from,
        to,
        expiry < 0 ? Number.NaN : millisecondsAt(input.bytes, expiry),
        itemStart(key, length, expiry),
      );
    let seen = 0;
    while (batch.pass(receive)) seen += batch.seen;
    this.keys += seen;
    return seen;
  }

  /** Puts a key of the window into the dataset; gives its entry, -1 if it is left out. */
  private placing(keys: Keyspace) {
    const { source, held, dropExpiredBefore } = this.options;
    const expiredBefore = this.isBase ? Number.NaN : dropExpiredBefore;
    const { input } = this.reader;
    return (
      key: number,
      length: number,
      type: number,
      from: number,
      to: number,
      expire: number,
      itemAt: number,
    ): number => {
      const { bytes, base } = input;
      this.last = -1;
      if (expire < expiredBefore) {
        this.expiredKeys++;
        return -1;
      }
      const there = keys.find(bytes, key, length);
      if (there >= 0) {
        this.addDuplicate(bytes, key, length, type, base + itemAt);
        if (this.updates === 0) return -1;
        keys.remove(there);
      }
      const entry = there >= 0 ? keys.insert(bytes, key, length) : keys.insertAfterFind(bytes, key, length);
      // The name is held with the value, which comes right behind it.
      const offset = held === undefined ? -1 : held.hold(bytes, key, to);
      if (offset < 0) keys.setSerialized(entry, source, base + from, to - from, type);
      else keys.setSerialized(entry, heldSource, offset + length, to - from, type);
      if (!Number.isNaN(expire)) keys.setExpiry(entry, expire);
      this.last = entry;
      return entry;
    };
  }

  /** Goes over the ordinary keys at the front of the window, and loads those of them that are touched; how many it went over. */
  private keepKeys(kept: UntouchedKeys): number {
    const { untouchedBatch: batch, options, reader } = this;
    if (batch === undefined) return 0;
    const { input, db } = reader;
    // Of the front of an AOF they are kept, and only told apart to be counted.
    const expiredBefore = this.isBase ? kept.pastBefore : options.dropExpiredBefore;
    const load = this.placing(options.dataset.database(db));
    let loaded = 0;
    const receive: TouchedReceiver = (start, key, length, type, from, to, expiry) => {
      const { bytes, base } = input;
      const expire = expiry < 0 ? Number.NaN : millisecondsAt(bytes, expiry);
      const entry = load(key, length, type, from, to, expire, start);
      kept.addLoaded(db, {
        from: base + start,
        to: base + to,
        ...this.placeOf(db, entry, length),
        expire,
        hasUsage: false,
      });
      loaded++;
    };
    const before = this.keys;
    for (let from = input.offset; batch.pass(expiredBefore, receive); from = input.offset) {
      const stretch = { from, to: input.offset, database: db, isSingle: false, expiredBefore };
      kept.addRecords(db, from, input.offset);
      kept.addRecordRange(stretch, batch.prints, batch.kept);
      this.keys += batch.kept + loaded;
      loaded = 0;
    }
    kept.addCounts(db, batch.counts);
    return this.keys - before;
  }

  /** Where the name and the value of an ordinary key are read: the name comes right before the value, wherever that is. */
  private placeOf(database: number, entry: number, nameLength: number) {
    if (entry < 0) return { nameSource: 0, nameOffset: -1, nameLength, valueSource: 0, valueOffset: -1 };
    const keys = this.options.dataset.database(database);
    const source = keys.source(entry);
    const offset = keys.offset(entry);
    return {
      nameSource: source,
      nameOffset: offset - nameLength,
      nameLength,
      valueSource: source,
      valueOffset: offset,
    };
  }

  /** Makes room for the keys that are announced: of those that the rest of the file can hold. */
  private expectKeys(): void {
    const { declaredKeys, input, db } = this.reader;
    const most = Math.min(declaredKeys, (input.remaining ?? 0) / keyBytesMin);
    const { kept, dataset, shard } = this.options;
    if (kept === undefined) dataset.database(db).reserve(shard === undefined ? most : most / 2);
    else kept.expect(most);
  }

  private loadKey(): void {
    const { reader, values, options } = this;
    const { input, key, keyLength } = reader;
    const from = input.offset;
    this.last = -1;
    if (reader.keyTooLong)
      throw new FormatError('rdb.string.long', from, `a key of at most ${blobBytesMax} bytes`, 'a longer one');
    values.begin();
    checkValue(input, reader.type, values);
    if (options.exam !== undefined) this.examine(options.exam);
    options.noted?.addValue(options.path, reader, values);
    if (reader.type === TypeId.cron) this.jobs++;
    if (values.empty) return;
    this.keys++;
    if (!this.isBase && reader.expire < options.dropExpiredBefore) {
      this.expiredKeys++;
      return;
    }
    if (options.shard?.holds(key, 0, keyLength) === false) return;
    const type = canonicalType(reader.type, reader);
    const length = input.offset - from;
    if (!this.isBase && options.isPastHash?.(type, from, length)) {
      this.expiredKeys++;
      return;
    }
    options.kept?.addRecords(reader.db, reader.itemOffset, input.offset);
    if (options.kept !== undefined && this.isKept(options.kept)) {
      this.keep(options.kept, type, from);
      return;
    }
    const keys = options.dataset.database(reader.db);
    const there = keys.find(key, 0, keyLength);
    if (there >= 0) {
      this.addDuplicate(key, 0, keyLength, reader.type, reader.itemOffset);
      if (this.updates === 0) return;
      keys.remove(there);
    }
    const entry = there >= 0 ? keys.insert(key, 0, keyLength) : keys.insertAfterFind(key, 0, keyLength);
    keys.setSerialized(entry, options.source, from, length, type);
    options.usage?.note(options.source, from, reader.idle, reader.freq);
    if (!Number.isNaN(reader.expire)) keys.setExpiry(entry, reader.expire);
    if (reader.noEvict) keys.setNoEvict(entry, true);
    this.last = entry;
    if (options.kept !== undefined) this.noteLoaded(options.kept, from);
  }

  private examine(exam: LoadCheck): void {
    const { reader, values } = this;
    this.note(exam.refusal(values, reader.type, reader.itemOffset) ?? exam.nothingRefusal(reader.input));
  }

  private note(refusal: Refusal | undefined): void {
    if (refusal === undefined) return;
    const { options } = this;
    const { code, offset, expected, found } = refusal;
    if (refusal.outcome === 'unsure') this.unsure ??= refusal;
    else options.findings.add(code, options.path, offset, { severity: 'error', key: this.key(), expected, found });
  }

  /** A key that was loaded though it is not ordinary, its value at `offset` of the file. */
  private noteLoaded(kept: UntouchedKeys, offset: number): void {
    const { input, itemOffset: from, db, key, keyLength: nameLength, expire, idle, freq } = this.reader;
    const { held, source } = this.options;
    const nameOffset = held === undefined || !this.standsAlone() ? -1 : held.hold(key, 0, nameLength);
    const name = { nameSource: heldSource, nameOffset, nameLength };
    const hasUsage = idle >= 0 || freq >= 0;
    const value = { valueSource: source, valueOffset: offset };
    kept.addLoaded(db, { from, to: input.offset, ...name, ...value, expire, hasUsage });
  }

  private isKept({ touched }: UntouchedKeys): boolean {
    return this.standsAlone() && !touched.has(this.reader.key, 0, this.reader.keyLength);
  }

  /**
   * What a module attached to a key, a mark of BLESS, templates that hashes share, and an expiry that stands before an item in front of the key cannot be
   * copied with the key alone.
   */
  private standsAlone(): boolean {
    const { reader } = this;
    return reader.metaLength === 0 && !reader.noEvict && reader.templates.size === 0 && !reader.detached;
  }

  /** Keeps the key that was read, whose value of this canonical type begins at `offset`. */
  private keep(kept: UntouchedKeys, type: number, offset: number): void {
    const { input, itemOffset, db: database, key, keyLength, expire, idle, freq } = this.reader;
    const record = { from: itemOffset, to: input.offset, database };
    if (expire < kept.pastBefore) kept.past++;
    const value = { type, source: this.options.source, offset, length: input.offset - offset };
    const facts = { expires: !Number.isNaN(expire), hasUsage: idle >= 0 || freq >= 0 };
    kept.addSingle(record, key.subarray(0, keyLength), value, facts);
  }

  private noteAux(): void {
    const { auxName, auxValue } = this.reader;
    if (auxName === 'redis-ver' || auxName === 'valkey-ver') this.serverVersion = auxValue;
    else if ((auxName === 'aof-base' || auxName === 'aof-preamble') && auxValue === '1') this.isBase = true;
    else if (auxName === 'lua') this.noteScript(auxValue);
    else if (auxName === memberExpiryAux.member) this.member = auxValue;
    else if (auxName === memberExpiryAux.moment) this.expireMember(auxValue);
  }

  /**
   * A member of the key before it expires (KeyDB). Other servers pass over the field, so that nothing is done where it is asked what such a
   * server does.
   */
  private expireMember(moment: string): void {
    const { options, reader, last, member } = this;
    if (options.update === undefined) return;
    const isPart = options.kept !== undefined || options.shard !== undefined;
    // The key was left out, since it has expired.
    if (last < 0 && !isPart) return;
    this.memberExpiries++;
    const key = last < 0 ? '' : options.dataset.database(reader.db).keyText(last);
    const words = ['PEXPIREMEMBERAT', key, member, moment];
    options.update(
      reader.db,
      words.map((word) => Buffer.from(word, 'latin1')),
    );
  }

  /** A script that a server before 7.0 had in its cache, and has there again when it has loaded this. */
  private noteScript(script: string): void {
    const { dataset, source } = this.options;
    const offset = this.reader.input.offset;
    dataset.scriptChanges.push(
      Object.assign(CommandView.of(['SCRIPT', 'LOAD', script], source), { start: offset, end: offset }),
    );
  }

  private addDuplicate(bytes: Buffer, start: number, length: number, type: number, offset: number): void {
    const { options, reader } = this;
    const name = escapeBytes(bytes, start, start + length);
    // A key that a command made may come as a value later (forkless.c): the later one counts.
    const severity = this.updates > 0 ? 'warning' : undefined;
    options.findings.add('rdb.key.duplicate', options.path, offset, {
      ...(severity && { severity }),
      key: { name, db: reader.db, type: valueType(type, reader)?.name ?? String(type) },
      expected: 'each key once in a database',
      found: 'the same key again',
    });
  }

  private runUpdate(): void {
    const { reader, options } = this;
    if (options.update === undefined) {
      throw new FormatError(
        'rdb.unsupported.opcode',
        reader.itemOffset,
        'no command within an RDB',
        String(Opcode.update),
      );
    }
    this.updates++;
    options.update(reader.db, reader.updateArguments);
  }

  private loadFunction(): void {
    const { reader, options } = this;
    const { functionCode } = reader;
    options.noted?.addLibrary(options.path, reader);
    this.note(options.exam?.libraryRefusal(functionCode, reader.itemOffset));
    const header = parseLibraryHeader(functionCode);
    if (typeof header === 'string') {
      const found = JSON.stringify(functionCode.slice(0, 60));
      options.findings.add('rdb.function.header', options.path, reader.itemOffset, {
        expected: '#!<engine> name=<library>',
        found,
      });
    } else options.dataset.libraries.set(header.name, functionCode);
  }

  private loseModuleAux(): void {
    const { options, reader } = this;
    options.findings.add('rdb.module.aux', options.path, reader.itemOffset, {
      found: `data of the ${moduleTypeText(reader.moduleName)}`,
    });
  }

  private key() {
    const { reader } = this;
    if (reader.keyLength < 0) return undefined;
    const type = valueType(reader.type, reader)?.name ?? String(reader.type);
    return { name: escapeBytes(reader.key, 0, reader.keyLength), db: reader.db, type };
  }

  private async addFault(error: unknown): Promise<void> {
    const { options, reader } = this;
    if (error instanceof FormatError) {
      const { offset, expected, found } = error;
      const { nameFault } = await import('../aof/name-fault.ts');
      const { code, details } = await nameFault(error, reader, options.pause);
      options.findings.add(code, options.path, offset, { key: this.key(), expected, found, ...details });
    } else if (error instanceof EncodingError) {
      const { code, expected, found } = error;
      options.findings.add(code, options.path, reader.itemOffset, { key: this.key(), expected, found });
    } else throw error;
  }
}
