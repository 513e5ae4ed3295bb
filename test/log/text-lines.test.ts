import fc from 'fast-check';
import { expect, it } from 'vitest';
import { timeText, writeNumber } from '../../src/operations/log/text-lines.ts';
import { splitWords } from '../../src/words.ts';
import { collect, fileOf, resp } from './collect.ts';

it('writes numbers in decimal', () => {
  const bytes = Buffer.alloc(32);
  const check = (value: number) => {
    expect(bytes.latin1Slice(3, writeNumber(bytes, 3, value))).toBe(String(value));
  };
  for (const value of [0, 9, 10, 99, 100, 12345678, 99999999, 100000000, 100000005, 1000000000, 2 ** 40, 2 ** 49])
    check(value);
  fc.assert(fc.property(fc.nat(), check));
  fc.assert(
    fc.property(
      fc.maxSafeNat().map((value) => value % 1e15),
      check,
    ),
  );
});

it('says times as ISO 8601', () => {
  expect(timeText(0)).toBe('1970-01-01T00:00:00Z');
  expect(timeText(Number.NaN)).toBe('-');
  expect(timeText(1e18)).toBe('1000000000000000000');
});

it('quotes arguments so that a server reads the same bytes back', async () => {
  const binary = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  const text = fc.string({ maxLength: 30 }).map((string) => Buffer.from(string).toString('latin1'));
  const property = fc.asyncProperty(fc.array(fc.oneof(binary, text), { minLength: 1, maxLength: 20 }), async (args) => {
    const { lines } = await collect(fileOf(resp(...args)), { full: true });
    expect(lines).toHaveLength(1);
    // The words that sdssplitargs makes of it, as redis-cli would.
    expect(splitWords(lines[0].split(' db0 ')[1])).toEqual(args);
  });
  await fc.assert(property, { numRuns: 100 });
});
