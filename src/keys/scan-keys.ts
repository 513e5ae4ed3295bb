import { detectLayout, type Layout, liveMembers, sniff, sniffBytes } from '../aof/layout.ts';
import { FindingList, type LayoutName, type Progress } from '../aof/report.ts';
import { fillRecord } from '../dataset/entry-record.ts';
import { chooseRules, flavorOfFiles } from '../dataset/flavor-choice.ts';
import {
  type CommandObserver,
  type Loaded,
  loadDataset,
  type OpaqueCommand,
  type OpaquePolicy,
} from '../dataset/load.ts';
import { loadToPoint } from '../dataset/point/load-to-point.ts';
import type { PointInTime } from '../dataset/point/point-in-time.ts';
import { RulesSearch } from '../dataset/rules-search.ts';
import { Sources } from '../dataset/sources.ts';
import { foreignCommands } from '../dataset/version-hints.ts';
import { EncodingError, FormatError } from '../faults.ts';
import type { Finding } from '../findings.ts';
import { DecompressionError } from '../io/decompression-error.ts';
import { escapeBytes } from '../io/text.ts';
import { yieldToEventLoop } from '../io/turns.ts';
import { borrowCheckKernel, returnCheckKernel } from '../kernels/check-kernel.ts';
import { windowBytes } from '../limits.ts';
import { RdbCodec } from '../rdb/codec/codec.ts';
import { RdbInput } from '../rdb/input.ts';
import { KeyRecord } from '../rdb/key-record.ts';
import { hasUpdate } from '../rdb/opcodes.ts';
import { RdbReading, type RdbVisitor } from '../rdb/read-rdb.ts';
import { Item, RdbReader } from '../rdb/reader.ts';
import { valueType } from '../rdb/value-types.ts';
import { type Flavor, flavorRules } from '../servers/flavor.ts';
import type { Fork } from '../servers/value-type-id.ts';

export interface ScanOptions {
  /** The server generation by whose rules a log is replayed. Default: the one that the files name as their writer, else redis-8. */
  readonly flavor?: Flavor;
  /** The moment of the replay, milliseconds since 1970. */
  readonly at: number;
  /** The state at an earlier point of the log. */
  readonly point?: PointInTime;
  /** Takes a point in time that the log's own annotations do not reach. */
  readonly force?: boolean;
  /** What to do with commands whose effect is not known offline. Default `fail`: no key is told. */
  readonly opaque?: OpaquePolicy;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
  /** Ends the reading: what was thrown is the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What operations ask for, too. */
export interface ScanSettings extends ScanOptions {
  /** Sees the log being replayed; then nothing is read as an RDB alone. */
  readonly observer?: CommandObserver;
}

/** What files the keys came from, for whoever interprets them. */
export interface ScanFacts {
  readonly fork: Fork;
  /** Version of the RDB at the front; 0 where there is none. */
  readonly version: number;
  /** What `redis-ver` or `valkey-ver` says; '' where neither is there. */
  readonly serverVersion: string;
  readonly flavor: Flavor;
}

export interface KeyVisitor {
  /** Told once, before the first key. */
  begin?(facts: ScanFacts): void;
  /** Valid during the call; false ends the reading. */
  key(record: KeyRecord): boolean | undefined;
  /**
   * Called before the bytes of keys that were told may go: whoever has only noted where they lie looks at them now, and gives back the keys
   * whose values are damaged.
   */
  passed?(damaged: (record: KeyRecord, error: FormatError | EncodingError) => void): void;
  /** Awaited between batches of keys: output is written here. */
  flush?(): Promise<void>;
}

export interface ScanResult extends ScanFacts {
  readonly path: string;
  readonly layout: LayoutName;
  /** Every key was told, or as many as were asked for; nothing is damaged. */
  readonly ok: boolean;
  /** Keys that were told. */
  readonly keys: number;
  readonly findings: readonly Finding[];
  /** Commands whose effect is not known. */
  readonly opaque: readonly OpaqueCommand[];
}

/**
 * Tells a visitor every key of what lies at `path`: those of an RDB alone in the order of the file and in constant memory, those of a
 * log after it was replayed. Keys that are past their time are told, too. Damage is a finding, and the keys before it are told. Throws
 * UnreadableError, UsageError, LimitError.
 */
export async function scanKeys(path: string, options: ScanSettings, visitor: KeyVisitor): Promise<ScanResult> {
  return new KeyScan(path, options, visitor).run();
}

/** Keys of a replayed dataset between two pauses. */
const keysBetweenPauses = 1 << 13;

class KeyScan {
  private readonly path: string;
  private readonly options: ScanSettings;
  private readonly visitor: KeyVisitor;
  private readonly findings: FindingList;
  private facts: ScanFacts = { fork: 'redis', version: 0, serverVersion: '', flavor: 'redis-8' };
  private layout: LayoutName = 'unknown';
  private keys = 0;
  private opaque: readonly OpaqueCommand[] = [];

