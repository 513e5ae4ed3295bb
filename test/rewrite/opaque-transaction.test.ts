import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { digest, rewrite } from '../../src/index.ts';
import { temporaryDir } from '../support/servers.ts';

const command = (...args: string[]) =>
  `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;

it('copies a transaction that holds a command of unknown effect whole, and what follows it', async () => {
  const dir = temporaryDir();
  const log = path.join(dir, 'in.aof');
  const unknown = command('JSON.SET', 'doc', '$', '{}');
  fs.writeFileSync(
    log,
    command('MULTI') + command('SET', 'a', '1') + unknown + command('EXEC') + command('SET', 'b', '2'),
  );
  const output = path.join(dir, 'out.aof');
  const result = await rewrite(log, { output, opaque: 'keep', at: 0 });
  expect([result.outcome, result.commands.opaque]).toEqual(['written', 1]);
  const text = fs.readFileSync(output, 'latin1');
  const copied = command('MULTI') + command('SET', 'a', '1') + unknown + command('EXEC') + command('SET', 'b', '2');
  expect(text).toBe(command('SELECT', '0') + copied);
  expect(result.copied).toMatchObject({ bytes: copied.length, commands: 5, from: { name: 'JSON.SET', path: log } });
});

function logOf(...commands: string[][]): string {
  const log = path.join(temporaryDir(), 'in.aof');
  fs.writeFileSync(log, commands.map((args) => command(...args)).join(''));
  return log;
}

it('takes messages and loaded scripts for what they are to the data: nothing', async () => {
  const plain = await digest(logOf(['SET', 'a', '1']), { at: 0 });
  const log = logOf(
    ['SCRIPT', 'LOAD', 'return 1'],
    ['PUBLISH', 'channel', 'a'],
    ['MULTI'],
    ['SET', 'a', '1'],
    ['SPUBLISH', 'channel', 'a'],
    ['script', 'flush', 'async'],
    ['EXEC'],
  );
  const result = await digest(log, { at: 0 });
  expect([result.digest, result.opaque, result.refused.count]).toEqual([plain.digest, [], 0]);
});

it('carries the scripts along that a call needs', async () => {
  const load = ['SCRIPT', 'LOAD', "return redis.call('SET','k','v')"];
  const call = ['EVALSHA', 'd8f2fad9f8e86a53d2a6ebd960b33c4972cacc37', '0'];
  const log = logOf(load, ['SET', 'a', '1'], call, ['SCRIPT', 'FLUSH'], ['SET', 'a', '2']);
  const output = path.join(temporaryDir(), 'out.aof');
  const result = await rewrite(log, { output, opaque: 'keep', at: 0 });
  expect(result.commands.firstOpaque.map(({ name, ordinal }) => [name, ordinal])).toEqual([
    ['SCRIPT', 1],
    ['EVALSHA', 3],
  ]);
  const copied = command(...call) + command('SCRIPT', 'FLUSH') + command('SET', 'a', '2');
  expect(fs.readFileSync(output, 'latin1').endsWith(command(...load) + command('SELECT', '0') + copied)).toBe(true);
});

it('does not guess what a server would do that DISCARD ends', async () => {
  const log = logOf(['DISCARD'], ['SELECT', '1'], ['RESET'], ['SET', 'a', '1']);
  const result = await digest(log, { at: 0 });
  expect([result.ok, result.refused.count, result.databases.map(({ database }) => database)]).toEqual([true, 1, [0]]);
  for (const name of ['DISCARD', 'RESET']) {
    const inside = await digest(logOf(['MULTI'], ['SET', 'a', '1'], [name], ['EXEC']), { at: 0 });
    expect([inside.ok, inside.opaque.map((one) => one.name)]).toEqual([false, [name]]);
  }
});
