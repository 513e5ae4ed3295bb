/* What the library's writers make of keys that were read loads with the digest of the file that they came from. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir, goldenNames, readProvenance } from '../../fixtures/generate/golden.ts';
import { flavorOfName } from '../../src/dataset/flavor-choice.ts';
import { AofWriter, digest, type Key, RdbWriter, readKeys, UsageError, type WrittenKey } from '../../src/index.ts';
import { describeWithServers, startServer, temporaryDir } from '../support/servers.ts';

const written = new Set(['string', 'list', 'set', 'zset', 'hash', 'stream']);

async function keysOf(path: string, options: Parameters<typeof readKeys>[1]): Promise<Key[]> {
  const keys: Key[] = [];
  for await (const batch of readKeys(path, options)) keys.push(...batch);
  return keys;
}

/** Writes a file with a writer that `make` gives. */
function write(
  path: string,
  keys: readonly WrittenKey[],
  make: typeof RdbWriter | typeof AofWriter,
  target: string,
): void {
  const file = openSync(path, 'w');
  const writer = new make(
    { write: (bytes) => void writeSync(file, bytes) },
    { target, time: 1_700_000_000, onLoss: () => {} },
  );
  for (const key of keys) writer.key(key);
  writer.finish();
  closeSync(file);
}

describeWithServers('keys that were read and written', (name) => {
  const own = goldenNames()
    .map(readProvenance)
    .filter(({ writer, digest: sum }) => writer === name && sum !== undefined);
  it.each(own.map((golden) => [golden.name, golden] as const))('%s', async (_, golden) => {
    const path = join(goldenDir(golden.name), golden.path);
    const options = { flavor: flavorOfName(name), target: name };
    const raws = await keysOf(path, { ...options, level: 'raw' });
    // Only a server can write the graph of a vector set that commands have made.
    if (raws.some(({ raw }) => raw === undefined)) return;
    const values = await keysOf(path, options);
    const decoded = values.map((key, index) => (written.has(key.value?.type ?? '') ? key : raws[index]) as WrittenKey);
    const dir = temporaryDir();
    for (const [form, keys] of [
      ['raw', raws],
      ['value', decoded],
    ] as const) {
      const folder = join(dir, form);
      mkdirSync(folder);
      write(join(folder, 'dump.rdb'), keys, RdbWriter, name);
      const server = await startServer(name, { dir: folder });
      try {
        expect(await server.digest()).toBe(golden.digest);
      } finally {
        await server.kill();
      }
    }
    if (raws.some(({ type }) => type === 'module')) return;
    write(join(dir, 'appendonly.aof'), decoded, AofWriter, name);
    const rewritten = await digest(join(dir, 'appendonly.aof'), { at: 0, flavor: options.flavor });
    expect(rewritten.digest).toBe(golden.digest);
  });
});

describe('RdbWriter', () => {
  const sink = { write: () => {} };

  it('refuses what the target cannot hold, unless somebody takes losses', () => {
    const key = {
      name: 'h',
      value: { type: 'hash', fields: [{ field: 'f', value: 'v', expiry: 4102444800000 }] },
    } as const;
    expect(() => new RdbWriter(sink, { target: 'redis-6.2' }).key(key)).toThrow(UsageError);
    const losses: string[] = [];
    new RdbWriter(sink, { target: 'redis-6.2', onLoss: ({ kind }) => losses.push(kind) }).key(key);
    expect(losses).toHaveLength(1);
  });

  it('refuses a database that comes a second time, and a key without a value', () => {
    const writer = new RdbWriter(sink, { target: 'redis-7.2' });
    const value = { type: 'string', value: 'x' } as const;
    writer.key({ name: 'a', value });
    writer.key({ name: 'b', database: 1, value });
    expect(() => writer.key({ name: 'c', value })).toThrow(/database 0/);
    expect(() => writer.key({ name: 'd', database: 1 })).toThrow(/no value/);
    expect(() => new RdbWriter(sink, { target: 'redis-1' })).toThrow(UsageError);
  });
});
