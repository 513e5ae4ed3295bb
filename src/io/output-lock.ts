import { randomBytes } from 'node:crypto';
import nodePath from 'node:path';
import { threadId } from 'node:worker_threads';
import { UnwritableError, UsageError } from '../errors.ts';
import nodeFs from './file-system.ts';
import {
  closeQuietly,
  codeOf,
  createNew,
  type FileIdentity,
  type FileSystem,
  identityOf,
  isLinkless,
  isSameFile,
  OpenFolder,
  readOwnFile,
  unlinkQuietly,
  writeWhole,
} from './open-folder.ts';
import { isSameProcess, ownIdentity, type ProcessIdentity, stillRuns } from './process-identity.ts';
import { createTemporary, isTemporaryName, lockName, temporaryName } from './temporary-name.ts';

/**
 * What a run makes besides its result, noted before it is made, so that the next run can remove it if this one is killed:
 *
 *     file    a temporary file
 *     folder  a folder that is built under a temporary name; `identity` follows once it is there
 *     entry   a file within such a folder
 *     backup  a copy or second name of the file `of`, not needed while that is still what it was
 *     second  a second name of what an output replaces, as long as several change together
 *     part    a new part of a multi-part AOF that has its name, and is left over if no manifest names it
 */
export type MadeName =
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'second'; readonly name: string }
  | { readonly kind: 'folder'; readonly name: string; readonly identity?: FileIdentity }
  | { readonly kind: 'entry'; readonly folder: string; readonly name: string }
  | { readonly kind: 'backup'; readonly name: string; readonly of: string; readonly identity: FileIdentity }
  | { readonly kind: 'part'; readonly name: string; readonly identity: FileIdentity };

/** The first line of a lock. */
interface LockHead {
  readonly process: ProcessIdentity;
  readonly token: string;
  /** The name that it had before. */
  readonly made: string;
}

/** A lock of another run. */
interface FoundLock {
  readonly head: LockHead | undefined;
  /** Nothing where anybody else may have written it. */
  readonly names: readonly MadeName[];
  readonly identity: FileIdentity;
  /** When it was last written to, nanoseconds. */
  readonly written: bigint;
}

/** How often a lock is written to, and after which silence it counts as left behind, where its process cannot be looked up. */
const refreshMilliseconds = 5_000;
const silenceSecondsMax = 60;
/** Temporary files that no lock tells of are removed at this age. */
const abandonedSeconds = 24 * 60 * 60;
/** Of a lock before it has its name, and after it was put aside. */
const lockExtension = 'lock';

/** Of locks that this thread holds. */
const held = new Set<string>();

/**
 * Keeps all runs of aofkit but one away from an output: a file `.NAME.aofkit-lock` beside it that tells which process made it, on which
 * host, since which boot, and what that process has made. It is whole from the moment at which it has its name, and goes when it is
 * released. One that a killed process left is taken over: what its notes name is removed, and nothing else.
 *
 * A process that cannot be looked up (of another container or host) holds it while it writes to it, every few seconds.
 */
export class OutputLock {
  readonly folder: OpenFolder;
  readonly fs: FileSystem;
  /** What it is the lock of. */
  readonly path: string;
  /** New parts that a killed run left under their names. */
  readonly leftParts: { readonly name: string; readonly identity: FileIdentity }[] = [];
  /** Second names that a killed run left; whether they are wanted, its journal tells. */
  readonly leftSeconds: string[] = [];
  private readonly name: string;
  private readonly token = randomBytes(16).toString('hex');
  private descriptor = -1;
  private identity: FileIdentity | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** The name before it had its own, where that could not be removed. */
  private firstName: string | undefined;

  private constructor(path: string, folder: OpenFolder, fs: FileSystem) {
    this.path = path;
    this.folder = folder;
    this.fs = fs;
    this.name = nodePath.basename(nodePath.resolve(path));
  }

