import nodePath from 'node:path';
import { UnwritableError } from '../errors.ts';
import nodeFs from './file-system.ts';
import {
  closeQuietly,
  codeOf,
  createNew,
  type FileIdentity,
  type FileSystem,
  identityOf,
  isLinkless,
  type OpenFolder,
  unlinkQuietly,
} from './open-folder.ts';
import type { OutputLock } from './output-lock.ts';
import { type Protection, protect } from './protection.ts';
import { createTemporary } from './temporary-name.ts';

export type { FileSystem } from './open-folder.ts';

/** So many bytes are flushed at a time behind the writing. */
const flushBytes = 32 * 1024 * 1024;

/** Where a file is made. */
export interface Place {
  readonly folder: OpenFolder;
  readonly fs: FileSystem;
  /** The folder has a temporary name itself, so that files in it need none. */
  readonly isBuilding: boolean;
  /** Whether it is still for us alone to write there. */
  readonly isOurs: () => boolean;
  /** Called before a file of this name is made. */
  readonly note: (name: string) => void;
}

/** Beside an output whose lock is held. */
export const placeBeside = (lock: OutputLock): Place => ({
  folder: lock.folder,
  fs: lock.fs,
  isBuilding: false,
  isOurs: () => lock.isHeld(),
  note: (name) => lock.note({ kind: 'file', name }),
});

/**
 * A file that appears whole or not at all: made under a temporary name in the folder of its target, where nobody else may read it, flushed
 * to the disk, given its owner and mode, and only then its name.
 *
 *     new AtomicFile(path, place, protection) … write … write … commit()     or  abandon()
 */
export class AtomicFile {
  readonly path: string;
  length = 0;
  private readonly place: Place;
  private readonly fs: FileSystem;
  private readonly protection: Protection;
  /** What it is called now, in its folder. */
  private current: string;
  private readonly identity: FileIdentity;
  /** Length when the last flush behind the writing began. */
  private flushedFrom = 0;
  private isFinished = false;
  /** Whether it has taken its place. */
  hasName = false;
  /** Minus one once it is closed. */
  descriptor = -1;

  /** Makes the temporary file. Throws UnwritableError. */
  constructor(path: string, place: Place, protection: Protection) {
    this.path = path;
    this.place = place;
    this.fs = place.fs;
    this.protection = protection;
    const name = nodePath.basename(path);
    try {
      if (place.isBuilding) {
        this.current = name;
        place.note(name);
        this.descriptor = this.fs.openSync(place.folder.at(name), createNew, 0o600);
      } else {
        this.refuseOther();
        const at = (entry: string) => {
          place.note(entry);
          return place.folder.at(entry);
        };
        const made = createTemporary(name, at, this.fs);
        this.current = made.name;
        this.descriptor = made.descriptor;
      }
      this.identity = identityOf(this.fs.fstatSync(this.descriptor, { bigint: true }));
    } catch (error) {
      if (this.descriptor >= 0) this.abandon();
      throw new UnwritableError(path, error);
    }
  }

  /** A device, a pipe or a folder is not replaced: whoever named it meant something else. */
  private refuseOther(): void {
    const old = this.fs.statSync(this.path, { throwIfNoEntry: false });
    if (old === undefined || old.isFile()) return;
    throw Object.assign(new Error('it is not a regular file'), { code: old.isDirectory() ? 'EISDIR' : 'ENOTREG' });
  }

  /** Appends `bytes[0, length)`. On an error the temporary file is removed. Throws UnwritableError. */
  write(bytes: Uint8Array, length = bytes.length): void {
    try {
      for (let position = 0; position < length; ) {
        position += this.fs.writeSync(this.descriptor, bytes, position, length - position, null);
      }
    } catch (error) {
      this.abandon();
      throw new UnwritableError(this.path, error);
    }
    this.length += length;
    if (this.length - this.flushedFrom >= flushBytes) this.flushBehind();
  }

  /** Lets the system write to the disk what is there, while more is made: then less is left to wait for at the end. */
  private flushBehind(): void {
    this.flushedFrom = this.length;
    // What fails here fails again at the end, where it is told.
    if (this.fs === nodeFs) nodeFs.fdatasync(this.descriptor, () => {});
  }

