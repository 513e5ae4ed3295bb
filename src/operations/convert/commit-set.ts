import nodePath from 'node:path';
import nodeFs from '../../bytes/file-system.ts';
import { clearLitter, type FileSystem, isRunning, syncFolder, temporaryName } from '../../bytes/sink.ts';
import { UnwritableError } from '../../errors.ts';
import type { Destination } from './destination.ts';

/**
 * Several files or folders that take their places together. Each was written and flushed under a temporary name before:
 *
 *     1. what lies in a place gets a second name, `.NAME.old.aofkit-PID.tmp`
 *     2. a journal names all places: `.FIRST.journal.aofkit-PID.tmp`; from here on a run that is killed is undone by the next one
 *     3. each takes its place; if one cannot, all is undone
 *     4. the journal goes: from here on the new ones are the data; then the second names go
 */
export function commitTogether(
  destinations: readonly Destination[],
  paths: readonly string[],
  fs: FileSystem = nodeFs,
): void {
  if (destinations.length < 2) {
    for (const destination of destinations) destination.commit();
    return;
  }
  const journal = journalOf(paths[0]);
  try {
    for (const path of paths) keepOld(path, fs);
    writeJournal(journal, paths, fs);
    for (const destination of destinations) destination.commit();
    fs.unlinkSync(journal);
  } catch (error) {
    for (const destination of destinations) destination.abandon();
    if (fs.existsSync(journal)) undo(journal, String(process.pid), fs);
    for (const path of paths) fs.rmSync(secondName(path), { force: true });
    if (error instanceof UnwritableError) throw error;
    throw new UnwritableError(paths[0], error);
  }
  for (const path of paths) fs.rmSync(secondName(path), { force: true });
  for (const folder of new Set(paths.map((path) => nodePath.dirname(path)))) syncFolder(folder, fs);
}

const beside = (path: string, name: string) => nodePath.join(nodePath.dirname(path), name);
const journalOf = (path: string) => beside(path, temporaryName(`${nodePath.basename(path)}.journal`));
const secondName = (path: string) => beside(path, temporaryName(`${nodePath.basename(path)}.old`));

/** Gives what lies at `path` a second name, where the file system has such; an empty folder is nothing. */
function keepOld(path: string, fs: FileSystem): void {
  if (fs.statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return;
  try {
    fs.linkSync(path, secondName(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code)) throw error;
  }
}

/** One place a line: `+` where nothing lay, `=` where something did. */
function writeJournal(journal: string, paths: readonly string[], fs: FileSystem): void {
  const isFile = (path: string) => fs.statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  const lines = paths.map((path) => `${isFile(path) ? '=' : '+'}${nodePath.basename(path)}\n`);
  const bytes = Buffer.from(lines.join(''));
  const descriptor = fs.openSync(journal, 'w', 0o600);
  try {
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done, bytes.length - done, null);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
  syncFolder(nodePath.dirname(journal), fs);
}

/** Undoes what a run that was killed left half done at these places, which are in one folder. */
export function undoInterrupted(paths: readonly string[], fs: FileSystem = nodeFs): void {
  const [first] = paths;
  const folder = nodePath.dirname(first);
  for (const entry of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    const match = /^\.(.+)\.journal\.aofkit-(\d+)\.tmp$/.exec(entry);
    if (match?.[1] !== nodePath.basename(first) || isRunning(Number(match[2]))) continue;
    undo(nodePath.join(folder, entry), match[2], fs);
  }
  for (const path of paths) if (fs.existsSync(folder)) clearLitter(`${path}.old`, fs);
}

/** Puts back what lay in the places that a journal names. A line that was not written whole is of a run that had changed nothing. */
function undo(journal: string, process: string, fs: FileSystem): void {
  const lines = nodeFs.readFileSync(journal, 'utf8').split('\n').slice(0, -1);
  for (const line of lines) {
    const path = beside(journal, line.slice(1));
    const old = beside(journal, `.${line.slice(1)}.old.aofkit-${process}.tmp`);
    if (fs.existsSync(old)) fs.renameSync(old, path);
    else if (line.startsWith('+')) fs.rmSync(path, { recursive: true, force: true });
  }
  syncFolder(nodePath.dirname(journal), fs);
  fs.unlinkSync(journal);
}
