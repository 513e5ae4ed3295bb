/**
 * The folder that BACKUP of Redis 8.10 fills:
 *
 *     appendonly.aof.N.base.rdb    from START on: a hard link to the AOF's base
 *     appendonly.aof.N.incr.aof    from SEAL on: a hard link to the AOF's increment
 *     appendonly.aof.manifest      from SEAL on: names these two and nothing else
 *
 * Up to SEAL it is not complete. From the documentation: no server that has BACKUP was at hand.
 */

import nodePath from 'node:path';
import { UsageError } from '../errors.ts';
import fs, { statIfAny } from '../io/file-system.ts';
import { readSmallFile } from '../io/small-file.ts';
import { parseManifest } from './manifest.ts';

export interface Backup {
  readonly directory: string;
  /** SEAL has written the manifest. */
  readonly sealed: boolean;
  /** Names of the base and, once sealed, of the increment. */
  readonly parts: readonly string[];
  /** Those of them that are hard links: writing to one changes the live AOF, or whatever else has the same bytes. */
  readonly links: readonly string[];
}

/** The default of `backupdirname`. */
const defaultName = 'backupdir';
const partPattern = /^(.*)\.\d+\.(base\.(?:rdb|aof)|incr\.aof)$/;

/**
 * The backup that a folder with these names is; undefined where it is none. The live AOF's folder may look the same while a backup is
 * made, but for its increment, which is no hard link yet, or for a further one: elsewhere than in `backupdir` all parts must be links.
 */
export function backupOf(directory: string, names: readonly string[]): Backup | undefined {
  const parts = names.filter((name) => partPattern.test(name));
  const bases = parts.filter((name) => /\.base\.(rdb|aof)$/.test(name));
  if (bases.length !== 1 || parts.length > 2) return undefined;
  const manifest = `${partPattern.exec(bases[0])?.[1]}.manifest`;
  const sealed = names.includes(manifest);
  const others = names.filter((name) => !parts.includes(name) && name !== manifest);
  if (others.length > 0 || parts.length !== (sealed ? 2 : 1)) return undefined;
  if (sealed && !namesOnly(nodePath.join(directory, manifest), parts)) return undefined;
  const links = parts.filter((name) => {
    const stat = statIfAny(nodePath.join(directory, name));
    return stat?.isFile() === true && stat.nlink > 1;
  });
  const isNamed = nodePath.basename(nodePath.resolve(directory)) === defaultName;
  return isNamed || links.length === parts.length ? { directory, sealed, parts, links } : undefined;
}

function namesOnly(manifest: string, parts: readonly string[]): boolean {
  try {
    const known = parseManifest(readSmallFile(manifest)).parts;
    return known.length === parts.length && known.every(({ name, type }) => parts.includes(name) && type !== 'h');
  } catch {
    return false;
  }
}

/** The backup that a path is, or lies in as its manifest or a part; undefined where there is none. */
function backupAt(path: string): Backup | undefined {
  if (path === '-') return undefined;
  const stat = statIfAny(path);
  if (stat === undefined) return undefined;
  const directory = stat.isDirectory() ? path : nodePath.dirname(path);
  try {
    return backupOf(directory, fs.readdirSync(directory));
  } catch {
    return undefined;
  }
}

/** Throws UsageError where the path is of a backup: nothing is written there. */
export function refuseBackup(path: string): void {
  const backup = backupAt(path);
  if (backup === undefined) return;
  const { directory, links } = backup;
  const shared =
    links.length === 0
      ? 'and the server that made it may still be at work on it'
      : `and ${links.join(' and ')} ${links.length === 1 ? 'is a hard link' : 'are hard links'}, which the live AOF may share`;
  throw new UsageError(
    `${directory} is a backup (BACKUP of Redis 8.10), ${shared}: nothing is written there. Name an output, or copy the folder first`,
  );
}

/** What a finding says of a backup's parts. */
export function backupText({ parts, links }: Backup): string {
  const some = parts.join(' and ');
  return links.length === 0 ? some : `${some}; hard links: ${links.join(', ')}`;
}
