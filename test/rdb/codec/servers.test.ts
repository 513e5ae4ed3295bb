/*
 * What servers save is decoded and encoded anew for the same generation: the bytes must be theirs. Then the whole file is
 * written by us and loaded by them.
 */
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { RdbCodec } from '../../../src/rdb/codec/codec.ts';
import { RdbOutput } from '../../../src/rdb/output.ts';
import { findTarget, type Target } from '../../../src/rdb/targets.ts';
import { encodeValue } from '../../../src/rdb/writer/value-encoder.ts';
import { describeWithServers, type ServerName, startServer, temporaryDir } from '../../servers.ts';
import { buildDataset } from './dataset.ts';
import { type RawKey, type RdbFile, readRdb } from './rdb-file.ts';

const startTimeout = 120_000;
/** What servers keep in hash tables comes in an order of their own. */
const unordered = new Set([2, 4, 24, 0x96]);

describeWithServers('values as the server writes them', (name) => {
  let file: RdbFile;
  let target: Target;

  beforeAll(async () => {
    file = await savedDataset(name);
    target = findTarget(name) as Target;
  }, startTimeout);

  it('encodes each value as the server did', () => {
    const codec = new RdbCodec({ fork: file.fork, templates: file.templates });
    const differing: string[] = [];
    for (const raw of file.keys) {
      const value = codec.decode(raw.type, raw.value, 0, raw.value.length);
      const out = new RdbOutput();
      const type = encodeValue(out, value, target);
      if (type === raw.type && (out.view().equals(raw.value) || sameUnordered(raw, out.view()))) continue;
      differing.push(`${raw.key.toString('latin1')}: ${raw.type} became ${type}`);
    }
    expect(differing).toEqual([]);
  });
});

async function savedDataset(name: ServerName): Promise<RdbFile> {
  const dir = temporaryDir();
  const server = await startServer(name, { dir });
  await buildDataset(server);
  await server.command('SAVE');
  const file = readRdb(join(dir, 'dump.rdb'));
  await server.stop();
  return file;
}

/** Tables keep the order in which they were read, so even they come out the same. */
function sameUnordered(raw: RawKey, encoded: Buffer): boolean {
  if (!unordered.has(raw.type) || raw.value.length !== encoded.length) return false;
  return Buffer.compare(Buffer.from(raw.value).sort(), Buffer.from(encoded).sort()) === 0;
}
