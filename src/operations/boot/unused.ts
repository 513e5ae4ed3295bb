import nodePath from 'node:path';
import { backupOf } from '../../aof/backup.ts';
import { contentOf } from '../../aof/folder-scan.ts';
import { listFolder, namesIn, partName, temporaryName } from '../../aof/layout.ts';
import { UnreadableError } from '../../errors.ts';
import type { UnusedData } from './outcome.ts';
import type { Start } from './start.ts';

/** Data in the folder, and in the folder of the AOF, that the start does not load. `keys`: how many it loads. */
export function findUnused(start: Start, keys: number): UnusedData[] {
  const { appenddirname } = start.settings;
  const names = listFolder(start.directory).filter((name) => start.size(name) !== undefined);
  const found = names.map((name) => judge(start, name, keys));
  for (const folder of listFolder(start.directory).filter((name) => start.isFolder(name))) {
    const inside = namesIn(start.path(folder));
    const isBackup = folder !== appenddirname && backupOf(start.path(folder), inside) !== undefined;
    for (const name of inside) {
      const path = nodePath.join(folder, name);
      if (start.size(path) === undefined) continue;
      if (isBackup && start.used.has(path)) continue;
      if (isBackup)
        found.push(unused(start, path, `${path} is of a backup, which only preload-file loads`, keys === 0));
      else if (folder === appenddirname) found.push(judgePart(start, path, name, keys));
      else if (partName.test(name) || name.endsWith('.manifest'))
        found.push(unused(start, path, `${path} belongs to an AOF, but appenddirname is ${appenddirname}`, keys === 0));
    }
  }
  return found.filter((one) => one !== undefined);
}

type Judgement = UnusedData | undefined;

/** Whether a file of any name begins as an AOF or an RDB. */
function isData(start: Start, path: string, name: string): boolean {
  try {
    return ['rdb', 'aof'].includes(contentOf(start.path(path), name));
  } catch (error) {
    if (error instanceof UnreadableError) return false;
    throw error;
  }
}

const unused = (start: Start, path: string, why: string, matters: boolean): UnusedData => {
  const bytes = start.size(path) ?? 0;
  return { path, bytes, why, matters: matters && bytes > 0 };
};

function judge(start: Start, name: string, keys: number): Judgement {
  const { settings, rules } = start;
  if (start.used.has(name)) return undefined;
  if (temporaryName.test(name))
    return unused(start, name, `${name} is left from a save or rewrite that did not end`, false);
  if (name === settings.dbfilename)
    return unused(start, name, `${name} is not read: with appendonly yes only the AOF counts`, keys === 0);
  if (name === settings.appendfilename) {
    const why = settings.appendonly
      ? `${name} is not read: ${settings.appenddirname} holds an AOF already`
      : `${name} is not read: appendonly is no`;
    return unused(start, name, why, settings.appendonly ? rules.multiPart : true);
  }
  if (!/\.(rdb|aof)(\.gz)?$/.test(name) && !isData(start, name, name)) return undefined;
  return unused(start, name, `${name} is not the name of a file that these settings mean`, keys === 0);
}

function judgePart(start: Start, path: string, name: string, keys: number): Judgement {
  const { settings, rules } = start;
  if (temporaryName.test(name)) return unused(start, path, `${path} is left from a rewrite that did not end`, false);
  const isPart = partName.test(name) || name.endsWith('.manifest') || start.used.has(path);
  if (!isPart && !isData(start, path, name)) return undefined;
  if (!isPart) return unused(start, path, `${path} is not read: no manifest names it`, keys === 0);
  if (!settings.appendonly)
    return unused(start, path, `${path} is not read: appendonly is no`, !name.endsWith('.manifest'));
  if (!rules.multiPart)
    return unused(start, path, `${path} is not read: ${rules.target.name} knows no multi-part AOFs`, true);
  if (
    start.files.some((file) => file.path === path) ||
    start.changes.some((change) => change.path === path && change.action !== 'overwrite')
  )
    return undefined;
  if (start.used.has(path) && start.fatal !== undefined) return undefined;
  if (name.endsWith('.manifest'))
    return start.used.has(path)
      ? undefined
      : unused(start, path, `${path} is another manifest than appendfilename means`, false);
  return unused(start, path, `${path} is not read: the manifest does not name it`, true);
}
