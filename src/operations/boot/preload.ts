/**
 * preload-file of Redis 8.10: the server loads a manifest's parts, or an RDB, and neither appenddirname nor dbfilename, whatever
 * appendonly says. From the documentation: no server that has it was at hand.
 */

import nodePath from 'node:path';
import { loadOrder, parseManifest } from '../../aof/manifest.ts';
import fs from '../../io/file-system.ts';
import { readSmallFile } from '../../io/small-file.ts';
import type { Preload } from './settings.ts';
import type { Start } from './start.ts';

/** Notes a file as read: nobody else says then that it is not. */
function use(start: Start, full: string): void {
  start.used.add(nodePath.relative(start.directory, full));
}

/** Loads what the setting names. The server ends where it is not there, or cannot be loaded whole. */
export async function preload(start: Start, { kind, path }: Preload): Promise<void> {
  const full = nodePath.resolve(start.directory, path);
  if (!isFile(full)) return start.die(`preload-file names ${path}, which is not there`, []);
  use(start, full);
  if (kind === 'rdb') await preloadRdb(start, path, full);
  else await preloadParts(start, path, full);
  if (start.fatal !== undefined || !start.settings.appendonly) return;
  start.hazards.push(
    `${start.settings.appenddirname} is not read: with preload-file and appendonly yes the server begins a new AOF with what it has loaded. Take preload-file out of the configuration after that start.`,
  );
}

async function preloadRdb(start: Start, path: string, full: string): Promise<void> {
  const { sound, bytes, keys } = await start.load.loadRdbFile(full);
  start.files.push({ path, role: 'rdb', bytes, commands: 0, rdbKeys: keys });
  if (!sound) start.fatal = `${path} cannot be loaded: ${start.load.log.at(-1)}`;
}

async function preloadParts(start: Start, path: string, full: string): Promise<void> {
  const manifest = parseManifest(readSmallFile(full));
  const [fault] = manifest.faults;
  if (fault !== undefined) return start.die(`line ${fault.line} of ${path}: ${fault.reason}`, [fault.reason]);
  start.files.push({ path, role: 'manifest', bytes: fs.statSync(full).size, commands: 0, rdbKeys: 0 });
  for (const { name, type } of loadOrder(manifest)) {
    const part = nodePath.join(nodePath.dirname(full), name);
    const shown = nodePath.join(nodePath.dirname(path), name);
    use(start, part);
    if (!isFile(part)) return start.die(`${path} names ${name}, which is not there`, []);
    const { status, bytes, commands, rdbKeys, validUpTo } = await start.load.loadPart(part, name, false);
    start.files.push({ path: shown, role: type === 'b' ? 'base' : 'incr', bytes, commands, rdbKeys });
    if (status === 'ok' || status === 'empty') continue;
    return start.die(`${shown} cannot be loaded whole: it is damaged or torn at offset ${validUpTo}`, []);
  }
}

function isFile(path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
