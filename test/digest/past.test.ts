/* What a server drops, keeps or hides while it loads what is past its time, and what DEBUG DIGEST then says. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { digest } from '../../src/index.ts';
import { describeWithServers, type Server, type ServerName, startServer } from '../support/servers.ts';
import { flavorOfServer } from './flavors.ts';

const withFields: readonly ServerName[] = ['redis-8.0', 'redis-8.6', 'valkey-9.1'];

/** Keys and fields that are past within 300 ms, and others that are not. */
async function fill(server: Server): Promise<void> {
  const moment = String(Date.now() + 300);
  const commands: string[][] = [
    ['SET', 'past', 'v'],
    ['PEXPIREAT', 'past', moment],
    ['SET', 'later', 'v', 'PX', '100000000'],
    ['RPUSH', 'list', 'a'],
    ['PEXPIREAT', 'list', moment],
  ];
  if (withFields.includes(server.name)) {
    for (const [key, value] of [
      ['all', '1'],
      ['large', 'x'.repeat(100)],
      ['some', '1'],
    ]) {
      commands.push(['HSET', key, 'a', value, 'b', '2']);
      const fields = key === 'some' ? ['a'] : ['a', 'b'];
      commands.push(['HPEXPIREAT', key, moment, 'FIELDS', String(fields.length), ...fields]);
    }
  }
  await server.pipeline(commands);
}

async function rewriteAof(server: Server): Promise<void> {
  await server.command('BGREWRITEAOF');
  for (;;) {
    await sleep(20);
    if (!/aof_rewrite_(in_progress|scheduled):1/.test(String(await server.command('INFO', 'persistence')))) return;
  }
}

async function expectEqual(server: Server, file: string): Promise<void> {
  const flavor = flavorOfServer[server.name];
  const perKey: Record<string, string> = {};
  const onKey = (_: number, key: string, value: string) => {
    perKey[key] = value;
  };
  const result = await digest(join(server.dir, file), { flavor, at: Date.now(), onKey });
  expect(result.digest).toBe(await server.digest());
  // How many of them a server removes that goes on running, and what is left then.
  const past = Object.keys(perKey).filter((key) => key === 'past' || key === 'list').length;
  expect(result.pastKeys ?? 0).toBe(past);
  expect((await digest(join(server.dir, file), { flavor, at: Date.now() })).pastKeys ?? 0).toBe(past);
  const dropped = await digest(join(server.dir, file), { flavor, at: Date.now(), dropExpired: true });
  expect(dropped.pastKeys).toBe(undefined);
  if (!withFields.includes(server.name)) expect(dropped.databases[0].keys).toBe(Object.keys(perKey).length - past);
  const keys = Object.keys(perKey);
  expect(Object.values(perKey)).toEqual(await server.digestValues(keys));
  expect(keys).toHaveLength(Number(await server.command('DBSIZE')));
}

describeWithServers('what is past its time', (name) => {
  for (const preamble of ['yes', 'no']) {
    it(`in an AOF, its base in ${preamble === 'yes' ? 'RDB' : 'commands'}`, async () => {
      const config = { appendonly: 'yes', 'aof-use-rdb-preamble': preamble };
      const server = await startServer(name, { config });
      await server.command('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
      await fill(server);
      await rewriteAof(server);
      await server.command('RPUSH', 'tail', 'x');
      await sleep(400);
      await server.command('DEBUG', 'LOADAOF');
      await expectEqual(server, name === 'redis-6.0' ? 'appendonly.aof' : 'appendonlydir');
      await server.stop();
    });
  }

  it('in an RDB', async () => {
    const server = await startServer(name);
    await server.command('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    await fill(server);
    await server.command('SAVE');
    await sleep(400);
    await server.command('DEBUG', 'RELOAD', 'NOSAVE');
    await expectEqual(server, 'dump.rdb');
    await server.stop();
  });
});
