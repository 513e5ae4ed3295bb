import nodePath from 'node:path';
import { parseTimestamp } from '../aof/annotation.ts';
import { addForeign } from '../aof/foreign-finding.ts';
import { detectLayout, type Layout, liveMembers, sniff, sniffBytes } from '../aof/layout.ts';
import { eachPart, noteBackup, readManifest } from '../aof/parts.ts';
import { FindingList, type LayoutName, type Progress } from '../aof/report.ts';
import { RdbCheck } from '../checks/check-rdb.ts';
import { addPayloadFinding } from '../checks/load/payload-finding.ts';
import { notedValuesOf } from '../checks/load/rdb-load-check.ts';
import { defaultRegistry } from '../engine/commands/index.ts';
import { Dataset } from '../engine/dataset.ts';
import { Partition } from '../engine/partition.ts';
import { type OpaqueReason, Session } from '../engine/session.ts';
import { UnreadableError, UsageError } from '../errors.ts';
import { DecompressionError } from '../io/decompression-error.ts';
import fs from '../io/file-system.ts';
import type { Source } from '../io/source.ts';
import { yieldToEventLoop } from '../io/turns.ts';
import type { Window } from '../io/window.ts';
import { borrowCheckKernel, type CheckKernel, returnCheckKernel } from '../kernels/check-kernel.ts';
import { openFramesKernel } from '../kernels/frames-kernel.ts';
import { RdbCodec } from '../rdb/codec/codec.ts';
import { anyPayload, type PayloadRules, payloadRules } from '../rdb/codec/payload.ts';
import { RdbInput } from '../rdb/input.ts';
import { LoadCheck, type Refusal } from '../rdb/load-check.ts';
import { alwaysLooksDeep } from '../rdb/load-rules.ts';
import { NotedValues } from '../rdb/noted-values.ts';
import { jobCount, memberCount } from '../rdb/product.ts';
import { CommandView } from '../resp/command-view.ts';
import { Record, RespScanner } from '../resp/scanner.ts';
import { type Flavor, flavorRules } from '../servers/flavor.ts';
import { keydbCommands } from '../servers/keydb-commands.ts';
import type { Fork } from '../servers/value-type-id.ts';
import { valkeyHashType } from '../servers/value-type-id.ts';
import { HashValue } from '../values/hash.ts';
import { type CommandGate, Verdict } from './command-gate.ts';
import { CommandStatistics } from './command-statistics.ts';
import { releaseOf } from './flavor-choice.ts';
import { FrameBatch } from './frame-batch.ts';
import { RdbLoad, type RdbLoadOptions } from './load-rdb.ts';
import { Sources } from './sources.ts';
import type { UntouchedKeys } from './untouched/untouched-keys.ts';

/** What to do with a command whose effect nobody can know offline: of a module, a script, or of no server at all. */
export type OpaquePolicy = 'fail' | 'keep' | 'drop';

export interface LoadOptions {
  /** The server generation whose rules apply while loading. */
  readonly flavor: Flavor;
  /** The generation whose payloads of RESTORE are taken, where it is another one; `any`: those of every server. */
  readonly payloads?: Flavor | 'any';
  /** The moment of loading, milliseconds since 1970. */
  readonly at: number;
  readonly opaque?: OpaquePolicy;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
  /** Whether keys of a plain RDB that have expired are dropped, as a server does that loads it. Default 'drop'. */
  readonly expired?: 'drop' | 'keep';
  /** Whether it is counted how many of the keys that are not loaded are past their time. */
  readonly countsPast?: boolean;
  /** Where the findings go. */
  readonly findings?: FindingList;
  /** A random number for the hash functions. */
  readonly seed?: number;
  /** Which commands count; all by default. What comes after its end is not looked at. */
  readonly gate?: CommandGate;
  /** Told of what was executed, one command after the other. */
  readonly observer?: CommandObserver;
  /** Only this part of the dataset: of several that are loaded side by side, each with all the files. */
  readonly shard?: PartitionChoice;
  /** Whether a payload of RESTORE is taken whose flaw is put right when its value is written. */
  readonly mends?: boolean;
  /** Takes the keys of the RDB that the logs do not touch: the dataset holds only the others. */
  readonly kept?: UntouchedKeys;
}

