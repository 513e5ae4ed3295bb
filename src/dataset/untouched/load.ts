import { sniff, sniffBytes } from '../../aof/layout.ts';
import { FindingList } from '../../aof/report.ts';
import { isEnvelope } from '../../io/envelope/vcs.ts';
import fs from '../../io/file-system.ts';
import { canThread } from '../../io/threads.ts';
import { Opcode } from '../../rdb/opcodes.ts';
import { type Flavor, flavorRules } from '../../servers/flavor.ts';
import { inspectTouched, rereadableFiles } from '../co-located-keys.ts';
import { type Loaded, type LoadOptions, loadDataset, UndealableError } from '../load.ts';
import { UntouchedDigest } from './digest.ts';
import { KeyBloomFilter } from './key-bloom-filter.ts';
import type { RecordRangeSource } from './range-digest.ts';
import { UntouchedKeys } from './untouched-keys.ts';

/** A dataset of which only a part is loaded. */
export interface PartlyLoaded {
  readonly loaded: Loaded;
  readonly findings: FindingList;
  /** The keys that are not loaded, and their digest, if one is wanted: to be stopped when done. */
  readonly kept: UntouchedKeys;
  readonly untouchedDigest: UntouchedDigest | undefined;
}

/** Less than this is not worth another thread. */
const threadedBytesMin = 16 * 1024 * 1024;
/** Logs that are longer than this part of the RDB touch too much of it. */
const logShareMax = 1 / 4;
/** If more of all keys are taken for touched, little is gained. */
const touchedShareMax = 1 / 4;
/** 0xff and a checksum end an RDB that has one. */
const endLength = 9;

/**
 * Loads of what lies at `path` only what the logs touch, and keeps the other keys of the RDB at its front. Undefined where there is no
 * such RDB, where the logs are long, or where nobody can foretell what they touch. `digest`: the rules of the digest, if it is wanted.
 */
export async function loadPartly(
  path: string,
  load: LoadOptions,
  digest: Flavor | undefined,
  pause: () => Promise<void>,
): Promise<PartlyLoaded | undefined> {
  const files = rereadableFiles(path) ?? [];
  const rdb = findRdb(files);
  if (rdb === undefined) return undefined;
  const touched = new KeyBloomFilter();
  const { keepsNegativeZero } = flavorRules(load.flavor);
  const counted = digest && { touched: touched.bits, flavor: digest, at: load.at, keepsNegativeZero };
  const untouchedDigest = counted && startDigest(files[0], rdb.bytes, counted);
  let dealt: PartlyLoaded | undefined;
  try {
    const survey = { endsWithRdb: rdb.endsFile, logShareMax, pause };
    if ((await inspectTouched(touched, files, survey)) && touched.share <= touchedShareMax) {
      const kept = new UntouchedKeys(touched, rdb.endsFile, load.seed ?? 0, (stretch) => untouchedDigest?.add(stretch));
      if (load.countsPast === true) kept.pastBefore = load.at;
      dealt = await loadTouched(path, { ...load, kept }, untouchedDigest);
    }
    return dealt;
  } finally {
    if (dealt === undefined) untouchedDigest?.stop();
  }
}

/** Starts before it is known whether anything is kept: a thread takes its time. */
function startDigest(path: string, bytes: number, source: Omit<RecordRangeSource, 'descriptor'>): UntouchedDigest {
  return new UntouchedDigest(path, source, bytes, bytes >= threadedBytesMin && canThread());
}

/** Undefined where something must be loaded after all. */
async function loadTouched(
  path: string,
  load: LoadOptions & { readonly kept: UntouchedKeys },
  untouchedDigest: UntouchedDigest | undefined,
): Promise<PartlyLoaded | undefined> {
  const { kept } = load;
  const findings = new FindingList();
  try {
    const loaded = await loadDataset(path, { ...load, findings });
    if (findings.errors === 0) kept.takeBack(loaded.dataset, loaded.sources);
    untouchedDigest?.close();
    if (!kept.suspicious) return { loaded, findings, kept, untouchedDigest };
    loaded.close();
    return undefined;
  } catch (error) {
    if (error instanceof UndealableError) return undefined;
    throw error;
  }
}

/** The RDB that the first of the files begins with, if the logs behind it are short. */
function findRdb(files: readonly string[]): { readonly bytes: number; readonly endsFile: boolean } | undefined {
  const sizes = files.map((file) => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  const [bytes = 0, ...logs] = sizes;
  if (bytes < endLength || logs.reduce((sum, size) => sum + size, 0) > bytes * logShareMax) return undefined;
  const descriptor = fs.openSync(files[0], 'r');
  try {
    const head = Buffer.alloc(sniffBytes);
    const length = fs.readSync(descriptor, head, 0, head.length, 0);
    // The bytes of an envelope are not those that places in the RDB count.
    if (sniff(head.subarray(0, length), files[0]) !== 'rdb' || isEnvelope(head)) return undefined;
    const end = Buffer.alloc(1);
    fs.readSync(descriptor, end, 0, 1, bytes - endLength);
    return { bytes, endsFile: end[0] === Opcode.eof };
  } finally {
    fs.closeSync(descriptor);
  }
}
