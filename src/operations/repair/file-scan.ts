import { foreignContent, type WrapperKind } from '../../aof/foreign.ts';
import { type Content, sniff, sniffBytes } from '../../aof/layout.ts';
import {
  isDumpPayload,
  mayBeginPayload,
  NotRecoverable,
  payloadText,
  type Recovered,
  rdbBeforeTextCopy,
  recover,
  textCopyText,
} from '../../aof/recovery.ts';
import { type FileReport, FindingList, type Progress } from '../../aof/report.ts';
import { append } from '../../arrays.ts';
import { checkContent } from '../../checks/check-file.ts';
import type { Sources } from '../../dataset/sources.ts';
import type { DecompressionError } from '../../io/decompression-error.ts';
import { borrowCheckKernel, type CheckKernel, returnCheckKernel } from '../../kernels/check-kernel.ts';
import { blobBytesMax, windowBytes } from '../../limits.ts';
import { resemblesRdb } from '../../rdb/header-guess.ts';
import { RdbInput } from '../../rdb/input.ts';
import { AofScan } from './aof-scan.ts';
import { GapReader } from './damaged-range.ts';
import type { Draft } from './draft.ts';
import { noShortage } from './missing.ts';
import { PiecesSource } from './pieces-source.ts';
import type { Cut, Duplicates, FileScan, Region, Span, Strategy, Unresolved } from './plan.ts';
import { scanRdb } from './rdb-recovery/scan.ts';
import { orderRegions, piecesOf, rdbEnd, region } from './regions.ts';

/** A file that is worth another thread. */
export const draftBytesMin = 32 * 1024 * 1024;

export interface FileScanOptions {
  readonly role: FileReport['role'];
  /** The file is a part of an AOF, so that what follows an RDB is its RESP tail. */
  readonly part: boolean;
  readonly strategy: Strategy | undefined;
  readonly dropUnknown: boolean;
  readonly renames: ReadonlyMap<string, string>;
  readonly duplicates: Duplicates;
  readonly seed: number;
  /** The name for a value that comes without a key. */
  readonly key?: string;
  readonly pause: () => Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
  /** Where the result is written while the file is read. */
  readonly draft?: Draft;
}

/** A file that was read, and its number among the sources. */
export interface ScannedFile {
  readonly scan: FileScan;
  readonly index: number;
}

/** Reads a file and finds out what each strategy would keep of it. Throws UnreadableError. */
export async function scanFile(sources: Sources, path: string, options: FileScanOptions): Promise<ScannedFile> {
  const { source: first, index } = sources.add(path);
  const damage = sources.damage(index);
  // Whatever the reading would come to: data that is not whole must not pass for sound.
  if (damage !== undefined && !damage.isTornEnvelope) throw damage;
  sources.endAtDamage(index);
  const source = damage === undefined ? first : sources.reopen(index);
  const checkKernel = borrowCheckKernel();
  try {
    const size = source.size ?? 0;
    const input = new RdbInput(source, windowBytes, checkKernel?.window());
    input.onProgress = (offset) => options.onProgress?.({ file: path, offset, size });
    const scan = await new FileScanner(sources, index, path, size, input, options, checkKernel).run();
    return { scan: ofEnvelope(scan, source.envelope?.codec, damage), index };
  } finally {
    source.close();
    returnCheckKernel(checkKernel);
  }
}

/**
 * What a damaged envelope adds: the RDB in it is cut where the damage is, and even one that came out whole must be written anew, since a
 * server wants the end of the frame as well.
 */
function ofEnvelope(scan: FileScan, envelope: FileScan['envelope'], damage: DecompressionError | undefined): FileScan {
  if (envelope === undefined || damage === undefined) return { ...scan, envelope };
  const { code, message } = damage;
  if (!damage.leavesRdb) {
    const advice = 'Nothing that could be kept was decompressed before the damage.';
    const unresolved = [{ code, count: 1, offset: damage.offset, found: message, advice }];
    return { ...scan, envelope, unresolved, regions: [], cut: undefined };
  }
  const rename = <T extends Cut | Region>(one: T): T =>
    isCutShort(one, scan) ? { ...one, code, reason: message } : one;
  const regions = scan.regions.map(rename);
  const isWhole = regions.every((one) => one.code !== code);
  if (isWhole && scan.rdbLength > 0 && scan.unresolved.length === 0) {
    const whole = regions.filter(({ replacement }) => replacement !== 'rdb-end');
    return { ...scan, envelope, regions: [...whole, rdbEnd(scan, code, message)] };
  }
  return { ...scan, envelope, regions, cut: scan.cut && rename(scan.cut) };
}

