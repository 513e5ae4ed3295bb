import type { Bin, KeyRank, MemoryReport, NamedShare, PrefixShare, ServerNeeds, Share } from '../result.ts';

/*
 * What the page holds: aggregates only, so that it stays small and quick however many keys a dataset has. It is JSON within the page; keys
 * are shown as text, never as markup.
 */

/** A prefix as [name, keys, bytes, lasting keys, lasting bytes, children]. */
export type PageNode = readonly [string, number, number, number, number, readonly PageNode[]];

export interface PageReport {
  readonly path: string;
  readonly server: string;
  readonly at: number;
  readonly ok: boolean;
  readonly exact: boolean;
  readonly total: Share;
  readonly elements: number;
  readonly types: readonly NamedShare[];
  readonly encodings: readonly NamedShare[];
  readonly databases: readonly NamedShare[];
  readonly prefixes: PageNode;
  readonly largest: readonly KeyRank[];
  readonly longest: readonly KeyRank[];
  readonly hottest: readonly KeyRank[];
  readonly coldest: readonly KeyRank[];
  readonly histograms: {
    readonly ttl: readonly Bin[];
    readonly bytes: readonly Bin[];
    readonly idle: readonly Bin[];
    readonly frequency: readonly Bin[];
  };
  readonly percentiles: MemoryReport['percentiles'];
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
export function pageData(reports: readonly MemoryReport[], isComparison: boolean): PageData {
  return { reports: reports.map(pageReport), isComparison };
}

function pageReport(report: MemoryReport): PageReport {
  const { path, server, at, ok, exactPrefixes, total, elements, types, encodings, databases } = report;
  const { histograms, percentiles, needs } = report;
  const first = <T>(rows: readonly T[]): readonly T[] => rows.slice(0, rowsMax);
  return {
    path,
    server,
    at,
    ok,
    exact: exactPrefixes,
    total,
    elements,
    types,
    encodings,
    databases,
    prefixes: pageNode(report.prefixes, smallestShown(report.prefixes)),
    largest: first(report.largest),
    longest: first(report.longest),
    hottest: first(report.hottest),
    coldest: first(report.coldest),
    histograms,
    percentiles,
    needs,
  };
}

/** Bytes from which on a prefix is shown, so that there are not too many. */
function smallestShown(root: PrefixShare): number {
  const sizes: number[] = [];
  const waiting: PrefixShare[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    sizes.push(node.bytes);
    for (const child of node.children) waiting.push(child);
  }
  if (sizes.length <= nodesMax) return 0;
  return sizes.sort((a, b) => b - a)[nodesMax];
}

function pageNode({ name, keys, bytes, lastingKeys, lastingBytes, children }: PrefixShare, least: number): PageNode {
  const shown = children.filter((child) => child.bytes > least || least === 0);
  return [name, keys, bytes, lastingKeys, lastingBytes, shown.map((child) => pageNode(child, least))];
}
