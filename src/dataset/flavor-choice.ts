import nodePath from 'node:path';
import type { Layout } from '../aof/layout.ts';
import { loadOrder, parseManifest } from '../aof/manifest.ts';
import { UsageError } from '../errors.ts';
import { FormatError } from '../faults.ts';
import { DecompressionError } from '../io/decompression-error.ts';
import fs from '../io/file-system.ts';
import { openRegular } from '../io/input.ts';
import { readSmallFile } from '../io/small-file.ts';
import { RdbInput } from '../rdb/input.ts';
import { Item, RdbReader } from '../rdb/reader.ts';
import type { Flavor } from '../servers/flavor.ts';
import { findTarget, type Target } from '../servers/targets.ts';

/** Whose rules a dataset is loaded by. */
export interface ChosenRules {
  readonly flavor: Flavor;
  /** What told so: the RDB at the front of the files, the wanted target, commands that only some servers know, or nothing. */
  readonly because: 'rdb' | 'target' | 'commands' | 'default';
}

/**
 * The rules by which the server that wrote the files loads them, as far as the RDB at their front tells; else those of the server
 * that they are wanted for; else those of Redis 8.
 */
export function chooseRules(layout: Layout, target?: Target): ChosenRules {
  // What a server before 7.0 keeps in its sorted sets, a later one does not.
  if (target?.usesListpacks === false) return { flavor: 'redis-6.2', because: 'target' };
  const flavor = flavorOfFiles(layout);
  if (flavor !== undefined) return { flavor, because: 'rdb' };
  return target === undefined
    ? { flavor: 'redis-8', because: 'default' }
    : { flavor: flavorOfTarget(target), because: 'target' };
}

/**
 * Whose payloads of RESTORE are taken: a log that is only read for a target was written by some other server, whose payloads the target may
 * refuse, and they are to be converted like the rest.
 */
export const payloadsFor = ({ flavor, because }: ChosenRules): Flavor | 'any' =>
  because === 'target' ? 'any' : flavor;

export const flavorOf = (layout: Layout, target?: Target): Flavor => chooseRules(layout, target).flavor;

/** The rules of the generation that files are written for. */
export function flavorOfTarget({ fork, version }: Target): Flavor {
  return flavorOfVersion(fork, version);
}

/** The rules of the server version of this name; undefined where none is given. Throws UsageError. */
export function flavorOfName(name: string | undefined): Flavor | undefined {
  return name === undefined ? undefined : flavorOfTarget(targetOfName(name));
}

/** The server version of this name. Throws UsageError. */
export function targetOfName(name: string): Target {
  const target = findTarget(name);
  if (target === undefined)
    throw new UsageError(`no server version is called ${name}: such as redis-7.2, redis-8 or valkey-9.1`);
  return target;
}

function flavorOfVersion(fork: 'redis' | 'valkey', version: string): Flavor {
  const [major, minor] = version.split('.').map(Number);
  if (fork === 'valkey') return major < 9 ? 'valkey-8' : major === 9 && minor < 2 ? 'valkey-9' : 'valkey-9.2';
  if (major < 7) return 'redis-6.2';
  if (major > 7) return 'redis-8';
  return minor < 2 ? 'redis-7.0' : minor < 4 ? 'redis-7.2' : 'redis-7.4';
}

/** The rules by which a report names a digest: those of the fork's newest, whichever server wrote the files. */
export function flavorOfReport(flavor: Flavor): Flavor {
  return flavor.startsWith('redis') ? 'redis-8' : flavor;
}

/** The rules of the server that wrote the RDB at the front; undefined where there is none. */
export function flavorOfFiles(layout: Layout): Flavor | undefined {
  const path = firstFile(layout);
  if (path === undefined || path === '-' || !fs.statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const source = openRegular(path);
  try {
    return flavorOfRdb(new RdbReader(new RdbInput(source, 4096), { checksum: false }));
  } catch (error) {
    if (error instanceof FormatError || error instanceof DecompressionError) return undefined;
    throw error;
  } finally {
    source.close();
  }
}

function firstFile(layout: Layout): string | undefined {
  if (layout.kind === 'file') return /\.manifest(\.new-\d+)?$/.test(layout.path) ? firstPart(layout.path) : layout.path;
  if (layout.kind === 'multi-part') {
    return firstPart(layout.manifest);
  }
  return layout.kind === 'data-directory' && layout.members.length === 1 ? firstFile(layout.members[0]) : undefined;
}

function firstPart(manifest: string): string | undefined {
  const [part] = loadOrder(parseManifest(readSmallFile(manifest)));
  return part && nodePath.join(nodePath.dirname(manifest), part.name);
}

function flavorOfRdb(reader: RdbReader): Flavor {
  reader.readHeader();
  if (reader.fork === 'valkey') return reader.version >= 81 ? 'valkey-9.2' : 'valkey-9';
  while (reader.next() === Item.aux) {
    if (reader.auxName === 'valkey-ver') return 'valkey-8';
    if (reader.auxName === 'redis-ver') return flavorOfVersion('redis', reader.auxValue);
  }
  return flavorOfRdbVersion(reader.version);
}

/** The rules of the newest servers that write this version of Redis's format, where no aux field names the writer. */
function flavorOfRdbVersion(version: number): Flavor {
  if (version <= 9) return 'redis-6.2';
  if (version === 10) return 'redis-7.0';
  return version === 11 ? 'redis-7.2' : 'redis-8';
}

/** A release of each flavor, whose loader decides what has a digest at all. */
const releases: Readonly<Record<Flavor, string>> = {
  'redis-6.2': 'redis-6.2',
  'redis-7.0': 'redis-7.0',
  'redis-7.2': 'redis-7.2',
  'redis-7.4': 'redis-7.4',
  'redis-8': 'redis-8.6',
  'valkey-8': 'valkey-8.1',
  'valkey-9': 'valkey-9.1',
  'valkey-9.2': 'valkey-9.2',
};

export function releaseOf(flavor: Flavor): Target {
  const target = findTarget(releases[flavor]);
  if (target === undefined) throw new Error(`no target ${releases[flavor]}`);
  return target;
}