  /** Gives the file its owner and mode and flushes it to the disk; it still has its temporary name. Throws UnwritableError. */
  finish(): void {
    if (this.isFinished) return;
    const { descriptor, fs, protection } = this;
    try {
      protect(descriptor, protection, fs);
      fs.fsyncSync(descriptor);
      this.isFinished = true;
      if (!this.place.isBuilding) return;
      fs.closeSync(descriptor);
      this.descriptor = -1;
    } catch (error) {
      this.abandon();
      throw new UnwritableError(this.path, error);
    }
  }

  /** Where the bytes are until they are committed, to be read back and checked. */
  get temporaryPath(): string {
    return this.place.folder.shown(this.current);
  }

  /** Gives the file its name, whatever has it, and flushes the folder. Throws UnwritableError. */
  commit(): void {
    this.finish();
    if (this.place.isBuilding) {
      this.hasName = true;
      return;
    }
    const { folder } = this.place;
    this.name(() => this.fs.renameSync(folder.at(this.current), folder.at(nodePath.basename(this.path))), this.path);
  }

  /** Gives the file this name, or another later, if nothing has it; false if something does. Throws UnwritableError. */
  commitNew(path = this.path): boolean {
    this.finish();
    const { folder } = this.place;
    const [from, to] = [folder.at(this.current), folder.at(nodePath.basename(path))];
    let isTaken = false;
    this.name(() => {
      try {
        this.fs.linkSync(from, to);
      } catch (error) {
        isTaken = codeOf(error) === 'EEXIST' || folder.lookAt(nodePath.basename(path)) !== undefined;
        if (isTaken) return;
        if (!isLinkless(error)) throw error;
        this.fs.renameSync(from, to);
        return;
      }
      this.fs.unlinkSync(from);
    }, path);
    return !isTaken;
  }

  /** Gives the file the first name of `NAME.new-N` that nothing has, which is given back. Throws UnwritableError. */
  commitAside(): string {
    for (let number = 1; ; number++) {
      const path = `${this.path}.new-${number}`;
      if (this.commitNew(path)) return path;
    }
  }

  /** `give` puts the file under another name: it must be the file that we hold open, before and after. */
  private name(give: () => void, path: string): void {
    const { folder, isOurs } = this.place;
    const name = nodePath.basename(path);
    try {
      if (!isOurs()) throw new Error('another aofkit has taken the output over');
      if (!folder.holds(this.current, this.identity)) throw new Error('another file has its temporary name');
      let isGiven = false;
      try {
        give();
      } finally {
        isGiven = folder.holds(name, this.identity);
        if (isGiven) this.hasName = true;
      }
      if (!isGiven && folder.holds(this.current, this.identity)) return;
      if (!isGiven) throw new Error('another file has taken its place');
      this.current = name;
      // It was flushed before: closing says nothing more.
      if (this.descriptor >= 0) closeQuietly(this.descriptor, this.fs);
      this.descriptor = -1;
    } catch (error) {
      this.abandon();
      throw new UnwritableError(path, error);
    }
    folder.sync();
  }

  /** Removes what was written, where it has no name yet. Never throws. */
  abandon(): void {
    this.isFinished = true;
    if (!this.hasName) this.removeName(this.current);
    if (this.descriptor >= 0) closeQuietly(this.descriptor, this.fs);
    this.descriptor = -1;
  }

  /** Removes it, whatever name it has got. Never throws. */
  retract(): void {
    this.abandon();
    if (this.hasName) this.removeName(nodePath.basename(this.path));
    this.removeName(this.current);
  }

  private removeName(name: string): void {
    const { folder } = this.place;
    try {
      if (this.identity !== undefined && !folder.holds(name, this.identity)) return;
    } catch {
      return;
    }
    unlinkQuietly(folder.at(name), this.fs);
  }

  /** Which file it is; its name may come to mean another. */
  get file(): FileIdentity {
    return this.identity;
  }
}
