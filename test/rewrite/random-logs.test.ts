/*
 * Random commands of every family sent to a live server: its files have for us the digest that they have for the server itself,
 * before and after a rewrite to each layout. More seeds with AOFKIT_LONG_TESTS=1, others with AOFKIT_SEED.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { digest } from '../../src/index.ts';
import { findTarget } from '../../src/servers/targets.ts';
import { flavorOfServer } from '../digest/flavors.ts';
import { Random } from '../engine/special/replay.ts';
import { describeWithServers, type Server, type ServerName, startServer } from '../support/servers.ts';
import { factsOf } from './facts.ts';
import { LoadingServer } from './loader.ts';
import { expectStable, formats, isLong, rewritten } from './outputs.ts';
import { randomCommands, restoreCommand, restoreFunctions, soonest } from './random-commands.ts';

const firstSeed = Number(process.env.AOFKIT_SEED ?? 1);
const seeds = Array.from({ length: isLong ? 25 : 1 }, (_, index) => firstSeed + index);
const commandsEach = isLong ? 3000 : 800;
const commandsBetweenRestores = 200;

/** Sends them in any case: an error reply is one more thing that does not reach the AOF. */
async function send(server: Server, commands: string[][], random: Random): Promise<void> {
  for (let start = 0; start < commands.length; start += commandsBetweenRestores) {
    const some = commands.slice(start, start + commandsBetweenRestores);
    await server.pipeline(some.map((command) => command.map((text) => Buffer.from(text, 'latin1'))));
    await restoreSome(server, random);
  }
}

/** Serialized values into other keys, and now and then the function libraries over themselves. */
async function restoreSome(server: Server, random: Random): Promise<void> {
  for (let index = 0; index < 3; index++) {
    const source = await server.attempt('RANDOMKEY');
    const payload = Buffer.isBuffer(source) ? await server.attempt('DUMP', source) : null;
    if (!Buffer.isBuffer(payload)) continue;
    await server.attempt(...restoreCommand(random, payload));
  }
  if (server.name === 'redis-6.0' || random.chance(0.7)) return;
  await server.attempt(...restoreFunctions(random, (await server.command('FUNCTION', 'DUMP')) as Buffer));
}

/** With these an RDB has the forms of large collections for small ones. */
function smallLimits(name: ServerName): Record<string, string> {
  const form = name === 'redis-6.0' ? 'ziplist' : 'listpack';
  const limits: Record<string, string> = { 'set-max-intset-entries': '1', [`list-max-${form}-size`]: '2' };
  for (const type of name.startsWith('redis-6') || name === 'redis-7.0' ? ['hash', 'zset'] : ['hash', 'zset', 'set'])
    limits[`${type}-max-${form}-entries`] = '2';
  return limits;
}

async function rewriteEnds(server: Server): Promise<void> {
  while (String(await server.command('INFO', 'persistence')).includes('aof_rewrite_in_progress:1')) await sleep(10);
}

/** How the server's files come about. */
interface Making {
  readonly config: Record<string, string>;
  /** How many of the commands are sent before a BGREWRITEAOF. */
  readonly before: number;
  readonly rewrites: boolean;
}

/** Sends commands to a server and stops it; the path of what it leaves. */
async function filesOf(name: ServerName, seed: number, { config, before, rewrites }: Making): Promise<string> {
  const server = await startServer(name, { config: { appendonly: 'yes', databases: '16', ...config } });
  const random = new Random(seed);
  const commands = randomCommands(name, seed, commandsEach);
  const first = Math.floor(commands.length * before);
  await send(server, commands.slice(0, first), random);
  if (rewrites) {
    await server.command('BGREWRITEAOF');
    await rewriteEnds(server);
  }
  await send(server, commands.slice(first), random);
  await server.stop();
  await sleep(soonest);
  return join(server.dir, name === 'redis-6.0' ? 'appendonly.aof' : 'appendonlydir');
}

/** Digests and rewrites them, and asks the server what it thinks of both. */
async function compare(name: ServerName, path: string): Promise<void> {
  const loader = await LoadingServer.start(name);
  const expected = await loader.digestOf(path, name === 'redis-6.0' ? 'aof' : 'multipart');
  // A log is loaded as of now: of consumers it does not tell when they were last seen.
  const facts = await factsOf(loader.server, true);
  const flavor = flavorOfServer[name];
  expect((await digest(path, { flavor, at: Date.now() })).digest).toBe(expected);
  for (const format of formats.filter((one) => one !== 'multipart' || findTarget(name)?.hasManifest)) {
    const at = Date.now();
    const written = await rewritten(path, format, { target: name, at }).catch((error: Error) => {
      // The graph of a vector set is its server's own: it is made by commands, which an RDB alone cannot hold.
      if (format === 'rdb' && error.message.includes('"vector-set"')) return undefined;
      throw error;
    });
    if (written === undefined) continue;
    // A plain RDB is loaded without what has expired meanwhile.
    const after = await loader.digestOf(written.path, format);
    expect(after, format).toBe((await digest(written.path, { flavor, at: Date.now() })).digest);
    const isSame = format !== 'rdb' && !written.result.losses.some(({ kind }) => kind === 'negative-zero');
    if (isSame) expect(after, format).toBe(expected);
    if (isSame) expect(await factsOf(loader.server, true), format).toEqual(facts);
    await expectStable(written, at);
  }
  await loader.stop();
}

describeWithServers('the log of a live server', (name) => {
  for (const seed of seeds) {
    it(`is replayed and rewritten, seed ${seed}`, async () => {
      const preamble = { 'aof-use-rdb-preamble': seed % 2 === 0 ? 'yes' : 'no' };
      const config = { ...preamble, ...(seed % 4 === 2 ? smallLimits(name) : {}) };
      await compare(name, await filesOf(name, seed, { config, before: 0.5, rewrites: seed % 3 !== 0 }));
    });

    // Then a rewrite keeps what the log does not touch.
    it(`is replayed and rewritten where it is short beside its RDB, seed ${seed}`, async () => {
      const config = { 'aof-use-rdb-preamble': 'yes', ...(seed % 2 === 0 ? smallLimits(name) : {}) };
      await compare(name, await filesOf(name, seed + 1000, { config, before: 0.985, rewrites: true }));
    });
  }
});
