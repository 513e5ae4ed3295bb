import { FormatError } from '../../faults.ts';
import { DecompressionError } from '../../io/decompression-error.ts';
import { openInput } from '../../io/input.ts';
import type { Source } from '../../io/source.ts';
import { borrowCheckKernel, returnCheckKernel } from '../../kernels/check-kernel.ts';
import { windowBytes } from '../../limits.ts';
import { RdbInput } from '../../rdb/input.ts';
import { NotedValues } from '../../rdb/noted-values.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { RecordBatch } from '../../rdb/record-batch.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue } from '../../rdb/value-types.ts';
import { findTarget } from '../../servers/targets.ts';
import { type RefusalOptions, type RefusedValue, refusedValues } from './refused-values.ts';

export interface LoadCheckTask extends RefusalOptions {
  readonly path: string;
  /** The release that is to load what is written of it. */
  readonly target: string;
  readonly seed: number;
}

/** Looks at the values of an RDB as the target's loader would: what it would refuse must not be written for it. */
export async function checkRdbLoads(task: LoadCheckTask): Promise<RefusedValue[]> {
  const target = findTarget(task.target);
  if (target === undefined) throw new Error(`no target ${task.target}`);
  return refusedValues([noteValues(task)], target, task);
}

/** What a check in depth finds in an RDB: nothing behind a fault of its framing, which whoever loads it tells. */
function noteValues({ path, seed }: LoadCheckTask): NotedValues {
  const { source } = openInput(path);
  try {
    return notedValuesOf(source, path, seed);
  } finally {
    source.close();
  }
}

/** The same for a source of this name, which is read from where it stands. */
export function notedValuesOf(source: Source, path: string, seed: number): NotedValues {
  const checkKernel = borrowCheckKernel();
  const noted = new NotedValues();
  const reader = new RdbReader(new RdbInput(source, windowBytes, checkKernel?.window()), { checksum: false });
  const batch = checkKernel && new RecordBatch(reader, checkKernel, { deep: true, seed });
  const values = new ValueCheck(true, reader.templates, seed);
  try {
    reader.readHeader();
    values.ofFormat(reader);
    for (;;) {
      while (batch?.pass());
      const item = reader.next();
      if (item === Item.end) return noted;
      if (item === Item.key) {
        values.begin();
        checkValue(reader.input, reader.type, values);
        noted.addValue(path, reader, values);
      } else if (item === Item.function) noted.addLibrary(path, reader);
    }
  } catch (error) {
    // Whoever loads it tells where compressed data is damaged.
    if (error instanceof DecompressionError) return noted;
    if (!(error instanceof FormatError)) throw error;
    noted.addFault(path, reader, error);
    return noted;
  } finally {
    returnCheckKernel(checkKernel);
  }
}
