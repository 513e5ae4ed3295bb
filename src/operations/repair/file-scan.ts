import { sniff, sniffBytes } from '../../aof/layout.ts';
import { append } from '../../arrays.ts';
import { borrowLanes, type Lanes, returnLanes } from '../../kernels/lanes.ts';
import { windowBytes } from '../../limits.ts';
import { RdbInput } from '../../rdb/input.ts';
import type { Sources } from '../dataset/sources.ts';
import type { FileReport, Progress } from '../report.ts';
import { AofScan } from './aof-scan.ts';
import type { Draft } from './draft.ts';
import { GapReader } from './gap.ts';
import type { Cut, Duplicates, FileScan, Region, Strategy, Unresolved } from './plan.ts';
import type { Span } from './proven-spans.ts';
import { resemblesRdb } from './rdb-header.ts';
import { scanRdb } from './rdb-scan.ts';
import { orderRegions, region } from './regions.ts';

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
  const { source, index } = sources.add(path);
  const lanes = borrowLanes();
  try {
    const size = source.size ?? 0;
    const input = new RdbInput(source, windowBytes, lanes?.window());
    input.onProgress = (offset) => options.onProgress?.({ file: path, offset, size });
    const scan = await new FileScanner(sources, index, path, size, input, options, lanes).run();
    return { scan, index };
  } finally {
    source.close();
    returnLanes(lanes);
  }
}

class FileScanner {
  private readonly sources: Sources;
  private readonly index: number;
  private readonly path: string;
  private readonly size: number;
  private readonly input: RdbInput;
  private readonly options: FileScanOptions;
  private readonly lanes: Lanes | undefined;
  private readonly regions: Region[] = [];
  private readonly unresolved: Unresolved[] = [];
  private cut: Cut | undefined;
  private format: FileScan['format'] = 'empty';
  private rdbLength = 0;
  private rdbVersion = 0;
  private keys = 0;
  private commands = 0;
  private proven: readonly Span[] = [];

  constructor(
    sources: Sources,
    index: number,
    path: string,
    size: number,
    input: RdbInput,
    options: FileScanOptions,
    lanes: Lanes | undefined,
  ) {
    this.sources = sources;
    this.index = index;
    this.path = path;
    this.size = size;
    this.input = input;
    this.options = options;
    this.lanes = lanes;
  }

  async run(): Promise<FileScan> {
    const { path, size, options } = this;
    const head = this.sources.read(this.index, 0, Math.min(size, sniffBytes));
    const content = sniff(head, path);
    const isRdb = content === 'rdb' || (content === 'unknown' && resemblesRdb(head));
    if (isRdb) await this.scanRdb(options.part || hasPreambleMark(head));
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
      unresolved: this.unresolved,
      proven: this.proven,
    };
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
    this.cut = scan.cut;
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
      lanes: this.lanes,
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

/** Whether the RDB says of itself that commands follow it. */
function hasPreambleMark(head: Buffer): boolean {
  return /aof-(preamble|base)\xc0\x01/.test(head.latin1Slice());
}
