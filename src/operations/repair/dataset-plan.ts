import nodePath from 'node:path';
import { detectLayout, type Layout, liveMembers, sniff, sniffBytes } from '../../aof/layout.ts';
import type { ManifestPart } from '../../aof/manifest.ts';
import type { LayoutName } from '../../aof/report.ts';
import type { Sources } from '../../dataset/sources.ts';
import { UnreadableError, UsageError } from '../../errors.ts';
import { yieldToEventLoop } from '../../io/turns.ts';
import type { Draft } from './draft.ts';
import { type FileScanOptions, type ScannedFile, scanFile } from './file-scan.ts';
import { type ManifestPlan, planManifest } from './manifest-plan.ts';
import type { Missing } from './missing.ts';
import type { RepairOptions } from './options.ts';
import {
  emptyTally,
  type FilePlan,
  type FileScan,
  type RepairPlan,
  type Strategy,
  type Tally,
  tallyNumbers,
} from './plan.ts';
import { regionsFor, tallyOf } from './regions.ts';

/** A file of the dataset with what will be done to it. */
export interface PlannedFile extends ScannedFile {
  readonly plan: FilePlan;
  /** Its line in the manifest, for a part. */
  readonly part?: ManifestPart;
}

/** All that is needed to carry a plan out. */
export interface DatasetPlan {
  readonly plan: RepairPlan;
  readonly files: readonly PlannedFile[];
  readonly manifest: ManifestPlan | undefined;
}

/** Reads what lies at `path` and plans its repair. `draft`: where a single file's result may be written meanwhile. Throws UnreadableError, UsageError. */
export async function planDataset(
  path: string,
  options: RepairOptions,
  sources: Sources,
  draft?: Draft,
): Promise<DatasetPlan> {
  const layout = soleLayout(path, detectLayout(path));
  if (layout.kind === 'multi-part') return planParts(path, layout.directory, layout.manifest, options, sources);
  if (layout.kind === 'orphaned-parts') return planParts(path, layout.directory, undefined, options, sources);
  if (layout.kind !== 'file') throw new UsageError(`${path} holds several datasets`);
  return planFile(path, layout.path, options, sources, draft);
}

/** The one dataset in a folder. */
function soleLayout(path: string, layout: Layout): Layout {
  if (layout.kind !== 'data-directory') return layout;
  const members = liveMembers(layout.members);
  if (members.length === 0) {
    throw new UnreadableError(path, 'ENODATA', `cannot read ${path}: no AOF, no manifest and no RDB in this folder`);
  }
  if (members.length === 1) return members[0];
  const names = members.map((member) =>
    member.kind === 'file' ? member.path : member.kind === 'multi-part' ? member.manifest : path,
  );
  throw new UsageError(`${path} holds several datasets, say which one is meant: ${names.join(', ')}`);
}

const scanOptions = (options: RepairOptions, role: FileScanOptions['role'], path: string): FileScanOptions => ({
  key: options.key ?? nodePath.basename(path).replace(/\.[^.]*$/, ''),
  role,
  part: role !== 'file',
  strategy: options.strategy,
  dropUnknown: options.dropUnknown ?? false,
  renames: options.renames ?? new Map(),
  duplicates: options.duplicates ?? 'last',
  seed: options.seed ?? 0x5bd1e995,
  pause: options.pause ?? yieldToEventLoop,
  onProgress: options.onProgress,
});

async function planFile(
  path: string,
  file: string,
  options: RepairOptions,
  sources: Sources,
  draft: Draft | undefined,
): Promise<DatasetPlan> {
  const scanned = await scanFile(sources, file, { ...scanOptions(options, 'file', file), draft });
  if (sniff(sources.read(scanned.index, 0, Math.min(scanned.scan.size, sniffBytes)), file) === 'manifest') {
    return planParts(path, nodePath.dirname(file), file, options, sources);
  }
  const strategy = options.strategy ?? suggestedStrategy([scanned.scan]);
  const planned = planOne(scanned, strategy);
  const { format } = scanned.scan;
  return { plan: planOf(path, format, strategy, [planned], undefined, options), files: [planned], manifest: undefined };
}

async function planParts(
  path: string,
  directory: string,
  manifestPath: string | undefined,
  options: RepairOptions,
  sources: Sources,
): Promise<DatasetPlan> {
  const manifest = planManifest(directory, manifestPath, options.adopt ?? false);
  const parts = manifest.parts.filter(({ type }) => type !== 'h');
  const scanned: (ScannedFile & { part: ManifestPart })[] = [];
  for (const part of parts) {
    const role = part.type === 'b' ? 'base' : 'incr';
    const place = nodePath.join(directory, part.name);
    const file = await scanFile(sources, place, scanOptions(options, role, place));
    scanned.push({ ...file, part });
  }
  const strategy = options.strategy ?? suggestedStrategy(scanned.map(({ scan }) => scan));
  const files = planChain(scanned, strategy, options.keepLaterParts ?? false);
  return { plan: planOf(path, 'multi-part', strategy, files, manifest, options), files, manifest };
}