/** Sees a log being replayed. */
export interface CommandObserver {
  /** The RDB at the front of a file was loaded. */
  rdb(loaded: Loaded): void;
  /** A command was executed, or queued in a transaction. */
  executed(frame: CommandView, path: string, loaded: Loaded): void;
  /** A `#TS:` annotation, seconds since 1970. */
  annotation(seconds: number): void;
}

/** One shard of a dataset. */
export interface PartitionChoice {
  readonly index: number;
  /** The shard of each bucket of keys. */
  readonly owners: Uint8Array;
}

/** A part of the dataset was to be left to somebody else, and cannot be: it must be loaded otherwise. */
export class UndealableError extends Error {
  constructor(path: string, offset: number, reason: string) {
    super(`at offset ${offset} of ${path}: ${reason}`);
    this.name = 'UndealableError';
  }
}

/** A command that was not executed. */
export interface OpaqueCommand {
  readonly path: string;
  readonly source: number;
  readonly offset: number;
  readonly length: number;
  readonly ordinal: number;
  readonly name: string;
  readonly reason: OpaqueReason;
  readonly database: number;
  /** Its arguments, binary strings, where it is no command of a log but stands for what an RDB holds: then `length` is 0. */
  readonly args?: readonly string[];
}

export interface LoadedFile {
  readonly path: string;
  readonly role: 'file' | 'base' | 'incr';
  /** It came in this compressed envelope. */
  readonly envelope?: 'lz4' | 'zstd';
  format: 'rdb' | 'aof' | 'hybrid' | 'empty';
  bytes: number;
  commands: number;
  rdb?: {
    fork: Fork;
    version: number;
    serverVersion: string;
    keys: number;
    expired: number;
    /** Members of its keys that expire, of KeyDB. */
    memberExpiries: number;
    /** Its scheduled jobs, of KeyDB. */
    jobs: number;
    length: number;
    /** What was found in its values; undefined where they were not looked into. */
    noted: NotedValues | undefined;
  };
}

/** The files that begin with an RDB, and what was found in its values. */
export function rdbsOf(files: readonly LoadedFile[]): { path: string; noted: NotedValues | undefined }[] {
  return files.flatMap(({ path, rdb }) => (rdb === undefined ? [] : [{ path, noted: rdb.noted }]));
}

/** A dataset as a server holds it after loading, and what was learnt on the way. `close` it when done. */
export interface Loaded {
  readonly path: string;
  readonly layout: LayoutName;
  /** The folder and manifest of a multi-part AOF. */
  readonly multiPart?: { readonly directory: string; readonly manifest: string };
  readonly dataset: Dataset;
  readonly session: Session;
  readonly sources: Sources;
  /** How the keys of RDBs were used. */
  readonly usage: CommandStatistics;
  readonly codec: RdbCodec;
  readonly files: readonly LoadedFile[];
  readonly findings: FindingList;
  readonly opaque: readonly OpaqueCommand[];
  /** Commands that lay in a transaction that never ended, and bytes of a torn tail: a server drops both. */
  readonly droppedCommands: number;
  readonly droppedBytes: number;
  close(): void;
}

/** Opaque commands that are remembered one by one. */
const opaqueMax = 1_000_000;
/** Commands between two pauses. */
const commandsBetweenPauses = 1 << 17;

/**
 * Loads what lies at `path` as a server would. Damage that a server does not load is an error in `findings`; a torn tail of the
 * last file is dropped, as aof-load-truncated does, and noted as a warning. Throws UnreadableError.
 */
export async function loadDataset(path: string, options: LoadOptions): Promise<Loaded> {
  const loader = new Loader(path, options);
  try {
    await loader.run();
    return loader;
  } catch (error) {
    loader.close();
    throw error;
  }
}

class Loader implements Loaded {
  readonly path: string;
  layout: LayoutName = 'unknown';
  multiPart: Loaded['multiPart'];
  readonly dataset: Dataset;
  readonly session: Session;
  readonly sources = new Sources();
  readonly usage = new CommandStatistics();
  readonly codec: RdbCodec;
  readonly files: LoadedFile[] = [];
  readonly findings: FindingList;
  readonly opaque: OpaqueCommand[] = [];
  droppedCommands = 0;
  droppedBytes = 0;
  private readonly options: LoadOptions;
  private readonly frame = new CommandView();
  private readonly shard: Partition | undefined;
  /** Frames many commands at a time, where nobody has to see each of them. */
  private readonly batch: FrameBatch | undefined;
  /** The gate has ended the log. */
  private ended = false;

