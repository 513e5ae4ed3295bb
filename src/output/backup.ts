import type { BigIntStats } from 'node:fs';
import nodePath from 'node:path';
import { UnwritableError } from '../errors.ts';
import { AtomicFile, placeBeside } from '../io/atomic-file.ts';
import nodeFs from '../io/file-system.ts';
import { codeOf, identityOf, isLinkless, isSameFile, unlinkQuietly } from '../io/open-folder.ts';
import type { OutputLock } from '../io/output-lock.ts';
import { likeFile } from '../io/protection.ts';

const chunkBytes = 1024 * 1024;
/** So many older backups are stepped over. */
const backupsMax = 10_000;

/**
 * Keeps what is at `path` as `NAME.backup-N` beside it: always a regular file that was not there before, under the first number that is
 * free. Where the file has no other name it is a second name of it, since the first one is about to get a new file; else it is a copy,
 * because whoever writes into the other names would write into the backup. `lock`: of an output in the same folder. Throws
 * UnwritableError.
 */
export function keepBackup(path: string, lock: OutputLock): string {
  const name = nodePath.basename(path);
  const original = lock.folder.lookAt(name);
  if (original?.isFile() !== true) throw new UnwritableError(path, new Error('it is not a regular file any more'));
  for (let number = 1; number <= backupsMax; number++) {
    const backup = `${name}.backup-${number}`;
    if (lock.folder.lookAt(backup) !== undefined) continue;
    const shown = `${path}.backup-${number}`;
    try {
      const isMade = original.nlink === 1n ? makeLink(name, backup, original, lock) : makeCopy(path, shown, lock);
      if (!isMade) continue;
      noteBackup(backup, name, original, lock);
      return shown;
    } catch (error) {
      throw error instanceof UnwritableError ? error : new UnwritableError(shown, error);
    }
  }
  throw new UnwritableError(path, new Error(`there are ${backupsMax} backups of it already`));
}

/** Afterwards: what lay under the name before is not ours to remove. */
function noteBackup(backup: string, name: string, original: BigIntStats, lock: OutputLock): void {
  try {
    lock.note({ kind: 'backup', name: backup, of: name, identity: identityOf(original) });
  } catch (error) {
    unlinkQuietly(lock.folder.at(backup), lock.fs);
    throw error;
  }
}

/** False where the name is taken. */
function makeLink(name: string, backup: string, original: BigIntStats, lock: OutputLock): boolean {
  const { folder, fs } = lock;
  try {
    fs.linkSync(folder.at(name), folder.at(backup));
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!isLinkless(error)) throw error;
    return makeCopy(folder.shown(name), folder.shown(backup), lock);
  }
  const made = folder.lookAt(backup);
  if (made?.isFile() && isSameFile(identityOf(made), identityOf(original))) return true;
  unlinkQuietly(folder.at(backup), fs);
  throw new Error('another file has taken the place of the original');
}

/** False where the name is taken. */
function makeCopy(path: string, backup: string, lock: OutputLock): boolean {
  const descriptor = nodeFs.openSync(lock.folder.at(nodePath.basename(path)), 'r');
  try {
    const out = new AtomicFile(backup, placeBeside(lock), likeFile(path));
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (let count = -1, offset = 0; count !== 0; offset += count) {
      count = nodeFs.readSync(descriptor, chunk, 0, chunkBytes, offset);
      if (count > 0) out.write(chunk, count);
    }
    if (out.commitNew()) return true;
    out.abandon();
    return false;
  } finally {
    nodeFs.closeSync(descriptor);
  }
}
