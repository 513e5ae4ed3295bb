/*
 * The commands that we write for a dataset are those of the server's own BGREWRITEAOF with `aof-use-rdb-preamble no`, and a
 * server that loads them has the same data.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { AofWriter } from '../../src/aof/writer/aof-writer.ts';
import { RdbCodec } from '../../src/rdb/codec/codec.ts';
import type { Loss } from '../../src/servers/losses.ts';
import { findTarget, type Target } from '../../src/servers/targets.ts';
import { buildDataset } from '../rdb/codec/dataset.ts';
import { type RdbFile, readRdb } from '../rdb/codec/rdb-file.ts';
import { serverFacts } from '../rdb/codec/server-facts.ts';
import { Gathered } from '../rdb/codec/whole-file.ts';
import { commandsByKey } from '../resp/commands.ts';
import { describeWithServers, type Server, type ServerName, startServer, temporaryDir } from '../support/servers.ts';

const startTimeout = 120_000;
const respConfig = { appendonly: 'yes', 'aof-use-rdb-preamble': 'no' };

describeWithServers('a dataset as commands', (name) => {
  let file: RdbFile;
  let facts: Record<string, unknown>;
  let serversOwn: Buffer;
  let ours: Buffer;
  let losses: Loss[];

  beforeAll(async () => {
    const server = await startServer(name, { config: respConfig });
    // A vector set ends the servers' BGREWRITEAOF.
    await buildDataset(server, false);
    facts = await serverFacts(server);
    await server.command('SAVE');
    file = readRdb(join(server.dir, 'dump.rdb'));
    serversOwn = await rewritten(server);
    await server.stop();
    losses = [];
    ours = asCommands(file, findTarget(name) as Target, losses);
  }, startTimeout);

  it('has the commands of the server, key by key', () => {
    const expected = commandsByKey(serversOwn);
    const found = commandsByKey(ours);
    expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [key, commands] of expected) expect(found.get(key), key).toEqual(commands);
  });

  it('is the same straight from the serialized values', () => {
    expect(asCommands(file, findTarget(name) as Target, [], true).equals(ours)).toBe(true);
  });

  it('is loaded as the same data', async () => {
    const dir = temporaryDir();
    writeAof(name, dir, ours);
    const server = await startServer(name, { dir, config: respConfig });
    expect(withoutTimes(await serverFacts(server))).toEqual(withoutTimes(facts));
    await server.stop();
    const parts = name === 'redis-6.0' ? [] : losses.filter(({ kind }) => kind !== 'idempotency-counters');
    expect(parts).toEqual([]);
  });
});

function asCommands(file: RdbFile, target: Target, losses: Loss[], straight = false): Buffer {
  const sink = new Gathered();
  const rewriter = new AofWriter(sink, { target, onLoss: (loss) => losses.push(loss) });
  const codec = new RdbCodec({ fork: file.fork, templates: file.templates });
  for (const code of file.libraries) rewriter.writeFunction(code);
  let db = -1;
  for (const { key, type, value, expire, db: keyDb } of file.keys) {
    if (keyDb !== db) rewriter.selectDatabase((db = keyDb));
    if (straight && rewriter.writeRawKey(type, key, 0, key.length, expire, value, 0, value.length)) continue;
    rewriter.writeKey(key, 0, key.length, expire, codec.decode(type, value, 0, value.length));
  }
  expect(rewriter.finish()).toBe(sink.bytes().length);
  return sink.bytes();
}

/** The file that the server's BGREWRITEAOF made. */
async function rewritten(server: Server): Promise<Buffer> {
  await server.command('BGREWRITEAOF');
  for (;;) {
    await sleep(50);
    const info = String(await server.command('INFO', 'persistence'));
    if (/aof_rewrite_in_progress:1|aof_rewrite_scheduled:1/.test(info)) continue;
    expect(info).toContain('aof_last_bgrewrite_status:ok');
    break;
  }
  if (server.name === 'redis-6.0') return readFileSync(join(server.dir, 'appendonly.aof'));
  const folder = join(server.dir, 'appendonlydir');
  const base = readdirSync(folder).find((file) => file.endsWith('.2.base.aof')) as string;
  return readFileSync(join(folder, base));
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

/** Commands do not carry when a consumer was seen, how entries were dealt out over nodes, nor how many messages there were of idempotent producers. */
function withoutTimes(facts: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify(facts), (_, value) => {
    if (!Array.isArray(value)) return value;
    const dropped = ['radix-tree-keys', 'seen-time', 'active-time', 'iids-added', 'iids-duplicates'];
    return value.filter((_, index) => !dropped.includes(value[index]) && !dropped.includes(value[index - 1]));
  });
}
