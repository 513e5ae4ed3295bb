import { FormatError } from '../../faults.ts';
import { MemorySource } from '../../io/source.ts';
import type { Target } from '../../servers/targets.ts';
import { TypeId } from '../../servers/value-type-id.ts';
import { RdbInput } from '../input.ts';
import { alwaysLooksDeep, loadOutcome } from '../load-rules.ts';
import { ValueCheck } from '../value-check.ts';
import { checkIntsetSet } from '../values/set.ts';
import { checkStream } from '../values/stream.ts';

/** What encoding a value anew puts right: a stream's wrong length or number of additions, nodes without an entry, an unsorted intset. */
export const mendedCodes: ReadonlySet<string> = new Set([
  'stream.count',
  'stream.node.empty',
  'stream.added',
  'intset.order',
]);

/** By value type. */
export const streamVersions: Readonly<Record<number, number>> = {
  [TypeId.stream1]: 1,
  [TypeId.stream2]: 2,
  [TypeId.stream3]: 3,
  [TypeId.stream4]: 4,
  [TypeId.stream5]: 5,
};

/** Whether a serialized stream or intset is one that the target refuses and that encoding it anew puts right. */
export function isMended(target: Target, type: number, raw: Buffer, from: number, to: number): boolean {
  const version = streamVersions[type] ?? 0;
  if (version === 0 && type !== TypeId.setIntset) return false;
  if (![...mendedCodes].some((code) => refuses(target, code, type))) return false;
  const check = new ValueCheck(true, new Map(), 0);
  try {
    const input = new RdbInput(new MemorySource(raw.subarray(from, to)));
    if (version === 0) checkIntsetSet(input, check);
    else checkStream(input, check, version);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
  return check.notes.some(({ code }) => mendedCodes.has(code) && refuses(target, code, type));
}

function refuses(target: Target, code: string, type: number): boolean {
  return loadOutcome(target, { code, type, rebuilt: false }, alwaysLooksDeep(target)) === 'refuses';
}
