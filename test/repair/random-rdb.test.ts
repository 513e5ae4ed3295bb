import { expect, it } from 'vitest';
import { Random } from '../fuzz/mutation.ts';
import { describeWithServer, temporaryDir } from '../servers.ts';
import { damaged } from './damage.ts';
import { keyStyles, randomRdb } from './random-rdb.ts';
import { lossesOf } from './rdb-losses.ts';

const seed = Number(process.env.AOFKIT_FUZZ_SEED ?? 20261120);

describeWithServer('redis-8.6', 'repair: random data that a server saved', () => {
  it.each(keyStyles)('%s keys: no small damage loses a key or makes one', { timeout: 60_000 }, async (style) => {
    const random = new Random(seed);
    const whole = await randomRdb('redis-8.6', random, style, 12);
    const dir = temporaryDir();
    for (const kind of ['flip', 'flips', 'insert'] as const) {
      const damage = damaged(kind, whole.subarray(), random);
      // Behind the end mark nothing is summed up.
      if (damage.ranges[0][1] > whole.length - 9) continue;
      const none = { lost: [], invented: [] };
      expect([kind, damage.ranges, (await lossesOf(whole, damage, dir)) ?? none]).toEqual([kind, damage.ranges, none]);
    }
  });
});
