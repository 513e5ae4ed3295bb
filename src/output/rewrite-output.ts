import nodePath from 'node:path';
import { formatManifest, type ManifestPart, parseManifest } from '../aof/manifest.ts';
import { UnwritableError, UsageError } from '../errors.ts';
import { AtomicFile, placeBeside } from '../io/atomic-file.ts';
import { BuildingFolder } from '../io/building-folder.ts';
import type { OutputLock } from '../io/output-lock.ts';
import { likeFile, likeFiles, type Protection } from '../io/protection.ts';
import { readSmallFile } from '../io/small-file.ts';
import type { Target } from '../servers/targets.ts';
import { clearLeftParts, ManifestSwap, retire } from './manifest-swap.ts';

/**
 * Where the files of a result go and how they take their place: all of them at once, or not at all.
 *
 *     main        the file itself, or the base
 *     increment   for a multi-part AOF: the first increment
 *     finish()    everything is written and flushed, and `checkPath` can be loaded to verify it
 *     commit()    it takes its place; gives the reason why what it replaced was not removed, where somebody asked for that
 *     leave()     instead of that it gets a name of its own, which is given back
 *     abandon()   as if nothing had been
 */
export interface Output {
  readonly main: AtomicFile;
  readonly increment: AtomicFile | undefined;
  finish(): void;
  readonly checkPath: string;
  commit(removalProblem?: () => string | undefined): string | undefined;
  leave(): string;
  abandon(): void;
  /** Names and sizes of the files that are there after `commit`. */
  files(): { readonly path: string; readonly bytes: number }[];
}

/** One file. */
export class FileOutput implements Output {
  readonly main: AtomicFile;
  readonly increment = undefined;

  /** `lock`: of the path. Throws UnwritableError. */
  constructor(path: string, lock: OutputLock, protection: Protection) {
    this.main = new AtomicFile(path, placeBeside(lock), protection);
  }

  get checkPath(): string {
    return this.main.temporaryPath;
  }

  finish(): void {
    this.main.finish();
  }

  commit(): undefined {
    this.main.commit();
  }

  leave(): string {
    return this.main.commitAside();
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

/** The next numbers of which no file has a name: what a killed run or a server has left there is not overwritten. */
function newNames(
  manifestPath: string,
  parts: readonly ManifestPart[],
  extension: 'rdb' | 'aof',
  lock: OutputLock,
): PartNames {
  const last = (type: string) =>
    parts.reduce((found, part) => (part.type === type ? Math.max(found, part.sequence) : found), 0);
  const prefix = nodePath.basename(manifestPath, '.manifest');
  const isThere = (name: string) => lock.folder.lookAt(name) !== undefined && !parts.some((part) => part.name === name);
  let [base, increment] = [last('b') + 1, last('i') + 1];
  while (isThere(baseName({ prefix, base, increment }, extension))) base++;
  while (isThere(incrementName({ prefix, base, increment }))) increment++;
  if (!Number.isSafeInteger(base) || !Number.isSafeInteger(increment))
    throw new UsageError(`${manifestPath} has sequence numbers that leave no room for the next: repair it first`);
  return { prefix, base, increment };
}

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
  private readonly building: BuildingFolder;
  private readonly manifest: AtomicFile;
  private readonly manifestText: string;
  private readonly protection: Protection;

  /** `prefix`: what the manifest is named after, the server's `appendfilename`. `lock`: of the path. Throws UnwritableError. */
  constructor(path: string, parts: readonly ManifestPart[], prefix: string, lock: OutputLock, protection: Protection) {
    this.path = nodePath.resolve(path);
    this.protection = protection;
    this.building = new BuildingFolder(this.path, lock);
    const names = [...parts.map(({ name }) => name), `${prefix}.manifest`];
    try {
      const files = openAll(names, (name) => this.building.file(name, protection));
      this.parts = files.slice(0, -1);
      this.manifest = files[files.length - 1];
    } catch (error) {
      this.building.abandon();
      throw error;
    }
    [this.main, this.increment] = this.parts;
    this.manifestText = formatManifest(parts);
  }

  get checkPath(): string {
    return this.building.path;
  }

  /** What it consists of, to be removed again if other outputs fail. */
  get made(): BuildingFolder['made'] {
    return this.building.made;
  }

  finish(): void {
    try {
      this.manifest.write(Buffer.from(this.manifestText, 'latin1'));
      for (const file of [...this.parts, this.manifest]) file.commit();
    } catch (error) {
      // A part that is whole is still in a folder that has no name.
      throw new UnwritableError(this.path, error);
    }
  }

  commit(): undefined {
    try {
      this.building.commit(this.path, this.protection);
    } catch (error) {
      if (!this.building.isNamed) this.abandon();
      throw error;
    }
  }

  leave(): string {
    return this.building.commitAs((number) => `${this.path}.new-${number}`, this.protection);
  }

  abandon(): void {
    for (const file of [...this.parts, this.manifest]) file.abandon();
    this.building.abandon();
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
    lock: OutputLock,
    protection: Protection,
    prefix = 'appendonly.aof',
  ) {
    super(path, manifestParts({ prefix, base: 1, increment: 1 }, extension, target), prefix, lock, protection);
  }
}

/**
 * A rewrite of a multi-part AOF in its own folder, as a server does it: a new base and a new increment beside the old ones,
 * then the manifest that names them takes the old one's place (the old parts as history), then the history goes.
 */
export class FolderRewrite implements Output {
  readonly main: AtomicFile;
  readonly increment: AtomicFile;
  private readonly swap: ManifestSwap;

  /** `lock`: of the manifest. Throws UnwritableError, UsageError. */
  constructor(manifestPath: string, extension: 'rdb' | 'aof', target: Target, keepHistory: boolean, lock: OutputLock) {
    const directory = nodePath.dirname(manifestPath);
    const { parts } = parseManifest(readSmallFile(manifestPath));
    clearLeftParts(lock, parts);
    const current = manifestParts(newNames(manifestPath, parts, extension, lock), extension, target);
    const taken = current.find((part) => parts.some((old) => old.name === part.name));
    if (taken !== undefined) throw new UsageError(`the manifest names ${taken.name} already: repair it first`);
    const change = keepHistory
      ? { current, history: retire(parts), retired: [] }
      : { current, history: [], retired: parts };
    // Whoever may read the old parts must be able to read the new ones, and nobody else.
    const data = parts.filter(({ type }) => type !== 'h').map(({ name }) => nodePath.join(directory, name));
    const protection = likeFiles(data.length === 0 ? [manifestPath] : data);
    const open = (name: string) => new AtomicFile(nodePath.join(directory, name), placeBeside(lock), protection);
    const files = openAll(
      current.map(({ name }) => name),
      open,
    );
    [this.main, this.increment] = files;
    try {
      this.swap = new ManifestSwap(manifestPath, change, files, lock, likeFile(manifestPath));
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

  commit(removalProblem?: () => string | undefined): string | undefined {
    return this.swap.commit(removalProblem);
  }

  leave(): string {
    return this.swap.leave();
  }

  abandon(): void {
    this.swap.abandon();
  }

  files() {
    return [this.main, this.increment, this.swap.manifest].map((file) => ({ path: file.path, bytes: file.length }));
  }
}

/** The layouts that can be written. */
export type OutputFormat = 'aof' | 'hybrid' | 'rdb' | 'multipart';
