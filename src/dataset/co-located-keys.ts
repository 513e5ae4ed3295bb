import nodePath from 'node:path';
import { detectLayout, sniff, sniffBytes } from '../aof/layout.ts';
import { passRdb } from '../aof/log/rdb-part.ts';
import { loadOrder } from '../aof/manifest.ts';
import { readManifest } from '../aof/parts.ts';
import { FindingList } from '../aof/report.ts';
import { defaultRegistry } from '../engine/commands/index.ts';
import { CoLocatedKeys, freeOwners, Partitionings } from '../engine/partition.ts';
import fs from '../io/file-system.ts';
import { openInput } from '../io/input.ts';
import type { Source } from '../io/source.ts';
import { borrowCheckKernel, returnCheckKernel } from '../kernels/check-kernel.ts';
import { openFramesKernel } from '../kernels/frames-kernel.ts';
import { RdbInput } from '../rdb/input.ts';
import { CommandView } from '../resp/command-view.ts';
import { Record, RespScanner } from '../resp/scanner.ts';
import { FrameBatch } from './frame-batch.ts';
import type { KeyBloomFilter } from './untouched/key-bloom-filter.ts';

/** Calls of the lane between two pauses. */
const stepsBetweenPauses = 1 << 12;

/**
 * The files that make up the dataset at `path`, in the order of loading; undefined where they cannot be told, or cannot be read more
 * than once.
 */
export function rereadableFiles(path: string): string[] | undefined {
  const layout = detectLayout(path);
  // Standard input is read once, and has no name to look at.
  if (path === '-') return undefined;
  if (layout.kind === 'file') return isFile(layout.path) ? [layout.path] : undefined;
  if (layout.kind !== 'multi-part') return undefined;
  const { manifest } = readManifest(layout.manifest, new FindingList());
  if (manifest.faults.length > 0) return undefined;
  const files = loadOrder(manifest).map(({ name }) => nodePath.join(layout.directory, name));
  return files.every(isFile) ? files : undefined;
}

/** What is missing, no file, or has a name that no file can have, is told by loading. */
const isFile = (path: string): boolean =>
  !path.includes('\0') && fs.statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/**
 * Looks through the logs among `files` for commands that touch several keys, and gives the shard of each bucket of keys so that none of
 * them needs both shards. Undefined where the files cannot be dealt out: damaged, compressed, or with keys that nobody can foretell.
 * `sample`: only so many bytes of each log are looked at, and none behind an RDB. `lead`: as for `freeOwners`.
 */
export async function findCoLocatedKeys(
  files: readonly string[],
  pause: () => Promise<void>,
  { sample, lead = 0 }: { readonly sample?: number; readonly lead?: number } = {},
): Promise<Uint8Array | undefined> {
  const kernel = openFramesKernel();
  if (kernel === undefined) return undefined;
  const registry = defaultRegistry();
  const ties = new CoLocatedKeys(registry, freeOwners(lead));
  const batch = new FrameBatch(kernel, registry, 'ties');
  const inspector = new LogInspector(batch, (frame) => ties.add(frame), { sample, pause });
  for (const file of files) if (!(await inspector.file(file))) return undefined;
  return ties.owners;
}

export interface TouchInspectionOptions {
  /** Nothing follows the RDB in the first file. */
  readonly endsWithRdb: boolean;
  /** A log behind an RDB in one file is not looked through if it is a larger part of it. */
  readonly logShareMax: number;
  readonly pause: () => Promise<void>;
}

/**
 * Looks through the logs among `files`, the first of which begins with an RDB, and notes the keys that they touch. False where a log is
 * damaged, compressed or long, or touches keys that nobody can foretell.
 */
export async function inspectTouched(
  touched: KeyBloomFilter,
  files: readonly string[],
  { endsWithRdb, logShareMax, pause }: TouchInspectionOptions,
): Promise<boolean> {
  const kernel = openFramesKernel();
  if (kernel === undefined) return false;
  const registry = defaultRegistry();
  const dealings = new Partitionings(registry);
  const batch = new FrameBatch(kernel, registry);
  const inspector = new LogInspector(batch, (frame) => touched.add(frame, dealings), { logShareMax, pause });
  for (const file of endsWithRdb ? files.slice(1) : files) if (!(await inspector.file(file))) return false;
  return true;
}

interface LogInspectionOptions {
  /** Only so many bytes of each log are looked at, and none behind an RDB. */
  readonly sample?: number;
  readonly logShareMax?: number;
  readonly pause: () => Promise<void>;
}

/** Goes through logs, command by command. */
class LogInspector {
  private readonly batch: FrameBatch;
  private readonly note: (frame: CommandView) => boolean;
  private readonly frame = new CommandView();
  private readonly options: LogInspectionOptions;

  /** `note` is told the commands that the lane does not pass over, and all others; false ends the survey. */
  constructor(batch: FrameBatch, note: (frame: CommandView) => boolean, options: LogInspectionOptions) {
    this.batch = batch;
    this.note = note;
    this.options = options;
  }

  /** False where the survey ends. */
  async file(path: string): Promise<boolean> {
    const { source, reopen } = openInput(path);
    try {
      if (reopen === undefined) return false;
      return await this.source(source, path);
    } catch {
      // Whatever is wrong with it, the loading of it says.
      return false;
    } finally {
      source.close();
    }
  }

  private async source(source: Source, path: string): Promise<boolean> {
    const { sample, logShareMax = Number.POSITIVE_INFINITY, pause } = this.options;
    let input = new RdbInput(source, undefined, this.batch.home);
    input.ensure(sniffBytes);
    const content = sniff(input.bytes.subarray(0, Math.min(input.limit, sniffBytes)), path);
    if (content === 'rdb' && sample !== undefined) return true;
    if (content === 'rdb') {
      const end = await this.passRdb(source);
      if ((source.size ?? end) - end > end * logShareMax) return false;
      input = new RdbInput(source, undefined, this.batch.home);
      input.seek(end);
    } else if (content !== 'aof') return content === 'empty';
    const scanner = new RespScanner(input, true);
    for (;;) {
      for (let step = 0; step < stepsBetweenPauses; step++) {
        const went = this.step(scanner);
        if (went !== undefined) return went;
      }
      await pause();
    }
  }

  private async passRdb(source: Source): Promise<number> {
    const checkKernel = borrowCheckKernel();
    try {
      source.seek(0);
      const input = new RdbInput(source, undefined, checkKernel?.window());
      return (await passRdb(input, checkKernel, this.options.pause)).length;
    } finally {
      returnCheckKernel(checkKernel);
    }
  }

  /** Some commands more; true at the end of the file, false where the survey ends. */
  private step(scanner: RespScanner): boolean | undefined {
    const { batch, frame, note, options } = this;
    if (scanner.window.offset >= (options.sample ?? Number.POSITIVE_INFINITY)) return true;
    const count = batch.next(scanner.window, -1, 0);
    for (let index = 0; index < count; index++) if (!note(batch.frames[index])) return false;
    if (batch.seen > 0) return undefined;
    const record = scanner.next(frame);
    if (record === Record.command) return note(frame) ? undefined : false;
    if (record === Record.annotation) return undefined;
    return record === Record.end;
  }
}
