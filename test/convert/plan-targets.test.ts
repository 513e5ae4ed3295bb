/* A dry run: what stops files on a server version, and nothing is written. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { convert } from '../../src/index.ts';
import { planTargets, type TargetPlan } from '../../src/operations/convert/plan-targets.ts';
import { targets } from '../../src/rdb/targets.ts';
import { encodeCommand } from '../reply.ts';
import { temporaryDir } from '../servers.ts';

const at = Date.now();
const golden = join(goldenDir('redis-8.6-rdb'), 'dump.rdb');

it('tells for each version what a conversion to it would', async () => {
  const plans: TargetPlan[] = [];
  await planTargets([golden], { to: 'rdb', output: '', at }, (plan) => void plans.push(plan));
  expect(plans.map(({ target }) => target)).toEqual(targets.map(({ name }) => name));
  for (const { target, result } of plans) {
    if (!['redis-6.2', 'redis-7.4', 'redis-8.6', 'valkey-9.1'].includes(target)) continue;
    const output = join(temporaryDir(), 'out.rdb');
    const real = await convert(golden, { to: 'rdb', output, target, at });
    expect([target, result?.ok, result?.reason, result?.lossCounts]).toEqual([
      target,
      real.ok,
      real.reason,
      real.lossCounts,
    ]);
  }
});

it('writes nothing, not even where an output is named', async () => {
  const dir = temporaryDir();
  const output = join(dir, 'out.rdb');
  const result = await convert(golden, { to: 'rdb', output, dryRun: true, target: 'redis-8.6', at });
  expect([result.outcome, result.ok, existsSync(output), readdirSync(dir)]).toEqual(['planned', true, false, []]);
});

it('names the version that a command in a log needs as the default, and none newer', async () => {
  const path = join(temporaryDir(), 'appendonly.aof');
  const vadd = ['VADD', 'v', 'VALUES', '2', '1', '0', 'a'];
  writeFileSync(path, Buffer.concat([encodeCommand(['SET', 'k', 'v']), encodeCommand(vadd)]));
  const result = await convert(path, { to: 'rdb', output: join(temporaryDir(), 'out.rdb'), dryRun: true, at });
  expect([result.target, result.outcome]).toEqual(['redis-8.0', 'refused']);
});
