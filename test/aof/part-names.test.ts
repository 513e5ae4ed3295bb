/* Parts whose names need more than ASCII: the manifest has their bytes, quoted, and the file system takes text. */
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatManifest, parseManifest } from '../../src/aof/manifest.ts';
import { boot, check, digest, repair, rewrite } from '../../src/index.ts';
import fileSystem, { encodePath } from '../../src/io/file-system.ts';
import { runOurs, runTheirs } from '../compat/comparison.ts';
import { flavorOfServer } from '../digest/flavors.ts';
import { describeWithServers, itWithServer, startServer, temporaryDir } from '../support/servers.ts';

const at = Date.now();
const multiPartServers = ['redis-7.0', 'redis-8.0', 'redis-8.6', 'valkey-8.1', 'valkey-9.1'] as const;

describeWithServers(
  'a set of parts of any name',
  (name) => {
    it.each(['café ☃.aof', 'plain.aof', "a 'b' c.aof"])('%s', async (file) => {
      const config = { appendonly: 'yes', appendfilename: JSON.stringify(file), appenddirname: '"Ordner ü"' };
      const first = await startServer(name, { config });
      await first.pipeline([
        ['SET', 'a', '1'],
        ['RPUSH', 'list', 'x', 'y'],
      ]);
      const expected = await first.digest();
      await first.stop();
      const folder = join(first.dir, 'Ordner ü');
      const flavor = flavorOfServer[name];
      const manifest = readFileSync(join(folder, `${file}.manifest`));
      expect(formatManifest(parseManifest(manifest).parts)).toBe(manifest.toString('latin1'));
      expect((await check(folder)).ok).toBe(true);
      expect((await digest(folder, { at, flavor })).digest).toBe(expected);
      expect((await repair(folder)).outcome).toBe('sound');
      expect(await rewrite(folder, { at, inPlace: true, verify: true })).toMatchObject({ outcome: 'written' });
      expect(readdirSync(folder).every((one) => one.startsWith(file))).toBe(true);
      const second = await startServer(name, { dir: first.dir, config });
      expect(await second.digest()).toBe(expected);
      await second.command('SET', 'b', '2');
      const later = await second.digest();
      await second.command('SET', 'c', '3');
      await second.stop();
      const increment = join(folder, readdirSync(folder).find((one) => one.endsWith('.incr.aof')) as string);
      truncateSync(increment, readFileSync(increment).length - 3);
      expect((await repair(folder, { inPlace: true, force: true })).outcome).toBe('repaired');
      const third = await startServer(name, { dir: first.dir, config });
      expect(await third.digest()).toBe(later);
      await third.stop();
      const path = join(first.dir, 'server.conf');
      writeFileSync(
        path,
        Object.entries({ ...config, dir: JSON.stringify(first.dir) })
          .map((pair) => `${pair.join(' ')}\n`)
          .join(''),
      );
      const started = await boot(first.dir, { configuration: path, server: name, at });
      expect(started.databases).toMatchObject([{ database: 0, keys: 3 }]);
    });
  },
  multiPartServers,
);

const strange = () => {
  const folder = join(temporaryDir(), 'aof');
  mkdirSync(folder);
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.of(0xe9), Buffer.from('.1.incr.aof')]), '');
  writeFileSync(join(folder, 'p.manifest'), 'file "caf\\xe9.1.incr.aof" seq 1 type i\n');
  return folder;
};

describeWithServers(
  'a folder and parts whose names are not UTF-8',
  (name) => {
    it('are read, repaired and rewritten as any other', async () => {
      const dir = temporaryDir();
      const config = { appendonly: 'yes', appendfilename: '"caf\\xe9.aof"', appenddirname: '"d\\xff"' };
      const first = await startServer(name, { dir, config });
      await first.pipeline([
        ['SET', 'a', '1'],
        ['RPUSH', 'list', 'x', 'y'],
      ]);
      const expected = await first.digest();
      await first.command('SET', 'torn', '2');
      await first.stop();
      const folder = `${dir}/d\udcff`;
      const increment = fileSystem.readdirSync(folder).find((one) => one.endsWith('.incr.aof')) as string;
      expect(increment).toContain('caf\udce9');
      const bytes = fileSystem.readFileSync(join(folder, increment));
      fileSystem.truncateSync(encodePath(join(folder, increment)), bytes.length - 3);
      expect((await check(folder)).findings.map(({ code }) => code)).toContain('aof.truncated');
      expect(await repair(folder, { inPlace: true, force: true })).toMatchObject({ outcome: 'repaired' });
      expect((await digest(folder, { at, flavor: flavorOfServer[name] })).digest).toBe(expected);
      expect(await rewrite(folder, { at, inPlace: true, verify: true })).toMatchObject({ outcome: 'written' });
      const second = await startServer(name, { dir, config });
      expect(await second.digest()).toBe(expected);
      await second.stop();
    });
  },
  multiPartServers,
);

itWithServer('redis-8.6', 'the drop-in tools take any bytes for a name', () => {
  const run = { tool: 'aof', args: [join(strange(), 'p.manifest')] } as const;
  const [ours, theirs] = [runOurs(run), runTheirs(run)];
  expect(ours.code).toBe(0);
  expect([ours.code, ours.stdout.length]).toEqual([theirs.code, theirs.stdout.length]);
});
