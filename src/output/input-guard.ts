import type { BigIntStats } from 'node:fs';
import nodePath from 'node:path';
import { type Layout, sniff, sniffBytes } from '../aof/layout.ts';
import { parseManifest } from '../aof/manifest.ts';
import { UsageError } from '../errors.ts';
import fs from '../io/file-system.ts';
import { codeOf, identityOf, isSameFile, openUnfollowed, placeOf } from '../io/open-folder.ts';
import { readSmallFile } from '../io/small-file.ts';
import { findOpenFiles, type Holder, type WantedFile } from './open-files.ts';

/** What a file was when it was about to be read. */
interface Snapshot extends WantedFile {
  readonly size: bigint;
  readonly modified: bigint;
  /** Of a manifest. */
  readonly bytes: Buffer | undefined;
}

/** Nothing had that name. */
interface Absence {
  readonly path: string;
  readonly identity: undefined;
}

export interface GuardOptions {
  /** Other processes may have the files open. */
  readonly force?: boolean;
  /** Where the system shows its processes, for tests. */
  readonly proc?: string;
  /** What else can be done where a server runs. Default: say --force. */
  readonly way?: string;
}

/** A manifest is not larger; what is, is compared by size and time alone. */
const manifestBytesMax = 16 * 1024 * 1024;

/**
 * Watches the files that a result takes the place of. A server that has one of them open, or a change since they were read, is found
 * before anything is replaced, and once more before what was replaced is removed: else what a running server writes would be lost.
 */
export class InputGuard {
  /** Why processes may be hidden from us; '' where none are, or it does not matter. */
  unseen = '';
  private readonly files: readonly (Snapshot | Absence)[];
  private readonly options: GuardOptions;

  /** Takes down what the files are now, before they are read. `paths`: manifests and data. Throws UsageError where one is open elsewhere. */
  constructor(paths: readonly string[], options: GuardOptions) {
    this.options = options;
    this.files = [...new Set(paths)].map(snapshotOf);
    const holder = this.findHolder();
    if (holder !== undefined)
      throw new UsageError(`${sentence(holder)}: stop the server first, or ${options.way ?? 'say --force'}`);
  }

  /** Why nothing may be replaced; undefined if it may. */
  problem(): string | undefined {
    return this.change(this.files) ?? this.holderSentence();
  }

  /**
   * Why files that were replaced must not be removed; undefined if they may. `replaced`: those that have another content by now because we
   * put it there.
   */
  removalProblem(replaced: string): string | undefined {
    const place = placeOf(replaced);
    const rest = this.files.filter(({ path }) => placeOf(path) !== place);
    const problem = this.change(rest) ?? this.holderSentence();
    if (problem !== undefined) return problem;
    return this.unseen === '' ? undefined : `other processes may have them open: ${this.unseen}`;
  }

  private holderSentence(): string | undefined {
    const holder = this.findHolder();
    return holder && sentence(holder);
  }

  private findHolder(): Holder | undefined {
    if (this.options.force === true) return undefined;
    const wanted: WantedFile[] = [];
    for (const { path, identity } of this.files) if (identity !== undefined) wanted.push({ path, identity });
    const { holder, unseen } = findOpenFiles(wanted, this.options.proc);
    this.unseen = unseen;
    return holder;
  }

  private change(files: readonly (Snapshot | Absence)[]): string | undefined {
    for (const before of files) {
      const difference = differenceOf(before, snapshotOf(before.path));
      if (difference !== undefined) return `${before.path} has changed since it was read: ${difference}`;
    }
    return undefined;
  }
}

/** What a report says where a running server may have gone unnoticed. */
export const unseenNote = (reason: string): string =>
  `whether another process has the files open could not be seen: ${reason}; make sure that no server runs on them`;

const sentence = ({ pid, command, path }: Holder): string => `process ${pid} (${command}) has ${path} open`;

function differenceOf(before: Snapshot | Absence, now: Snapshot | Absence): string | undefined {
  if (before.identity === undefined) return now.identity === undefined ? undefined : 'it was not there';
  if (now.identity === undefined) return 'it is gone';
  if (!isSameFile(before.identity, now.identity)) return 'another file has its name';
  if (before.size !== now.size) return `it had ${before.size} bytes and has ${now.size}`;
  if (before.modified !== now.modified) return 'it was written to';
  const isSame = before.bytes === undefined || now.bytes === undefined || before.bytes.equals(now.bytes);
  return isSame ? undefined : 'its content is another';
}

function snapshotOf(path: string): Snapshot | Absence {
  let stat: BigIntStats;
  try {
    stat = fs.statSync(path, { bigint: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return { path, identity: undefined };
    throw error;
  }
  const bytes = path.endsWith('.manifest') && stat.isFile() ? smallContent(path) : undefined;
  return { path, identity: identityOf(stat), size: stat.size, modified: stat.mtimeNs, bytes };
}

function smallContent(path: string): Buffer | undefined {
  try {
    return fs.statSync(path).size <= manifestBytesMax ? readSmallFile(path) : undefined;
  } catch {
    return undefined;
  }
}

/** The files of a dataset: of a multi-part AOF its manifest first, then all that it names and are there. */
export function inputFiles(layout: Layout): string[] {
  if (layout.kind === 'multi-part') return partFiles(layout.manifest);
  if (layout.kind === 'orphaned-parts') return layout.parts.map((name) => nodePath.join(layout.directory, name));
  if (layout.kind === 'data-directory') return layout.members.flatMap(inputFiles);
  return isManifest(layout.path) ? partFiles(layout.path) : [layout.path];
}

function partFiles(manifest: string): string[] {
  const directory = nodePath.dirname(manifest);
  const bytes = smallContent(manifest);
  const names = bytes === undefined ? [] : parseManifest(bytes).parts.map(({ name }) => name);
  const parts = names.map((name) => nodePath.join(directory, name));
  return [
    manifest,
    ...new Set(parts.filter((path) => fs.statSync(path, { throwIfNoEntry: false })?.isFile() === true)),
  ];
}

/** Whether a file's first bytes are a manifest's. */
function isManifest(path: string): boolean {
  if (path === '-' || fs.statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  const descriptor = fs.openSync(fs.realpathSync(path), openUnfollowed);
  try {
    const head = Buffer.alloc(sniffBytes);
    const count = fs.readSync(descriptor, head, 0, sniffBytes, 0);
    return sniff(head.subarray(0, count), path) === 'manifest';
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Other files of the AOF that a file is a part of: a server has only its last part open. */
export function siblingParts(path: string): string[] {
  const directory = nodePath.dirname(nodePath.resolve(path));
  const name = nodePath.basename(path);
  const manifests = fs.readdirSync(directory).filter((other) => other.endsWith('.manifest'));
  for (const manifest of manifests) {
    const files = partFiles(nodePath.join(directory, manifest));
    if (files.some((file) => nodePath.basename(file) === name)) return files;
  }
  return [];
}

/** Whether an output is one of the files that it is made from, so that it replaces it. */
export function isInput(output: string, inputs: readonly string[]): boolean {
  const place = placeOf(output);
  return inputs.some((path) => path !== '-' && (placeOf(path) === place || realPath(path) === place));
}

function realPath(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return path;
  }
}
