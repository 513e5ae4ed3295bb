/**
 * The part of a conversion that needs the engine. It is loaded only where a log must be replayed: its modules take as long to load as
 * many a conversion takes.
 */

import { detectLayout } from '../../aof/layout.ts';
import { append } from '../../arrays.ts';
import type { Flavor } from '../../engine/flavor.ts';
import { UsageError } from '../../errors.ts';
import { findTarget } from '../../rdb/targets.ts';
import { type ChosenRules, chooseRules, payloadsFor } from '../dataset/flavor-choice.ts';
import { foreignCommands } from '../dataset/flavor-signs.ts';
import { type Loaded, type LoadOptions, loadDataset } from '../dataset/load.ts';
import { RulesSearch } from '../dataset/rules-search.ts';
import { FindingList } from '../report.ts';
import { PointGate } from '../restore/point-gate.ts';
import type { PointInTime } from '../restore/point-in-time.ts';
import { settlePoint, surveyLog } from '../restore/settle.ts';
import { commandsBehind, type TrailingCommand } from '../rewrite/dataset-writer.ts';
import { TailWriter } from '../rewrite/tail.ts';
import type { Destination } from './destination.ts';
import type { KeySink } from './key-sink.ts';
import type { ConvertOptions } from './options.ts';
import { RdbKeySink } from './rdb-sink.ts';

export { pointRefusal, selectionOf } from '../restore/settle.ts';
export { readDataset } from './dataset-source.ts';

/** An input that was replayed, and how. */
export interface LoadedInput {
  readonly loaded: Loaded;
  readonly rules: ChosenRules;
  /** With a point in time: what it let through. */
  readonly gate: PointGate | undefined;
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
      return { loaded, rules, gate };
    }
    loaded.close();
  }
}

function rulesFor(path: string, { target }: ConvertOptions): ChosenRules {
  return chooseRules(detectLayout(path), target === undefined ? undefined : findTarget(target));
}

function loadOptions(flavor: Flavor, { at, onProgress, pause, seed, opaque }: ConvertOptions): LoadOptions {
  return { flavor, at, onProgress, pause, seed, opaque, expired: 'keep' };
}

/** Where the log ends that counts; a sentence where it has no such point. */
export async function settledPoint(
  path: string,
  point: PointInTime,
  options: ConvertOptions,
): Promise<PointInTime | string> {
  const { flavor } = rulesFor(path, options);
  return settlePoint(point, await surveyLog(path, point, loadOptions(flavor, options)));
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

/** What an RDB cannot hold, and what nobody but a server can execute, behind what was rewritten. Throws UsageError. */
export function writeTails(
  datasets: readonly Loaded[],
  trailing: TrailingCommand[],
  destination: Destination,
  options: ConvertOptions,
): void {
  for (const loaded of datasets) {
    const tail = new TailWriter(destination.increments[0] ?? destination.main, loaded);
    if (options.to !== 'rdb') tail.writeTrailing(trailing.splice(0));
    if (options.opaque === 'keep' && loaded.opaque.length > 0) {
      if (options.to === 'rdb')
        throw new UsageError('an RDB cannot carry commands: write a hybrid or a multi-part AOF');
      tail.writeOpaque(loaded.opaque);
    }
    tail.finish();
  }
}
