import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { Random } from '../fuzz/mutation.ts';
import { temporaryDir } from '../support/servers.ts';
import { type Damage, damaged } from './damage.ts';
import { hastyFs } from './property.ts';

/*
 * A change of up to four bytes in a row, an insertion, and up to four bytes that are missing can be computed from the checksum: the result is byte for
 * byte the file that was damaged.
 */
const goldens = ['redis-6.0-rdb-little', 'redis-8.6-rdb-lru', 'valkey-9.1-rdb-little'];
const rounds = Number(process.env.AOFKIT_FUZZ_ROUNDS ?? 20) * 3;
const seed = Number(process.env.AOFKIT_FUZZ_SEED ?? 20261120);
const read = (golden: string) => fs.readFileSync(path.join(goldenDir(golden), 'dump.rdb'));

async function mended(damage: Damage, dir: string): Promise<Buffer> {
  const file = path.join(dir, 'dump.rdb');
  fs.writeFileSync(file, damage.bytes);
  await repair(file, { inPlace: true, backup: false, force: true, fileSystem: hastyFs });
  return fs.readFileSync(file);
}

describe('repair: what the checksum tells', () => {
  it.each(goldens)('%s: one to four bytes overwritten, anywhere', async (golden) => {
    const whole = read(golden);
    const random = new Random(seed);
    const dir = temporaryDir();
    for (let round = 0; round < rounds; round++) {
      const damage = damaged(round % 2 === 0 ? 'flip' : 'flips', whole, random);
      expect([damage.ranges, (await mended(damage, dir)).equals(whole)]).toEqual([damage.ranges, true]);
    }
  });

  it.each(goldens)('%s: up to four bytes missing', async (golden) => {
    const whole = read(golden);
    const random = new Random(seed);
    const dir = temporaryDir();
    for (let round = 0; round < rounds; round++) {
      const [from, length] = [random.below(whole.length - 12), 1 + random.below(4)];
      const bytes = Buffer.concat([whole.subarray(0, from), whole.subarray(from + length)]);
      const damage: Damage = { kind: 'remove', bytes, ranges: [[from, from + length]] };
      expect([damage.ranges, (await mended(damage, dir)).equals(whole)]).toEqual([damage.ranges, true]);
    }
  });

  it.each(goldens)('%s: bytes inserted', async (golden) => {
    const whole = read(golden);
    const random = new Random(seed);
    const dir = temporaryDir();
    for (let round = 0; round < rounds; round++) {
      const damage = damaged('insert', whole, random);
      // Behind the end mark nothing is summed up.
      if (damage.ranges[0][0] > whole.length - 8) continue;
      expect([damage.ranges, (await mended(damage, dir)).equals(whole)]).toEqual([damage.ranges, true]);
    }
  });
});
