/*
 * An RDB for a target, field by field beside the one that the target itself saves after it has loaded ours. What may differ
 * stands in differences.ts; the contents of every key are the same.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { convert } from '../../src/index.ts';
import { readRdb } from '../rdb/codec/rdb-file.ts';
import { serverNames } from '../support/server-process.ts';
import { describeWithServers, findServer, startServer, temporaryDir } from '../support/servers.ts';
import { compareFiles, type Difference, differences } from './differences.ts';
import { factsOfPath } from './facts.ts';

const sources = ['redis-6.0-rdb', 'redis-7.0-rdb', 'redis-8.6-rdb', 'valkey-9.1-rdb'];
/** What was found in any of the files. */
const met = new Set<Difference>();

describeWithServers('an RDB beside one of', (name) => {
  it.each(sources)(
    '%s',
    async (golden) => {
      const source = join(goldenDir(golden), 'dump.rdb');
      const dir = temporaryDir();
      const [path, ours] = [join(dir, 'dump.rdb'), join(dir, 'ours.rdb')];
      const at = Date.now();
      expect((await convert(source, { to: 'rdb', output: path, target: name, allowLoss: true, at })).reason).toBe('');
      copyFileSync(path, ours);
      const server = await startServer(name, { dir });
      await server.command('SAVE');
      await server.stop();
      const { known, others } = compareFiles(readRdb(source), readRdb(ours), readRdb(path));
      expect(others).toEqual([]);
      for (const difference of known) met.add(difference);
      // Whatever stands in another order or encoding holds the same.
      expect(await factsOfPath(ours, name, at)).toEqual(await factsOfPath(path, name, at));
    },
    60_000,
  );
});

afterAll(() => {
  // What is never found need not be listed.
  if (serverNames.every((name) => findServer(name) !== undefined)) {
    expect([...met].sort()).toEqual(Object.keys(differences).sort());
  }
});
