import nodePath from 'node:path';
import { UnwritableError } from '../errors.ts';
import {
  closeQuietly,
  codeOf,
  createNew,
  identityOf,
  isLinkless,
  isSameFile,
  readOwnFile,
  unlinkQuietly,
  writeWhole,
} from '../io/open-folder.ts';
import { type OutputLock, removeFolder } from '../io/output-lock.ts';
import { isTemporaryName, temporaryName } from '../io/temporary-name.ts';
import type { Destination, Made } from './destination.ts';

/** An output in the journal. */
interface Entry {
  readonly name: string;
  /** The second name of what it replaces; undefined where nothing lay there. */
  readonly old: string | undefined;
  readonly made: Made | undefined;
}

/** The last line of a journal that was written whole. */
const journalEnd = '"end"';

/**
 * Several files or folders of one folder that take their places together. Each was written and flushed under a temporary name before:
 *
 *     1. what lies in a place gets a second name, `.NAME.aofkit-RANDOM.old`
 *     2. a journal names all places: `.FIRST.aofkit-RANDOM.journal`; from here on a run that is killed is undone by the next one
 *     3. each takes its place; if one cannot, all is undone
 *     4. the journal goes: from here on the new ones are the data; then the second names go
 *
 * `lock`: of the first.
 */
export function commitTogether(destinations: readonly Destination[], paths: readonly string[], lock: OutputLock): void {
  if (destinations.length < 2) {
    for (const destination of destinations) destination.commit();
    return;
  }
  const { folder, fs } = lock;
  const entries: Entry[] = [];
  const journal = temporaryName(nodePath.basename(paths[0]), 'journal');
  try {
    for (const [index, path] of paths.entries()) entries.push(keepOld(path, destinations[index].made, lock));
    writeJournal(journal, entries, lock);
    for (const destination of destinations) destination.commit();
    fs.unlinkSync(folder.at(journal));
  } catch (error) {
    for (const destination of destinations) destination.abandon();
    undo(entries, lock);
    unlinkQuietly(folder.at(journal), fs);
    throw new UnwritableError(paths[0], error);
  }
  removeSeconds(entries, lock);
  folder.sync();
}

function removeSeconds(entries: readonly Entry[], { folder, fs }: OutputLock): void {
  for (const { old } of entries) if (old !== undefined) unlinkQuietly(folder.at(old), fs);
}

/** Gives what lies at `path` a second name, where the file system has such; an empty folder is nothing. */
function keepOld(path: string, made: Made | undefined, lock: OutputLock): Entry {
  const { folder, fs } = lock;
  const name = nodePath.basename(path);
  const stat = folder.lookAt(name);
  if (stat === undefined || stat.isDirectory()) return { name, old: undefined, made };
  const old = temporaryName(name, 'old');
  try {
    lock.note({ kind: 'second', name: old });
    fs.linkSync(folder.at(name), folder.at(old));
  } catch (error) {
    if (!isLinkless(error)) throw error;
  }
  return { name, old, made };
}

function writeJournal(journal: string, entries: readonly Entry[], { folder, fs }: OutputLock): void {
  const lines = entries.map(
    (entry) => `${JSON.stringify(entry, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}\n`,
  );
  const descriptor = fs.openSync(folder.at(journal), createNew, 0o600);
  try {
    writeWhole(descriptor, Buffer.from(`${lines.join('')}${journalEnd}\n`), fs);
    fs.fsyncSync(descriptor);
  } finally {
    closeQuietly(descriptor, fs);
  }
  folder.sync();
}

/**
 * Undoes what a run that was killed left half done at these places, which are in one folder. A journal counts only if this user's aofkit
 * wrote it, and if it names outputs of this very call and nothing else; one that does not count is left alone.
 */
export function undoInterrupted(paths: readonly string[], lock: OutputLock): void {
  const { folder, fs } = lock;
  const names = new Set(paths.map((path) => nodePath.basename(path)));
  let isLeft = false;
  for (const journal of fs.readdirSync(folder.at('.'))) {
    if (!isTemporaryName(journal, nodePath.basename(paths[0]), 'journal')) continue;
    const own = readOwnFile(folder.at(journal), fs);
    const entries = own && parseJournal(own.text);
    if (own === undefined || entries === undefined || entries.some((entry) => !isEntryOf(entry, names))) {
      isLeft = true;
      continue;
    }
    // One that was not written whole is of a run that had changed nothing.
    if (own.text.endsWith(`\n${journalEnd}\n`)) undo(entries, lock);
    fs.unlinkSync(folder.at(journal));
  }
  // Of a journal that does not count they may hold what its run has replaced.
  if (!isLeft) for (const old of lock.leftSeconds) unlinkQuietly(folder.at(old), fs);
}

/** The lines that were written whole; undefined where one is no journal's. */
function parseJournal(text: string): Entry[] | undefined {
  const entries: Entry[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    if (line === journalEnd) break;
    const entry = parseEntry(line);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return entries;
}

function parseEntry(line: string): Entry | undefined {
  try {
    const { name, old, made } = JSON.parse(line);
    const { device, inode } = made.identity;
    const identity = { device: BigInt(device), inode: BigInt(inode) };
    const entries = made.entries as string[] | undefined;
    const isWhole = typeof name === 'string' && (old === undefined || typeof old === 'string');
    return isWhole ? { name, old, made: { identity, entries } } : undefined;
  } catch {
    return undefined;
  }
}

function isEntryOf({ name, old, made }: Entry, names: ReadonlySet<string>): boolean {
  const entries = made?.entries ?? [];
  const isPlain = entries.every((entry) => typeof entry === 'string' && nodePath.basename(entry) === entry);
  return names.has(name) && isPlain && (old === undefined || isTemporaryName(old, name, 'old'));
}

/** Puts back what lay in the places, and removes what was put where nothing lay: that file or folder, and no other. */
function undo(entries: readonly Entry[], { folder, fs }: OutputLock): void {
  for (const { name, old, made } of entries) {
    if (old !== undefined) putBack(old, name);
    else if (made?.entries !== undefined) removeFolder(folder, name, made.identity, made.entries, fs);
    else if (made !== undefined && folder.holds(name, made.identity)) unlinkQuietly(folder.at(name), fs);
  }
  folder.sync();

  function putBack(from: string, to: string): void {
    const kept = folder.lookAt(from);
    if (kept === undefined || kept.isDirectory()) return;
    try {
      fs.renameSync(folder.at(from), folder.at(to));
      // Of two names of one file a rename removes none.
      const now = folder.lookAt(from);
      if (now !== undefined && isSameFile(identityOf(now), identityOf(kept))) fs.unlinkSync(folder.at(from));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
}