/** The parts of one dataset: behind a cut, those that follow go to quarantine. */
function planChain<T extends ScannedFile & { readonly part?: ManifestPart }>(
  scanned: readonly T[],
  strategy: Strategy,
  keepLaterParts: boolean,
): (T & { readonly plan: FilePlan })[] {
  let torn: string | undefined;
  return scanned.map((file) => {
    const planned = torn === undefined ? planOne(file, strategy) : putAway(file, torn);
    if (strategy === 'truncate' && file.scan.cut !== undefined && !keepLaterParts) torn ??= file.scan.path;
    return planned;
  });
}

function planOne<T extends ScannedFile>(file: T, strategy: Strategy): T & { readonly plan: FilePlan } {
  const { scan } = file;
  const regions = regionsFor(scan, strategy);
  const { path, role, format, size, cut } = scan;
  const end = strategy === 'truncate' && cut !== undefined ? cut.offset : Number.POSITIVE_INFINITY;
  const unresolved = scan.unresolved.filter(({ offset }) => offset < end);
  const action = regions.length === 0 ? 'keep' : 'rewrite';
  const tally = tallyOf(scan, regions, scan.shortages[strategy]);
  const refused = scan.refused.filter(({ offset }) => offset < end);
  const more = refused.length === 0 ? {} : { refused };
  return { ...file, plan: { path, role, format, size, action, regions, tally, unresolved, ...more, reasons: [] } };
}

function putAway<T extends ScannedFile>(file: T, torn: string): T & { readonly plan: FilePlan } {
  const { path, role, format, size, commands, keys } = file.scan;
  const tally: Tally = { ...emptyTally(), bytesLost: size, commandsLost: commands, keysLost: keys };
  if (size > 0) tally.missing = [missingFile(nodePath.basename(path))];
  const reasons = [`it comes after ${torn}, which is cut`];
  const plan = { path, role, format, size, action: 'quarantine', regions: [], tally, unresolved: [], reasons } as const;
  return { ...file, plan };
}

/** Truncation where all damage is the end of the last part that holds anything; else salvage. */
function suggestedStrategy(scans: readonly FileScan[]): Strategy {
  const damaged = scans.filter(({ cut }) => cut !== undefined);
  if (damaged.length !== 1 || damaged[0] !== scans.findLast(({ size }) => size > 0)) return 'salvage';
  const [{ size, cut, regions }] = damaged;
  const lost = regions.filter(({ damage }) => damage).reduce((sum, { length }) => sum + length, 0);
  return lost === size - (cut?.offset ?? 0) ? 'truncate' : 'salvage';
}

function planOf(
  path: string,
  layout: LayoutName,
  strategy: Strategy,
  files: readonly PlannedFile[],
  manifest: ManifestPlan | undefined,
  options: RepairOptions,
): RepairPlan {
  const keepLater = options.keepLaterParts ?? false;
  const gone = manifest === undefined ? [] : [manifestTally(manifest)];
  const total = (which: Strategy) =>
    sumOf([...gone, ...planChain(files, which, keepLater).map(({ plan }) => plan.tally)]);
  const plans = files.map(({ plan }) => plan);
  const sound = plans.every(({ action }) => action === 'keep') && manifest?.changed !== true;
  const strategies = { truncate: total('truncate'), salvage: total('salvage') };
  const all = manifest?.changed ? [manifestFile(manifest), ...plans] : plans;
  return { path, layout, strategy, sound, strategies, files: all };
}

/** The parts that it names and that are gone. */
function manifestTally({ gone }: ManifestPlan): Tally {
  const tally = emptyTally();
  return gone.length === 0 ? tally : { ...tally, missing: gone.map(missingFile) };
}

const missingFile = (name: string): Missing => ({ what: 'files', declared: 1, kept: 0, where: name });

function manifestFile(manifest: ManifestPlan): FilePlan {
  const { path, exists, reasons } = manifest;
  const action = exists ? 'rewrite' : 'create';
  const tally = manifestTally(manifest);
  return { path, role: 'manifest', format: 'empty', size: 0, action, regions: [], tally, unresolved: [], reasons };
}

function sumOf(tallies: readonly Tally[]): Tally {
  const sum = emptyTally();
  for (const tally of tallies) {
    for (const name of tallyNumbers) sum[name] += tally[name];
    if (tally.missing !== undefined) sum.missing = [...(sum.missing ?? []), ...tally.missing];
    if (tally.undeclared !== undefined) sum.undeclared = (sum.undeclared ?? 0) + tally.undeclared;
  }
  return sum;
}
