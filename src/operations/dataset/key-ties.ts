import fs from 'node:fs';
import nodePath from 'node:path';
import { detectLayout, sniff, sniffBytes } from '../../aof/layout.ts';
import { loadOrder } from '../../aof/manifest.ts';
import { openInput } from '../../bytes/input.ts';
import type { Source } from '../../bytes/source.ts';
import { defaultRegistry } from '../../engine/families/index.ts';
import { Frame } from '../../engine/frame.ts';
import type { Registry } from '../../engine/registry.ts';
import { freeOwners, KeyTies } from '../../engine/shard.ts';
import { type FramesKernel, openFramesKernel } from '../../kernels/frames-kernel.ts';
import { borrowLanes, returnLanes } from '../../kernels/lanes.ts';
import { RdbInput } from '../../rdb/input.ts';
import { FrameLane } from '../../resp/frame-lane.ts';
import { Record, RespScanner } from '../../resp/scanner.ts';
import { passRdb } from '../log/rdb-part.ts';
import { readManifest } from '../parts.ts';
import { FindingList } from '../report.ts';

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
  const { manifest } = readManifest(layout.manifest, new FindingList());
  if (manifest.faults.length > 0) return undefined;
  return loadOrder(manifest).map(({ name }) => nodePath.join(layout.directory, name));
}

/**
 * Looks through the logs among `files` for commands that touch several keys, and gives the shard of each bucket of keys so that none of
 * them needs both shards. Undefined where the files cannot be dealt out: damaged, compressed, or with keys that nobody can foretell.
 * `sample`: only so many bytes of each log are looked at, and none behind an RDB. `lead`: as for `freeOwners`.
 */
export async function surveyTies(
  files: readonly string[],
  pause: () => Promise<void>,
  { sample = Number.POSITIVE_INFINITY, lead = 0 } = {},
): Promise<Uint8Array | undefined> {
  const kernel = openFramesKernel();
  if (kernel === undefined) return undefined;
  const surveyor = new TieSurveyor(kernel, freeOwners(lead), sample, pause);
  for (const file of files) if (!(await surveyor.file(file))) return undefined;
  return surveyor.ties.owners;
}

class TieSurveyor {
  readonly ties: KeyTies;
  private readonly registry: Registry = defaultRegistry();
  private readonly lane: FrameLane;
  private readonly frame = new Frame();
  private readonly sample: number;
  private readonly pause: () => Promise<void>;

  constructor(kernel: FramesKernel, owners: Uint8Array, sample: number, pause: () => Promise<void>) {
    this.ties = new KeyTies(this.registry, owners);
    this.lane = new FrameLane(kernel, this.registry, 'ties');
    this.sample = sample;
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
    if (content === 'rdb' && Number.isFinite(this.sample)) return true;
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
    if (scanner.window.offset >= this.sample) return true;
    const count = lane.next(scanner.window, -1, 0);
    for (let index = 0; index < count; index++) if (!ties.add(lane.frames[index])) return false;
    if (lane.seen > 0) return undefined;
    const record = scanner.next(frame);
    if (record === Record.command) return ties.add(frame) ? undefined : false;
    if (record === Record.annotation) return undefined;
    return record === Record.end;
  }
}
