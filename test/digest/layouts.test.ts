/* The digest of each layout, whole and with a torn tail, equals DEBUG DIGEST of a server that started with the same files. */
import { cpSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { goldenDir, goldenNames, readProvenance } from '../../fixtures/generate/golden.ts';
import { digest } from '../../src/index.ts';
import { describeWithServers, startServer, temporaryDir } from '../support/servers.ts';
import { flavorOfServer } from './flavors.ts';

const goldens = goldenNames().map(readProvenance);

/** The file at the end of an AOF: the increment that is read last. */
function lastFile(dir: string, path: string): string {
  if (!path.endsWith('appendonlydir')) return join(dir, path);
  const names = readdirSync(join(dir, path)).filter((name) => name.endsWith('.incr.aof'));
  const number = (name: string) => Number(/\.(\d+)\.incr/.exec(name)?.[1]);
  return join(dir, path, names.sort((a, b) => number(a) - number(b)).at(-1) as string);
}

describeWithServers('the digest of a golden', (name) => {
  const flavor = flavorOfServer[name];
  const own = goldens.filter(({ writer }) => writer === name);

  it('is that of the server, for every layout', async () => {
    for (const golden of own) {
      const result = await digest(join(goldenDir(golden.name), golden.path), { flavor, at: Date.now() });
      expect(result.digest, golden.name).toBe(golden.digest);
      const keys = Object.fromEntries(result.databases.map((database) => [database.database, database.keys]));
      expect(keys, golden.name).toEqual(golden.keys);
    }
  });

  it('is that of the server with a torn tail, key by key', async () => {
    for (const golden of own.filter(({ layout }) => layout !== 'rdb')) {
      const dir = temporaryDir();
      cpSync(goldenDir(golden.name), dir, { recursive: true });
      const file = lastFile(dir, golden.path);
      const size = statSync(file).size;
      // Far enough from the end to cut a command in two, but never into a preamble.
      if (size < 200 || golden.name.endsWith('-hybrid')) continue;
      truncateSync(file, size - 5);
      const keys: Record<number, [Buffer, string][]> = {};
      const onKey = (database: number, key: string, value: string) => {
        (keys[database] ??= []).push([Buffer.from(key, 'latin1'), value]);
      };
      const result = await digest(join(dir, golden.path), { flavor, at: Date.now(), onKey });
      const server = await startServer(name, { dir, config: { appendonly: 'yes', 'aof-load-truncated': 'yes' } });
      expect(result.digest, golden.name).toBe(await server.digest());
      for (const [database, entries] of Object.entries(keys)) {
        await server.command('SELECT', database);
        const values = await server.digestValues(entries.map(([key]) => key));
        expect(entries.map(([, value]) => value)).toEqual(values);
      }
      await server.stop();
    }
  });
});
