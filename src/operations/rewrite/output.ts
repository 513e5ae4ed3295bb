import nodePath from 'node:path';
import { formatManifest, type ManifestPart, parseManifest } from '../../aof/manifest.ts';
import { maxOf } from '../../arrays.ts';
import nodeFs from '../../bytes/file-system.ts';
import { AtomicFile, clearLitter, type FileSystem, syncFolder, temporaryName } from '../../bytes/sink.ts';
import { readSmallFile } from '../../bytes/small-file.ts';
import { UnwritableError, UsageError } from '../../errors.ts';
import type { Target } from '../../rdb/targets.ts';
import { PartsSwap, retire } from './parts-swap.ts';

/**
 * Where the files of a result go and how they take their place: all of them at once, or not at all.
 *
 *     main        the file itself, or the base
 *     increment   for a multi-part AOF: the first increment
 *     finish()    everything is written and flushed, and `checkPath` can be loaded to verify it
 *     commit()    it takes its place
 *     abandon()   as if nothing had been
 */
export interface Output {
  readonly main: AtomicFile;
  readonly increment: AtomicFile | undefined;
  finish(): void;
  readonly checkPath: string;
  commit(): void;
  abandon(): void;
  /** Names and sizes of the files that are there after `commit`. */
  files(): { readonly path: string; readonly bytes: number }[];
}

/** One file. */
export class FileOutput implements Output {
  readonly main: AtomicFile;
  readonly increment = undefined;

  constructor(path: string, fs: FileSystem = nodeFs) {
    this.main = new AtomicFile(path, fs);
  }

  get checkPath(): string {
    return this.main.temporaryPath;
  }

  finish(): void {
    this.main.finish();
  }

  commit(): void {
    this.main.commit();
  }

  abandon(): void {
    this.main.abandon();
  }

  files() {
    return [{ path: this.main.path, bytes: this.main.length }];
  }
}

/** Opens files one after another; if one cannot be, none is left. Throws UnwritableError. */
function openAll(paths: readonly string[], open: (path: string) => AtomicFile): AtomicFile[] {
  const files: AtomicFile[] = [];
  try {
    for (const path of paths) files.push(open(path));
    return files;
  } catch (error) {
    for (const file of files) file.abandon();
    throw error;
  }
}

type PartNames = { readonly prefix: string; readonly base: number; readonly increment: number };

const baseName = ({ prefix, base }: PartNames, extension: string) => `${prefix}.${base}.base.${extension}`;
const incrementName = ({ prefix, increment }: PartNames) => `${prefix}.${increment}.incr.aof`;

function manifestParts(names: PartNames, extension: string, target: Target): ManifestPart[] {
  const startOffset: [string, string][] = target.manifestStartOffset ? [['startoffset', '0']] : [];
  const part = (name: string, sequence: number, type: 'b' | 'i', extra: [string, string][]): ManifestPart => ({
    name,
    sequence,
    type,
    extra,
    line: 0,
    offset: 0,
  });
  return [
    part(baseName(names, extension), names.base, 'b', []),
    part(incrementName(names), names.increment, 'i', startOffset),
  ];
}

/** A new folder with a multi-part AOF of these parts: built beside its place under a temporary name. */
export class PartsFolder implements Output {
  readonly main: AtomicFile;
  readonly increment: AtomicFile | undefined;
  /** One for each part, in the same order. */
  readonly parts: readonly AtomicFile[];
  private readonly path: string;
  private readonly building: string;
  private readonly manifest: AtomicFile;
  private readonly manifestText: string;
  private readonly fs: FileSystem;

  /** `prefix`: what the manifest is named after, the server's `appendfilename`. */
  constructor(path: string, parts: readonly ManifestPart[], prefix: string, fs: FileSystem = nodeFs) {
    this.path = nodePath.resolve(path);
    this.fs = fs;
    this.building = nodePath.join(nodePath.dirname(this.path), temporaryName(nodePath.basename(this.path)));
    try {
      clearLitter(this.path, fs);
      fs.mkdirSync(this.building);
    } catch (error) {
      throw new UnwritableError(path, error);
    }
    const names = [...parts.map(({ name }) => name), `${prefix}.manifest`];
    try {
      const files = openAll(names, (name) => new AtomicFile(nodePath.join(this.building, name), fs));
      this.parts = files.slice(0, -1);
      this.manifest = files[files.length - 1];
    } catch (error) {
      this.fs.rmSync(this.building, { recursive: true, force: true });
      throw error;
    }
    [this.main, this.increment] = this.parts;
    this.manifestText = formatManifest(parts);
  }

