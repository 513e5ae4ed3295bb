import { FormatError } from '../../faults.ts';
import { FileSource } from '../../io/source.ts';
import { borrowLanes, returnLanes } from '../../kernels/lanes.ts';
import { windowBytes } from '../../limits.ts';
import { RdbInput } from '../../rdb/input.ts';
import { NotedValues } from '../../rdb/noted-values.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { RdbFastLane } from '../../rdb/record-batch.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue } from '../../rdb/value-types.ts';
import { findTarget } from '../../servers/targets.ts';
import { type RefusalOptions, type RefusedValue, refusedValues } from './refused-values.ts';

export interface RdbExamTask extends RefusalOptions {
  readonly path: string;
  /** The release that is to load what is written of it. */
  readonly target: string;
  readonly seed: number;
}

/** Looks at the values of an RDB as the target's loader would: what it would refuse must not be written for it. */
export async function examineRdb(task: RdbExamTask): Promise<RefusedValue[]> {
  const target = findTarget(task.target);
  if (target === undefined) throw new Error(`no target ${task.target}`);
  return refusedValues([noteValues(task)], target, task);
}

/** What a check in depth finds in an RDB: nothing behind a fault of its framing, which whoever loads it tells. */
function noteValues({ path, seed }: RdbExamTask): NotedValues {
  const source = FileSource.open(path);
  const lanes = borrowLanes();
  const noted = new NotedValues();
  const reader = new RdbReader(new RdbInput(source, windowBytes, lanes?.window()), { checksum: false });
  const lane = lanes && new RdbFastLane(reader, lanes, { deep: true, seed });
  const values = new ValueCheck(true, reader.templates, seed);
  try {
    reader.readHeader();
    values.ofFormat(reader);
    for (;;) {
      while (lane?.pass());
      const item = reader.next();
      if (item === Item.end) return noted;
      if (item === Item.key) {
        values.begin();
        checkValue(reader.input, reader.type, values);
        noted.addValue(path, reader, values);
      } else if (item === Item.function) noted.addLibrary(path, reader);
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    noted.addFault(path, reader, error);
    return noted;
  } finally {
    returnLanes(lanes);
    source.close();
  }
}
