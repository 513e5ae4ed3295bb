import type { BigIntStats } from 'node:fs';
import nodePath from 'node:path';
import { UnwritableError } from '../errors.ts';
import nodeFs from './file-system.ts';

/**
 * The calls of the file system that an output makes, so that a test can let any of them fail, be the last, or come late. None of them
 * removes a tree: what is removed is always one name.
 */
export type FileSystem = Pick<
  typeof nodeFs,
  | 'openSync'
  | 'readSync'
  | 'writeSync'
  | 'fsyncSync'
  | 'closeSync'
  | 'renameSync'
  | 'unlinkSync'
  | 'linkSync'
  | 'mkdirSync'
  | 'rmdirSync'
  | 'readdirSync'
  | 'fstatSync'
  | 'statSync'
  | 'lstatSync'
  | 'fchmodSync'
  | 'fchownSync'
>;

const { O_CREAT, O_EXCL, O_RDWR, O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = nodeFs.constants;

/** Creates a file that was not there; a link, a pipe or a folder of the name is an error (EEXIST). 0 where the system has no such flag. */
export const createNew = O_RDWR | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0);
/** Opens what is there for reading, without following a link and without waiting for the other side of a pipe. */
export const openUnfollowed = O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0);
const openFolderOnly = O_RDONLY | (O_NOFOLLOW ?? 0) | (O_DIRECTORY ?? 0);

/** Which file it is, whatever it is called. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

export function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): FileIdentity {
  return { device: dev, inode: ino };
}

export function isSameFile(left: FileIdentity | undefined, right: FileIdentity | undefined): boolean {
  return left !== undefined && right !== undefined && left.device === right.device && left.inode === right.inode;
}

/** What lies under a name, a link itself and not what it leads to; undefined where nothing does. */
export function lookAt(path: string, fs: FileSystem): BigIntStats | undefined {
  return fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? '';
}

/** What file systems without hard links answer. */
const linkless = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK', 'EINVAL']);

/** Whether an error of `linkSync` says that there are no hard links here. */
export const isLinkless = (error: unknown): boolean => linkless.has(codeOf(error));

/** Through this a name is looked up in a folder that is open (Linux), as `openat` does. */
const descriptors = '/proc/self/fd';

/**
 * A folder that is held open. A name in it is looked up in that very folder, also after somebody has put another folder, or a link,
 * in its place: where the system has /proc. Elsewhere names are looked up by its path.
 */
export class OpenFolder {
  readonly path: string;
  private readonly descriptor: number;
  private readonly fs: FileSystem;
  private readonly prefix: string;
  private isOpen = true;

  private constructor(path: string, descriptor: number, fs: FileSystem) {
    this.path = path;
    this.descriptor = descriptor;
    this.fs = fs;
    const through = `${descriptors}/${descriptor}`;
    this.prefix = isSameFile(folderAt(through), this.identity) ? through : path;
  }

  /** Opens a folder as the user named it: links on the way are followed. Throws what `openSync` throws. */
  static open(path: string, fs: FileSystem): OpenFolder {
    return new OpenFolder(path, fs.openSync(path, 'r'), fs);
  }

  /** Opens a folder in this one; a link is an error. Throws what `openSync` throws. */
  openWithin(name: string): OpenFolder {
    const descriptor = this.fs.openSync(this.at(name), openFolderOnly);
    return new OpenFolder(nodePath.join(this.path, name), descriptor, this.fs);
  }

  /** A path for calls of the file system. */
  at(name: string): string {
    return `${this.isOpen ? this.prefix : this.path}/${name}`;
  }

  /** A path for messages. */
  shown(name: string): string {
    return nodePath.join(this.path, name);
  }

  stat(): BigIntStats {
    return this.fs.fstatSync(this.descriptor, { bigint: true });
  }

  get identity(): FileIdentity {
    return identityOf(this.stat());
  }

  lookAt(name: string): BigIntStats | undefined {
    return lookAt(this.at(name), this.fs);
  }