  constructor(path: string, options: ScanSettings, visitor: KeyVisitor) {
    this.path = path;
    this.options = options;
    this.visitor = visitor;
    this.findings = new FindingList();
  }

  async run(): Promise<ScanResult> {
    this.options.signal?.throwIfAborted();
    const file = singleFile(detectLayout(this.path));
    const isRead =
      file !== undefined &&
      this.options.point === undefined &&
      this.options.observer === undefined &&
      (await this.readRdbAlone(file));
    if (!isRead) await this.replay();
    const { path, layout, findings, keys, opaque } = this;
    const ok = findings.errors === 0 && (opaque.length === 0 || (this.options.opaque ?? 'fail') !== 'fail');
    return { ...this.facts, path, layout, ok, keys, findings: findings.findings, opaque };
  }

  private async pause(): Promise<void> {
    await this.visitor.flush?.();
    await (this.options.pause ?? yieldToEventLoop)();
    this.options.signal?.throwIfAborted();
  }

  /** False where the file is something else than an RDB, or there is more to it than an RDB's keys. */
  private async readRdbAlone(path: string): Promise<boolean> {
    const sources = new Sources();
    const checkKernel = borrowCheckKernel();
    try {
      const { source, index } = sources.add(path);
      const head = new RdbInput(source, windowBytes);
      head.ensure(sniffBytes);
      if (sniff(head.bytes.subarray(0, Math.min(head.limit, sniffBytes)), path) !== 'rdb') return false;
      const facts = this.factsOf(new RdbReader(new RdbInput(sources.reopen(index), 4096), { checksum: false }));
      if (facts.isPart || ((facts.isUnsure || endsAsLog(sources, index)) && (await this.needsReplay(sources, index))))
        return false;
      this.facts = facts.facts;
      this.layout = 'rdb';
      const input = new RdbInput(sources.reopen(index), windowBytes, checkKernel?.window());
      const { onProgress } = this.options;
      input.onProgress = onProgress && ((offset) => onProgress({ file: path, offset, size: source.size }));
      await this.readKeys(input, path, sources, index, checkKernel);
      return true;
    } catch (error) {
      if (!(error instanceof DecompressionError)) throw error;
      this.findings.add(error.code, path, error.offset, error.details);
      return true;
    } finally {
      returnCheckKernel(checkKernel);
      sources.close();
    }
  }

  private async readKeys(
    input: RdbInput,
    path: string,
    sources: Sources,
    index: number,
    checkKernel: ReturnType<typeof borrowCheckKernel>,
  ): Promise<void> {
    const codec = new RdbCodec({ keepsNegativeZero: flavorRules(this.facts.flavor).keepsNegativeZero });
    const reading = new RdbReading(input, this.rdbVisitor(), {
      path,
      codec,
      checkKernel,
      read: (offset, length) => sources.read(index, offset, length),
      pause: () => this.pause(),
    });
    this.visitor.begin?.(this.facts);
    try {
      const isWhole = await reading.run();
      if (isWhole) this.addChecksum(reading.reader, path);
    } catch (error) {
      await this.addFault(error, reading.reader, path);
    }
    this.keys += reading.keys;
    await this.visitor.flush?.();
  }

