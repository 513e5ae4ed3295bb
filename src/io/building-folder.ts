import nodePath from 'node:path';
import { UnwritableError } from '../errors.ts';
import { AtomicFile, type Place } from './atomic-file.ts';
import type { FileIdentity, FileSystem, OpenFolder } from './open-folder.ts';
import { type OutputLock, removeFolder } from './output-lock.ts';
import { forFolder, type Protection, protect } from './protection.ts';
import { temporaryName } from './temporary-name.ts';

/**
 * A folder that appears whole or not at all: made under a temporary name with mode 0700, filled, and only then given its owner, its mode
 * and its name. It is held open, so that nobody can put another in its place, and what is removed from it is what was made in it.
 */
export class BuildingFolder {
  /** Its folder until it gets its name, for whoever reads what was written. */
  readonly path: string;
  private readonly lock: OutputLock;
  private readonly folder: OpenFolder;
  private readonly identity: FileIdentity;
  private readonly fs: FileSystem;
  private readonly entries: string[] = [];
  /** What it is called now. */
  private name: string;
  private isThere = true;

  /** `target`: what it will be called, beside the lock's. Throws UnwritableError. */
  constructor(target: string, lock: OutputLock) {
    this.lock = lock;
    this.fs = lock.fs;
    this.name = temporaryName(nodePath.basename(target));
    this.path = lock.folder.shown(this.name);
    try {
      lock.note({ kind: 'folder', name: this.name });
      this.fs.mkdirSync(lock.folder.at(this.name), 0o700);
      this.folder = this.openNew(target);
      this.identity = this.folder.identity;
    } catch (error) {
      throw new UnwritableError(target, error);
    }
    try {
      lock.note({ kind: 'folder', name: this.name, identity: this.identity });
    } catch (error) {
      this.abandon();
      throw new UnwritableError(target, error);
    }
  }

  /** Opens what was just made; removes it where that is not possible. */
  private openNew(target: string): OpenFolder {
    const { lock, name, fs } = this;
    try {
      const folder = lock.folder.openWithin(name);
      const { uid, mode } = folder.stat();
      const isOurs = uid === BigInt(process.geteuid?.() ?? 0) && (mode & 0o077n) === 0n;
      if (isOurs && fs.readdirSync(folder.at('.')).length === 0) return folder;
      folder.close();
      throw new UnwritableError(target, new Error('somebody else has put a folder in the place of ours'));
    } catch (error) {
      try {
        fs.rmdirSync(lock.folder.at(name));
      } catch {
        // The error that led here is the one to report.
      }
      throw error;
    }
  }

  /** A new file in it. Throws UnwritableError. */
  file(name: string, protection: Protection): AtomicFile {
    const place: Place = {
      folder: this.folder,
      fs: this.fs,
      isBuilding: true,
      isOurs: () => true,
      note: (entry) => {
        this.entries.push(entry);
        this.lock.note({ kind: 'entry', folder: nodePath.basename(this.path), name: entry });
      },
    };
    return new AtomicFile(nodePath.join(this.path, name), place, protection);
  }

  /**
   * Gives the folder its name, which nothing or an empty folder may have, and flushes the folder around it. `protection`: of the files in it.
   * Throws UnwritableError: where it has no name yet, `abandon` it.
   */
  commit(target: string, protection: Protection): void {
    const { lock, folder, fs, identity } = this;
    const name = nodePath.basename(target);
    try {
      this.folder.flush();
      protect(folder.handle, forFolder(protection), fs);
      if (!lock.isHeld()) throw new Error('another aofkit has taken the output over');
      if (!lock.folder.holds(this.name, identity))
        throw new Error('somebody else has put a folder in the place of ours');
      fs.renameSync(lock.folder.at(this.name), lock.folder.at(name));
      this.name = name;
      if (!lock.folder.holds(name, identity)) throw new Error('somebody else has put a folder in the place of ours');
    } catch (error) {
      throw new UnwritableError(target, error);
    }
    this.folder.close();
    lock.folder.sync();
  }

  /** Gives it the first of these names that is free, and says which. Throws UnwritableError. */
  commitAs(names: (number: number) => string, protection: Protection): string {
    for (let number = 1; ; number++) {
      const target = names(number);
      if (this.lock.folder.lookAt(nodePath.basename(target)) !== undefined) continue;
      try {
        this.commit(target, protection);
        return target;
      } catch (error) {
        const isTaken = error instanceof UnwritableError && ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(error.code);
        if (!isTaken) throw error;
      }
    }
  }

  /** Whether it has got its name. */
  get isNamed(): boolean {
    return this.name !== nodePath.basename(this.path);
  }

  /** Where it is and what was made in it, so that it can be removed later. */
  get made(): { readonly identity: FileIdentity; readonly entries: readonly string[] } {
    return { identity: this.identity, entries: this.entries };
  }

  /** Nothing more is written. Never throws. */
  close(): void {
    this.folder.close();
  }

  /** Removes the folder and what was made in it, whatever its name is by now. Never throws. */
  abandon(): void {
    if (!this.isThere) return;
    this.isThere = false;
    this.folder.close();
    removeFolder(this.lock.folder, this.name, this.identity, this.entries, this.fs);
  }
}
