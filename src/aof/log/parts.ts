import nodePath from 'node:path';
import { UnreadableError, UsageError, unreadable } from '../../errors.ts';
import fs from '../../io/file-system.ts';
import { detectLayout, type Layout, liveMembers, sniff, sniffBytes } from '../layout.ts';
import { loadOrder, type ManifestPart } from '../manifest.ts';
import { type LogPart, readManifest } from '../parts.ts';
import type { LogDamage } from './options.ts';

/** The files of a log in the order of loading, and the manifest that says so. */
export interface LogFiles {
  readonly parts: readonly LogPart[];
  readonly manifest: string | undefined;
}

/** The files of the log at `path`. Throws UnreadableError where there is none, UsageError where there are several. */
export function findLog(path: string): LogFiles {
  return logOf(detectLayout(path));
}

function logOf(layout: Layout): LogFiles {
  if (layout.kind === 'file') return singleFile(layout.path);
  if (layout.kind === 'multi-part') return filesOfManifest(layout.manifest);
  const { directory } = layout;
  if (layout.kind === 'orphaned-parts') {
    const parts = layout.parts.map((name) => partOf(directory, name, name.includes('.base.') ? 'base' : 'incr', 0));
    return { parts, manifest: undefined };
  }
  // A data folder mostly holds an RDB beside its AOF.
  const isLog = (member: Layout) => member.kind !== 'file' || !/\.rdb(\.gz)?$/.test(member.path);
  const members = liveMembers(layout.members);
  const logs = members.some(isLog) ? members.filter(isLog) : members;
  if (logs.length === 1) return logOf(logs[0]);
  if (logs.length === 0)
    throw new UnreadableError(directory, 'ENODATA', `cannot read ${directory}: no AOF in this folder`);
  const names = logs.map((member) => ('path' in member ? member.path : member.directory));
  throw new UsageError(`${directory} holds several logs: name one of ${names.join(', ')}`);
}

function singleFile(path: string): LogFiles {
  if (path !== '-' && isManifest(path)) return filesOfManifest(path);
  return { parts: [{ path, name: nodePath.basename(path), role: 'file', sequence: 0 }], manifest: undefined };
}

function isManifest(path: string): boolean {
  if (!fs.statSync(path).isFile()) return false;
  try {
    const descriptor = fs.openSync(path, 'r');
    const head = Buffer.alloc(sniffBytes);
    const length = fs.readSync(descriptor, head, 0, head.length, 0);
    fs.closeSync(descriptor);
    return sniff(head.subarray(0, length), path) === 'manifest';
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The parts that a manifest names. Throws UnreadableError. */
export function filesOfManifest(manifest: string): LogFiles {
  const directory = nodePath.dirname(manifest);
  const parts = loadOrder(readManifest(manifest).manifest).map((part) =>
    partOf(directory, part.name, roleOf(part), part.sequence),
  );
  return { parts, manifest };
}

const roleOf = (part: ManifestPart) => (part.type === 'b' ? 'base' : 'incr');

function partOf(directory: string, name: string, role: LogPart['role'], sequence: number): LogPart {
  return { path: nodePath.join(directory, name), name, role, sequence };
}

/** A part that a manifest names and that cannot be read is shown as damage. */
export function damageOfMissing(part: LogPart, { code, message }: UnreadableError): LogDamage {
  const name = code === 'ENOENT' ? 'manifest.part.missing' : 'manifest.part.unreadable';
  return { code: name, offset: 0, length: 0, expected: `the file ${part.name}`, found: message };
}
