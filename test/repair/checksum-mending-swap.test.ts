import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { Crc64 } from '../../src/checksum/crc64.ts';
import { findExchange } from '../../src/operations/repair/crc-correction-swap.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { Random } from '../fuzz/mutation.ts';
import { temporaryDir } from '../support/servers.ts';
import { damaged } from './damage.ts';
import { hastyFs } from './property.ts';

const rounds = Number(process.env.AOFKIT_FUZZ_ROUNDS ?? 20);
const seed = Number(process.env.AOFKIT_FUZZ_SEED ?? 20261120);
const read = (golden: string) => fs.readFileSync(path.join(goldenDir(golden), 'dump.rdb'));

function sumOf(bytes: Uint8Array): bigint {
  const sum = new Crc64();
  sum.update(bytes);
  return sum.value();
}

describe('repair: two blocks that stand in each other’s place', () => {
  it('are found by the checksum alone', () => {
    const whole = read('redis-6.0-rdb').subarray(0, -8);
    const swapped = Buffer.from(whole);
    whole.copy(swapped, 1000, 2300, 2377);
    whole.copy(swapped, 2300, 1000, 1077);
    const off = sumOf(swapped) ^ sumOf(whole);
    const found = findExchange(swapped, off, { from: 700, to: 1300 }, { from: 2100, to: 2600 });
    expect(found).toEqual({ first: 1000, second: 2300, length: 77 });
    expect(findExchange(swapped, off, { from: 1010, to: 1300 }, { from: 2100, to: 2600 })).toBeUndefined();
  });

  it('are found however far they lie from each other, and where the two places may overlap', () => {
    const random = new Random(seed);
    const whole = Buffer.from(Array.from({ length: 600_000 }, () => random.below(256)));
    for (const [first, second, length] of [
      [70, 590_000, 300],
      [5000, 5310, 310],
      [300_000, 300_400, 1],
    ]) {
      const swapped = Buffer.from(whole);
      whole.copy(swapped, first, second, second + length);
      whole.copy(swapped, second, first, first + length);
      const off = sumOf(swapped) ^ sumOf(whole);
      const around = (offset: number) => ({ from: Math.max(0, offset - 200), to: offset + 500 });
      expect(findExchange(swapped, off, around(first), around(second))).toEqual({ first, second, length });
    }
  });

  it.each(['redis-6.0-rdb-little', 'redis-8.6-rdb-lru', 'valkey-9.1-rdb-little'])(
    '%s: comes out as it was',
    async (golden) => {
      const whole = read(golden);
      const random = new Random(seed);
      const file = path.join(temporaryDir(), 'dump.rdb');
      for (let round = 0; round < rounds; round++) {
        const damage = damaged('swap', whole, random);
        // The checksum itself must be there.
        if (damage.ranges[1][1] > whole.length - 9) continue;
        fs.writeFileSync(file, damage.bytes);
        await repair(file, { inPlace: true, backup: false, force: true, fileSystem: hastyFs });
        expect([damage.ranges, fs.readFileSync(file).equals(whole)]).toEqual([damage.ranges, true]);
      }
    },
  );
});
