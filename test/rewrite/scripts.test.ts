/*
 * Commands whose effect only a server knows: refused, left out, or carried along. What is carried along has on a real server the effect
 * that it had in the log.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { digest, type OutputFormat, rewrite } from '../../src/index.ts';
import { flavorOfServer } from '../digest/flavors.ts';
import { encodeCommand } from '../support/reply.ts';
import {
  describeWithServer,
  describeWithServers,
  type Server,
  type ServerName,
  startServer,
  temporaryDir,
} from '../support/servers.ts';
import { LoadingServer } from './loader.ts';
import { newPath } from './outputs.ts';
import { scriptLogs, shaOf } from './script-logs.ts';

const at = Date.now();
const carrying = (name: ServerName): OutputFormat[] =>
  name === 'redis-6.0' ? ['aof', 'hybrid'] : ['aof', 'hybrid', 'multipart'];

function fileOf(log: readonly (readonly string[])[]): string {
  const path = join(temporaryDir(), 'appendonly.aof');
  writeFileSync(path, Buffer.concat(log.map((args) => encodeCommand(args.map((arg) => Buffer.from(arg, 'latin1'))))));
  return path;
}

/** Rewritten with these commands kept, it loads as the input does. */
async function expectCarried(name: ServerName, path: string, from: 'aof' | 'multipart' = 'aof'): Promise<void> {
  const loader = await LoadingServer.start(name);
  const expected = await loader.digestOf(path, from);
  for (const format of carrying(name)) {
    const output = newPath();
    const result = await rewrite(path, { output, format, target: name, opaque: 'keep', at });
    expect(result.outcome, result.reason).toBe('written');
    expect(await loader.digestOf(output, format), format).toBe(expected);
  }
  await loader.stop();
}

describeWithServers('commands of unknown effect', (name) => {
  for (const { name: title, log, opaque } of scriptLogs.filter((one) => one.servers.includes(name))) {
    it(`${title}: refused by name, or carried along with their effect`, async () => {
      const path = fileOf(log);
      const refused = await rewrite(path, { output: newPath(), at });
      expect(refused).toMatchObject({ outcome: 'refused', commands: { opaque: opaque.length } });
      expect(refused.commands.firstOpaque.map((one) => one.name)).toEqual(opaque);
      expect((await digest(path, { at })).ok).toBe(false);
      await expectCarried(name, path);
    });

    it(`${title}: left out, as if they had not been there`, async () => {
      const path = fileOf(log);
      const without = log.filter(([word]) => !/^(eval|evalsha|fcall|migrate|script)$/i.test(word));
      const loader = await LoadingServer.start(name);
      const expected = await loader.digestOf(fileOf(without), 'aof');
      const output = newPath();
      expect(await rewrite(path, { output, format: 'aof', target: name, opaque: 'drop', at })).toMatchObject({
        outcome: 'written',
      });
      expect(await loader.digestOf(output, 'aof')).toBe(expected);
      expect((await digest(path, { at, opaque: 'drop', flavor: flavorOfServer[name] })).digest).toBe(expected);
      await loader.stop();
    });
  }
});

describeWithServer('redis-6.0', 'a server that logs scripts as they are', () => {
  const put = "return redis.call('SET', KEYS[1], ARGV[1])";
  const sha = shaOf(put);

  async function rewriteEnds(server: Server): Promise<void> {
    await server.command('BGREWRITEAOF');
    while (String(await server.command('INFO', 'persistence')).includes('aof_rewrite_in_progress:1')) await sleep(10);
  }

  it.each(['yes', 'no'])('is followed through its rewrites, with a preamble: %s', async (preamble) => {
    const config = { appendonly: 'yes', 'lua-replicate-commands': 'no', 'aof-use-rdb-preamble': preamble };
    const server = await startServer('redis-6.0', { config });
    await server.command('SCRIPT', 'LOAD', put);
    const call = async (count: number, from: number) => {
      for (let index = from; index < from + count; index++) {
        await server.command('EVALSHA', sha, '1', `script:${index}`, `${index}`);
        await server.command('SET', `plain:${index % 3}`, `${index}`);
      }
    };
    await call(5, 0);
    await rewriteEnds(server);
    await call(5, 5);
    await server.command('SCRIPT', 'FLUSH');
    await server.command('EVAL', put, '1', 'script:10', 'x');
    await call(2, 11);
    await server.stop();
    const path = join(server.dir, 'appendonly.aof');
    expect(readFileSync(path, 'latin1')).toContain('EVALSHA');
    await expectCarried('redis-6.0', path);
  });

  it('finds the scripts of an RDB at the front, which only servers before 7.0 read', async () => {
    const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
    const aux = (key: string, value: string) => [Buffer.of(0xfa), text(key), text(value)];
    const head = [Buffer.from('REDIS0009'), ...aux('redis-ver', '6.0.16'), ...aux('lua', put)];
    const rdb = Buffer.concat([...head, Buffer.of(0xff), Buffer.alloc(8)]);
    const path = fileOf([
      ['SELECT', '0'],
      ['EVALSHA', sha, '1', 'script:1', 'v'],
      ['SET', 'plain', '1'],
    ]);
    writeFileSync(path, Buffer.concat([rdb, readFileSync(path)]));
    await expectCarried('redis-6.0', path);
    const output = newPath();
    const { commands } = await rewrite(path, { output, format: 'aof', opaque: 'keep', at });
    expect(commands.firstOpaque.map((one) => [one.name, one.args])).toEqual([
      ['SCRIPT', ['SCRIPT', 'LOAD', put]],
      ['EVALSHA', undefined],
    ]);
    // There the script is known.
    const loader = await LoadingServer.start('redis-6.0');
    await loader.digestOf(output, 'aof');
    expect(await loader.server.command('EXISTS', 'script:1')).toBe(1);
    await loader.stop();
  });
});
