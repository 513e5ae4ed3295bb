/*
 * A dataset of one generation, written for each other as an RDB and as commands: the server loads it without a word, and each
 * key that was not reported as a loss has its digest.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { AofWriter } from '../../../src/aof/writer/aof-writer.ts';
import { Digester } from '../../../src/engine/digest.ts';
import { RdbCodec } from '../../../src/rdb/codec/codec.ts';
import type { Flavor } from '../../../src/servers/flavor.ts';
import type { Loss, LossKind } from '../../../src/servers/losses.ts';
import { findTarget, type Target } from '../../../src/servers/targets.ts';
import {
  describeWithServers,
  findServer,
  type Server,
  type ServerName,
  serverNames,
  startServer,
  temporaryDir,
} from '../../support/servers.ts';
import { buildDataset } from './dataset.ts';
import { type RdbFile, readRdb } from './rdb-file.ts';
import { Gathered, rewriteRdb } from './whole-file.ts';

const startTimeout = 120_000;
const flavors: Record<ServerName, Flavor> = {
  'redis-6.0': 'redis-6.2',
  'redis-7.0': 'redis-7.0',
  'redis-8.0': 'redis-8',
  'redis-8.6': 'redis-8',
  'valkey-8.1': 'valkey-8',
  'valkey-9.1': 'valkey-9',
};
/** Losses that show in a key's digest, or take the key. */
const digestLosses = new Set<LossKind>(['field-expiry', 'stream', 'module', 'vector-set', 'array', 'gcra']);

describeWithServers(
  'written for another generation',
  (name) => {
    let file: RdbFile;

    beforeAll(async () => {
      const server = await startServer(name);
      await buildDataset(server);
      await server.command('SAVE');
      file = readRdb(join(server.dir, 'dump.rdb'));
      await server.stop();
    }, startTimeout);

    describe.each(serverNames.filter((other) => findServer(other)))('%s', (other) => {
      const target = findTarget(other) as Target;

      it.each(['encode', 'copy'] as const)('RDB, %s', async (way) => {
        const { file: written, losses } = rewriteRdb(file, target, way);
        const dir = temporaryDir();
        writeFileSync(join(dir, 'dump.rdb'), written.bytes);
        await expectKeys(await startServer(other, { dir }), file, losses);
      });

      it('commands', async () => {
        const dir = temporaryDir();
        const losses: Loss[] = [];
        writeAof(other, dir, asCommands(file, target, losses));
        await expectKeys(await startServer(other, { dir, config: { appendonly: 'yes' } }), file, losses);
      });
    });
  },
  ['redis-6.0', 'redis-8.6', 'valkey-9.1'],
);

async function expectKeys(server: Server, file: RdbFile, losses: readonly Loss[]): Promise<void> {
  const codec = new RdbCodec({ fork: file.fork, templates: file.templates });
  const digester = new Digester({ flavor: flavors[server.name], at: 0 });
  const lost = new Set(losses.filter(({ kind }) => digestLosses.has(kind)).map(({ db, key }) => `${db} ${key}`));
  const dropped = losses.filter(({ outcome }) => outcome === 'key-dropped').length;
  const differing: string[] = [];
  let count = 0;
  for (const db of [0, 5]) {
    await server.command('SELECT', db);
    count += Number(await server.command('DBSIZE'));
    const keys = file.keys.filter((key) => key.db === db && !lost.has(`${db} ${key.key.toString('latin1')}`));
    const digests = await server.digestValues(keys.map(({ key }) => key));
    for (const [index, { key, type, value, expire }] of keys.entries()) {
      const expected = digester.value(codec.decode(type, value, 0, value.length), !Number.isNaN(expire));
      if (digests[index] !== expected) differing.push(`${key.toString('latin1')} (type ${type})`);
    }
  }
  const log = server.log();
  await server.stop();
  expect(differing).toEqual([]);
  expect(count).toBe(file.keys.length - dropped);
  const ofData = log.split('\n').filter((line) => !/cjson|overcommit/.test(line));
  expect(ofData.filter((line) => /corrupt|bad |error|can't|unknown|fail/i.test(line))).toEqual([]);
}

function asCommands(file: RdbFile, target: Target, losses: Loss[]): Buffer {
  const sink = new Gathered();
  const rewriter = new AofWriter(sink, { target, onLoss: (loss) => losses.push(loss) });
  const codec = new RdbCodec({ fork: file.fork, templates: file.templates });
  for (const code of file.libraries) rewriter.writeFunction(code);
  let db = -1;
  for (const { key, type, value, expire, db: keyDb } of file.keys) {
    if (keyDb !== db) rewriter.selectDatabase((db = keyDb));
    rewriter.writeKey(key, 0, key.length, expire, codec.decode(type, value, 0, value.length));
  }
  rewriter.finish();
  return sink.bytes();
}

function writeAof(name: ServerName, dir: string, bytes: Buffer): void {
  if (name === 'redis-6.0') {
    writeFileSync(join(dir, 'appendonly.aof'), bytes);
    return;
  }
  const folder = join(dir, 'appendonlydir');
  mkdirSync(folder);
  writeFileSync(join(folder, 'appendonly.aof.1.base.aof'), bytes);
  writeFileSync(join(folder, 'appendonly.aof.manifest'), 'file appendonly.aof.1.base.aof seq 1 type b\n');
}
