import nodePath from 'node:path';
import fs from '../../bytes/file-system.ts';

/** A process that has one of the files open. */
export interface Holder {
  readonly pid: number;
  readonly command: string;
  readonly path: string;
}

/**
 * Other processes that have one of these files open, as far as /proc shows it: only on Linux, and of other users' processes
 * only to root. An empty list is no proof that there are none.
 */
export function findHolders(paths: readonly string[]): Holder[] {
  const wanted = new Set(paths.map(realPath));
  const holders: Holder[] = [];
  for (const pid of namesIn('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    for (const descriptor of namesIn(`/proc/${pid}/fd`)) {
      const path = linkOf(`/proc/${pid}/fd/${descriptor}`);
      if (path === undefined || !wanted.has(path)) continue;
      holders.push({ pid: Number(pid), command: commandOf(pid), path });
      break;
    }
  }
  return holders;
}

function realPath(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return nodePath.resolve(path);
  }
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return [];
  }
}

function linkOf(path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch {
    return undefined;
  }
}

function commandOf(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '?';
  }
}
