import nodeFs from 'node:fs';
import nodePath from 'node:path';
import { formatManifest, type ManifestPart, parseManifest } from '../../aof/manifest.ts';
import { AtomicFile, clearLitter, type FileSystem, syncFolder, temporaryName } from '../../bytes/sink.ts';
import { UnwritableError, UsageError } from '../../errors.ts';
import type { Target } from '../../rdb/targets.ts';

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
    this.parts = parts.map(({ name }) => new AtomicFile(nodePath.join(this.building, name), fs));
    [this.main, this.increment] = this.parts;
    this.manifest = new AtomicFile(nodePath.join(this.building, `${prefix}.manifest`), fs);
    this.manifestText = formatManifest(parts);
  }

  get checkPath(): string {
    return this.building;
  }

  finish(): void {
    this.manifest.write(Buffer.from(this.manifestText, 'latin1'));
    for (const file of [...this.parts, this.manifest]) file.commit();
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
  private readonly directory: string;
  private readonly manifest: AtomicFile;
  private readonly current: ManifestPart[];
  private readonly history: ManifestPart[];
  private readonly keepHistory: boolean;
  private readonly fs: FileSystem;

  constructor(
    manifestPath: string,
    extension: 'rdb' | 'aof',
    target: Target,
    keepHistory: boolean,
    fs: FileSystem = nodeFs,
  ) {
    this.fs = fs;
    this.keepHistory = keepHistory;
    this.directory = nodePath.dirname(manifestPath);
    const { parts } = parseManifest(nodeFs.readFileSync(manifestPath));
    const last = (type: string) =>
      Math.max(0, ...parts.filter((part) => part.type === type).map((part) => part.sequence));
    const prefix = nodePath.basename(manifestPath, '.manifest');
    const names = { prefix, base: last('b') + 1, increment: last('i') + 1 };
    this.current = manifestParts(names, extension, target);
    this.history = parts.map((part) => ({ ...part, type: 'h' as const }));
    const taken = this.current.find((part) => parts.some((old) => old.name === part.name));
    if (taken !== undefined) throw new UsageError(`the manifest names ${taken.name} already: repair it first`);
    this.main = new AtomicFile(nodePath.join(this.directory, this.current[0].name), fs);
    this.increment = new AtomicFile(nodePath.join(this.directory, this.current[1].name), fs);
    this.manifest = new AtomicFile(manifestPath, fs);
  }

  get checkPath(): string {
    return this.manifest.temporaryPath;
  }

  finish(): void {
    this.manifest.write(Buffer.from(formatManifest([...this.current, ...this.history]), 'latin1'));
    this.manifest.finish();
    // Nothing names these files yet: until the manifest is swapped a server ignores them.
    this.main.commit();
    this.increment.commit();
  }

  /** From the swap on the new parts are the data: a later error leaves them, and the history, where they are. */
  commit(): void {
    this.manifest.commit();
    if (this.keepHistory) return;
    try {
      for (const { name } of this.history) this.fs.rmSync(nodePath.join(this.directory, name), { force: true });
    } catch (error) {
      throw new UnwritableError(
        this.directory,
        error,
        'the new parts are in place, and the manifest names the old as history',
      );
    }
    const manifest = new AtomicFile(this.manifest.path, this.fs);
    manifest.write(Buffer.from(formatManifest(this.current), 'latin1'));
    manifest.commit();
  }

  abandon(): void {
    for (const file of [this.main, this.increment, this.manifest]) file.abandon();
    for (const { name } of this.current) this.fs.rmSync(nodePath.join(this.directory, name), { force: true });
  }

  files() {
    return [this.main, this.increment, this.manifest].map((file) => ({ path: file.path, bytes: file.length }));
  }
}
