import nodeFs from 'node:fs';
import nodePath from 'node:path';
import { AtomicFile, type FileSystem, syncFolder } from '../../bytes/sink.ts';
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
 * A folder beside a result with everything that was left out of it: `<file>.<offset>.bin` each, and `index.json`. It is made
 * when the first region comes; an older one is left alone and this one gets a number.
 */
export class Quarantine {
  readonly entries: QuarantinedRegion[] = [];
  private readonly base: string;
  private readonly fs: FileSystem;
  private folder = '';

  /** `base`: the result, beside which the folder stands. */
  constructor(base: string, fs: FileSystem) {
    this.base = base;
    this.fs = fs;
  }

  /** The folder; undefined while there is none. */
  get path(): string | undefined {
    return this.folder === '' ? undefined : this.folder;
  }

  /** Puts bytes of a file of `sources` away. Throws UnwritableError, UnreadableError. */
  add(sources: Sources, index: number, path: string, region: Region): void {
    const { offset, length, code, reason, touched } = region;
    this.create();
    const name = nodePath.basename(path);
    const file = `${name}.${offset}.bin`;
    copyRange(sources, index, offset, length, new AtomicFile(nodePath.join(this.folder, file), this.fs));
    this.entries.push({ file, source: path, offset, length, code, reason, touched });
  }

  /** Writes the index, after everything else. */
  finish(): void {
    if (this.folder === '') return;
    const index = new AtomicFile(nodePath.join(this.folder, 'index.json'), this.fs);
    index.write(Buffer.from(`${JSON.stringify(this.entries, null, 1)}\n`));
    index.commit();
    syncFolder(nodePath.dirname(this.folder), this.fs);
  }

  /** As if nothing had been put away. Never throws. */
  abandon(): void {
    if (this.folder === '') return;
    try {
      this.fs.rmSync(this.folder, { recursive: true, force: true });
    } catch {
      // The error that led here is the one to report.
    }
  }

  private create(): void {
    for (let number = 1; this.folder === ''; number++) {
      const folder = number === 1 ? `${this.base}.quarantine` : `${this.base}.quarantine-${number}`;
      try {
        this.fs.mkdirSync(folder);
        this.folder = folder;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new UnwritableError(folder, error);
      }
    }
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

/** Keeps what is at `path` under another name beside it, `<name>.backup-<n>`, without a moment in which neither is there. */
export function keepBackup(path: string, sources: Sources, index: number | undefined, fs: FileSystem): string {
  for (let number = 1; ; number++) {
    const backup = `${path}.backup-${number}`;
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
