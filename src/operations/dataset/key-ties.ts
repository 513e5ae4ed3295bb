import fs from 'node:fs';
import nodePath from 'node:path';
import { detectLayout, sniff, sniffBytes } from '../../aof/layout.ts';
import { loadOrder, parseManifest } from '../../aof/manifest.ts';
import { openInput } from '../../bytes/input.ts';
import type { Source } from '../../bytes/source.ts';
import { defaultRegistry } from '../../engine/families/index.ts';
import { Frame } from '../../engine/frame.ts';
import type { Registry } from '../../engine/registry.ts';
import { KeyTies } from '../../engine/shard.ts';
import { type FramesKernel, openFramesKernel } from '../../kernels/frames-kernel.ts';
import { borrowLanes, returnLanes } from '../../kernels/lanes.ts';
import { RdbInput } from '../../rdb/input.ts';
import { FrameLane } from '../../resp/frame-lane.ts';
import { Record, RespScanner } from '../../resp/scanner.ts';
import { passRdb } from '../log/rdb-part.ts';
import type { ShardChoice } from './load.ts';

/** Calls of the lane between two pauses. */
const stepsBetweenPauses = 1 << 12;

/**
 * The files that make up the dataset at `path`, in the order of loading; undefined where they cannot be told, or cannot be read more
 * than once.
 */
export function rereadableFiles(path: string): string[] | undefined {
  const layout = detectLayout(path);
  if (layout.kind === 'file') return fs.statSync(layout.path).isFile() ? [layout.path] : undefined;
  if (layout.kind !== 'multi-part') return undefined;
  const manifest = parseManifest(fs.readFileSync(layout.manifest));
  if (manifest.faults.length > 0) return undefined;
  return loadOrder(manifest).map(({ name }) => nodePath.join(layout.directory, name));
}

/** How a dataset may be dealt out to two shards; see `ShardChoice`. */
export type TieSurvey = Omit<ShardChoice, 'index'>;

/**
 * Looks through the logs among `files` for commands that touch several keys, and gives the shard of each bucket of keys so that none of
 * them needs both shards. Undefined where the files cannot be dealt out: damaged, compressed, or with keys that nobody can foretell.
 */
export async function surveyTies(files: readonly string[], pause: () => Promise<void>): Promise<TieSurvey | undefined> {
  const kernel = openFramesKernel();
  if (kernel === undefined) return undefined;
  const surveyor = new TieSurveyor(kernel, pause);
  for (const file of files) if (!(await surveyor.file(file))) return undefined;
  return { owners: surveyor.ties.owners, quiet: surveyor.quiet };
}

class TieSurveyor {
  readonly ties: KeyTies;
  readonly quiet: string[] = [];
  private readonly registry: Registry = defaultRegistry();
  private readonly lane: FrameLane;
  private readonly frame = new Frame();
  private readonly pause: () => Promise<void>;

  constructor(kernel: FramesKernel, pause: () => Promise<void>) {
    this.ties = new KeyTies(this.registry);
    this.lane = new FrameLane(kernel, this.registry, 'ties');
    this.pause = pause;
  }

  /** False where the file cannot be dealt out. */
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
    let input = new RdbInput(source, undefined, this.lane.home);
    input.ensure(sniffBytes);
    const content = sniff(input.bytes.subarray(0, Math.min(input.limit, sniffBytes)), path);
    if (content === 'rdb' && !endsInLine(path)) {
      this.quiet.push(path);
      return true;
    }
    if (content === 'rdb') {
      const end = await this.passRdb(source);
      input = new RdbInput(source, undefined, this.lane.home);
      input.seek(end);
    } else if (content !== 'aof') return content === 'empty';
    const scanner = new RespScanner(input, true);
    for (;;) {
      for (let step = 0; step < stepsBetweenPauses; step++) {
        const went = this.step(scanner);
        if (went !== undefined) return went;
      }
      await this.pause();
    }
  }

  private async passRdb(source: Source): Promise<number> {
    const lanes = borrowLanes();
    try {
      source.seek(0);
      const input = new RdbInput(source, undefined, lanes?.window());
      return (await passRdb(input, lanes, this.pause)).length;
    } finally {
      returnLanes(lanes);
    }
  }

  /** Some commands more; true at the end of the file, false where they cannot be dealt out. */
  private step(scanner: RespScanner): boolean | undefined {
    const { lane, frame, ties } = this;
    const count = lane.next(scanner.window, -1, 0);
    for (let index = 0; index < count; index++) if (!ties.add(lane.frames[index])) return false;
    if (lane.seen > 0) return undefined;
    const record = scanner.next(frame);
    if (record === Record.command) return ties.add(frame) ? undefined : false;
    if (record === Record.annotation) return undefined;
    return record === Record.end;
  }
}

/** Whether the last bytes of a file may be a command's: an RDB that ends in others has none behind it, or a torn one. */
function endsInLine(path: string): boolean {
  const descriptor = fs.openSync(path, 'r');
  try {
    const end = Buffer.alloc(2);
    fs.readSync(descriptor, end, 0, 2, Math.max(fs.fstatSync(descriptor).size - 2, 0));
    return end.equals(Buffer.from('\r\n'));
  } finally {
    fs.closeSync(descriptor);
  }
}
