/* A dry run: what stops files on a server version, and nothing is written. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { crc64 } from '../../src/checksum/crc64.ts';
import { convert } from '../../src/index.ts';
import { planTargets, type TargetPlan } from '../../src/operations/convert/plan-targets.ts';
import { targets } from '../../src/servers/targets.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/servers.ts';

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

it('counts the values that a target refuses by what is wrong with them, as a conversion would refuse them', async () => {
  // A set (type 2) with the same member twice: 6.0 takes it, later releases do not.
  const text = (word: string) => Buffer.concat([Buffer.from([word.length]), Buffer.from(word)]);
  const set = (key: string) => Buffer.concat([Buffer.from([2]), text(key), Buffer.from([2]), text('m'), text('m')]);
  const body = Buffer.concat([
    Buffer.from('REDIS0009'),
    Buffer.from([0xfe, 0]),
    set('a'),
    set('b'),
    Buffer.from([0xff]),
  ]);
  const path = join(temporaryDir(), 'dump.rdb');
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64LE(crc64(body));
  writeFileSync(path, Buffer.concat([body, sum]));
  const plan = await convert(path, { to: 'rdb', output: '', dryRun: true, target: 'redis-8.6', at });
  expect(plan.refusedValues.map(({ count }) => count)).toEqual([2]);
  const real = await convert(path, { to: 'rdb', output: join(temporaryDir(), 'out.rdb'), target: 'redis-8.6', at });
  expect([plan.outcome, plan.reason]).toEqual([real.outcome, real.reason]);
  const old = await convert(path, { to: 'rdb', output: '', dryRun: true, target: 'redis-6.0', at });
  expect([old.outcome, old.refusedValues]).toEqual(['planned', []]);
});
