import type { Stats } from 'node:fs';
import nodePath from 'node:path';
import { append } from '../arrays.ts';
import { unreadable } from '../errors.ts';
import { envelopeMagic } from '../io/envelope/vcs.ts';
import fs, { statIfAny } from '../io/file-system.ts';
import { readSmallFile } from '../io/small-file.ts';
import { isOtherMagic } from '../rdb/opcodes.ts';
import { type Backup, backupOf } from './backup.ts';
import { foreignContent } from './foreign.ts';
import { parseManifest } from './manifest.ts';

/**
 * Which files make up a dataset. A path may be a file of any kind, the folder of a multi-part AOF, or a data folder that holds
 * any of them.
 */
export type Layout =
  | { readonly kind: 'file'; readonly path: string; readonly backup?: Backup }
  /** `backup`: of Redis 8.10, sealed; one that is not sealed is the file that it has. */
  | { readonly kind: 'multi-part'; readonly directory: string; readonly manifest: string; readonly backup?: Backup }
  /** Parts by their names, and no manifest. */
  | { readonly kind: 'orphaned-parts'; readonly directory: string; readonly parts: readonly string[] }
  | { readonly kind: 'data-directory'; readonly directory: string; readonly members: readonly Layout[] };

export const partName = /^(.*)\.(\d+)\.(base|incr)\.(rdb|aof)$/;
export const temporaryName = /^temp-(rewriteaof-(bg-)?\d+\.aof|.*\.manifest|.*\.incr\.aof|.*\.incr|\d+\.rdb)$/;

/** Detects what lies at `path`, a folder's content by the names in it. Throws UnreadableError. */
export function detectLayout(path: string): Layout {
  if (path === '-') return { kind: 'file', path };
  let stat: Stats;
  try {
    stat = fs.statSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  return stat.isDirectory() ? detectDirectory(path) : { kind: 'file', path };
}

function detectDirectory(directory: string): Layout {
  const names = listFolder(directory);
  const members: Layout[] = aofLayouts(directory, names);
  const parts = new Set(members.flatMap((member) => (member.kind === 'multi-part' ? partNames(member.manifest) : [])));
  for (const name of names) {
    // A base that a server upgraded keeps the name it had as the only file.
    if (parts.has(name)) continue;
    const path = nodePath.join(directory, name);
    if (isFolder(path)) append(members, aofLayouts(path, namesIn(path)));
    else if (/\.(rdb|aof)(\.gz)?$/.test(name) && !partName.test(name) && !temporaryName.test(name)) {
      members.push({ kind: 'file', path });
    }
  }
  if (members.length === 1 && (members[0].kind !== 'file' || members[0].backup !== undefined)) return members[0];
  return { kind: 'data-directory', directory, members };
}

/** The datasets of a data folder that a server may load: no backups, where there is anything else. */
export function liveMembers(members: readonly Layout[]): readonly Layout[] {
  const live = members.filter((member) => !('backup' in member) || member.backup === undefined);
  return live.length > 0 ? live : members;
}

/** What a manifest names; nothing where it cannot be read: whoever loads it says so. */
export function partNames(manifest: string): string[] {
  try {
    return parseManifest(readSmallFile(manifest)).parts.map(({ name }) => name);
  } catch {
    return [];
  }
}

/** The multi-part AOFs that lie in a folder itself. */
export function aofLayouts(directory: string, names: readonly string[]): Layout[] {
  const manifests = names.filter((name) => name.endsWith('.manifest') && !temporaryName.test(name));
  const found: Layout[] = manifests.map((name) => ({
    kind: 'multi-part',
    directory,
    manifest: nodePath.join(directory, name),
  }));
  const backup = backupOf(directory, names);
  if (backup !== undefined && !backup.sealed)
    return [{ kind: 'file', path: nodePath.join(directory, backup.parts[0]), backup }];
  if (backup !== undefined) return found.map((layout) => ({ ...layout, backup }) as Layout);
  const parts = names.filter((name) => partName.test(name));
  const orphaned = parts.filter((name) => !manifests.includes(`${partName.exec(name)?.[1]}.manifest`));
  if (orphaned.length > 0 && manifests.length === 0) found.push({ kind: 'orphaned-parts', directory, parts: orphaned });
  return found;
}

/** Names in a folder, sorted. Throws UnreadableError. */
export function listFolder(directory: string): string[] {
  try {
    return fs.readdirSync(directory).sort();
  } catch (error) {
    throw unreadable(directory, error);
  }
}

/** False for what cannot be looked at: a link that leads back to itself, an entry of a folder without permission. */
function isFolder(path: string): boolean {
  return statIfAny(path)?.isDirectory() === true;
}

/** The same, or nothing where the folder cannot be read: `check` (folder-scan.ts) says so. */
export function namesIn(directory: string): string[] {
  try {
    return listFolder(directory);
  } catch {
    return [];
  }
}

/**
 * What a file's first bytes say that it is. `foreign`: no file of Redis or Valkey at all. `wrapped`: an RDB or a log in a form that no server
 * loads as it stands, and that it can be got out of. `foreignContent` says more of both.
 */
export type Content = 'rdb' | 'aof' | 'manifest' | 'empty' | 'foreign' | 'wrapped' | 'unknown';

/** Bytes that `sniff` wants to see: a manifest may begin with comments. */
export const sniffBytes = 4096;

/** Tells a file's content by its first bytes; its name only helps where they say nothing. */
export function sniff(head: Uint8Array, name: string): Content {
  if (head.length === 0) return name.endsWith('.rdb') ? 'rdb' : name.endsWith('.manifest') ? 'manifest' : 'empty';
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  if (text.startsWith('REDIS') || text.startsWith('VALKEY') || text.startsWith(envelopeMagic)) return 'rdb';
  const firstLine = text.split('\n').find((line) => !line.startsWith('#'));
  if (firstLine !== undefined && /^\s*file\s/i.test(firstLine)) return 'manifest';
  if (name.endsWith('.manifest')) return 'manifest';
  if (/^[*]\d+\r\n/.test(text) || text.startsWith('#TS:')) return 'aof';
  if (isOtherMagic(text.slice(0, 9), head[9] ?? 0)) return 'rdb';
  const other = 'REDIS'.startsWith(text) || 'VALKEY'.startsWith(text) ? undefined : foreignContent(head);
  if (other !== undefined) return other.kind;
  if (text[0] === '*' || text[0] === '#') return 'aof';
  if (/\.rdb(\.gz)?$/.test(name) || 'REDIS'.startsWith(text) || 'VALKEY'.startsWith(text)) return 'rdb';
  return 'unknown';
}
