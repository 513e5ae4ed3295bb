import { FindingList } from '../../aof/report.ts';
import { rereadableFiles, surveyTies } from '../../dataset/co-located-keys.ts';
import type { KeyFilterOptions } from '../../dataset/filter.ts';
import { type Loaded, type LoadOptions, loadDataset, UndealableError } from '../../dataset/load.ts';
import type { KeptDigest } from '../../dataset/untouched/digest.ts';
import type { KeptKeys } from '../../dataset/untouched/untouched-keys.ts';
import { dealingOf, freeOwners, Share } from '../../engine/partition.ts';
import type { ReplyError } from '../../engine/session.ts';
import fs from '../../io/file-system.ts';
import { canThread } from '../../io/threads.ts';
import { limits } from '../../limits.ts';
import type { ShardSummary } from './partition-messages.ts';
import { SecondShard, ShardError } from './second-partition.ts';

/** Less than this is not worth a thread. */
const dealtBytesMin = 32 * 1024 * 1024;
/** About what the first thread gets through while the second starts, of what both do in the end; seen on the benchmarks' files. */
const headStartBytes = 4 * 1024 * 1024;
/** So much of each log is looked at first. */
const sampleBytes = 16 * 1024 * 1024;
/** Error replies that are kept. */
const errorsMax = 100;

/** A dataset, whole or the first shard of two. */
export interface DealtDataset {
  readonly loaded: Loaded;
  readonly findings: FindingList;
  /** The other shard, and what it said of itself. */
  readonly second?: SecondShard;
  readonly summary?: ShardSummary;
  /** Keys that were not loaded, because they only need to be copied; and their digest, if one is wanted. */
  readonly kept?: KeptKeys;
  readonly keptDigest?: KeptDigest;
}

/** Loads what lies at `path` as one. */
export async function loadWhole(path: string, load: LoadOptions): Promise<DealtDataset> {
  const findings = new FindingList();
  return { loaded: await loadDataset(path, { ...load, findings }), findings };
}

/**
 * Loads it in two shards, side by side, where that is possible and worth it. The second one's keys have passed `filter` already. A
 * part of the log tells whether all of it must be looked through for commands that tie keys together; if it tells so too late, loading
 * begins once more.
 */
export async function loadDealt(
  path: string,
  load: LoadOptions,
  filter: KeyFilterOptions,
  pause: () => Promise<void>,
): Promise<DealtDataset> {
  const files = dealableFiles(path);
  if (files === undefined) return loadWhole(path, load);
  // It starts while the log is looked through.
  let second = new SecondShard();
  const lead = headStartBytes / files.bytes;
  let owners = await surveyTies(files.paths, pause, { sample: sampleBytes, lead });
  if (owners !== undefined && Buffer.compare(owners, freeOwners(lead)) === 0) {
    const dealt = await loadShards(path, load, filter, owners, second);
    if (dealt !== undefined) return dealt;
    second = new SecondShard();
  }
  owners &&= await surveyTies(files.paths, pause, { lead });
  const dealt = owners && (await loadShards(path, load, filter, owners, second));
  if (dealt === undefined) second.stop();
  return dealt ?? loadWhole(path, load);
}

function dealableFiles(path: string): { paths: string[]; bytes: number } | undefined {
  if (!canThread()) return undefined;
  const paths = rereadableFiles(path) ?? [];
  const bytes = paths.reduce((sum, file) => sum + (fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
  return bytes >= dealtBytesMin ? { paths, bytes } : undefined;
}

/** Undefined, and the second thread has ended, where it cannot be loaded in shards after all. */
async function loadShards(
  path: string,
  load: LoadOptions,
  filter: KeyFilterOptions,
  owners: Uint8Array,
  second: SecondShard,
): Promise<DealtDataset | undefined> {
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
    if (error instanceof ShardError || error instanceof UndealableError) return undefined;
    throw error;
  }
}

/** What both have found counts once. */
function mergeFindings(findings: FindingList, summary: ShardSummary): void {
  const nameOf = (finding: { code: string; file: string; offset: number }) =>
    `${finding.code} ${finding.offset} ${finding.file}`;
  const known = new Set(findings.findings.map(nameOf));
  for (const finding of summary.findings) if (!known.has(nameOf(finding))) findings.take(finding);
}

/** Commands that were refused, in the order of the log, and how many there were. */
export function refusedCommands({ loaded, summary }: DealtDataset): { count: number; first: readonly ReplyError[] } {
  const { session } = loaded;
  if (summary === undefined) return { count: session.errorCount, first: session.errors };
  // What both have run, both have refused.
  const isOwn = (id: number) => dealingOf(session.registry.commands[id]).share !== Share.everywhere;
  const others = summary.failures.reduce((sum, failures, id) => sum + (isOwn(id) ? failures : 0), 0);
  const known = new Set(session.errors.map(placeOf));
  const first = [...session.errors, ...summary.errors.filter((error) => !known.has(placeOf(error)))];
  first.sort((a, b) => a.source - b.source || a.ordinal - b.ordinal);
  return { count: session.errorCount + others, first: first.slice(0, errorsMax) };
}

const placeOf = ({ source, offset }: ReplyError): string => `${source} ${offset}`;

/** How often each command was run, by its id: at least once where it was at all. */
export function callsOf({ loaded, summary }: DealtDataset): Float64Array {
  const { calls } = loaded.session;
  return summary === undefined ? calls : calls.map((count, id) => count + summary.calls[id]);
}
