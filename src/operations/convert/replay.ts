/**
 * The part of a conversion that needs the engine. It is loaded only where a log must be replayed: its modules take as long to load as
 * many a conversion takes.
 */

import { detectLayout } from '../../aof/layout.ts';
import { FindingList } from '../../aof/report.ts';
import { append } from '../../arrays.ts';
import { firstUnknown, refuseTail, SeamGate, TailPlan, tornAt, type UnknownPlace } from '../../dataset/copied-tail.ts';
import { type ChosenRules, chooseRules, payloadsFor } from '../../dataset/flavor-choice.ts';
import { type Loaded, type LoadOptions, loadDataset, type OpaqueCommand } from '../../dataset/load.ts';
import { PointGate } from '../../dataset/point/point-gate.ts';
import type { PointInTime } from '../../dataset/point/point-in-time.ts';
import { inspectLog, resolvePoint } from '../../dataset/point/resolve.ts';
import { RulesSearch } from '../../dataset/rules-search.ts';
import { foreignCommands } from '../../dataset/version-hints.ts';
import { commandsBehind, type TrailingCommand } from '../../output/dataset-writer.ts';
import type { Destination } from '../../output/destination.ts';
import { TailWriter } from '../../output/tail.ts';
import type { Flavor } from '../../servers/flavor.ts';
import { findTarget } from '../../servers/targets.ts';
import type { KeySink } from './key-sink.ts';
import type { ConvertOptions } from './options.ts';
import { RdbKeySink } from './rdb-sink.ts';

export { pointRefusal, selectionOf } from '../../dataset/point/resolve.ts';
export { usedTarget } from '../../output/target-choice.ts';
export { readDataset } from './dataset-source.ts';

/** An input that was replayed, and how. */
export interface LoadedInput {
  readonly loaded: Loaded;
  readonly rules: ChosenRules;
  /** With a point in time: what it let through. */
  readonly gate: PointGate | undefined;
  /** What was noted of unknown effect; where that is kept, the rest of the log that is copied, and its place. */
  readonly unknown: readonly OpaqueCommand[];
  readonly tail: TailPlan | undefined;
  readonly seam: SeamGate | undefined;
}

/**
 * Builds the dataset of an input by the rules of the server that wrote it, or of the target, as `rewrite` does. `point`: where the log
 * ends, from `settledPoint`.
 */
export async function loadInput(
  path: string,
  findings: FindingList,
  options: ConvertOptions,
  point?: PointInTime,
): Promise<LoadedInput> {
  const search = new RulesSearch(rulesFor(path, options));
  for (;;) {
    const { rules } = search;
    const gate = point && new PointGate(point);
    const found = new FindingList();
    const load = { ...loadOptions(rules.flavor, options), payloads: payloadsFor(rules), findings: found, gate };
    const loaded = await loadDataset(path, load);
    const { registry, calls, flavor, errorCount } = loaded.session;
    if (!search.next(foreignCommands(registry, calls, flavor), errorCount)) {
      for (const finding of found.findings) findings.take(finding);
      const first = options.opaque === 'keep' ? firstUnknown(loaded.opaque) : undefined;
      const unknown = loaded.opaque;
      if (first === undefined || found.errors > 0)
        return { loaded, rules, gate, unknown, tail: undefined, seam: undefined };
      loaded.close();
      return loadHead(path, load, { loaded, first, rules, gate }, options);
    }
    loaded.close();
  }
}

/** Replays a log again, up to its first command of unknown effect: what follows is to be copied. */
async function loadHead(
  path: string,
  load: LoadOptions,
  {
    loaded: all,
    first,
    rules,
    gate,
  }: { loaded: Loaded; first: UnknownPlace; rules: ChosenRules; gate: PointGate | undefined },
  { point, to }: ConvertOptions,
): Promise<LoadedInput> {
  refuseTail(path, point?.without !== undefined, to !== 'rdb');
  const cut = gate?.cut && { path: gate.cut.path, offset: gate.cut.transaction ?? gate.cut.offset };
  const tail = new TailPlan(first, all.files, cut ?? tornAt(all.findings.findings));
  const seam = SeamGate.before(first, gate && new PointGate(gate.point));
  const loaded = await loadDataset(path, { ...load, findings: new FindingList(), gate: seam });
  return { loaded, rules, gate, unknown: all.opaque, tail, seam };
}

function rulesFor(path: string, { target }: ConvertOptions): ChosenRules {
  return chooseRules(detectLayout(path), target === undefined ? undefined : findTarget(target));
}

function loadOptions(flavor: Flavor, { at, onProgress, pause, seed, opaque }: ConvertOptions): LoadOptions {
  return { flavor, mends: true, at, onProgress, pause, seed, opaque, expired: 'keep' };
}

/** Where the log ends that counts; a sentence where it has no such point. */
export async function settledPoint(
  path: string,
  point: PointInTime,
  options: ConvertOptions,
): Promise<PointInTime | string> {
  const { flavor } = rulesFor(path, options);
  return resolvePoint(point, await inspectLog(path, point, loadOptions(flavor, options)));
}

/** Gathers from now on what an AOF must carry behind the RDB that this sink writes. */
export function gatherTrailing(sink: KeySink): TrailingCommand[] {
  const trailing: TrailingCommand[] = [];
  if (sink instanceof RdbKeySink) {
    const { target } = sink.writer;
    sink.onModule = ({ database, name, expire }, value) => {
      append(trailing, commandsBehind(target, database, name, expire, value));
    };
  }
  return trailing;
}

/** Writes what an RDB cannot hold, and what only a server can execute, behind what was rewritten: how many bytes were copied. */
export async function writeTails(
  inputs: readonly LoadedInput[],
  trailing: TrailingCommand[],
  destination: Destination,
  options: ConvertOptions,
): Promise<number> {
  let length = 0;
  for (const { loaded, tail: plan, seam } of inputs) {
    const tail = new TailWriter(destination.increments[0] ?? destination.main, loaded);
    if (options.to !== 'rdb') tail.writeTrailing(trailing.splice(0));
    tail.finish();
    if (plan !== undefined && seam !== undefined)
      await tail.writeCopied(plan, seam, options.pause ?? (() => Promise.resolve()));
    length += tail.copiedLength;
  }
  return length;
}