  private rdbVisitor(): RdbVisitor {
    const { visitor } = this;
    const damaged = (record: KeyRecord, error: FormatError | EncodingError) => this.addDamaged(record, error);
    const late = (record: KeyRecord, error: FormatError | EncodingError) => {
      this.keys--;
      damaged(record, error);
    };
    return { key: (record) => visitor.key(record), damaged, passed: visitor.passed && (() => visitor.passed?.(late)) };
  }

  /** A value that cannot be decoded, between others that can. */
  private addDamaged(record: KeyRecord, error: FormatError | EncodingError): void {
    const { code, expected, found } = error;
    const { key: bytes, keyFrom, keyTo, database: db } = record;
    const key = { name: escapeBytes(bytes, keyFrom, keyTo), db, type: record.dataType };
    // Decoders count from the value's start.
    const at = error instanceof FormatError ? record.end - record.rawLength + error.offset : record.offset;
    this.findings.add(code, record.path || this.path, Math.max(0, at), { key, expected, found });
  }

  /** What the front of an RDB says, and whether only a look at all of it tells that there is nothing but keys. */
  private factsOf(reader: RdbReader): { facts: ScanFacts; isPart: boolean; isUnsure: boolean } {
    let serverVersion = '';
    let isPart = false;
    try {
      reader.readHeader();
      while (reader.next() === Item.aux) {
        const { auxName, auxValue } = reader;
        if (auxName === 'redis-ver' || auxName === 'valkey-ver') serverVersion = auxValue;
        else if (auxName === 'aof-preamble' && auxValue === '1') isPart = true;
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
    const { fork, version, product } = reader;
    const flavor = this.options.flavor ?? flavorOfFiles({ kind: 'file', path: this.path }) ?? 'redis-8';
    const isUnsure = product?.name === 'KeyDB' || hasUpdate(reader);
    return { facts: { fork, version, serverVersion, flavor }, isPart, isUnsure };
  }

  /** Whether commands follow the RDB or stand in it, or members of its keys expire (KeyDB). */
  private async needsReplay(sources: Sources, index: number): Promise<boolean> {
    const input = new RdbInput(sources.reopen(index), windowBytes);
    let needs = false;
    const visitor = {
      key: () => undefined,
      item: (item: Item, reader: RdbReader) => {
        if (item === Item.update || (item === Item.aux && reader.auxName.startsWith('keydb-subexpire'))) needs = true;
      },
    };
    const read = (offset: number, length: number) => sources.read(index, offset, length);
    const options = { path: this.path, codec: new RdbCodec(), read, pause: () => this.pause(), checksum: false };
    try {
      await new RdbReading(input, visitor, options).run();
      return needs || !input.atEnd();
    } catch (error) {
      if (error instanceof FormatError || error instanceof EncodingError) return needs;
      throw error;
    }
  }

  private addChecksum(reader: RdbReader, path: string): void {
    if (reader.checksumState !== 'mismatch') return;
    const hex = (sum: bigint) => sum.toString(16).padStart(16, '0');
    const sums = { expected: hex(reader.computedChecksum), found: hex(reader.storedChecksum) };
    this.findings.add('rdb.checksum.mismatch', path, reader.checksumOffset, { length: 8, ...sums });
  }

  private async addFault(error: unknown, reader: RdbReader, path: string): Promise<void> {
    const key = () => {
      if (reader.keyLength < 0) return undefined;
      const type = valueType(reader.type, reader)?.name ?? String(reader.type);
      return { name: escapeBytes(reader.key, 0, reader.keyLength), db: reader.db, type };
    };
    if (error instanceof FormatError) {
      const { nameFault } = await import('../aof/name-fault.ts');
      const { code, details } = await nameFault(error, reader, () => this.pause());
      const { offset, expected, found } = error;
      this.findings.add(code, path, offset, { key: key(), expected, found, ...details });
    } else if (error instanceof EncodingError) {
      const { code, expected, found } = error;
      this.findings.add(code, path, reader.itemOffset, { key: key(), expected, found });
    } else if (error instanceof DecompressionError) this.findings.add(error.code, path, error.offset, error.details);
    else throw error;
  }

  private async replay(): Promise<void> {
    const loaded = await this.load();
    try {
      this.layout = loaded.layout;
      this.opaque = loaded.opaque;
      const { flavor } = loaded.session;
      const rdb = loaded.files.find((file) => file.rdb !== undefined)?.rdb;
      const { fork = flavorRules(flavor).fork, version = 0, serverVersion = '' } = rdb ?? {};
      this.facts = { fork, version, serverVersion, flavor };
      // Damage ends the log where a server would end, too: what was built so far is told.
      if (loaded.opaque.length === 0 || (this.options.opaque ?? 'fail') !== 'fail') await this.tellLoaded(loaded);
    } finally {
      loaded.close();
    }
  }

  /** Replays the files; once more by other rules, where the commands tell of another server than is taken by default. */
  private async load(): Promise<Loaded> {
    const { path, options, findings } = this;
    const search = new RulesSearch(chooseRules(detectLayout(path)));
    for (;;) {
      const flavor = options.flavor ?? search.rules.flavor;
      const list = new FindingList();
      const loaded = await this.loadBy(flavor, list);
      const { registry, calls, errorCount } = loaded.session;
      const isOther = options.flavor === undefined && search.next(foreignCommands(registry, calls, flavor), errorCount);
      if (!isOther) {
        findings.addAll(list);
        return loaded;
      }
      loaded.close();
    }
  }

  private loadBy(flavor: Flavor, findings: FindingList): Promise<Loaded> {
    const { path, options } = this;
    const { at, opaque, onProgress, point, observer, force = false } = options;
    const pause = async () => {
      await (options.pause ?? yieldToEventLoop)();
      options.signal?.throwIfAborted();
    };
    const load = { flavor, at, opaque, expired: 'keep' as const, findings, onProgress, pause, observer };
    return point === undefined ? loadDataset(path, load) : loadToPoint(path, point, { ...load, force });
  }

  private async tellLoaded(loaded: Loaded): Promise<void> {
    const { visitor } = this;
    const record = new KeyRecord(loaded.codec);
    let visited = 0;
    visitor.begin?.(this.facts);
    for (const database of loaded.dataset.occupied()) {
      const keys = loaded.dataset.database(database);
      for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) {
        fillRecord(record, loaded, database, entry);
        if (this.tell(record) === false) {
          await visitor.flush?.();
          return;
        }
        if (++visited % keysBetweenPauses === 0) await this.pause();
      }
    }
    await visitor.flush?.();
  }

  private tell(record: KeyRecord): boolean | undefined {
    try {
      const goesOn = this.visitor.key(record);
      this.keys++;
      return goesOn;
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof EncodingError)) throw error;
      this.addDamaged(record, error);
      return undefined;
    }
  }
}

/** The one file that a path stands for; undefined for a multi-part AOF. */
function singleFile(layout: Layout): string | undefined {
  if (layout.kind === 'file') return layout.backup === undefined ? layout.path : undefined;
  if (layout.kind !== 'data-directory') return undefined;
  const live = liveMembers(layout.members);
  return live.length === 1 ? singleFile(live[0]) : undefined;
}

/** Whether a file ends as a command does; an RDB does so by chance only, with its checksum. */
function endsAsLog(sources: Sources, index: number): boolean {
  const { size = 0 } = sources.reopen(index);
  return size >= 2 && sources.read(index, size - 2, 2).latin1Slice() === '\r\n';
}
