/*
 * Random commands of every family sent to a live server: its files have for us the digest that they have for the server itself,
 * before and after a rewrite to each layout. More seeds with AOFKIT_LONG_TESTS=1, others with AOFKIT_SEED.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { digest } from '../../src/index.ts';
import { findTarget } from '../../src/rdb/targets.ts';
import { flavorOfServer } from '../digest/flavors.ts';
import { describeWithServers, type Server, startServer } from '../servers.ts';
import { LoadingServer } from './loader.ts';
import { expectStable, formats, isLong, rewritten } from './outputs.ts';
import { randomCommands, soonest } from './random-commands.ts';

const firstSeed = Number(process.env.AOFKIT_SEED ?? 1);
const seeds = Array.from({ length: isLong ? 25 : 1 }, (_, index) => firstSeed + index);
const commandsEach = isLong ? 3000 : 800;

/** Sends them in any case: an error reply is one more thing that does not reach the AOF. */
async function send(server: Server, commands: string[][]): Promise<void> {
  await server.pipeline(commands.map((command) => command.map((text) => Buffer.from(text, 'latin1'))));
  if (server.name === 'redis-7.0' || server.name === 'redis-8.6') {
    await server.attempt(
      'FUNCTION',
      'LOAD',
      'REPLACE',
      "#!lua name=random\nredis.register_function('f', function() end)",
    );
  }
}

describeWithServers('the log of a live server', (name) => {
  for (const seed of seeds) {
    it(`is replayed and rewritten, seed ${seed}`, async () => {
      const config = { appendonly: 'yes', 'aof-use-rdb-preamble': seed % 2 === 0 ? 'yes' : 'no', databases: '16' };
      const server = await startServer(name, { config });
      const commands = randomCommands(name, seed, commandsEach);
      await send(server, commands.slice(0, commands.length >> 1));
      if (seed % 3 !== 0) await server.command('BGREWRITEAOF');
      await send(server, commands.slice(commands.length >> 1));
      await server.stop();
      await sleep(soonest);

      const path = join(server.dir, name === 'redis-6.0' ? 'appendonly.aof' : 'appendonlydir');
      const loader = await LoadingServer.start(name);
      const expected = await loader.digestOf(path, name === 'redis-6.0' ? 'aof' : 'multipart');
      const flavor = flavorOfServer[name];
      expect((await digest(path, { flavor, at: Date.now() })).digest).toBe(expected);
      for (const format of formats.filter((one) => one !== 'multipart' || findTarget(name)?.hasManifest)) {
        const at = Date.now();
        const written = await rewritten(path, format, { target: name, at });
        // A plain RDB is loaded without what has expired meanwhile.
        const after = await loader.digestOf(written.path, format);
        expect(after, format).toBe((await digest(written.path, { flavor, at: Date.now() })).digest);
        const isSame = format !== 'rdb' && !written.result.losses.some(({ kind }) => kind === 'negative-zero');
        if (isSame) expect(after, format).toBe(expected);
        await expectStable(written, at);
      }
      await loader.stop();
    });
  }
});
