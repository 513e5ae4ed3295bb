import type { HistogramBin } from '../histogram.ts';
import type { MemoryGroup, MemoryResult } from '../memory.ts';
import type { PrefixNode } from '../prefix-tree.ts';
import type { ServerNeeds } from '../server-needs.ts';
import type { ListedKey } from '../top-keys.ts';

/*
 * What the page holds: aggregates only, so that it stays small and quick however many keys a dataset has. It is JSON within the page; names
 * of keys are shown as text, never as markup.
 */

/** A prefix behind its parent's as [name, keys, bytes, lasting keys, lasting bytes, children]. */
export type PageNode = readonly [string, number, number, number, number, readonly PageNode[]];

/** A bar of a histogram; without a bound on a side where that is undefined. */
export interface PageBin {
  readonly from?: number;
  readonly to?: number;
  readonly keys: number;
  readonly bytes: number;
}

export interface PageReport {
  readonly path: string;
  readonly server: string;
  readonly at: number;
  readonly ok: boolean;
  readonly exact: boolean;
  readonly keys: number;
  readonly bytes: number;
  readonly persistentKeys: number;
  readonly types: readonly MemoryGroup[];
  readonly encodings: readonly MemoryGroup[];
  readonly databases: readonly MemoryGroup[];
  readonly prefixes: PageNode;
  readonly largest: readonly ListedKey[];
  readonly mostElements: readonly ListedKey[];
  readonly hottest: readonly ListedKey[];
  readonly coldest: readonly ListedKey[];
  readonly sizes: readonly PageBin[];
  readonly ttl: readonly PageBin[];
  readonly idle: readonly PageBin[];
  readonly freq: readonly PageBin[];
  readonly percentiles: MemoryResult['percentiles'];
  readonly needs: ServerNeeds;
}

export interface PageData {
  readonly reports: readonly PageReport[];
  /** The second report is an earlier state of the first. */
  readonly isComparison: boolean;
}

/** Prefixes that a page holds of each dataset. */
const nodesMax = 4000;
/** Rows of each table of keys. */
const rowsMax = 200;

/** What the page needs of some reports. */
export function pageData(reports: readonly MemoryResult[], isComparison: boolean): PageData {
  return { reports: reports.map(pageReport), isComparison };
}

function pageReport(report: MemoryResult): PageReport {
  const { path, server, at, ok, keys, bytes, persistentKeys, types, encodings, databases } = report;
  const { prefixes, percentiles, needs } = report;
  const first = <T>(rows: readonly T[]): readonly T[] => rows.slice(0, rowsMax);
  const { sums, least } = shownPrefixes(prefixes.roots);
  const children = prefixes.roots.map((child) => pageNode(child, '', least));
  return {
    path,
    server,
    at,
    ok,
    exact: prefixes.exact,
    keys,
    bytes,
    persistentKeys,
    types,
    encodings,
    databases,
    prefixes: ['', keys, bytes, persistentKeys, sums, children],
    largest: first(report.largest),
    mostElements: first(report.mostElements),
    hottest: first(report.hottest),
    coldest: first(report.coldest),
    sizes: report.sizes.map(pageBin),
    ttl: report.ttl.map(pageBin),
    idle: report.idle.map(pageBin),
    freq: report.freq.map(pageBin),
    percentiles,
    needs,
  };
}

/** JSON has no infinite numbers. */
function pageBin({ from, to, keys, bytes }: HistogramBin): PageBin {
  return { ...(Number.isFinite(from) && { from }), ...(Number.isFinite(to) && { to }), keys, bytes };
}

/** Bytes from which on a prefix is shown, so that there are not too many; and the bytes of keys below the roots that never expire. */
function shownPrefixes(roots: readonly PrefixNode[]): { least: number; sums: number } {
  const sizes: number[] = [];
  const waiting = [...roots];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    sizes.push(node.bytes);
    for (const child of node.children) waiting.push(child);
  }
  const sums = roots.reduce((sum, { persistentBytes }) => sum + persistentBytes, 0);
  if (sizes.length <= nodesMax) return { least: 0, sums };
  return { least: sizes.sort((a, b) => b - a)[nodesMax], sums };
}

function pageNode(node: PrefixNode, parent: string, least: number): PageNode {
  const { prefix, keys, bytes, persistentKeys, persistentBytes } = node;
  const children = node.children.filter((child) => child.bytes >= least).map((child) => pageNode(child, prefix, least));
  return [prefix.slice(parent.length), keys, bytes, persistentKeys, persistentBytes, children];
}
