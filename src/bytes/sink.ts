import nodePath from 'node:path';
import { UnwritableError } from '../errors.ts';
import nodeFs from './file-system.ts';

/** The calls of the file system that an output makes, so that a test can let any of them fail or be the last. */
export type FileSystem = Pick<
  typeof nodeFs,
  | 'openSync'
  | 'writeSync'
  | 'fsyncSync'
  | 'closeSync'
  | 'renameSync'
  | 'unlinkSync'
  | 'linkSync'
  | 'mkdirSync'
  | 'readdirSync'
  | 'existsSync'
  | 'fstatSync'
  | 'statSync'
  | 'fchmodSync'
  | 'fchownSync'
  | 'rmSync'
>;

/** So many bytes are flushed at a time behind the writing. */
const flushBytes = 32 * 1024 * 1024;

/** A temporary name beside `name`: it tells whose it is, so that a later run can clear what a killed one left. */
const temporaryPattern = /^\.(.+)\.aofkit-(\d+)\.tmp$/;

export function temporaryName(name: string): string {
  return `.${name}.aofkit-${process.pid}.tmp`;
}

/**
 * A file that appears whole or not at all: written under a temporary name in the folder of its target, flushed to the disk,
 * and only then given its name.
 *
 *     new AtomicFile(path) … write … write … commit()     or  abandon()
 */
export class AtomicFile {
  readonly path: string;
  length = 0;
  private readonly temporary: string;
  private readonly fs: FileSystem;
  /** Length when the last flush behind the writing began. */
  private flushedFrom = 0;
  /** Whether it has taken its place. */
  hasName = false;
  /** Minus one once it is closed. */
  descriptor = -1;

  /**
   * Opens the temporary file; clears those that killed runs left for the same target. `like`: the file whose mode and owner it takes.
   * Throws UnwritableError.
   */
  constructor(path: string, fs: FileSystem = nodeFs, like = path) {
    this.path = path;
    this.fs = fs;
    this.temporary = nodePath.join(nodePath.dirname(path), temporaryName(nodePath.basename(path)));
    try {
      this.refuseOther();
      clearLitter(path, fs);
      this.descriptor = fs.openSync(this.temporary, 'w', 0o666);
      this.takeOverOwner(like);
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

  /** A file that replaces another keeps its mode and, where allowed, its owner: the server must be able to read it. */
  private takeOverOwner(like: string): void {
    const old = this.fs.statSync(like, { throwIfNoEntry: false });
    if (old === undefined) return;
    this.fs.fchmodSync(this.descriptor, old.mode & 0o7777);
    try {
      this.fs.fchownSync(this.descriptor, old.uid, old.gid);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    }
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

  /** Flushes the bytes to the disk and closes; the file still has its temporary name. */
  finish(): void {
    if (this.descriptor < 0) return;
    try {
      this.fs.fsyncSync(this.descriptor);
      this.fs.closeSync(this.descriptor);
      this.descriptor = -1;
    } catch (error) {
      this.abandon();
      throw new UnwritableError(this.path, error);
    }
  }

  /** Where the bytes are until they are committed, to be read back and checked. */
  get temporaryPath(): string {
    return this.temporary;
  }

  /** Gives the file its name and flushes the folder. Throws UnwritableError. */
  commit(): void {
    this.finish();
    try {
      this.fs.renameSync(this.temporary, this.path);
      this.hasName = true;
    } catch (error) {
      this.abandon();
      throw new UnwritableError(this.path, error);
    }
    syncFolder(nodePath.dirname(this.path), this.fs);
  }

  /** Removes what was written. Never throws. */
  abandon(): void {
    try {
      if (this.descriptor >= 0) this.fs.closeSync(this.descriptor);
    } catch {
      // The error that led here is the one to report.
    }
    this.descriptor = -1;
    try {
      this.fs.unlinkSync(this.temporary);
    } catch {
      // It may be gone already.
    }
  }
}

/**
 * Flushes a folder, so that a rename in it survives a power loss. Throws UnwritableError: the new file is in place then, but
 * whether it would survive nobody knows.
 */
export function syncFolder(directory: string, fs: FileSystem = nodeFs): void {
  try {
    const descriptor = fs.openSync(directory, 'r');
    try {
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    throw new UnwritableError(directory, error, 'the new file is in place, but its folder could not be flushed');
  }
}

/** Removes temporary files and folders for `path` whose process is gone. */
export function clearLitter(path: string, fs: FileSystem): void {
  const directory = nodePath.dirname(path);
  const name = nodePath.basename(path);
  for (const entry of fs.readdirSync(directory)) {
    const match = temporaryPattern.exec(entry);
    if (match?.[1] !== name || isRunning(Number(match[2]))) continue;
    fs.rmSync(nodePath.join(directory, entry), { recursive: true, force: true });
  }
}

/** Whether another process of that number runs. */
export function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** In place, what a symbolic link leads to is replaced, not the link. */
export function resolveLink(path: string): string {
  try {
    return nodeFs.lstatSync(path).isSymbolicLink() ? nodeFs.realpathSync(path) : path;
  } catch {
    return path;
  }
}