/** Whether what is wrong is only that the decompressed data ends. */
function isCutShort(one: Cut | Region, { size }: FileScan): boolean {
  return one.code === 'rdb.truncated' && (!('length' in one) || one.offset + one.length === size);
}

class FileScanner {
  private readonly sources: Sources;
  private readonly index: number;
  private readonly path: string;
  private readonly size: number;
  private readonly input: RdbInput;
  private readonly options: FileScanOptions;
  private readonly checkKernel: CheckKernel | undefined;
  private readonly regions: Region[] = [];
  private readonly unresolved: Unresolved[] = [];
  private cut: Cut | undefined;
  private format: FileScan['format'] = 'empty';
  private rdbLength = 0;
  private rdbVersion = 0;
  private keys = 0;
  private libraries = 0;
  private shortages: FileScan['shortages'] = { truncate: noShortage, salvage: noShortage };
  private refused: readonly Unresolved[] = [];
  private commands = 0;
  private proven: readonly Span[] = [];

  constructor(
    sources: Sources,
    index: number,
    path: string,
    size: number,
    input: RdbInput,
    options: FileScanOptions,
    checkKernel: CheckKernel | undefined,
  ) {
    this.sources = sources;
    this.index = index;
    this.path = path;
    this.size = size;
    this.input = input;
    this.options = options;
    this.checkKernel = checkKernel;
  }

  async run(): Promise<FileScan> {
    const { path, size, options } = this;
    const head = this.sources.read(this.index, 0, Math.min(size, sniffBytes));
    const content = sniff(head, path);
    const isRdb = content === 'rdb' || (content === 'unknown' && resemblesRdb(head));
    if (content === 'foreign' || content === 'wrapped') await this.takeForeign(head);
    else if (await this.wasAnother(content, isRdb, head)) this.format = 'rdb';
    else if (isRdb) await this.scanRdb(options.part || hasPreambleMark(head));
    else if (content !== 'empty') await this.scanAof();
    return {
      path,
      role: options.role,
      size,
      gzip: false,
      format: this.format,
      rdbLength: this.rdbLength,
      rdbVersion: this.rdbVersion,
      regions: orderRegions(this.regions),
      cut: this.cut,
      commands: this.commands,
      keys: this.keys,
      libraries: this.libraries,
      unresolved: this.unresolved,
      shortages: this.shortages,
      refused: this.refused,
      proven: this.proven,
    };
  }

  /** What is no RDB and no AOF as it stands: it stays, or what it was is got out of it. */
  private async takeForeign(head: Buffer): Promise<void> {
    const content = foreignContent(head);
    if (content?.kind === 'wrapped') await this.recover(content.wrapper, content.what);
    else this.leave('input.foreign', content?.what ?? 'other data', 'Nothing is written in its place.');
  }

  private leave(code: string, found: string, advice: string): void {
    this.unresolved.push({ code, count: 1, offset: 0, found, advice });
  }

  /** Forms that only the whole file tells: an RDB that a copy in text mode has changed, the payload of a DUMP. */
  private async wasAnother(content: Content, isRdb: boolean, head: Buffer): Promise<boolean> {
    const { size } = this;
    const read = (offset: number, length: number) => this.sources.read(this.index, offset, length);
    if (isRdb && content === 'rdb' && size > 0) {
      const bytes = rdbBeforeTextCopy(size, read);
      if (bytes === undefined) return this.wasPayload(head);
      await this.take(
        { bytes, format: 'rdb', proof: 'its checksum proves that every byte is as it was' },
        textCopyText,
      );
      return true;
    }
    return content === 'unknown' && this.wasPayload(head);
  }

  private async wasPayload(head: Buffer): Promise<boolean> {
    const { size, sources, index } = this;
    if (!mayBeginPayload(head[0]) || size > blobBytesMax || !isDumpPayload(sources.read(index, 0, size))) return false;
    await this.recover('dump-payload', payloadText);
    return this.regions.length > 0 || this.unresolved.length > 0;
  }

