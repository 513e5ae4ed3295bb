import { createRequire } from 'node:module';
import nodeFs from './file-system.ts';
import { codeOf, type FileSystem, openUnfollowed } from './open-folder.ts';

/**
 * Who may read what is written: never more than may read what it was made from. A file is made with mode 0600; before it gets its name
 * it gets the owner, and then the mode.
 */
export interface Protection {
  /** Permission bits of a file; of a folder, see `folderMode`. */
  readonly mode: number;
  /** Undefined: whoever runs this. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** A file whose extended attributes and access control lists are taken over, where the system's `cp` can. */
  readonly attributesOf?: string;
}

/** For what nobody but the user is to read. */
export const privateFile: Protection = { mode: 0o600, owner: undefined };

/** A file that takes another's place has its mode, its owner and its attributes; where none is there, 0600. */
export function likeFile(path: string): Protection {
  const stat = nodeFs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return privateFile;
  return { mode: stat.mode & 0o777, owner: { uid: stat.uid, gid: stat.gid }, attributesOf: path };
}

/** The same rights for files that replace several others: what all of them allow, and the owner of the first. */
export function likeFiles(paths: readonly string[]): Protection {
  const [first, ...others] = paths.filter((path) => nodeFs.existsSync(path)).map(likeFile);
  if (first === undefined) return privateFile;
  return {
    ...first,
    mode: others.reduce((mode, other) => narrowed(mode & other.mode, isSameGroup(first, other)), first.mode),
  };
}

/**
 * A new output: what all inputs allow, less the umask, and their owner. `-` is standard input. What is neither a file nor a named pipe
 * says nothing, and its copy is the user's alone. `folder`: who may not enter it cannot read what lies in it.
 */
export function likeInputs(inputs: readonly string[], folder?: string): Protection {
  const all = inputs.map(rightsOf);
  const [first] = all;
  if (first === undefined) return privateFile;
  let mode = 0o666 & ~umask();
  for (const other of all) mode = narrowed(mode & other.mode, isSameGroup(first, other));
  if (folder !== undefined) mode &= enteringBits(folder, first.owner?.gid);
  const isOwned = all.every(({ owner }) => owner?.uid === first.owner?.uid);
  return { mode: isOwned ? mode : mode & 0o600, owner: isOwned ? first.owner : undefined };
}

function rightsOf(path: string): Protection {
  const stat = path === '-' ? nodeFs.fstatSync(0) : nodeFs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !(stat.isFile() || (path !== '-' && stat.isFIFO()))) return privateFile;
  return { mode: stat.mode & 0o777, owner: { uid: stat.uid, gid: stat.gid } };
}

/** Permission bits for those of a file's owner, group and others who may enter its folder. */
function enteringBits(folder: string, group: number | undefined): number {
  const stat = nodeFs.statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return 0o777;
  const others = (stat.mode & 0o001) === 0 ? 0 : 0o007;
  const members = stat.gid !== group ? others : (stat.mode & 0o010) === 0 ? 0 : 0o007;
  return 0o700 | (members << 3) | others;
}

const isSameGroup = (left: Protection, right: Protection): boolean => left.owner?.gid === right.owner?.gid;

/** Where the group is another one, its members count as others did, and the others as the group did. */
function narrowed(mode: number, isSame: boolean): number {
  if (isSame) return mode;
  const both = (mode >> 3) & mode & 0o007;
  return (mode & 0o700) | (both << 3) | both;
}

/** For a folder of files with that protection: who may read them may enter it. */
export function forFolder({ mode, owner }: Protection): Protection {
  return { mode: mode | ((mode & 0o444) >> 2), owner };
}

/**
 * Gives an open file its owner and then its mode. Where the owner cannot be set (only root gives files away), rights that its group had are
 * not another group's. Throws what the file system throws.
 */
export function protect(descriptor: number, { mode, owner, attributesOf }: Protection, fs: FileSystem): void {
  const isGiven = owner === undefined || giveTo(descriptor, owner, fs);
  if (attributesOf !== undefined) copyAttributes(attributesOf, descriptor, isGiven && modeOf(attributesOf) === mode);
  fs.fchmodSync(descriptor, narrowed(mode, isGiven));
}

/** Whether the file has that group now. */
function giveTo(descriptor: number, { uid, gid }: { uid: number; gid: number }, fs: FileSystem): boolean {
  const before = fs.fstatSync(descriptor);
  if (before.uid === uid && before.gid === gid) return true;
  for (const user of new Set([uid, before.uid])) {
    try {
      fs.fchownSync(descriptor, user, gid);
      return true;
    } catch (error) {
      // EINVAL: the number means nothing in this user namespace.
      if (!['EPERM', 'EINVAL'].includes(codeOf(error))) throw error;
    }
  }
  return before.gid === gid;
}

const modeOf = (path: string): number => (nodeFs.statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;

/** Where the system's own tools are; PATH may be another's. */
const copyTools = ['/usr/bin/cp', '/bin/cp'];

/**
 * Gives an open file the extended attributes of another, and with its mode its access control list, by GNU cp, since Node has no calls for
 * them. Where there is no such tool, or the file system has no attributes, it goes without.
 */
function copyAttributes(from: string, descriptor: number, withMode: boolean): void {
  const tool = copyTools.find((path) => nodeFs.existsSync(path));
  const to = `/proc/${process.pid}/fd/${descriptor}`;
  if (tool === undefined || process.platform !== 'linux' || !nodeFs.existsSync(to)) return;
  // It takes long to load, and is wanted in place only.
  const { spawnSync } = createRequire(import.meta.url)('node:child_process') as typeof import('node:child_process');
  const not = `--no-preserve=timestamps,links,ownership${withMode ? '' : ',mode'}`;
  const source = nodeFs.openSync(from, openUnfollowed);
  try {
    const named = `/proc/${process.pid}/fd/${source}`;
    spawnSync(tool, ['--attributes-only', '--preserve=all', not, '--', named, to], { stdio: 'ignore', env: {} });
  } finally {
    nodeFs.closeSync(source);
  }
}

/** The user's umask, read where that changes nothing. */
function umask(): number {
  try {
    const found = /^Umask:\s*([0-7]+)$/m.exec(nodeFs.readFileSync('/proc/self/status', 'latin1'));
    if (found !== null) return Number.parseInt(found[1], 8);
  } catch {
    // Not Linux.
  }
  return process.umask();
}
