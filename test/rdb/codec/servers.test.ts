/*
 * What servers save is decoded and encoded anew for the same generation: the bytes must be theirs. Then the whole file is
 * written by us, encoded or copied, and loaded by them.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { RdbCodec } from '../../../src/rdb/codec/codec.ts';
import { RdbOutput } from '../../../src/rdb/output.ts';
import { encodeValue } from '../../../src/rdb/writer/value-encoder.ts';
import { findTarget, type Target } from '../../../src/servers/targets.ts';
import { describeWithServers, type Server, type ServerName, startServer, temporaryDir } from '../../support/servers.ts';
import { buildDataset } from './dataset.ts';
import { type RdbFile, readRdb } from './rdb-file.ts';
import { serverFacts } from './server-facts.ts';
import { rewriteRdb } from './whole-file.ts';

const startTimeout = 120_000;

describeWithServers('values as the server writes them', (name) => {
  let file: RdbFile;
  let facts: Record<string, unknown>;
  let target: Target;

  beforeAll(async () => {
    const dir = temporaryDir();
    const server = await startServer(name, { dir });
    await buildDataset(server);
    facts = await serverFacts(server);
    await server.command('SAVE');
    file = readRdb(join(dir, 'dump.rdb'));
    target = findTarget(name) as Target;
    await server.stop();
  }, startTimeout);

  it('encodes each value as the server did', () => {
    const codec = new RdbCodec({ fork: file.fork, templates: file.templates });
    const differing: string[] = [];
    for (const raw of file.keys) {
      const value = codec.decode(raw.type, raw.value, 0, raw.value.length);
      const out = new RdbOutput();
      const type = encodeValue(out, value, target);
      // Tables keep the order in which they were read, so that even they come out the same.
      if (type !== raw.type || !out.view().equals(raw.value)) differing.push(`${raw.key}: ${raw.type} became ${type}`);
    }
    expect(differing).toEqual([]);
    expect(file.keys.length).toBeGreaterThan(60);
  });

  it('writes aux fields as the server does', () => {
    const written = rewriteRdb(file, target, 'encode');
    expect([...written.file.aux.keys()]).toEqual([...file.aux.keys()]);
    expect(written.file.bytes.subarray(0, 9)).toEqual(file.bytes.subarray(0, 9));
    expect(written.file.libraries).toEqual(file.libraries);
  });

  it.each(['encode', 'copy'] as const)('%s: the server loads the same data', async (way) => {
    const written = rewriteRdb(file, target, way);
    expect(written.losses).toEqual([]);
    const loaded = await load(name, written.file.bytes);
    expect(await serverFacts(loaded)).toEqual(facts);
    await loaded.stop();
  });
});

async function load(name: ServerName, bytes: Buffer): Promise<Server> {
  const dir = temporaryDir();
  writeFileSync(join(dir, 'dump.rdb'), bytes);
  return startServer(name, { dir });
}
