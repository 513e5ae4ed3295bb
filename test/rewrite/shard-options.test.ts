/*
 * Every option means on two threads what it means on one: the built command on a large log, beside the same rewrite in this process,
 * where the sources start no thread.
 */
import { statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type RewriteOptions, type RewriteResult, rewrite } from '../../src/index.ts';
import { aofkit } from '../cli/run.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/server-process.ts';
import { isLong, newPath } from './outputs.ts';
import { shaOf } from './script-logs.ts';

const text = 'some words that are worth compressing '.repeat(30);
const script = "return redis.call('SET', KEYS[1], ARGV[1])";

/** Every kind of value, two databases, what has expired, fields that expire, an error, a script and a module's command. */
function commandsOf(index: number): string[][] {
  const commands = [
    ['SET', `string:${index % 6000}`, `${index} ${text}`],
    ['HSET', `hash:${index % 300}`, `f${index % 7}`, String(index), 'g', text.slice(0, index % 90)],
    ['ZADD', `zset:${index % 50}`, String(index / 7), `m${index % 900}`],
    ['RPUSH', `list:${index % 40}`, String(index)],
    ['PEXPIREAT', `string:${index % 500}`, index % 2 === 0 ? '1000' : '4000000000000'],
  ];
  if (index % 1000 !== 0) return commands;
  const fields = ['HPEXPIREAT', `hash:${index % 300}`, '4000000000000', 'FIELDS', '1', 'g'];
  return [...commands, fields, ['ZADD', 'zeros', '-0', `m${index}`], ['LPUSH', `string:${index % 6000}`, 'x']];
}

function largeLog(): string {
  const path = join(temporaryDir(), 'large.aof');
  const all = Array.from({ length: 26_000 }, (_, index) => [
    ...(index === 13_000 ? [['SELECT', '3']] : []),
    ...commandsOf(index),
  ]).flat();
  const unknown = [
    ['SCRIPT', 'LOAD', script],
    ['SELECT', '2'],
    ['EVALSHA', shaOf(script), '1', 'made', '1'],
    ['FT.CREATE', 'x'],
  ];
  writeFileSync(path, Buffer.concat([...all, ...unknown].map((args) => encodeCommand(args))));
  expect(statSync(path).size).toBeGreaterThan(32 * 1024 * 1024);
  return path;
}

/** Flags, and the same as options. */
const cases: [string, Partial<RewriteOptions>][] = [
  ['--unknown keep --verify', { opaque: 'keep', verify: true }],
  [
    '--unknown drop --format rdb --target redis-7.0 --allow-loss',
    { opaque: 'drop', format: 'rdb', target: 'redis-7.0', allowLoss: true },
  ],
  ['--unknown drop --target redis-6.2', { opaque: 'drop', target: 'redis-6.2' }],
  [
    '--unknown drop --format hybrid --target valkey-9 --no-compression',
    { opaque: 'drop', format: 'hybrid', target: 'valkey-9', compress: false },
  ],
  [
    '--unknown keep --format multipart --base aof --db 3 --type string --type hash --exclude string:1*',
    {
      opaque: 'keep',
      format: 'multipart',
      base: 'aof',
      filter: { databases: [3], types: ['string', 'hash'], excluded: ['string:1*'] },
    },
  ],
  ['--unknown drop --key *:1? --verify', { opaque: 'drop', filter: { patterns: ['*:1?'] }, verify: true }],
  ['--format aof', { format: 'aof' }],
];

/** What does not depend on the order in which two threads come to their keys. */
function essence({
  outcome,
  reason,
  target,
  format,
  commands,
  databases,
  filtered,
  losses,
  lossCount,
  digest,
  verified,
  rules,
  foreign,
  after,
}: RewriteResult) {
  const ordered = databases.map((one) => ({ ...one, types: Object.fromEntries(Object.entries(one.types).sort()) }));
  const lost = losses.map((loss) => JSON.stringify(loss)).sort();
  const what = {
    outcome,
    reason,
    target,
    format,
    commands,
    databases: ordered,
    filtered,
    lost,
    lossCount,
    digest,
    verified,
  };
  return JSON.parse(JSON.stringify({ ...what, rules, foreign, bytes: after.bytes }));
}

it.runIf(availableParallelism() > 1)('options on two threads', { timeout: 300_000 }, async () => {
  const path = largeLog();
  const seed = Number(process.env.AOFKIT_SEED ?? Date.now() % 1000);
  // Without AOFKIT_LONG_TESTS=1 two of them, others each time.
  const chosen = isLong ? cases : [0, 3].map((more) => cases[(seed + more) % cases.length]);
  for (const [flags, options] of chosen) {
    const output = newPath();
    const run = aofkit(['rewrite', path, '-o', output, '--json', '--no-progress', ...flags.split(' ')]);
    expect([flags, run.stderr]).toEqual([flags, '']);
    const ours: RewriteResult = JSON.parse(run.stdout).results[0];
    const one = await rewrite(path, { at: Date.now(), output: newPath(), ...options });
    expect(essence(ours), flags).toEqual(essence(one));
  }
});
