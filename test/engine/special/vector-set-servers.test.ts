import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { vectorSetFamily } from '../../../src/engine/commands/vector-set.ts';
import { Digester } from '../../../src/engine/digest.ts';
import { digest } from '../../../src/index.ts';
import { Kind } from '../../../src/values/value.ts';
import { type SerializedModule, VectorSet } from '../../../src/values/vector-set.ts';
import { LoadingServer } from '../../rewrite/loader.ts';
import { describeWithServers, type Server, type ServerName, startServer } from '../../support/servers.ts';
import { type Command, flavorOf, loadAof, loadingErrors, Random, replay, textOf } from './replay.ts';
import { keys, vectorCommand } from './vector-set-commands.ts';

async function compare(name: ServerName, server: Server, commands: Command[]): Promise<void> {
  const session = replay(commands, [vectorSetFamily], flavorOf[name], Date.now());
  const digester = new Digester({ flavor: flavorOf[name], at: Date.now() });
  for (const key of keys) {
    const entry = session.keys.find(Buffer.from(key), 0, 1);
    const theirs = await server.attempt('VINFO', key);
    if (entry < 0) {
      expect(theirs).toBe(null);
      continue;
    }
    const set = session.keys.object(entry) as VectorSet;
    const info = textOf(theirs) as unknown[];
    expect(info.slice(2, 4)).toEqual(['hnsw-m', set.links]);
    expect(info.slice(4, 6)).toEqual(['vector-dim', set.dimension]);
    expect(info.slice(8, 10)).toEqual(['size', set.count]);
    for (const [element, { attribute }] of set.elements) {
      expect(textOf(await server.command('VGETATTR', key, element))).toBe(attribute ?? null);
    }
    expect(digester.entry(session.keys, entry)).toBe((await server.digestValues([key]))[0]);
  }
  expect(session.errorCount).toBe(loadingErrors(server).length);
}

describeWithServers(
  'random vector set commands',
  (name) => {
    it('leave the same elements, attributes and digests as after loading', async () => {
      for (const seed of [1, 2, 3]) {
        const random = new Random(seed);
        const commands = Array.from({ length: 400 }, () => vectorCommand(random));
        const server = await loadAof(name, commands);
        await compare(name, server, commands);
        await server.stop();
      }
    });

    it('are rebuilt by the commands of a rewrite', async () => {
      const random = new Random(4);
      const commands = Array.from({ length: 200 }, () => vectorCommand(random));
      const session = replay(commands, [vectorSetFamily], flavorOf[name], 0);
      const rewritten: Command[] = keys.flatMap((key) => {
        const entry = session.keys.find(Buffer.from(key), 0, 1);
        return entry < 0 ? [] : [...(session.keys.object(entry) as VectorSet).rewrite(key)];
      });
      const server = await loadAof(name, rewritten);
      await compare(name, server, rewritten);
      expect(loadingErrors(server)).toEqual([]);
      await server.stop();
    });
  },
  ['redis-8.0', 'redis-8.6'],
);

it('carries commands on a set from an RDB along', () => {
  const element = { vector: Buffer.alloc(4), attribute: undefined };
  const content = { quantization: 'NOQUANT', dimension: 1, links: 16, count: 1, projection: undefined } as const;
  const module: SerializedModule = {
    kind: Kind.Module,
    typeName: 'vectorset',
    count: 1,
    copy: () => module,
    digest() {},
    vectorSet: () => ({ ...content, elements: [['e', element]] }),
  };
  const set = VectorSet.over(module);
  set.later.push(['VREM', 'k', 'e']);
  expect([...set.copy().rewrite('renamed')]).toEqual([['VREM', 'renamed', 'e']]);
  expect(set.count).toBe(1);
});

describeWithServers(
  'commands on a vector set from an RDB',
  (name) => {
    it('leave the same elements and digests as in a server', async () => {
      const random = new Random(5);
      const server = await startServer(name, { config: { appendonly: 'yes', 'aof-use-rdb-preamble': 'yes' } });
      const send = async (count: number) => {
        for (let index = 0; index < count; index++) {
          const command = random.chance(0.1) ? reducingCommand(random) : vectorCommand(random);
          await server.attempt(...command.map((text) => Buffer.from(text, 'latin1')));
        }
      };
      await send(200);
      await server.command('BGREWRITEAOF');
      while (/aof_rewrite_in_progress:1|scheduled:1/.test(String(await server.command('INFO', 'persistence'))))
        await sleep(10);
      await send(200);
      await server.stop();
      const path = join(server.dir, 'appendonlydir');
      const loader = await LoadingServer.start(name);
      await loader.load(path, 'multipart');
      const expected = await Promise.all([...keys, 'reduced'].map((key) => loader.server.digestValues([key])));
      await loader.stop();
      const found: Record<string, string> = {};
      await digest(path, {
        at: Date.now(),
        onKey: (_, key, text) => void (found[key] = text),
      });
      expect([...keys, 'reduced'].map((key) => [found[key] ?? '0'.repeat(40)])).toEqual(expected);
    });
  },
  ['redis-8.0', 'redis-8.6'],
);

/** On a set whose stored vectors have fewer components than the given ones. */
function reducingCommand(random: Random): Command {
  const vector = Array.from({ length: 40 }, () => String(random.next() * 2 - 1));
  return ['VADD', 'reduced', 'REDUCE', '10', 'VALUES', '40', ...vector, `e${random.below(20)}`];
}
