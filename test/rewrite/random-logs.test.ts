/*
 * Random commands of every family sent to a live server: its files have for us the digest that they have for the server itself,
 * before and after a rewrite to each layout. More seeds with AOFKIT_LONG_TESTS=1, others with AOFKIT_SEED.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commandRows, generations } from '../../src/catalog/commands.generated.ts';
import { digest } from '../../src/index.ts';
import { findTarget } from '../../src/rdb/targets.ts';
import { flavorOfServer } from '../digest/flavors.ts';
import { CommandGenerator } from '../engine/collections/command-generator.ts';
import { geoCommand } from '../engine/special/geo-commands.ts';
import { Random } from '../engine/special/replay.ts';
import { streamCommands, streamFeatures } from '../engine/special/stream-commands.ts';
import { bitmapCommand, hllCommand } from '../engine/special/string-commands.ts';
import { describeWithServers, type Server, type ServerName, startServer } from '../servers.ts';
import { LoadingServer } from './loader.ts';
import { expectStable, formats, isLong, rewritten } from './outputs.ts';

const firstSeed = Number(process.env.AOFKIT_SEED ?? 1);
const seeds = Array.from({ length: isLong ? 25 : 1 }, (_, index) => firstSeed + index);
const commandsEach = isLong ? 3000 : 800;

function knownTo(name: ServerName): Set<string> {
  const bit = 1 << generations.indexOf(name);
  return new Set(commandRows.filter((row) => (row[8] & bit) !== 0).map((row) => row[0]));
}

/** Moves between databases, whole transactions, scripts, expiries: what surrounds the families. */
function around(random: Random, modern: boolean): string[][] {
  const key = () => random.pick(['a', 'b', 'k', 'l0', 's1', 'z0', 'h1', 'y0', 'd1', '\0\xff']);
  return random.pick<() => string[][]>([
    () => [['SELECT', random.pick(['0', '0', '1', '9'])]],
    () => [['MOVE', key(), random.pick(['0', '1', '9'])]],
    () => [['RENAME', key(), key()]],
    () => [['SET', key(), random.pick(['12', '', '\0\xfe', 'x'.repeat(100)]), 'PX', '100000000']],
    () => [['PEXPIRE', key(), random.pick(['100000000', '5'])]],
    () => [['PERSIST', key()]],
    () => [
      ['INCRBY', 'counter', '7'],
      ['INCRBYFLOAT', 'float', '0.1'],
      ['APPEND', 'text', 'more'],
    ],
    () => [['MULTI'], ['SET', 'in', 'a'], ['LPUSH', 'l0', 'in'], ['SELECT', '1'], ['INCR', 'in'], ['EXEC']],
    () => [['MULTI'], ['SET', 'in', 'b'], ['DISCARD']],
    () => [['EVAL', "redis.call('SET', KEYS[1], ARGV[1]); redis.call('SADD', 's1', 'x', ARGV[1])", '1', 'eval', 'v\0']],
    () => (random.chance(0.1) ? [['FLUSHDB']] : [['DEL', key(), key()]]),
    () => (modern ? [['COPY', key(), key(), 'DB', '1', 'REPLACE']] : [['SWAPDB', '0', '1']]),
    () => [
      ['SPOP', 's0'],
      ['SPOP', 's1', '2'],
    ],
    () => [
      ['XADD', 'now', '*', 'f', 'v'],
      ['XADD', 'now', 'MAXLEN', '~', '10', '*', 'f', 'w'],
    ],
  ])();
}

/** Whether a live server takes it within a test: no waiting, no distance whose last bits the C library decides. */
function isWanted(command: readonly string[], known: ReadonlySet<string>): boolean {
  const name = command[0].toUpperCase();
  const waits = name.startsWith('B') && !name.startsWith('BIT');
  return known.has(name) && !waits && !command.includes('STOREDIST');
}

function randomCommands(name: ServerName, seed: number): string[][] {
  const random = new Random(seed);
  const modern = name !== 'redis-6.0';
  const known = knownTo(name);
  const soon = String(Date.now() + 50);
  const moments = ['1', soon, '4000000000000', '5000000000000'];
  const collections = new CommandGenerator({ seed, count: commandsEach, known, modern, moments }).commands();
  const streams = streamCommands(seed, commandsEach, streamFeatures(name)) as string[][];
  const made: string[][] = [];
  for (let index = 0; index < commandsEach; index++) {
    if (random.chance(0.15)) made.push(...around(random, modern));
    const next = random.pick<() => readonly string[]>([
      () => collections[index],
      () => collections[index],
      () => streams[index],
      () => bitmapCommand(random, name === 'redis-8.6'),
      () => hllCommand(random),
      () => geoCommand(random, name),
    ])();
    if (isWanted(next, known)) made.push([...next]);
  }
  return made;
}

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
      const commands = randomCommands(name, seed);
      await send(server, commands.slice(0, commands.length >> 1));
      if (seed % 3 !== 0) await server.command('BGREWRITEAOF');
      await send(server, commands.slice(commands.length >> 1));
      await server.stop();

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
