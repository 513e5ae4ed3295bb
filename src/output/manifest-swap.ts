import nodePath from 'node:path';
import { partName } from '../aof/layout.ts';
import { formatManifest, type ManifestPart } from '../aof/manifest.ts';
import { UnwritableError } from '../errors.ts';
import { AtomicFile, placeBeside } from '../io/atomic-file.ts';
import { codeOf } from '../io/open-folder.ts';
import type { OutputLock } from '../io/output-lock.ts';
import { likeFile, type Protection } from '../io/protection.ts';

/** What a manifest names once parts have changed places. */
export interface PartsChange {
  /** Base and increments, in the order of loading. */
  readonly current: readonly ManifestPart[];
  /** History that stays. */
  readonly history: readonly ManifestPart[];
  /** Parts that go, as they were named: history until their files are removed. */
  readonly retired: readonly ManifestPart[];
}

const asHistory = (part: ManifestPart): ManifestPart => ({ ...part, type: 'h' });

/**
 * New parts of a multi-part AOF beside the old ones, in the same folder, as a server's rewrite does it. One rename makes the new set
 * the current one, so that whoever is killed leaves the old set or the new one:
 *
 *     1  the new parts get their names, which no manifest and no file has yet: a server ignores them
 *     2  the manifest that names them takes the old one's place; what they replace is history in it
 *     3  the history goes
 *     4  the manifest without it takes its place
 */
export class ManifestSwap {
  readonly manifest: AtomicFile;
  private readonly change: PartsChange;
  private readonly files: readonly AtomicFile[];
  private readonly lock: OutputLock;
  private readonly protection: Protection;

  /** `files`: the new parts, written under their temporary names. `lock`: of the manifest. Throws UnwritableError. */
  constructor(
    manifestPath: string,
    change: PartsChange,
    files: readonly AtomicFile[],
    lock: OutputLock,
    protection = likeFile(manifestPath),
  ) {
    this.change = change;
    this.files = files;
    this.lock = lock;
    this.protection = protection;
    this.manifest = this.open(manifestPath);
  }

  private open(path: string): AtomicFile {
    return new AtomicFile(path, placeBeside(this.lock), this.protection);
  }

  /**
   * Everything is flushed, and the new parts have their names; `manifest.temporaryPath` can be loaded. Throws UnwritableError:
   * then `abandon` it.
   */
  finish(): void {
    const { current, history, retired } = this.change;
    try {
      write(this.manifest, [...current, ...history, ...retire(retired)]);
      this.manifest.finish();
      for (const file of this.files) {
        this.lock.note({ kind: 'part', name: nodePath.basename(file.path), identity: file.file });
        if (!file.commitNew()) throw new Error(`${file.path} has appeared meanwhile`);
      }
    } catch (error) {
      // A part that has its name is not yet the data.
      throw new UnwritableError(this.manifest.path, error);
    }
  }

  /**
   * From the swap on the new parts are the data: a later error leaves them, and the history, where they are. `removalProblem` is asked
   * before the history is removed: why it must stay, which is given back; undefined if it may go.
   */
  commit(removalProblem: () => string | undefined = () => undefined): string | undefined {
    this.replaceManifest();
    const { current, history, retired } = this.change;
    if (retired.length === 0) return undefined;
    const { path } = this.manifest;
    try {
      const problem = removalProblem();
      if (problem !== undefined) return problem;
      for (const part of retired) this.remove(part);
      const manifest = this.open(path);
      write(manifest, [...current, ...history]);
      manifest.commit();
    } catch (error) {
      const where = 'the new parts are in place, and the manifest may still name the old as history';
      throw new UnwritableError(nodePath.dirname(path), error, where);
    }
    return undefined;
  }

  /** A manifest can name any file of the folder: what was no part of the data, and has no name of one, stays. */
  private remove({ name, type }: ManifestPart): void {
    const { folder, fs } = this.lock;
    const wasPart = type !== 'h' || partName.test(name);
    const stat = wasPart ? folder.lookAt(name) : undefined;
    if (stat?.isFile() !== true && stat?.isSymbolicLink() !== true) return;
    try {
      fs.unlinkSync(folder.at(name));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  /**
   * Instead of `commit`, after `finish`: the new set gets names that nothing has, `NAME.new-1` or the like, which no server reads. Gives
   * the path of its manifest. Throws UnwritableError.
   */
  leave(): string {
    const { manifest, lock, files } = this;
    const names = [manifest, ...files].map(({ path }) => nodePath.basename(path));
    let suffix = '';
    for (let number = 1; suffix === ''; number++) {
      const isFree = names.every((name) => lock.folder.lookAt(`${name}.new-${number}`) === undefined);
      if (isFree) suffix = `.new-${number}`;
    }
    manifest.abandon();
    const renamed = new Set(names);
    const text = this.open(`${manifest.path}${suffix}`);
    write(
      text,
      this.change.current.map((part) => (renamed.has(part.name) ? { ...part, name: `${part.name}${suffix}` } : part)),
    );
    for (const file of [...files, text]) {
      const path = file === text ? text.path : `${file.path}${suffix}`;
      if (!file.commitNew(path)) throw new UnwritableError(path, new Error('it has appeared meanwhile'));
    }
    return text.path;
  }

  private replaceManifest(): void {
    try {
      this.manifest.commit();
    } catch (error) {
      if (!this.manifest.hasName) this.abandon();
      throw error;
    }
  }

  /** Before `commit`: the new parts go. Never throws. */
  abandon(): void {
    this.manifest.abandon();
    for (const file of this.files) file.retract();
  }
}

function write(manifest: AtomicFile, parts: readonly ManifestPart[]): void {
  manifest.write(Buffer.from(formatManifest(parts), 'latin1'));
}

/** A part as the manifest names it once it has been replaced. */
export const retire = (parts: readonly ManifestPart[]): ManifestPart[] => parts.map(asHistory);

/** Removes new parts that a killed run has left under their names, unless the manifest names them. Never throws. */
export function clearLeftParts(lock: OutputLock, parts: readonly ManifestPart[]): void {
  for (const { name, identity } of lock.leftParts) {
    if (parts.some((part) => part.name === name) || !lock.folder.holds(name, identity)) continue;
    try {
      lock.fs.unlinkSync(lock.folder.at(name));
    } catch {
      // No manifest names it, and no name will be given twice.
    }
  }
}
