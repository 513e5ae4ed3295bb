import nodePath from 'node:path';
import type { Sources } from '../../dataset/sources.ts';
import type { AtomicFile } from '../../io/atomic-file.ts';
import { BuildingFolder } from '../../io/building-folder.ts';
import { OutputLock } from '../../io/output-lock.ts';
import { likeFile, type Protection } from '../../io/protection.ts';
import type { Region } from './plan.ts';

const chunkBytes = 1024 * 1024;

/** One line of the index: what a file of the quarantine was. */
export interface QuarantinedRegion {
  readonly file: string;
  readonly source: string;
  readonly offset: number;
  readonly length: number;
  readonly code: string;
  readonly reason: string;
  readonly touched: readonly string[];
}

/**
 * A folder beside a result with everything that was left out of it: `<file>.<offset>.bin` each, and `index.json`. It is made under a
 * temporary name when the first region comes, and gets its own when all are there; an older one is left alone and this one gets a
 * number.
 */
export class Quarantine {
  /** Removes what a killed run has left of one. Never throws. */
  static clearLeft(result: string, outer: OutputLock): void {
    OutputLock.clear(`${result}.quarantine`, outer.fs);
  }

  readonly entries: QuarantinedRegion[] = [];
  private readonly base: string;
  private readonly protection: Protection;
  private readonly outer: OutputLock;
  private lock: OutputLock | undefined;
  private building: BuildingFolder | undefined;
  private folder: string | undefined;

  /**
   * `result`: what it stands beside. `like`: a file whose owner it gets; only the owner may read it. `outer`: the lock of the repair,
   * which may be of another folder.
   */
  constructor(result: string, like: string, outer: OutputLock) {
    this.base = `${result}.quarantine`;
    this.outer = outer;
    this.protection = { mode: 0o600, owner: likeFile(like).owner };
  }

  /** The folder; undefined while there is none. */
  get path(): string | undefined {
    return this.folder;
  }

  /** Puts bytes of a file of `sources` away. Throws UnwritableError, UnreadableError. */
  add(sources: Sources, index: number, path: string, region: Region): void {
    const { offset, length, code, reason, touched } = region;
    const name = nodePath.basename(path);
    const file = `${name}.${offset}.bin`;
    copyRange(sources, index, offset, length, this.begin().file(file, this.protection));
    this.entries.push({ file, source: path, offset, length, code, reason, touched });
  }

  /** Writes the index: all is there. Throws UnwritableError. */
  finish(): void {
    if (this.building === undefined) return;
    const index = this.building.file('index.json', this.protection);
    index.write(Buffer.from(`${JSON.stringify(this.entries, null, 1)}\n`));
    index.commit();
  }

  /** Gives the folder its name. Throws UnwritableError. */
  commit(): void {
    const names = (number: number) => (number === 1 ? this.base : `${this.base}-${number}`);
    this.folder = this.building?.commitAs(names, this.protection);
  }

  /** As if nothing had been put away. Never throws. */
  abandon(): void {
    this.building?.abandon();
  }

  /** Never throws. */
  close(): void {
    this.building?.close();
    this.lock?.release();
  }

  private begin(): BuildingFolder {
    const isBeside = nodePath.dirname(nodePath.resolve(this.base)) === this.outer.folder.path;
    if (!isBeside) this.lock ??= OutputLock.acquire(this.base, this.outer.fs);
    this.building ??= new BuildingFolder(this.base, this.lock ?? this.outer);
    return this.building;
  }
}

/** Copies bytes of a source into a new file. */
function copyRange(sources: Sources, index: number, offset: number, length: number, out: AtomicFile): void {
  const source = sources.reopen(index);
  source.seek(offset);
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(length, 1)));
  try {
    for (let left = length; left > 0; ) {
      const count = source.read(buffer, 0, Math.min(left, buffer.length));
      if (count === 0) break;
      out.write(buffer, count);
      left -= count;
    }
  } catch (error) {
    out.abandon();
    throw error;
  }
  out.commit();
}
