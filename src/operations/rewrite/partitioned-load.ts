import { FindingList } from '../../aof/report.ts';
import { findCoLocatedKeys, rereadableFiles } from '../../dataset/co-located-keys.ts';
import type { KeyFilterOptions } from '../../dataset/filter.ts';
import { type Loaded, type LoadOptions, loadDataset, UndealableError } from '../../dataset/load.ts';
import type { UntouchedDigest } from '../../dataset/untouched/digest.ts';
import type { UntouchedKeys } from '../../dataset/untouched/untouched-keys.ts';
import { freeOwners, partitioningOf, Share } from '../../engine/partition.ts';
import type { ReplyError } from '../../engine/session.ts';
import fs from '../../io/file-system.ts';
import { canThread } from '../../io/threads.ts';
import { limits } from '../../limits.ts';
import type { PartitionSummary } from './partition-messages.ts';
import { PartitionError, SecondPartition } from './second-partition.ts';

/** Less than this is not worth a thread. */
const partitionedBytesMin = 32 * 1024 * 1024;
/** About what the first thread gets through while the second starts, of what both do in the end; seen on the benchmarks' files. */
const headStartBytes = 4 * 1024 * 1024;
/** So much of each log is looked at first. */
const sampleBytes = 16 * 1024 * 1024;
/** Error replies that are kept. */
const errorsMax = 100;

/** A dataset, whole or the first shard of two. */
export interface PartitionedDataset {
  readonly loaded: Loaded;
  readonly findings: FindingList;
  /** The other shard, and what it said of itself. */
  readonly second?: SecondPartition;
  readonly summary?: PartitionSummary;
  /** Keys that were not loaded, because they only need to be copied; and their digest, if one is wanted. */
  readonly kept?: UntouchedKeys;
  readonly untouchedDigest?: UntouchedDigest;
}

/** Loads what lies at `path` as one. */
export async function loadWhole(path: string, load: LoadOptions): Promise<PartitionedDataset> {
  const findings = new FindingList();
  return { loaded: await loadDataset(path, { ...load, findings }), findings };
}

/**
 * Loads it in two shards, side by side, where that is possible and worth it. The second one's keys have passed `filter` already. A
 * part of the log tells whether all of it must be looked through for commands that tie keys together; if it tells so too late, loading
 * begins once more.
 */
export async function loadPartitioned(
  path: string,
  load: LoadOptions,
  filter: KeyFilterOptions,
  pause: () => Promise<void>,
): Promise<PartitionedDataset> {
  const files = dealableFiles(path);
  if (files === undefined) return loadWhole(path, load);
  // It starts while the log is looked through.
  let second = new SecondPartition();
  const lead = headStartBytes / files.bytes;
  let owners = await findCoLocatedKeys(files.paths, pause, { sample: sampleBytes, lead });
  if (owners !== undefined && Buffer.compare(owners, freeOwners(lead)) === 0) {
    const dealt = await loadShards(path, load, filter, owners, second);
    if (dealt !== undefined) return dealt;
    second = new SecondPartition();
  }
  owners &&= await findCoLocatedKeys(files.paths, pause, { lead });
  const dealt = owners && (await loadShards(path, load, filter, owners, second));
  if (dealt === undefined) second.stop();
  return dealt ?? loadWhole(path, load);
}

function dealableFiles(path: string): { paths: string[]; bytes: number } | undefined {
  if (!canThread()) return undefined;
  const paths = rereadableFiles(path) ?? [];
  const bytes = paths.reduce((sum, file) => sum + (fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
  return bytes >= partitionedBytesMin ? { paths, bytes } : undefined;
}

/** Undefined, and the second thread has ended, where it cannot be loaded in shards after all. */
async function loadShards(
  path: string,
  load: LoadOptions,
  filter: KeyFilterOptions,
  owners: Uint8Array,
  second: SecondPartition,
): Promise<PartitionedDataset | undefined> {
  const { flavor, payloads, mends, at, seed } = load;
  second.load({
    kind: 'load',
    path,
    shard: { index: 1, owners },
    flavor,
    payloads,
    mends,
    at,
    seed,
    filter,
    limits: limits(),
  });
  const findings = new FindingList();
  let loaded: Loaded | undefined;
  try {
    loaded = await loadDataset(path, { ...load, findings, shard: { index: 0, owners } });
    const summary = await second.loaded();
    mergeFindings(findings, summary);
    return { loaded, findings, second, summary };
  } catch (error) {
    second.stop();
    loaded?.close();
    if (error instanceof PartitionError || error instanceof UndealableError) return undefined;
    throw error;
  }
}

/** What both have found counts once. */
function mergeFindings(findings: FindingList, summary: PartitionSummary): void {
  const nameOf = (finding: { code: string; file: string; offset: number }) =>
    `${finding.code} ${finding.offset} ${finding.file}`;
  const known = new Set(findings.findings.map(nameOf));
  for (const finding of summary.findings) if (!known.has(nameOf(finding))) findings.take(finding);
}

/** Commands that were refused, in the order of the log, and how many there were. */
export function refusedCommands({ loaded, summary }: PartitionedDataset): {
  count: number;
  first: readonly ReplyError[];
} {
  const { session } = loaded;
  if (summary === undefined) return { count: session.errorCount, first: session.errors };
  // What both have run, both have refused.
  const isOwn = (id: number) => partitioningOf(session.registry.commands[id]).share !== Share.everywhere;
  const others = summary.failures.reduce((sum, failures, id) => sum + (isOwn(id) ? failures : 0), 0);
  const known = new Set(session.errors.map(placeOf));
  const first = [...session.errors, ...summary.errors.filter((error) => !known.has(placeOf(error)))];
  first.sort((a, b) => a.source - b.source || a.ordinal - b.ordinal);
  return { count: session.errorCount + others, first: first.slice(0, errorsMax) };
}

const placeOf = ({ source, offset }: ReplyError): string => `${source} ${offset}`;

/** How often each command was run, by its id: at least once where it was at all. */
export function callsOf({ loaded, summary }: PartitionedDataset): Float64Array {
  const { calls } = loaded.session;
  return summary === undefined ? calls : calls.map((count, id) => count + summary.calls[id]);
}
