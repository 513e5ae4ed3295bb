import { detectLayout } from '../../aof/layout.ts';
import type { LayoutName, Progress } from '../../aof/report.ts';
import { refusedMax } from '../../checks/load/refused-values.ts';
import { refusedOf } from '../../checks/load/start-load-check.ts';
import { countPast, dropPast } from '../../dataset/expired.ts';
import { flavorOfFiles, releaseOf } from '../../dataset/flavor-choice.ts';
import { addStatistics, type DatabaseStatistics, takeStatistics } from '../../dataset/key-statistics.ts';
import { type Loaded, loadDataset, type OpaqueCommand, type OpaquePolicy, rdbsOf } from '../../dataset/load.ts';
import { sumsOf } from '../../dataset/loaded-digest.ts';
import { loadPartly, type PartlyLoaded } from '../../dataset/untouched/load.ts';
import { type ForeignCommand, foreignCommands, mayCountDifferently } from '../../dataset/version-hints.ts';
import { Digester, digestOfSums } from '../../engine/digest.ts';
import type { ReplyError } from '../../engine/session.ts';
import type { Finding } from '../../findings.ts';
import { yieldToEventLoop } from '../../io/turns.ts';
import type { Flavor } from '../../servers/flavor.ts';

export interface DigestOptions {
  /**
   * Whose rules: what is dropped while loading, and how scores and field expiry count. Default: those of the server that the RDB at the
   * front names, else redis-8.
   */
  readonly flavor?: Flavor;
  /** The moment of loading, milliseconds since 1970. */
  readonly at: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
  /** Called for each key with what DEBUG DIGEST-VALUE says of it; `key` is a binary string. */
  readonly onKey?: (database: number, key: string, digest: string) => void | Promise<void>;
  /** Leaves out keys, and fields of hashes, that are past their time at `at`: a running server has removed them. */
  readonly dropExpired?: boolean;
  /** What to do with commands whose effect nobody knows. Default `fail`: then there is no digest. */
  readonly opaque?: OpaquePolicy;
}

export interface DigestResult {
  readonly path: string;
  readonly layout: LayoutName;
  readonly ok: boolean;
  /** 40 hex digits, equal to DEBUG DIGEST of a server that has loaded the same; undefined where it could not be loaded. */
  readonly digest?: string;
  /** The rules that were followed. */
  readonly flavor: Flavor;
  /** The rules of the server that wrote the RDB at the front; undefined where there is none. */
  readonly writer?: Flavor;
  /** The writer's rules may count this dataset differently. */
  readonly differsForWriter: boolean;
  /** Commands that servers of these rules do not know. */
  readonly foreign: readonly ForeignCommand[];
  readonly databases: readonly DatabaseStatistics[];
  /** Keys that are past their time and counted, if any are: a running server removes them, and then has another digest. */
  readonly pastKeys?: number;
  /** Keys that were left out because they are past their time, if any were: of an RDB alone, or with `dropExpired`. */
  readonly droppedKeys?: number;
  readonly findings: readonly Finding[];
  /** Commands whose effect is not known; with them, a server's digest may be another one. */
  readonly opaque: readonly OpaqueCommand[];
  /** Commands that a server would answer with an error while loading, the first of them one by one. */
  readonly refused: { readonly count: number; readonly first: readonly ReplyError[] };
}

/** The digest of the dataset at `path`. Throws UnreadableError. */
export async function digest(path: string, options: DigestOptions): Promise<DigestResult> {
  const { dropExpired = false } = options;
  const writer = flavorOfFiles(detectLayout(path));
  const flavor = options.flavor ?? writer ?? 'redis-8';
  const load = { ...options, flavor, countsPast: true };
  // Where no key is asked for by itself, those that no log touches need not be loaded.
  const isWhole = options.onKey !== undefined || dropExpired;
  const part = isWhole ? undefined : await loadPartly(path, load, flavor, options.pause ?? yieldToEventLoop);
  const loaded = part?.loaded ?? (await loadDataset(path, load));
  try {
    await addRefused(loaded, flavor);
    const removed = dropExpired ? dropPast(loaded, options.at) : 0;
    const ok = loaded.findings.errors === 0 && (loaded.opaque.length === 0 || (options.opaque ?? 'fail') !== 'fail');
    if (ok) await eachKey(loaded, flavor, options);
    const { dataset, session } = loaded;
    return {
      path,
      layout: loaded.layout,
      ok,
      digest: ok ? await wholeDigest(loaded, part, flavor, options.at) : undefined,
      flavor,
      writer,
      differsForWriter: writer !== undefined && mayCountDifferently(dataset, flavor, writer, part?.kept.types()),
      foreign: foreignCommands(session.registry, session.calls, flavor),
      pastKeys: countPast(loaded, options.at) + (part?.kept.past ?? 0) || undefined,
      droppedKeys: loaded.files.reduce((sum, { rdb }) => sum + (rdb?.expired ?? 0), removed) || undefined,
      databases: addStatistics(takeStatistics(dataset), part?.kept.census() ?? []),
      findings: loaded.findings.findings,
      opaque: loaded.opaque,
      refused: { count: session.errorCount, first: session.errors },
    };
  } finally {
    loaded.close();
    await part?.untouchedDigest?.stop();
  }
}

/** Values of RDBs at which a server of that flavor ends become findings. */
async function addRefused({ files, findings }: Loaded, flavor: Flavor): Promise<void> {
  const target = releaseOf(flavor);
  if (findings.errors > 0) return;
  const refused = await refusedOf(rdbsOf(files), target, { libraries: true, mends: false });
  for (const { path, refusal, key } of refused.slice(0, refusedMax)) {
    const { code, offset, expected, found, outcome } = refusal;
    findings.add(code, path, offset, { severity: outcome === 'refuses' ? 'error' : 'warning', key, expected, found });
  }
}

async function wholeDigest(
  loaded: Loaded,
  part: PartlyLoaded | undefined,
  flavor: Flavor,
  at: number,
): Promise<string> {
  const loadedSums = sumsOf(loaded, flavor, at);
  return digestOfSums([...loadedSums, ...((await part?.untouchedDigest?.sums()) ?? [])]);
}

async function eachKey(loaded: Loaded, flavor: Flavor, options: DigestOptions): Promise<void> {
  if (options.onKey === undefined) return;
  const digester = new Digester({ flavor, at: options.at, codec: loaded.codec, reader: loaded.sources });
  for (const database of loaded.dataset.occupied()) {
    const keys = loaded.dataset.database(database);
    for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) {
      await options.onKey(database, keys.keyText(entry), digester.entry(keys, entry));
    }
  }
}