  constructor(path: string, options: LoadOptions) {
    this.path = path;
    this.options = options;
    this.findings = options.findings ?? new FindingList();
    const { keepsNegativeZero } = flavorRules(options.flavor);
    this.codec = new RdbCodec({ payloads: this.payloadRules(options), keepsNegativeZero });
    this.dataset = new Dataset(2 ** 31, options.seed);
    const registry = defaultRegistry();
    const { shard, gate } = options;
    this.shard = shard && new Partition(shard.index, shard.owners, registry);
    const kernel = gate === undefined && options.observer === undefined ? openFramesKernel() : undefined;
    this.batch = kernel && new FrameBatch(kernel, registry, this.shard);
    this.session = new Session(this.dataset, registry, {
      flavor: options.flavor,
      now: options.at,
      codec: this.codec,
      reader: this.sources,
      opaque: (_, frame, reason) => this.noteOpaque(frame, reason),
    });
  }

  /** Payloads at which the server ends are errors: nothing behind them was ever loaded. */
  private payloadRules({ payloads = this.options.flavor, mends }: LoadOptions): PayloadRules {
    const told = {
      mends,
      tellsDamage: 'unreadable' as const,
      tellsModules: true,
      onRefusal: (refusal: Refusal) => this.noteRefusal(refusal),
    };
    if (payloads === 'any') return { ...anyPayload, ...told };
    const target = releaseOf(payloads);
    return { ...payloadRules(payloads), ...told, exam: new LoadCheck({ target, deep: alwaysLooksDeep(target) }) };
  }

  private noteRefusal(refusal: Refusal): void {
    const frame = this.codec.restoring;
    if (frame !== undefined)
      addPayloadFinding(refusal, frame, this.session.database, this.filePath(frame), this.findings);
  }

  private filePath({ source }: CommandView): string {
    return source < 0 ? this.path : this.sources.pathOf(source);
  }

  close(): void {
    this.sources.close();
  }

  async run(): Promise<void> {
    await this.loadLayout(detectLayout(this.path));
    this.noteKeydb();
  }

  /** What servers other than KeyDB do not take from these files, or not so. */
  private noteKeydb(): void {
    const { findings, files, session } = this;
    let members = 0;
    for (const { path, rdb } of files) {
      const count = rdb?.memberExpiries ?? 0;
      members += count;
      if (count > 0) findings.add('rdb.member-expiry', path, 0, { found: memberCount(count) });
      const jobs = rdb?.jobs ?? 0;
      if (jobs > 0) findings.add('rdb.cron', path, 0, { found: jobCount(jobs) });
    }
    const counts: string[] = [];
    for (const name of keydbCommands) {
      const all = session.calls[session.registry.named(name)?.id ?? -1] ?? 0;
      const count = name === 'PEXPIREMEMBERAT' ? all - members : all;
      if (count > 0) counts.push(`${count} ${name}`);
    }
    if (counts.length > 0) findings.add('aof.command.keydb', this.path, 0, { found: counts.join(', ') });
  }

  private async loadLayout(layout: Layout): Promise<void> {
    noteBackup(layout, this.findings);
    const live = layout.kind === 'data-directory' ? liveMembers(layout.members) : [];
    if (layout.kind === 'file') await this.loadSingle(layout.path);
    else if (layout.kind === 'multi-part') await this.loadMultiPart(layout.directory, layout.manifest);
    else if (live.length === 1) await this.loadLayout(live[0]);
    else if (layout.kind === 'orphaned-parts') {
      this.findings.add('manifest.missing', layout.directory, 0, {
        expected: 'a manifest',
        found: layout.parts.join(', '),
      });
    } else if (layout.members.length === 0) {
      throw new UnreadableError(
        layout.directory,
        'ENODATA',
        `cannot read ${layout.directory}: no AOF, no manifest and no RDB in this folder`,
      );
    } else {
      const names = live.map((member) => ('path' in member ? member.path : member.directory));
      throw new UsageError(`${layout.directory} holds several datasets: name one of ${names.join(', ')}`);
    }
  }

