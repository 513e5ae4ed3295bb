import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { goldenDir, readProvenance } from '../../fixtures/generate/golden.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { Random } from '../fuzz/mutation.ts';
import { describeWithServers, temporaryDir, tryStart } from '../servers.ts';
import { damaged, damageKinds } from './damage.ts';
import { hastyFs, subjects } from './property.ts';

/*
 * What was repaired, a real server loads. AOFKIT_REPAIR_SERVER_ROUNDS: how many files each.
 */
const rounds = Number(process.env.AOFKIT_REPAIR_SERVER_ROUNDS ?? 6);
const seed = Number(process.env.AOFKIT_FUZZ_SEED ?? 20261120);

describeWithServers('repair: loaded by a server', (name) => {
  it(`${rounds} damaged goldens`, { timeout: 30_000 + rounds * 5000 }, async () => {
    const own = subjects(new RegExp(`^${name.replace('.', '\\.')}-.*(little|aof-plain|aof-hybrid|rdb-base)`));
    const random = new Random(seed + name.length);
    for (let round = 0; round < rounds; round++) {
      const { golden, file, target } = own[random.below(own.length)];
      const bytes = fs.readFileSync(path.join(goldenDir(golden), file));
      if (bytes.length === 0) continue;
      const dir = temporaryDir();
      fs.cpSync(goldenDir(golden), dir, { recursive: true });
      const damage = damaged(damageKinds[round % damageKinds.length], bytes, random);
      fs.writeFileSync(path.join(dir, file), damage.bytes);
      const whole = path.join(dir, target);
      const result = await repair(whole, { inPlace: true, force: true, dropUnknown: true, fileSystem: hastyFs });
      if (result.outcome === 'failed') continue;
      const { layout } = readProvenance(golden);
      const loaded = await tryStart(name, { dir, config: layout === 'rdb' ? {} : { appendonly: 'yes' } });
      const what = `${golden} ${file} ${damage.kind} ${JSON.stringify(damage.ranges)}`;
      expect([what, loaded.started ? '' : loaded.log]).toEqual([what, '']);
      if (!loaded.started) continue;
      await loaded.server.stop();
    }
  });
});
