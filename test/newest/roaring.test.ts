/* What CRoaring 4.7.2 accepts and refuses of its portable form (tried with it), and the bits of what it accepts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Container, roaring32, roaring64, someBits } from '../../fixtures/generate/newest.ts';
import { int64, join } from '../../fixtures/generate/rdb-bytes.ts';
import { decodeRoaring, validateRoaring } from '../../src/values/roaring-format.ts';

const lengthMax = 2n ** 60n - 1n;
const one = (...containers: Container[]) => roaring64([0, roaring32(containers)]);
const verdict = (bytes: Buffer) => validateRoaring(bytes, 0, bytes.length, lengthMax)?.code ?? 'sound';
const values = (from: number, count: number, step = 1) =>
  Array.from({ length: count }, (_, index) => from + index * step);
const bits = (...bytes: number[]) => Buffer.concat([Buffer.from(bytes), Buffer.alloc(8192 - bytes.length)]);
const patched = (bytes: Buffer, at: number, ...put: number[]) =>
  Object.assign(Buffer.from(bytes), Object.fromEntries(put.map((byte, index) => [at + index, byte]))) as Buffer;

describe('what CRoaring accepts', () => {
  it.each([
    ['no bucket', roaring64()],
    ['a bucket without containers', one()],
    ['a run cookie without any run container', join(int64(1), int64(12347 * 2 ** 32), 0, [0, 0, 0, 0], [9, 0])],
    ['spare bits of the run flags', patched(someBits, 16, 0xff)],
    ['a run container whose cardinality is wrong', one({ key: 0, runs: [[0, 9]], cardinality: 77 })],
    ['a run up to the last bit', one({ key: 0, runs: [[65000, 65535]] })],
    ['a full array', one({ key: 3, values: values(0, 4096, 2) })],
  ])('%s', (_, bytes) => expect(verdict(bytes)).toBe('sound'));
});

describe('what CRoaring refuses', () => {
  it.each([
    ['an array that is not ascending', one({ key: 0, values: [5, 3] }), 'bitmap.container'],
    ['equal values', one({ key: 0, values: [5, 5] }), 'bitmap.container'],
    ['a bitset with another cardinality', one({ key: 0, bits: bits(1), cardinality: 5000 }), 'bitmap.container'],
    ['no runs', one({ key: 0, runs: [], cardinality: 1 }), 'bitmap.container'],
    [
      'runs that touch',
      one({
        key: 0,
        runs: [
          [10, 14],
          [15, 19],
        ],
      }),
      'bitmap.container',
    ],
    [
      'runs that overlap',
      one({
        key: 0,
        runs: [
          [10, 14],
          [12, 19],
        ],
      }),
      'bitmap.container',
    ],
    ['a run past the last bit', one({ key: 0, runs: [[65000, 65536 + 10]] }), 'bitmap.container'],
    ['equal keys', one({ key: 4, values: [1] }, { key: 4, values: [2] }), 'bitmap.layout'],
    ['descending keys', one({ key: 4, values: [1] }, { key: 3, values: [2] }), 'bitmap.layout'],
    ['equal buckets', roaring64([1, roaring32([])], [1, roaring32([])]), 'bitmap.layout'],
    ['a cookie without runs and with a high half', patched(one(), 14, 1), 'bitmap.layout'],
    ['too many containers', patched(one(), 16, 1, 0, 1, 0), 'bitmap.layout'],
    ['2^32 buckets', patched(roaring64(), 4, 1), 'bitmap.layout'],
    ['bytes behind the end', join(someBits, 0), 'bitmap.trailing'],
  ])('%s', (_, bytes, code) => expect(verdict(bytes)).toBe(code));

  it('a bitmap that is cut anywhere', () => {
    const bytes = roaring64([0, roaring32([{ key: 0, values: [1, 2] }])], [7, roaring32([{ key: 9, runs: [[4, 8]] }])]);
    for (let length = 0; length < bytes.length; length++)
      expect(verdict(bytes.subarray(0, length))).toBe('bitmap.layout');
  });

  it('bits beyond the length, and no others', () => {
    const bytes = roaring64([2 ** 31 - 1, roaring32([{ key: 65535, values: [65527] }])]);
    expect(validateRoaring(bytes, 0, bytes.length, lengthMax)).toBeUndefined();
    expect(validateRoaring(bytes, 0, bytes.length, lengthMax - 1n)?.code).toBe('bitmap.length');
    const beyond = roaring64([2 ** 31, roaring32([{ key: 0, values: [0] }])]);
    expect(verdict(beyond)).toBe('bitmap.length');
  });
});

it('decodes the bits of every kind of container', () => {
  const container = fc.oneof(
    fc
      .uniqueArray(fc.nat(65535), { minLength: 1, maxLength: 50 })
      .map((all) => ({ values: all.sort((a, b) => a - b) })),
    fc.constant({ values: values(1, 4096, 3) }),
    fc.constant({ bits: bits(0b10000001, ...values(0, 700).map(() => 0xff)) }),
    fc.constant({
      runs: [
        [0, 9],
        [11, 65535],
      ] as const,
    }),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.nat(300).map(String), container, { maxKeys: 6 }), fc.nat(9), (chosen, high) => {
      const containers = Object.entries(chosen)
        .map(([key, one]): Container => ({ key: Number(key), ...one }))
        .sort((a, b) => a.key - b.key);
      const bytes = roaring64([high, roaring32(containers)]);
      const expected: number[] = [];
      for (const { key, values: all, runs, bits: words } of containers) {
        const base = high * 2 ** 32 + key * 65536;
        if (all !== undefined) expected.push(...all.map((value) => base + value));
        for (const [start, last] of runs ?? []) for (let bit = start; bit <= last; bit++) expected.push(base + bit);
        words?.forEach((byte, index) => {
          for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) expected.push(base + index * 8 + bit);
        });
      }
      const found: number[] = [];
      for (const [start, end] of decodeRoaring(bytes, 0, bytes.length).runs()) {
        for (let bit = Number(start); bit < Number(end); bit++) found.push(bit);
      }
      expect(verdict(bytes)).toBe('sound');
      expect(found.length).toBe(expected.length);
      expect(found.every((bit, index) => bit === expected[index])).toBe(true);
    }),
    { numRuns: 40 },
  );
});

it('counts buckets in 64 bits', () => expect(verdict(int64(2 ** 33))).toBe('bitmap.layout'));