  private async loadSingle(path: string): Promise<void> {
    const format = await this.loadFile(path, 'file', true);
    if (format === 'manifest') await this.loadMultiPart(nodePath.dirname(path), path);
    else this.layout = format;
  }

  private async loadMultiPart(directory: string, manifestPath: string): Promise<void> {
    this.layout = 'multi-part';
    this.multiPart = { directory, manifest: manifestPath };
    const { manifest } = readManifest(manifestPath, this.findings);
    await eachPart(manifestPath, manifest, this.findings, async (path, part, last) => {
      // What lies behind the end that a gate has set is not looked at.
      if (!this.ended) await this.loadFile(path, part.type === 'b' ? 'base' : 'incr', last);
    });
  }

  private async loadFile(path: string, role: LoadedFile['role'], last: boolean): Promise<LayoutName | 'manifest'> {
    const { source, index } = this.sources.add(path);
    let input = this.openWindow(source, this.batch?.home);
    try {
      input.ensure(sniffBytes);
      const content = sniff(input.bytes.subarray(0, Math.min(input.limit, sniffBytes)), path);
      if (content === 'manifest' && role === 'file') return 'manifest';
      const envelope = source.envelope?.codec;
      const file: LoadedFile = { path, role, envelope, format: 'empty', bytes: 0, commands: 0 };
      if (this.options.gate?.begin(path) === false) {
        this.ended = true;
        return file.format;
      }
      this.files.push(file);
      if (content === 'rdb') {
        file.format = 'rdb';
        const sound = await this.loadRdb(source, index, file);
        input = this.openWindow(source, this.batch?.home);
        input.seek(file.rdb?.length ?? 0);
        if (!sound) return file.format;
        this.options.gate?.rdb(input.offset);
        this.options.observer?.rdb(this);
        if (input.atEnd() || (role === 'file' && !isRecordStart(input))) return file.format;
        if (this.options.kept?.endsWithRdb) throw new UndealableError(path, input.offset, 'commands behind the RDB');
        file.format = 'hybrid';
      } else if (content === 'foreign' || content === 'wrapped') {
        addForeign(this.findings, path, input);
        return 'unknown';
      } else if (content !== 'empty') file.format = 'aof';
      if (file.format !== 'empty') await this.replay(input, index, file, last);
      return file.format;
    } catch (error) {
      if (!(error instanceof DecompressionError)) throw error;
      this.findings.add(error.code, path, error.offset, error.details);
      return this.files.at(-1)?.path === path ? this.files[this.files.length - 1].format : 'unknown';
    } finally {
      const file = this.files.at(-1);
      if (file?.path === path) file.bytes = source.size ?? input.base + input.limit;
      source.close();
    }
  }

  private openWindow(source: Source, memory: Buffer | undefined): RdbInput {
    const { onProgress } = this.options;
    const input = new RdbInput(source, undefined, memory);
    input.onProgress = onProgress && ((offset) => onProgress({ file: source.name, offset, size: source.size }));
    return input;
  }

  /** The RDB at the front of a file; true if it is sound. Values whose bytes no checksum vouches for are looked through. */
  private async loadRdb(source: Source, index: number, file: LoadedFile): Promise<boolean> {
    const checkKernel = borrowCheckKernel();
    try {
      this.beginKept(index, file, checkKernel);
      source.seek(0);
      return await this.loadKeys(this.openWindow(source, checkKernel?.window()), index, file, checkKernel);
    } finally {
      returnCheckKernel(checkKernel);
    }
  }

  private beginKept(index: number, file: LoadedFile, checkKernel: CheckKernel | undefined): void {
    const { kept } = this.options;
    if (kept === undefined) return;
    if (kept.source >= 0 || checkKernel === undefined) throw new UndealableError(file.path, 0, 'a second RDB');
    kept.source = index;
  }

