import { expect, it } from 'vitest';
import { FormatError } from '../../../src/faults.ts';
import { MemorySource } from '../../../src/io/source.ts';
import { RdbCodec } from '../../../src/rdb/codec/codec.ts';
import { RdbInput } from '../../../src/rdb/input.ts';
import { ValueCheck } from '../../../src/rdb/value-check.ts';
import { checkValue } from '../../../src/rdb/value-types.ts';

/** Damaged values: what is wrong, the RDB type, the bytes. */
const damaged: [what: string, type: number, bytes: readonly number[]][] = [
  ['a length form that does not exist', 1, [0x82, 0, 0, 0]],
  ['LZF data that is too short', 0, [0xc3, 2, 20, 0, 0x61]],
  ['a quicklist node that is neither plain nor packed', 18, [1, 3, 1, 0x61]],
  ['a value that ends in a string', 0, [5, 0x61]],
  ['a string encoding that does not exist', 0, [0xc5, 0, 0, 0]],
];

it.each(damaged)('%s has one code, checked or decoded', (_what, type, bytes) => {
  const blob = Buffer.from(bytes);
  expect(caught(() => new RdbCodec().decode(type, blob, 0, blob.length))).toBe(
    caught(() => checkValue(new RdbInput(new MemorySource(blob)), type, new ValueCheck(true, new Map(), 1))),
  );
});

/** The code of the fault that is thrown. */
function caught(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
  throw new Error('no fault');
}