  /** Throws UsageError where another run holds it, UnwritableError where the folder cannot be written to. */
  static acquire(path: string, fs: FileSystem = nodeFs): OutputLock {
    let folder: OpenFolder;
    try {
      folder = OpenFolder.open(nodePath.dirname(nodePath.resolve(path)), fs);
    } catch (error) {
      throw new UnwritableError(path, error);
    }
    const lock = new OutputLock(path, folder, fs);
    try {
      lock.take();
      lock.clearLeft();
      return lock;
    } catch (error) {
      lock.release();
      // What is no error of the system is a bug, and told as one.
      const isOfSystem = typeof (error as NodeJS.ErrnoException).code === 'string';
      throw isOfSystem ? new UnwritableError(path, error) : error;
    }
  }

  /** Removes what a killed run has left for an output that is not written now. Never throws. */
  static clear(path: string, fs: FileSystem = nodeFs): void {
    const name = nodePath.basename(nodePath.resolve(path));
    const lock = nodePath.join(nodePath.dirname(nodePath.resolve(path)), lockName(name));
    try {
      if (fs.lstatSync(lock, { throwIfNoEntry: false }) !== undefined) OutputLock.acquire(path, fs).release();
    } catch {
      // Another run holds it, or it stays for the next one.
    }
  }

  /** Notes what will be made. Throws what the file system throws. */
  note(made: MadeName): void {
    writeWhole(this.descriptor, lineOf(made), this.fs);
  }

  /** Whether no other run has taken it over: asked before anything is replaced. */
  isHeld(): boolean {
    return this.identity !== undefined && this.folder.holds(lockName(this.name), this.identity);
  }

  /** Never throws. */
  release(): void {
    clearInterval(this.timer);
    held.delete(this.token);
    if (this.firstName !== undefined) unlinkQuietly(this.folder.at(this.firstName), this.fs);
    if (this.descriptor >= 0) {
      this.removeName();
      closeQuietly(this.descriptor, this.fs);
      this.descriptor = -1;
    }
    this.folder.close();
  }

  /** Once more if it fails: what cannot be removed, the next run finds that nobody holds. */
  private removeName(): void {
    for (let tries = 0; tries < 2; tries++) {
      try {
        if (this.isHeld()) this.fs.unlinkSync(this.folder.at(lockName(this.name)));
        return;
      } catch {
        // Of the result it changes nothing.
      }
    }
  }

  private take(): void {
    for (let tries = 0; !this.tryToTake(); tries++) {
      if (tries === 10) throw this.heldBy(undefined);
      this.putStaleAside();
    }
    held.add(this.token);
    this.refresh();
  }

  /** False where another lock has the name, or another run has taken ours for one that was never finished. */
  private tryToTake(): boolean {
    const { folder, fs } = this;
    if (this.descriptor >= 0) closeQuietly(this.descriptor, fs);
    const { name, descriptor } = createTemporary(this.name, (entry) => folder.at(entry), fs, lockExtension);
    this.descriptor = descriptor;
    try {
      const head: LockHead = { process: ownIdentity(), token: this.token, made: name };
      const line = lineOf(head);
      writeWhole(descriptor, line, fs);
      this.identity = identityOf(fs.fstatSync(descriptor, { bigint: true }));
      return this.giveName(name, line);
    } finally {
      if (!unlinkQuietly(folder.at(name), fs)) this.firstName = name;
    }
  }