  private async loadKeys(
    input: RdbInput,
    index: number,
    file: LoadedFile,
    checkKernel: CheckKernel | undefined,
  ): Promise<boolean> {
    const { dataset, findings } = this;
    const pause = this.options.pause ?? yieldToEventLoop;
    const isPart = file.role !== 'file' || this.options.expired === 'keep';
    const dropExpiredBefore = isPart ? Number.NaN : this.options.at;
    const isPastHash = isPart ? undefined : this.pastHashTest(index);
    const noted = this.options.kept && new NotedValues();
    const load = new RdbLoad(input, {
      path: file.path,
      source: index,
      dataset,
      findings,
      dropExpiredBefore,
      isPastHash,
      pause,
      usage: this.usage,
      shard: this.shard,
      kept: this.options.kept,
      held: this.options.kept && this.sources.held,
      noted,
      update: (database, args) => this.runUpdate(file, input.offset, database, args),
      checkKernel,
    });
    const sound = await load.run();
    // A value that cannot be looked into is told by whoever loads it.
    if (!sound && noted !== undefined) throw new UndealableError(file.path, input.offset, 'damage');
    const { fork, version, checksumState, templates } = load.reader;
    const { keys, expiredKeys: expired, serverVersion, memberExpiries, jobs } = load;
    file.rdb = { fork, version, serverVersion, keys, expired, memberExpiries, jobs, length: input.offset, noted };
    this.codec.templates = templates;
    // What can be read only once lies in a file of its own now, which nobody finds by its path.
    if (sound && noted === undefined && isReadOnce(file.path) && (this.shard?.index ?? 0) === 0)
      file.rdb.noted = notedValuesOf(this.sources.reopen(index), file.path, this.options.seed ?? 0);
    if (!sound || checksumState === 'ok' || (this.shard !== undefined && this.shard.index > 0)) return sound;
    const errors = findings.errors;
    const check = new RdbCheck(new RdbInput(this.sources.reopen(index)), file.path, findings, {
      seed: this.options.seed ?? 0,
      pause,
    });
    await check.run();
    return findings.errors === errors;
  }

  /** A command within an RDB counts as one of a log; what it selects is forgotten. */
  private runUpdate(file: LoadedFile, offset: number, database: number, args: readonly Buffer[]): void {
    if (this.options.kept !== undefined || this.shard !== undefined) {
      throw new UndealableError(file.path, offset, 'a command within an RDB');
    }
    this.session.select(database);
    this.session.execute(CommandView.of(args));
  }

  /** Valkey drops past fields when it loads an RDB alone, and hashes that had no others. */
  private pastHashTest(source: number): RdbLoadOptions['isPastHash'] {
    const { codec, sources, options } = this;
    if (!flavorRules(options.flavor).hidesPastFields) return undefined;
    return (type, offset, length) => {
      if (type !== valkeyHashType) return false;
      const value = codec.decode(type, sources.read(source, offset, length), 0, length);
      return value instanceof HashValue && value.isPast(options.at);
    };
  }

  /** Executes the commands from where the window stands to the end of the file. */
  private async replay(input: RdbInput, index: number, file: LoadedFile, last: boolean): Promise<void> {
    const scanner = new RespScanner(input, true);
    this.frame.source = index;
    this.frame.ordinal = 0;
    const { session } = this;
    session.select(0);
    while (this.replaySome(scanner, file, last)) await (this.options.pause ?? yieldToEventLoop)();
    this.droppedCommands += session.endFile();
  }

  private replaySome(scanner: RespScanner, file: LoadedFile, last: boolean): boolean {
    const { frame, session } = this;
    const { gate } = this.options;
    for (let count = 0; count < commandsBetweenPauses; count++) {
      if (this.batch !== undefined) count += this.replayAhead(this.batch, scanner.window, file);
      const record = scanner.next(frame);
      if (record === Record.command) {
        if (gate !== undefined && !this.passGate(gate, scanner, file)) return false;
        if (gate === undefined) {
          file.commands++;
          if (this.shard === undefined || this.shard.takes(frame)) {
            this.refuseCoLocated(frame, file);
            this.execute(frame, file);
          }
        }
      } else if (record === Record.annotation) {
        if (gate !== undefined && !this.passAnnotation(gate, scanner)) return false;
        this.tellAnnotation(scanner);
      } else if (record === Record.end) {
        if (session.inTransaction) this.noteTorn(file, 'aof.transaction.unclosed', scanner.start, scanner.start, last);
        return false;
      } else if (record === Record.flaw) {
        this.noteFlaw(scanner, file, last);
        return false;
      }
    }
    return true;
  }

