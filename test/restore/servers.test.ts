import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type ConvertOptions, convert, digest, type Flavor, type PointInTime, restore } from '../../src/index.ts';
import { describeWithServers, type Server, type ServerName, startServer, temporaryDir } from '../support/servers.ts';

const flavors: Record<ServerName, Flavor> = {
  'redis-6.0': 'redis-6.2',
  'redis-7.0': 'redis-7.0',
  'redis-8.0': 'redis-8',
  'redis-8.6': 'redis-8',
  'valkey-8.1': 'valkey-8',
  'valkey-9.1': 'valkey-9',
};

const config = { appendonly: 'yes', 'auto-aof-rewrite-percentage': '0' };

const first = 'SET a 1;RPUSH l x y z;ZADD z 1 m 2.5 n;SELECT 3;HSET h f v g w;SADD s 1 2 3;XADD x 1-1 f v;SELECT 0';
const second = 'INCR a;LPOP l;SET t 1 PX 100000000000;SELECT 3;HDEL h f;SELECT 0;APPEND a 77';
const later = 'SET a other;SELECT 3;SADD s 9;SELECT 0;RPUSH l new';

async function run(server: Server, commands: string): Promise<void> {
  await server.pipeline(commands.split(';').map((command) => command.split(' ')));
}

interface Scenario {
  readonly title: string;
  readonly pattern: string;
  /** What is done between the first commands and the last. */
  readonly destroy: string;
  readonly parts?: 'middle';
}

const scenarios: readonly Scenario[] = [
  { title: 'FLUSHALL alone', pattern: 'FLUSHALL', destroy: 'FLUSHALL' },
  { title: 'FLUSHALL ASYNC', pattern: 'flushall', destroy: 'FLUSHALL ASYNC' },
  { title: 'FLUSHALL in a transaction', pattern: 'FLUSHALL', destroy: 'MULTI;SET u 1;DEL a;FLUSHALL;SET w 1;EXEC' },
  { title: 'FLUSHALL in a middle increment', pattern: 'FLUSHALL', destroy: 'FLUSHALL', parts: 'middle' },
  { title: 'FLUSHDB in another database', pattern: 'FLUSHDB', destroy: 'SELECT 3;FLUSHDB;SELECT 0' },
  { title: 'FLUSHALL after SWAPDB', pattern: 'FLUSHALL', destroy: 'FLUSHALL' },
];

const logOf = (name: ServerName, dir: string) => join(dir, name === 'redis-6.0' ? 'appendonly.aof' : 'appendonlydir');

async function restoredDigest(name: ServerName, dir: string, point: PointInTime): Promise<string | undefined> {
  const at = Date.now();
  const output = join(temporaryDir(), 'out.rdb');
  const result = await restore(logOf(name, dir), { point, output, format: 'rdb', at, verify: true });
  expect(result.rewrite.reason).toBe('');
  return (await digest(output, { at, flavor: flavors[name] })).digest;
}

async function convertedDigest(name: ServerName, dir: string, point: PointInTime, to: ConvertOptions['to']) {
  const at = Date.now();
  const output = join(temporaryDir(), 'out');
  const result = await convert(logOf(name, dir), { point, to, output, at });
  expect(result).toMatchObject({ reason: '', road: 'replayed', selection: { cut: { offset: expect.any(Number) } } });
  return (await digest(output, { at, flavor: flavors[name] })).digest;
}

describeWithServers('restore: before the last', (name) => {
  it.each(scenarios.filter(({ parts }) => name !== 'redis-6.0' || parts === undefined))('$title', async (scenario) => {
    const dir = temporaryDir();
    let server = await startServer(name, { dir, config });
    await run(server, first);
    await run(server, second);
    if (scenario.title.includes('SWAPDB')) await run(server, 'SWAPDB 0 3;SELECT 0;SET swapped yes');
    const wanted = await server.digest();
    await run(server, scenario.destroy);
    await run(server, later);
    await server.stop();
    if (scenario.parts === 'middle') {
      for (const number of [2, 3]) {
        const part = `appendonly.aof.${number}.incr.aof`;
        appendFileSync(join(dir, 'appendonlydir', 'appendonly.aof.manifest'), `file ${part} seq ${number} type i\n`);
        writeFileSync(join(dir, 'appendonlydir', part), '');
        server = await startServer(name, { dir, config });
        await run(server, later);
        await server.stop();
      }
    }
    const point = { beforeLast: { pattern: scenario.pattern, minus: 0 } };
    expect(await restoredDigest(name, dir, point)).toBe(wanted);
    for (const to of ['rdb', 'multipart', 'aof'] as const)
      expect(await convertedDigest(name, dir, point, to)).toBe(wanted);
  });

  it('as if some commands had not been', async () => {
    const [all, less] = await Promise.all([startServer(name, { config }), startServer(name)]);
    for (const commands of [first, 'DEL z;SET more 1', second, 'MULTI;APPEND a x;SET more 2;EXEC', later])
      await run(all, commands);
    for (const commands of [first, second, later]) await run(less, commands);
    const wanted = await less.digest();
    await Promise.all([all.stop(), less.stop()]);
    const without = ['DEL z', '[SD]E[TL] more', 'APPEND a x'];
    expect(await restoredDigest(name, all.dir, { without })).toBe(wanted);
  });

  it('as if a range of commands had not been', async () => {
    const [all, less] = await Promise.all([startServer(name, { config }), startServer(name)]);
    // SELECT 0 comes first of all in the log.
    await run(all, 'SET a 1;SET b 2;DEL a;SADD s 1 2;SREM s 1;SET c 3');
    await run(less, 'SET a 1;SET b 2;SREM s 1;SET c 3');
    const wanted = await less.digest();
    await Promise.all([all.stop(), less.stop()]);
    expect(await restoredDigest(name, all.dir, { without: [{ from: 4, to: 5 }] })).toBe(wanted);
  });
});

describeWithServers(
  'restore: to a time',
  (name) => {
    it('holds what the server held then, and before the last FLUSHALL by so many seconds', async () => {
      const server = await startServer(name, { config: { ...config, 'aof-timestamp-enabled': 'yes' } });
      const seconds = async () => Number(((await server.command('TIME')) as unknown[])[0]);
      const nextSecond = async () => {
        for (const begun = await seconds(); (await seconds()) === begun; ) await sleep(20);
        // The server stamps with a time that it reads now and then.
        await sleep(150);
      };
      await nextSecond();
      await run(server, first);
      const wanted = [await server.digest()];
      const times = [await seconds()];
      await nextSecond();
      await run(server, second);
      wanted.push(await server.digest());
      times.push(await seconds());
      await nextSecond();
      await run(server, 'FLUSHALL');
      await server.stop();
      expect(existsSync(logOf(name, server.dir))).toBe(true);
      for (const [index, toTimestamp] of times.entries())
        expect(await restoredDigest(name, server.dir, { toTimestamp })).toBe(wanted[index]);
      const minus = (await flushTime(name, server.dir)) - times[0];
      expect(await restoredDigest(name, server.dir, { beforeLast: { pattern: 'FLUSHALL', minus } })).toBe(wanted[0]);
    });
  },
  ['redis-7.0', 'redis-8.0', 'redis-8.6', 'valkey-8.1', 'valkey-9.1'],
);

/** The annotation that the log has for its FLUSHALL. */
async function flushTime(name: ServerName, dir: string): Promise<number> {
  const result = await restore(logOf(name, dir), { point: { before: 'FLUSHALL' }, dryRun: true, at: Date.now() });
  return result.preview?.selection.cut?.timestamp ?? Number.NaN;
}