  /** False where another lock has the name. */
  private giveName(temporary: string, line: Buffer): boolean {
    const { folder, fs } = this;
    const place = folder.at(lockName(this.name));
    try {
      fs.linkSync(folder.at(temporary), place);
      return true;
    } catch (error) {
      if (['EEXIST', 'ENOENT'].includes(codeOf(error))) return false;
      if (!isLinkless(error)) throw error;
    }
    try {
      const descriptor = fs.openSync(place, createNew, 0o600);
      closeQuietly(this.descriptor, fs);
      this.descriptor = descriptor;
      writeWhole(descriptor, line, fs);
      this.identity = identityOf(fs.fstatSync(descriptor, { bigint: true }));
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
  }

  /** Writes its first byte again now and then, which shows that it is held. */
  private refresh(): void {
    const { descriptor } = this;
    const first = Buffer.from('{');
    this.timer = setInterval(() => {
      try {
        nodeFs.writeSync(descriptor, first, 0, 1, 0);
      } catch {
        // Who takes it over is noticed before the swap.
      }
    }, refreshMilliseconds);
    this.timer.unref();
  }

  /** Moves a lock out of the way whose run is gone; throws UsageError where it is not. */
  private putStaleAside(): void {
    const { folder, fs } = this;
    const name = lockName(this.name);
    const found = this.read(name);
    if (found === undefined) return;
    if (!this.isStale(found)) throw this.heldBy(found);
    const aside = temporaryName(this.name, lockExtension);
    fs.renameSync(folder.at(name), folder.at(aside));
    if (folder.holds(aside, found.identity)) return;
    // Another run was faster, and this is its lock.
    fs.linkSync(folder.at(aside), folder.at(name));
    fs.unlinkSync(folder.at(aside));
    throw this.heldBy(undefined);
  }

  private heldBy(found: FoundLock | undefined): UsageError {
    const head = found?.head?.process;
    const who = head === undefined ? 'another aofkit' : `another aofkit (process ${head.pid} of host ${head.host})`;
    const lock = this.folder.shown(lockName(this.name));
    return new UsageError(
      `${who} works on ${this.path}: wait until it has ended; if it was killed elsewhere, its lock ${lock} counts for ${silenceSecondsMax} s more`,
    );
  }

  /** What lies under a name of a lock; undefined where nothing does. Throws UsageError where it is no file. */
  private read(name: string): FoundLock | undefined {
    const { folder, fs } = this;
    const stat = folder.lookAt(name);
    if (stat === undefined) return undefined;
    if (!stat.isFile()) throw new UsageError(`${folder.shown(name)} is in the way: it is no lock of aofkit`);
    const own = readOwnFile(folder.at(name), fs, (text) => {
      const made = headOf(text)?.made;
      return (
        made !== undefined && isTemporaryName(made, this.name, lockExtension) && folder.holds(made, identityOf(stat))
      );
    });
    const identity = identityOf(stat);
    if (own === undefined || !isSameFile(own.identity, identity)) {
      return { head: this.foreignHead(name), names: [], identity, written: stat.mtimeNs };
    }
    return { head: headOf(own.text), names: namesOf(own.text), identity, written: stat.mtimeNs };
  }

  /** Of a lock of another user, which says who holds it, where it may be read, and cannot make us remove anything. */
  private foreignHead(name: string): LockHead | undefined {
    const found = readOwnFile(this.folder.at(name), this.fs, () => true, false);
    return found && headOf(found.text);
  }

  private isStale({ head, written }: FoundLock): boolean {
    const running = head && this.isRunning(head);
    return running === false || (running === undefined && this.ageOf(written) > silenceSecondsMax);
  }

  private isRunning({ process: other, token }: LockHead): boolean | undefined {
    if (!isSameProcess(other, ownIdentity())) return stillRuns(other);
    return other.thread !== threadId || held.has(token);
  }

  /** Seconds by the clock of the file system, from which our own lock has its time. */
  private ageOf(written: bigint): number {
    const now = this.fs.fstatSync(this.descriptor, { bigint: true }).mtimeNs;
    return Number(now - written) / 1e9;
  }

  /** Removes what runs that are gone have left for this output: what their locks name, and files that have grown old. */
  private clearLeft(): void {
    const { folder, fs, name } = this;
    for (const entry of fs.readdirSync(folder.at('.'))) {
      if (isTemporaryName(entry, name, lockExtension)) this.clearLock(entry);
      else if (isTemporaryName(entry, name)) {
        const stat = folder.lookAt(entry);
        if (stat?.isFile() && this.ageOf(stat.mtimeNs) > abandonedSeconds) unlinkQuietly(folder.at(entry), fs);
      }
    }
  }

  /** A lock that was put aside, or has not got its name; one without a whole first line has never been held. */
  private clearLock(entry: string): void {
    const { folder, fs } = this;
    if (folder.lookAt(entry)?.isFile() !== true) return;
    const lock = this.read(entry);
    if (lock === undefined || (lock.head !== undefined && !this.isStale(lock))) return;
    this.clearNoted(lock.names);
    unlinkQuietly(folder.at(entry), fs);
  }

  private clearNoted(names: readonly MadeName[]): void {
    const { folder, fs } = this;
    for (const made of names) {
      if (made.kind === 'file' && isPlain(made.name)) this.removeFile(made.name);
      else if (made.kind === 'folder' && isPlain(made.name)) {
        const entries = names.flatMap((other) =>
          other.kind === 'entry' && other.folder === made.name && isPlain(other.name) ? [other.name] : [],
        );
        if (made.identity === undefined) removeEmpty(folder, made.name, fs);
        else removeFolder(folder, made.name, made.identity, entries, fs);
      } else if (made.kind === 'backup' && isPlain(made.name) && isPlain(made.of)) {
        // What it is a copy of was not replaced.
        if (folder.holds(made.of, made.identity)) this.removeFile(made.name);
      } else if (made.kind === 'second' && isPlain(made.name)) this.leftSeconds.push(made.name);
      else if (made.kind === 'part' && isPlain(made.name)) this.leftParts.push(made);
    }
  }

  private removeFile(name: string): void {
    if (this.folder.lookAt(name)?.isFile() === true) unlinkQuietly(this.folder.at(name), this.fs);
  }
}

/** Removes a folder that a run has made, if it is that one: the files that the run has made in it, and nothing else. Never throws. */
export function removeFolder(
  parent: OpenFolder,
  name: string,
  identity: FileIdentity,
  entries: readonly string[],
  fs: FileSystem,
): void {
  let folder: OpenFolder | undefined;
  try {
    folder = parent.openWithin(name);
    if (!isSameFile(folder.identity, identity)) return;
    for (const entry of entries) unlinkQuietly(folder.at(entry), fs);
    removeEmpty(parent, name, fs);
  } catch {
    // It is gone, or something else has its name.
  } finally {
    folder?.close();
  }
}

function removeEmpty(parent: OpenFolder, name: string, fs: FileSystem): void {
  try {
    fs.rmdirSync(parent.at(name));
  } catch {
    // It is not there, or something else is in it.
  }
}

/** A name, and no path. */
const isPlain = (name: string): boolean => name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);

const lineOf = (line: MadeName | LockHead): Buffer =>
  Buffer.from(`${JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? String(value) : value))}\n`);

function headOf(text: string): LockHead | undefined {
  const [head] = linesOf(text) as [Partial<LockHead> | undefined];
  const { process: other, token, made } = head ?? {};
  const isWhole =
    typeof token === 'string' &&
    typeof made === 'string' &&
    typeof other?.pid === 'number' &&
    [other.host, other.boot, other.namespace, other.start].every((field) => typeof field === 'string');
  return isWhole ? (head as LockHead) : undefined;
}

function namesOf(text: string): MadeName[] {
  return linesOf(text).slice(1).map(withIdentity);
}

function withIdentity(line: unknown): MadeName {
  const { identity, ...rest } = line as Record<string, unknown> & { identity?: Record<string, string> };
  if (identity === undefined) return rest as unknown as MadeName;
  const { device, inode } = identity;
  return { ...rest, identity: { device: BigInt(device), inode: BigInt(inode) } } as unknown as MadeName;
}

/** The lines that were written whole. */
function linesOf(text: string): unknown[] {
  const lines: unknown[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    try {
      lines.push(JSON.parse(line));
    } catch {
      break;
    }
  }
  return lines;
}
