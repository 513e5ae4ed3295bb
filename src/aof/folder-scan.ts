import type { Stats } from 'node:fs';
import nodePath from 'node:path';
import { append } from '../arrays.ts';
import { unreadable } from '../errors.ts';
import { DecompressionError } from '../io/decompression-error.ts';
import fs from '../io/file-system.ts';
import { openInput } from '../io/input.ts';
import {
  aofLayouts,
  type Layout,
  listFolder,
  partName,
  partNames,
  sniff,
  sniffBytes,
  temporaryName,
} from './layout.ts';

/** An entry of a folder in which nothing was checked. */
export interface PassedOver {
  readonly path: string;
  readonly why: string;
}

/** An entry that could not be looked at. */
interface UnreadEntry {
  readonly path: string;
  readonly message: string;
  /** Its name is one that data has. */
  readonly isData: boolean;
}

/** Data that lies where no server reads it. */
interface StrayData {
  readonly path: string;
  readonly why: string;
  /** Left by a save or rewrite that did not finish: it need not be whole. */
  readonly temporary: boolean;
}

/** What lies in a folder, by content. */
export interface FolderScan {
  /** Files and AOFs to check, in the order of their names. */
  readonly members: readonly Layout[];
  readonly passedOver: readonly PassedOver[];
  readonly unread: readonly UnreadEntry[];
  readonly stray: readonly StrayData[];
}

const dataName = /\.(rdb|aof)(\.gz)?$/;
/** What `repair` keeps of a file that it replaces: with the damage. */
const backupName = /\.backup-\d+$/;
const aofFolder = 'appendonlydir';
/** Levels of folders that are entered. */
const depthMax = 100;

/**
 * Looks at every entry of `directory`; at those of its folders with `recursive`, otherwise only at those that hold an AOF. A folder is
 * entered once, whatever links lead to it. Throws UnreadableError where `directory` itself cannot be read.
 */
export function scanFolder(directory: string, recursive: boolean): FolderScan {
  const scan = new Scan(recursive);
  scan.folder(directory, listFolder(directory), 0);
  return scan;
}

class Scan implements FolderScan {
  readonly members: Layout[] = [];
  readonly passedOver: PassedOver[] = [];
  readonly unread: UnreadEntry[] = [];
  readonly stray: StrayData[] = [];
  private readonly recursive: boolean;
  /** Device and inode of the folders that were entered. */
  private readonly entered = new Set<string>();

  constructor(recursive: boolean) {
    this.recursive = recursive;
  }

  folder(directory: string, names: readonly string[], depth: number): void {
    const own = fs.statSync(directory, { throwIfNoEntry: false });
    if (own !== undefined) this.entered.add(`${own.dev}:${own.ino}`);
    const layouts = aofLayouts(directory, names);
    append(this.members, layouts);
    const parts = new Set(layouts.flatMap((one) => (one.kind === 'multi-part' ? partNames(one.manifest) : [])));
    const holdsAof = layouts.length > 0 || nodePath.basename(directory) === aofFolder;
    for (const name of names) {
      // Whoever checks the AOF looks at its parts, its manifest and what is left beside them.
      if (parts.has(name) || (layouts.length > 0 && isOfAof(name))) continue;
      const path = nodePath.join(directory, name);
      try {
        this.entry(path, name, fs.statSync(path), depth, holdsAof);
      } catch (error) {
        const { message } = unreadable(path, error);
        this.unread.push({ path, message, isData: dataName.test(name) || name.endsWith('.manifest') });
      }
    }
  }

  private entry(path: string, name: string, stat: Stats, depth: number, inAofFolder: boolean): void {
    if (stat.isDirectory()) this.subfolder(path, name, stat, depth);
    else if (!stat.isFile()) this.passedOver.push({ path, why: 'neither a regular file nor a folder' });
    else this.file(path, name, inAofFolder);
  }

  private subfolder(path: string, name: string, stat: Stats, depth: number): void {
    const id = `${stat.dev}:${stat.ino}`;
    if (this.entered.has(id)) {
      this.passedOver.push({ path, why: 'a folder that was looked into before, under another name' });
      return;
    }
    const names = listFolder(path);
    const isAof = depth === 0 && (name === aofFolder || aofLayouts(path, names).length > 0);
    if (depth < depthMax && (this.recursive || isAof)) this.folder(path, names, depth + 1);
    else this.passedOver.push({ path, why: 'a folder (--recursive looks into it)' });
  }

  private file(path: string, name: string, inAofFolder: boolean): void {
    if (temporaryName.test(name)) {
      this.stray.push({ path, why: 'it is left from a save or rewrite that did not finish', temporary: true });
      return;
    }
    if (backupName.test(name)) {
      this.passedOver.push({ path, why: 'a backup that repair made' });
      return;
    }
    const isNamed = dataName.test(name);
    if (isNamed && !inAofFolder) {
      this.members.push({ kind: 'file', path });
      return;
    }
    const content = contentOf(path, name);
    if (isNamed || content === 'rdb' || content === 'aof') this.members.push({ kind: 'file', path });
    else if (content === 'manifest')
      this.members.push({ kind: 'multi-part', directory: nodePath.dirname(path), manifest: path });
    else this.passedOver.push({ path, why: content === 'empty' ? 'an empty file' : 'neither an AOF nor an RDB' });
    if (content !== 'rdb' && content !== 'aof') return;
    if (inAofFolder) {
      this.stray.push({
        path,
        why: 'no manifest names it, and a server reads nothing else in this folder',
        temporary: false,
      });
    } else if (!isNamed) {
      this.stray.push({ path, why: 'its name is not one that servers give to their files', temporary: false });
    }
  }
}

const isOfAof = (name: string): boolean =>
  partName.test(name) || name.endsWith('.manifest') || temporaryName.test(name);

/**
 * What a file of any name begins with. Comments begin other files than AOFs, so that '#' alone does not make one. Throws UnreadableError.
 */
export function contentOf(path: string, name: string): ReturnType<typeof sniff> {
  const { source } = openInput(path);
  try {
    const head = Buffer.alloc(sniffBytes);
    const length = source.read(head, 0, head.length);
    const bytes = head.subarray(0, length);
    const content = sniff(bytes, name);
    return content === 'aof' && !dataName.test(name) && !isRecord(bytes) ? 'unknown' : content;
  } catch (error) {
    // Of a name of data it is checked, and the damage found there.
    if (error instanceof DecompressionError) return 'unknown';
    throw error;
  } finally {
    source.close();
  }
}

/** A command as servers write it, or the annotation of a time. */
const isRecord = (bytes: Buffer): boolean =>
  /^(\*[1-9]\d*\r\n\$\d+\r\n|#TS:\d+\r\n)/.test(bytes.latin1Slice(0, Math.min(40, bytes.length)));
