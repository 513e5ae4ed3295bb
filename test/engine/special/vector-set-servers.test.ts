import { expect, it } from 'vitest';
import { Digester } from '../../../src/engine/digest.ts';
import { vectorSetFamily } from '../../../src/engine/families/vector-set.ts';
import { Kind } from '../../../src/engine/value.ts';
import { type SerializedModule, VectorSet } from '../../../src/engine/values/vector-set.ts';
import { describeWithServers, type Server, type ServerName } from '../../servers.ts';
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
  const module: SerializedModule = {
    kind: Kind.Module,
    typeName: 'vectorset',
    count: 1,
    copy: () => module,
    digest() {},
  };
  const set = VectorSet.over(module);
  set.later.push(['VREM', 'k', 'e']);
  expect([...set.copy().rewrite('renamed')]).toEqual([['VREM', 'renamed', 'e']]);
  expect(set.count).toBe(1);
});
