import nodePath from 'node:path';
import { UnreadableError, UsageError } from '../errors.ts';
import { detectLayout, type Layout } from './layout.ts';

/**
 * Which dataset of a data folder a server would load. With `appendonly yes` that is the AOF: the multi-part AOF in `appendonlydir`, or
 * before the first start of 7.0 the single file `appendonly.aof`; the RDB is not read then. With `appendonly no` it is `dump.rdb`. A
 * folder does not say which of the two it is; one that has an AOF was written by a server with `appendonly yes`.
 */
export type DatasetKind = 'aof' | 'rdb';

export interface DatasetChoice {
  /** What to read: a file, a manifest, or the folder of a multi-part AOF. */
  readonly path: string;
  /** Other datasets of the folder, which are not read; empty where the path named one dataset. */
  readonly others: readonly string[];
  /** Why this one; empty likewise. */
  readonly reason: string;
}

/** Names that the servers give to their files unless a setting says otherwise. */
const defaults = {
  rdb: 'dump.rdb',
  aof: 'appendonly.aof',
  folder: 'appendonlydir',
  manifest: 'appendonly.aof.manifest',
};

/**
 * The dataset at `path`. In a folder with several, `wanted` says which kind; without it, the AOF comes before the RDB, and files of the
 * servers' default names before others. Throws UnreadableError where there is none, UsageError where several are alike.
 */
export function chooseDataset(path: string, wanted?: DatasetKind): DatasetChoice {
  const sole = { path, others: [], reason: '' };
  if (path === '-') return sole;
  const layout = detectLayout(path);
  const members = layout.kind === 'data-directory' ? layout.members : [layout];
  if (layout.kind !== 'data-directory' && wanted === undefined) return sole;
  const candidates = members.filter((member) => wanted === undefined || kindOf(member) === wanted);
  if (candidates.length === 0) {
    if (wanted === undefined) return sole;
    throw new UnreadableError(path, 'ENODATA', `cannot read ${path}: there is no ${wanted === 'aof' ? 'AOF' : 'RDB'}`);
  }
  const ranked = candidates.map((member) => ({ member, rank: rankOf(member) })).sort((a, b) => a.rank - b.rank);
  const [first, second] = ranked;
  if (second !== undefined && second.rank === first.rank) {
    throw new UsageError(`${path} holds several datasets: name one of ${candidates.map(pathOf).join(', ')}`);
  }
  const others = members.filter((member) => member !== first.member).map(pathOf);
  return { path: pathOf(first.member), others, reason: others.length === 0 ? '' : reasonOf(first.member, wanted) };
}

function kindOf(layout: Layout): DatasetKind {
  return layout.kind === 'file' && /\.rdb(\.gz)?$/.test(layout.path) ? 'rdb' : 'aof';
}

/** The lower, the sooner a server takes it. */
function rankOf(layout: Layout): number {
  if (layout.kind === 'multi-part') {
    const { directory, manifest } = layout;
    const isDefault =
      nodePath.basename(directory) === defaults.folder && nodePath.basename(manifest) === defaults.manifest;
    return isDefault ? 0 : 1;
  }
  if (layout.kind !== 'file') return 3;
  const name = nodePath.basename(layout.path).replace(/\.gz$/, '');
  if (kindOf(layout) === 'aof') return name === defaults.aof ? 2 : 4;
  return name === defaults.rdb ? 5 : 6;
}

/** What leads to a dataset: the folder of a multi-part AOF where it holds no other. */
function pathOf(layout: Layout): string {
  if (layout.kind === 'file') return layout.path;
  if (layout.kind !== 'multi-part') return layout.directory;
  const alone = detectLayout(layout.directory);
  return alone.kind === 'multi-part' ? layout.directory : layout.manifest;
}

function reasonOf(layout: Layout, wanted: DatasetKind | undefined): string {
  if (wanted !== undefined) return `as --${wanted} asks`;
  return kindOf(layout) === 'aof'
    ? 'a server with appendonly yes loads the AOF and does not read an RDB beside it (--rdb takes the RDB)'
    : `it has the default name of the RDB, ${defaults.rdb}`;
}
