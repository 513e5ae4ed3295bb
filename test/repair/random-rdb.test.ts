import { expect, it } from 'vitest';
import { Random } from '../fuzz/mutation.ts';
import { describeWithServer, temporaryDir } from '../support/servers.ts';
import { type DamageKind, damaged } from './damage.ts';
import { type KeyStyle, keyStyles, randomRdb } from './random-rdb.ts';
import { type Losses, lossesOf } from './rdb-losses.ts';

const seed = Number(process.env.AOFKIT_FUZZ_SEED ?? 20261120);
const rounds = Number(process.env.AOFKIT_FUZZ_ROUNDS ?? 20);
const none: Losses = { lost: [], invented: [] };

/** A damage that leaves the checksum alone: behind the end mark nothing is summed up. */
function damageOf(kind: DamageKind, whole: Buffer, random: Random) {
  for (;;) {
    const damage = damaged(kind, whole, random);
    if (damage.ranges[0][1] <= whole.length - 9) return damage;
  }
}

describeWithServer('redis-8.6', 'repair: random data that a server saved', () => {
  it.each(keyStyles)('%s keys: no small damage loses a key or makes one', { timeout: 60_000 }, async (style) => {
    const random = new Random(seed);
    const whole = await randomRdb('redis-8.6', random, style, 12);
    const dir = temporaryDir();
    for (const kind of ['flip', 'flips', 'insert'] as const) {
      const damage = damageOf(kind, whole, random);
      expect([kind, damage.ranges, (await lossesOf(whole, damage, dir)) ?? none]).toEqual([kind, damage.ranges, none]);
    }
  });

  // What the checksum cannot undo. Where bytes are gone that said where a record begins, nothing but likelihood tells (docs/repair.md).
  it.each(['remove', 'nul', 'noise'] as const)(
    'long collections, %s: the keys beside them stay, and nothing of them becomes a key',
    { timeout: 120_000 + rounds * 10_000 },
    async (kind) => {
      const wrong: unknown[] = [];
      for (let round = 0; round < rounds / 10; round++) {
        const random = new Random(seed + 101 * round);
        const style: KeyStyle = keyStyles[round % keyStyles.length];
        const whole = await randomRdb('redis-8.6', random, style, 30);
        const dir = temporaryDir();
        for (let turn = 0; turn < 2; turn++) {
          const damage = damageOf(kind, whole, random);
          const losses = (await lossesOf(whole, damage, dir)) ?? none;
          if (losses.lost.length + losses.invented.length > 0)
            wrong.push({ round, style, ranges: damage.ranges, losses });
        }
      }
      expect(wrong.length, JSON.stringify(wrong)).toBeLessThanOrEqual(Math.ceil(rounds * 0.03));
    },
  );
});
