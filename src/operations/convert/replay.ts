/**
 * The part of a conversion that needs the engine. It is loaded only where a log must be replayed: its modules take as long to load as
 * many a conversion takes.
 */

import { detectLayout } from '../../aof/layout.ts';
import { append } from '../../arrays.ts';
import { UsageError } from '../../errors.ts';
import { flavorOf } from '../dataset/flavor-choice.ts';
import { type Loaded, type LoadOptions, loadDataset } from '../dataset/load.ts';
import type { FindingList } from '../report.ts';
import { PointGate } from '../restore/point-gate.ts';
import type { PointInTime } from '../restore/point-in-time.ts';
import { settlePoint, surveyLog } from '../restore/settle.ts';
import { commandsBehind, type TrailingCommand } from '../rewrite/dataset-writer.ts';
import { TailWriter } from '../rewrite/tail.ts';
import type { Destination } from './destination.ts';
import type { KeySink } from './key-sink.ts';
import type { ConvertOptions } from './options.ts';
import { RdbKeySink } from './rdb-sink.ts';
import type { SurveyedInput } from './survey.ts';

export { pointRefusal, selectionOf } from '../restore/settle.ts';
export { readDataset } from './dataset-source.ts';

/** Builds the dataset of an input, by the rules of the server that wrote it. */
export function loadInput(
  { path }: SurveyedInput,
  findings: FindingList,
  options: ConvertOptions,
  gate?: PointGate,
): Promise<Loaded> {
  return loadDataset(path, { ...loadOptions(path, options), findings, gate });
}

function loadOptions(path: string, { at, onProgress, pause, seed, opaque }: ConvertOptions): LoadOptions {
  return { flavor: flavorOf(detectLayout(path)), at, onProgress, pause, seed, opaque, expired: 'keep' };
}

/** Decides what counts up to the point in time; a sentence where the log has no such point. */
export async function gateOf(path: string, point: PointInTime, options: ConvertOptions): Promise<PointGate | string> {
  const settled = settlePoint(point, await surveyLog(path, point, loadOptions(path, options)));
  return typeof settled === 'string' ? settled : new PointGate(settled);
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