  /** Whether the file of that name is this one, and no link to it. */
  holds(name: string, identity: FileIdentity): boolean {
    const found = this.lookAt(name);
    return found !== undefined && isSameFile(identityOf(found), identity);
  }

  /** For `fchown` and `fchmod`. */
  get handle(): number {
    return this.descriptor;
  }

  /**
   * Flushes the folder, so that a rename in it survives a power loss. Throws UnwritableError: the new file is in place then, but
   * whether it would survive is not known.
   */
  sync(): void {
    try {
      this.flush();
    } catch (error) {
      throw new UnwritableError(this.path, error, 'the new file is in place, but its folder could not be flushed');
    }
  }

  /** Throws what `fsyncSync` throws. */
  flush(): void {
    this.fs.fsyncSync(this.descriptor);
  }

  /** Never throws. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    closeQuietly(this.descriptor, this.fs);
  }
}

function folderAt(path: string): FileIdentity | undefined {
  try {
    return identityOf(nodeFs.statSync(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

/** Closes on the way out of an error, which is the one to report. */
export function closeQuietly(descriptor: number, fs: FileSystem): void {
  try {
    fs.closeSync(descriptor);
  } catch {
    // The error that led here is the one to report.
  }
}

/** Removes a name, and says whether that was possible. Never throws, and never removes a folder. */
export function unlinkQuietly(path: string, fs: FileSystem): boolean {
  try {
    fs.unlinkSync(path);
    return true;
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}

/** Writes all of `bytes`. Throws what `writeSync` throws. */
export function writeWhole(descriptor: number, bytes: Uint8Array, fs: FileSystem, length = bytes.length): void {
  for (let done = 0; done < length; ) done += fs.writeSync(descriptor, bytes, done, length - done, null);
}

/** What is read of a file that we wrote ourselves. */
const ownBytesMax = 16 * 1024 * 1024;

/** What was read of a small file that aofkit may have written. */
export interface OwnFile {
  readonly text: string;
  readonly identity: FileIdentity;
}

/**
 * The text of a file that aofkit wrote, run by this user; undefined where anybody else may have: it must be no link, a regular file of
 * ours that nobody else may read or write, and have one name, or another that `mayHaveNames` knows of by the text.
 * `isOurs`: false to read any regular file.
 */
export function readOwnFile(
  path: string,
  fs: FileSystem,
  mayHaveNames: (text: string) => boolean = () => false,
  isOurs = true,
): OwnFile | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(path, openUnfollowed);
  } catch {
    return undefined;
  }
  try {
    const stat = fs.fstatSync(descriptor, { bigint: true });
    if (!stat.isFile() || stat.size > ownBytesMax) return undefined;
    const isPrivate = (stat.mode & 0o777n) === 0o600n && stat.uid === BigInt(process.geteuid?.() ?? 0);
    if (isOurs && !isPrivate) return undefined;
    const text = readText(descriptor, Number(stat.size), fs);
    if (isOurs && stat.nlink !== 1n && !(stat.nlink === 2n && mayHaveNames(text))) return undefined;
    return { text, identity: identityOf(stat) };
  } finally {
    closeQuietly(descriptor, fs);
  }
}

function readText(descriptor: number, size: number, fs: FileSystem): string {
  const bytes = Buffer.alloc(size);
  let length = 0;
  for (let count = -1; count !== 0 && length < size; length += count) {
    count = fs.readSync(descriptor, bytes, length, size - length, length);
  }
  return bytes.toString('utf8', 0, length);
}

/** In place, what a symbolic link leads to is replaced, not the link. */
export function resolveLink(path: string): string {
  try {
    return nodeFs.lstatSync(path).isSymbolicLink() ? nodeFs.realpathSync(path) : path;
  } catch {
    return path;
  }
}

/** A path whose folder has no links in it any more: two that are equal name the same place. */
export function placeOf(path: string): string {
  const whole = nodePath.resolve(path);
  try {
    return nodePath.join(nodeFs.realpathSync(nodePath.dirname(whole)), nodePath.basename(whole));
  } catch {
    return whole;
  }
}