  get checkPath(): string {
    return this.building;
  }

  finish(): void {
    try {
      this.manifest.write(Buffer.from(this.manifestText, 'latin1'));
      for (const file of [...this.parts, this.manifest]) file.commit();
    } catch (error) {
      // A part that has its name is still in a folder that has none.
      throw new UnwritableError(this.path, error);
    }
  }

  commit(): void {
    try {
      this.fs.renameSync(this.building, this.path);
    } catch (error) {
      this.abandon();
      throw new UnwritableError(this.path, error);
    }
    syncFolder(nodePath.dirname(this.path), this.fs);
  }

  abandon(): void {
    for (const file of [...this.parts, this.manifest]) file.abandon();
    this.fs.rmSync(this.building, { recursive: true, force: true });
  }

  files() {
    return [...this.parts, this.manifest].map((file) => ({
      path: nodePath.join(this.path, nodePath.basename(file.path)),
      bytes: file.length,
    }));
  }
}

/** The same for a base and an empty increment, as a rewrite leaves them. */
export class FolderOutput extends PartsFolder {
  constructor(
    path: string,
    extension: 'rdb' | 'aof',
    target: Target,
    fs: FileSystem = nodeFs,
    prefix = 'appendonly.aof',
  ) {
    super(path, manifestParts({ prefix, base: 1, increment: 1 }, extension, target), prefix, fs);
  }
}

/**
 * A rewrite of a multi-part AOF in its own folder, as a server does it: a new base and a new increment beside the old ones,
 * then the manifest that names them takes the old one's place (the old parts as history), then the history goes.
 */
export class FolderRewrite implements Output {
  readonly main: AtomicFile;
  readonly increment: AtomicFile;
  private readonly swap: PartsSwap;

  constructor(
    manifestPath: string,
    extension: 'rdb' | 'aof',
    target: Target,
    keepHistory: boolean,
    fs: FileSystem = nodeFs,
  ) {
    const directory = nodePath.dirname(manifestPath);
    const { parts } = parseManifest(readSmallFile(manifestPath));
    const last = (type: string) =>
      maxOf(
        parts.filter((part) => part.type === type).map((part) => part.sequence),
        0,
      );
    const prefix = nodePath.basename(manifestPath, '.manifest');
    const names = { prefix, base: last('b') + 1, increment: last('i') + 1 };
    if (!Number.isSafeInteger(names.base) || !Number.isSafeInteger(names.increment))
      throw new UsageError(`${manifestPath} has sequence numbers that leave no room for the next: repair it first`);
    const current = manifestParts(names, extension, target);
    const taken = current.find((part) => parts.some((old) => old.name === part.name));
    if (taken !== undefined) throw new UsageError(`the manifest names ${taken.name} already: repair it first`);
    // Whoever may read the manifest must be able to read the new parts.
    const open = (name: string) => new AtomicFile(nodePath.join(directory, name), fs, manifestPath);
    const old = retire(parts);
    const change = keepHistory ? { current, history: old, retired: [] } : { current, history: [], retired: old };
    const files = openAll(
      current.map(({ name }) => name),
      open,
    );
    [this.main, this.increment] = files;
    try {
      this.swap = new PartsSwap(manifestPath, change, files, fs);
    } catch (error) {
      for (const file of files) file.abandon();
      throw error;
    }
  }

  get checkPath(): string {
    return this.swap.manifest.temporaryPath;
  }

  finish(): void {
    this.swap.finish();
  }

  commit(): void {
    this.swap.commit();
  }

  abandon(): void {
    this.swap.abandon();
  }

  files() {
    return [this.main, this.increment, this.swap.manifest].map((file) => ({ path: file.path, bytes: file.length }));
  }
}