  /** Executes the ordinary commands at the front of the window; how many it went over. */
  private replayAhead(batch: FrameBatch, window: Window, file: LoadedFile): number {
    const { frame, session } = this;
    const before = file.commands;
    for (;;) {
      const count = batch.next(window, frame.source, frame.ordinal);
      if (batch.seen === 0) return file.commands - before;
      if (batch.firstOnly > 0)
        for (let index = 0; index < count; index++) this.refuseCoLocated(batch.frames[index], file);
      session.keys.warm(batch.frames, count);
      for (let index = 0; index < count; index++) session.execute(batch.frames[index]);
      frame.ordinal += batch.seen;
      file.commands += batch.seen;
    }
  }

  /** Throws where a command that this shard would run touches keys of another. */
  private refuseCoLocated(frame: CommandView, file: LoadedFile): void {
    if (this.shard?.index === 0 && !this.shard.reaches(frame))
      throw new UndealableError(file.path, frame.start, 'a command that needs both shards');
  }

  /** False where the log ends before the command. */
  private passGate(gate: CommandGate, scanner: RespScanner, file: LoadedFile): boolean {
    const { frame, session } = this;
    const verdict = gate.command(frame, scanner.start, scanner.window.offset, session.inTransaction);
    if (verdict === Verdict.stop) {
      this.ended = true;
      return false;
    }
    file.commands++;
    if (verdict !== Verdict.skip) this.execute(frame, file);
    if (verdict === Verdict.last) this.ended = true;
    return !this.ended;
  }

  private execute(frame: CommandView, file: LoadedFile): void {
    this.session.execute(frame);
    this.options.observer?.executed(frame, file.path, this);
  }

  private tellAnnotation({ window, annotationLength, annotationPosition }: RespScanner): void {
    if (this.options.observer === undefined) return;
    const seconds = parseTimestamp(window.bytes, annotationPosition, annotationLength);
    if (seconds !== undefined && !Number.isNaN(seconds)) this.options.observer.annotation(seconds);
  }

  /** False where the log ends before the annotation. */
  private passAnnotation(gate: CommandGate, scanner: RespScanner): boolean {
    const { window, annotationLength, annotationPosition } = scanner;
    const seconds = parseTimestamp(window.bytes, annotationPosition, annotationLength);
    if (
      seconds === undefined ||
      Number.isNaN(seconds) ||
      gate.annotation(seconds, scanner.start, this.session.inTransaction)
    )
      return true;
    this.ended = true;
    return false;
  }

  private noteFlaw(scanner: RespScanner, file: LoadedFile, last: boolean): void {
    const { flaw, window } = scanner;
    if (flaw === undefined) return;
    if (flaw.code === 'aof.truncated') this.noteTorn(file, flaw.code, scanner.start, window.offset, last);
    else {
      const { code, offset, expected, found } = flaw;
      const command = { ordinal: this.frame.ordinal, name: '' };
      this.findings.add(code, file.path, offset, { expected, found, command });
    }
  }

  /** A server cuts a torn tail off the last file and goes on; in any other file it is fatal. */
  private noteTorn(file: LoadedFile, code: string, from: number, to: number, last: boolean): void {
    this.droppedBytes += to - from;
    const severity = last ? 'warning' : 'error';
    const found = `${to - from} bytes that a server drops`;
    this.findings.add(code, file.path, from, { length: to - from, severity, expected: 'the end of a command', found });
  }

  private noteOpaque(frame: CommandView, reason: OpaqueReason): string | undefined {
    const { path } = this.files[this.files.length - 1];
    const command: OpaqueCommand = {
      path,
      source: frame.source,
      offset: frame.start,
      length: frame.end - frame.start,
      ordinal: frame.ordinal,
      name: frame.text(0),
      reason,
      database: this.session.database,
      args: frame.start === frame.end ? Array.from({ length: frame.argc }, (_, index) => frame.text(index)) : undefined,
    };
    if (this.opaque.length < opaqueMax) this.opaque.push(command);
    return undefined;
  }
}

function isRecordStart(input: RdbInput): boolean {
  const first = input.bytes[input.position];
  return first === 0x2a || first === 0x23;
}

const isReadOnce = (path: string): boolean => path === '-' || !fs.statSync(path).isFile();
