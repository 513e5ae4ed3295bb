import { readFully, type Sources } from '../dataset/sources.ts';
import { fileChanged } from '../dataset/untouched/record-reader.ts';
import type { UntouchedKeys } from '../dataset/untouched/untouched-keys.ts';
import type { RunWriter } from './run-writer.ts';

/** What is read at a time, touched records between the others included. */
const blockBytes = 512 * 1024;
/** Blocks between two pauses. */
const blocksBetweenPauses = 64;

/** Writes the kept keys of a database, in the order of the file. */
export async function copyUntouched(
  kept: UntouchedKeys,
  database: number,
  sources: Sources,
  writer: RunWriter,
  pause: () => Promise<void>,
): Promise<void> {
  const ranges = kept.ranges(database);
  const descriptor = sources.descriptor(kept.source);
  const block = Buffer.allocUnsafeSlow(blockBytes);
  const last = ranges.length === 0 ? 0 : ranges[ranges.length - 1];
  let range = 0;
  let at = ranges[0];
  for (let blocks = 1; range < ranges.length; blocks++) {
    const start = at;
    const end = start + readFully(descriptor, block, Math.min(blockBytes, last - start), start);
    if (end === start) throw fileChanged();
    while (range < ranges.length && at < end) {
      const to = Math.min(ranges[range + 1], end);
      writer.writeRecords(block, at - start, to - start);
      at = to;
      if (to === ranges[range + 1]) at = ranges[(range += 2)];
    }
    if (blocks % blocksBetweenPauses === 0) await pause();
  }
}
