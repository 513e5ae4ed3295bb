import nodePath from 'node:path';
import nodeFs from '../../bytes/file-system.ts';
import { AtomicFile, clearLitter, type FileSystem, syncFolder, temporaryName } from '../../bytes/sink.ts';
import { UnwritableError } from '../../errors.ts';
import type { Sources } from '../dataset/sources.ts';
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
  readonly entries: QuarantinedRegion[] = [];
  private readonly base: string;
  private readonly building: string;
  private readonly fs: FileSystem;
  private isBegun = false;
  private folder: string | undefined;

  /** `result`: what it stands beside. */
  constructor(result: string, fs: FileSystem) {
    this.base = `${result}.quarantine`;
    this.building = nodePath.join(nodePath.dirname(this.base), temporaryName(nodePath.basename(this.base)));
    this.fs = fs;
  }

  /** The folder; undefined while there is none. */
  get path(): string | undefined {
    return this.folder;
  }

  /** Puts bytes of a file of `sources` away. Throws UnwritableError, UnreadableError. */
  add(sources: Sources, index: number, path: string, region: Region): void {
    const { offset, length, code, reason, touched } = region;
    this.begin();
    const name = nodePath.basename(path);
    const file = `${name}.${offset}.bin`;
    copyRange(sources, index, offset, length, new AtomicFile(nodePath.join(this.building, file), this.fs));
    this.entries.push({ file, source: path, offset, length, code, reason, touched });
  }

  /** Writes the index: all is there. Throws UnwritableError. */
  finish(): void {
    if (!this.isBegun) return;
    const index = new AtomicFile(nodePath.join(this.building, 'index.json'), this.fs);
    index.write(Buffer.from(`${JSON.stringify(this.entries, null, 1)}\n`));
    index.commit();
  }

  /** Gives the folder its name. Throws UnwritableError. */
  commit(): void {
    if (!this.isBegun) return;
    let folder = this.base;
    for (let number = 2; this.fs.existsSync(folder); number++) folder = `${this.base}-${number}`;
    try {
      this.fs.renameSync(this.building, folder);
    } catch (error) {
      throw new UnwritableError(folder, error);
    }
    this.folder = folder;
    syncFolder(nodePath.dirname(folder), this.fs);
  }

  /** As if nothing had been put away. Never throws. */
  abandon(): void {
    if (!this.isBegun) return;
    try {
      this.fs.rmSync(this.folder ?? this.building, { recursive: true, force: true });
    } catch {
      // The error that led here is the one to report.
    }
  }

  private begin(): void {
    if (this.isBegun) return;
    try {
      clearLitter(this.base, this.fs);
      this.fs.rmSync(this.building, { recursive: true, force: true });
      this.fs.mkdirSync(this.building);
    } catch (error) {
      throw new UnwritableError(this.base, error);
    }
    this.isBegun = true;
  }
}

/** Copies bytes of a source into a new file. */
export function copyRange(sources: Sources, index: number, offset: number, length: number, out: AtomicFile): void {
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

/**
 * Keeps what is at `path` under another name beside it, `<name>.backup-<n>`, without a moment in which neither is there. What a run
 * that was killed has kept already is taken.
 */
export function keepBackup(path: string, sources: Sources, index: number | undefined, fs: FileSystem): string {
  for (let number = 1; ; number++) {
    const backup = `${path}.backup-${number}`;
    if (isSameFile(path, backup)) return backup;
    if (fs.existsSync(backup)) continue;
    try {
      fs.linkSync(path, backup);
      return backup;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue;
      if (!linkless.has(code)) throw new UnwritableError(backup, error);
      copyWhole(path, backup, sources, index, fs);
      return backup;
    }
  }
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => nodeFs.statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

/** What file systems without hard links answer. */
const linkless = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK', 'EINVAL']);

function copyWhole(path: string, backup: string, sources: Sources, index: number | undefined, fs: FileSystem): void {
  const out = new AtomicFile(backup, fs);
  if (index !== undefined) {
    copyRange(sources, index, 0, nodeFs.statSync(path).size, out);
    return;
  }
  out.write(nodeFs.readFileSync(path));
  out.commit();
}