  private async recover(wrapper: WrapperKind, what: string): Promise<void> {
    const { size, sources, index, options } = this;
    const read = (offset: number, length: number) => sources.read(index, offset, length);
    try {
      await this.take(recover(wrapper, size, read, options.key ?? ''), what);
    } catch (error) {
      if (!(error instanceof NotRecoverable)) throw error;
      this.leave('input.wrapped', what, `It cannot be turned into what it was: ${error.message}.`);
    }
  }

  /** Plans to write what the file was. It must be sound, for nothing else tells that this is what it was. */
  private async take(recovered: Recovered, what: string): Promise<void> {
    const { sources, index, size, path, options } = this;
    const { bytes, drops = [[0, size]], format, proof } = recovered;
    const more = { action: 'replace', damage: false, replacement: bytes && shortInJson(bytes) } as const;
    const regions = drops.map(([from, to]) => region(from, to - from, 'input.wrapped', `${what}; ${proof}`, more));
    const source = new PiecesSource(sources.reopen(index), piecesOf(size, regions), 0, () => {});
    const report: FileReport = { path, role: options.role, format: 'unknown', gzip: false, size: 0 };
    const findings = new FindingList();
    const { seed, pause } = options;
    await checkContent(format, new RdbInput(source), report, findings, { ...options, last: true, seed, pause });
    const bad = findings.findings.find(({ severity }) => severity === 'error');
    if (bad !== undefined) throw new NotRecoverable(`what it holds is not sound: ${bad.code}, ${bad.message}`);
    this.format = format;
    this.keys = report.rdb?.keys ?? 0;
    this.commands = report.commands ?? 0;
    append(this.regions, regions);
  }

  private async scanRdb(tail: boolean): Promise<void> {
    const { sources, index, size, options, input } = this;
    const { duplicates, seed, pause } = options;
    this.format = 'rdb';
    const { scan, known } = await scanRdb(input, { sources, index, size, tail, duplicates, seed, pause });
    append(this.unresolved, scan.unresolved);
    if (!known) {
      this.keys = scan.keys;
      return;
    }
    this.keys = scan.keys;
    this.libraries = scan.libraries;
    this.cut = scan.cut;
    this.shortages = { truncate: scan.shortage('truncate'), salvage: scan.shortage('salvage') };
    this.refused = scan.refused.list;
    this.rdbLength = scan.endOffset;
    this.rdbVersion = scan.version;
    for (const one of scan.regions) this.regions.push(one);
    if (scan.endOffset >= size) return;
    input.seek(scan.endOffset);
    if (tail || this.beginsCommand(scan.endOffset)) await this.scanAof();
    else this.dropTrailing(scan.endOffset);
  }

  /** As `check` decides it: what looks like a command behind an RDB is one. */
  private beginsCommand(offset: number): boolean {
    const [first] = this.sources.read(this.index, offset, 1);
    return first === 0x2a || first === 0x23;
  }

  private dropTrailing(offset: number): void {
    const length = this.size - offset;
    const reason = `${length} bytes follow the end of the RDB`;
    this.regions.push(region(offset, length, 'rdb.trailing', reason, { damage: false }));
  }

  private async scanAof(): Promise<void> {
    const { sources, index, size, options, input } = this;
    this.format = this.format === 'rdb' ? 'hybrid' : 'aof';
    const { dropUnknown, renames, strategy, pause } = options;
    const draft = this.format === 'aof' && size >= draftBytesMin ? options.draft : undefined;
    const scan = new AofScan(input, size, new GapReader(sources, index), {
      dropUnknown,
      renames,
      eager: strategy === 'salvage',
      pause,
      checkKernel: this.checkKernel,
      onSettled: draft && ((upTo, regions) => draft.advance(sources.descriptor(index), upTo, regions)),
    });
    await scan.run();
    this.proven = scan.spans;
    this.commands = scan.commands;
    for (const one of scan.regions) this.regions.push(one);
    append(this.unresolved, scan.unresolved.values());
    if (scan.cut !== undefined) this.cut ??= { ...scan.cut, keys: this.keys };
  }
}

/** Bytes that stand in a report as how many they are. */
function shortInJson(bytes: Buffer): Buffer {
  return Object.assign(bytes, { toJSON: () => `${bytes.length} bytes` });
}

/** Whether the RDB says of itself that commands follow it. */
function hasPreambleMark(head: Buffer): boolean {
  return /aof-(preamble|base)\xc0\x01/.test(head.latin1Slice());
}
