/* Aux fields and records of clusters: carried to those who read them, else listed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConvertOptions, type ConvertResult, convert } from '../../src/index.ts';
import { RdbWriter } from '../../src/rdb/writer/rdb-writer.ts';
import { findTarget, type Target } from '../../src/servers/targets.ts';
import { readRdb } from '../rdb/codec/rdb-file.ts';
import { describeWithServers, startServer, temporaryDir } from '../support/servers.ts';

const at = Date.UTC(2026, 10, 20);
const id = '0123456789abcdef0123456789abcdef01234567';
const replication = { 'repl-stream-db': '0', 'repl-id': id, 'repl-offset': '4711' };
const key = Buffer.from('key');

interface Made {
  readonly aux?: Readonly<Record<string, string>>;
  /** Aux fields of the database. */
  readonly inside?: Readonly<Record<string, string>>;
  readonly record?: Buffer;
}

function rdb(name: string, { aux = {}, inside = {}, record }: Made): string {
  const chunks: Buffer[] = [];
  const target = findTarget(name) as Target;
  const writer = new RdbWriter({ write: (bytes) => void chunks.push(Buffer.from(bytes)) }, { target });
  writer.writeHeader({ ctime: 1 });
  for (const [name, value] of Object.entries(aux)) writer.writeAux(name, value);
  if (record?.[0] === 0xf3) writer.writeRecord(record, 0, record.length);
  writer.selectDatabase(0, 1, 0);
  for (const [name, value] of Object.entries(inside)) writer.writeAux(name, value);
  if (record?.[0] === 0xf4) writer.writeRecord(record, 0, record.length);
  writer.writeKey(key, 0, key.length, Number.NaN, 42);
  writer.finish();
  const path = join(temporaryDir(), 'dump.rdb');
  writeFileSync(path, Buffer.concat(chunks));
  return path;
}

async function converted(path: string, options: Partial<ConvertOptions>): Promise<ConvertResult & { path: string }> {
  const output = join(temporaryDir(), 'out.rdb');
  return { ...(await convert(path, { to: 'rdb', at, output, ...options })), path: output };
}

const kinds = ({ losses }: ConvertResult) => losses.map(({ kind }) => kind);

describe('a place in a replication', () => {
  const source = () => rdb('redis-7.0', { aux: replication });

  it('is carried where the data are the same', async () => {
    const result = await converted(source(), { target: 'redis-8.0' });
    expect(kinds(result)).toEqual([]);
    expect(Object.fromEntries(readRdb(result.path).aux)).toMatchObject(replication);
    expect([...readRdb(result.path).aux.keys()].at(-1)).toBe('aof-base');
  });

  it.each<[string, Partial<ConvertOptions>]>([
    ['a key may be missing', { target: 'redis-8.0', filter: { excluded: ['other'] } }],
    ['losses are allowed', { target: 'redis-8.0', allowLoss: true }],
    ['the target is too old', { target: 'redis-3.2' }],
    ['it becomes commands', { to: 'aof' }],
    ['it becomes a base', { to: 'hybrid', target: 'redis-8.0' }],
  ])('is listed and left out where %s', async (_, options) => {
    const result = await converted(source(), options);
    expect(result.outcome).toBe('written');
    expect(kinds(result)).toEqual(['replication-state']);
    expect(readFileSync(result.path).includes('repl-id')).toBe(false);
  });
});

describe('other aux fields', () => {
  it('of scripts go to servers before 7.0', async () => {
    const source = rdb('redis-6.2', { aux: { lua: 'return 1' } });
    const kept = await converted(source, { target: 'redis-5.0' });
    expect(kinds(kept)).toEqual([]);
    expect(readRdb(kept.path).aux.get('lua')).toBe('return 1');
    const lost = await converted(source, { target: 'redis-7.0' });
    expect(lost.outcome).toBe('written');
    expect(kinds(lost)).toEqual(['script']);
  });

  it('that nobody knows are copied to an RDB', async () => {
    const source = rdb('redis-7.0', { aux: { '%note': 'x' } });
    expect(readRdb((await converted(source, { target: 'valkey-9.1' })).path).aux.get('%note')).toBe('x');
    expect(kinds(await converted(source, { to: 'aof' }))).toEqual(['aux-field']);
  });
});

describe('slots', () => {
  const sizes = Buffer.from([0xf4, 0, 1, 0]);
  const imports = Buffer.concat([Buffer.from([0xf3, 40]), Buffer.from(id), Buffer.from([1, 0, 0x40, 100])]);

  it('of Redis have their sizes in a record', async () => {
    const source = rdb('redis-8.0', { record: sizes });
    const kept = await converted(source, { target: 'redis-8.6' });
    expect(kinds(kept)).toEqual([]);
    expect(readFileSync(kept.path).includes(sizes)).toBe(true);
    for (const target of ['redis-7.2', 'valkey-8.1']) {
      const lost = await converted(source, { target });
      expect(lost.outcome).toBe('written');
      expect(kinds(lost)).toEqual(['slot-sizes']);
    }
  });

  it('of Valkey have their sizes in an aux field', async () => {
    const source = rdb('valkey-8.1', { inside: { 'slot-info': '0,1,0' } });
    const kept = await converted(source, { target: 'valkey-9.1' });
    expect(readRdb(kept.path).aux.get('slot-info')).toBe('0,1,0');
    expect(kinds(await converted(source, { target: 'redis-8.0' }))).toEqual(['slot-sizes']);
  });

  it('that are being imported are refused where the target does not know of that', async () => {
    const source = rdb('valkey-9.0', { record: imports });
    const kept = await converted(source, { target: 'valkey-9.1' });
    expect(kinds(kept)).toEqual([]);
    expect(readFileSync(kept.path).includes(imports)).toBe(true);
    const lost = await converted(source, { target: 'valkey-8.1' });
    expect(lost.outcome).toBe('refused');
    expect(kinds(lost)).toEqual(['slot-migration']);
    const commands = await converted(source, { to: 'aof', allowLoss: true });
    expect(kinds(commands)).toEqual(['slot-migration']);
  });
});

describeWithServers('a server loads what was carried:', (name) => {
  it('a place in a replication, scripts and what nobody knows', async () => {
    const source = rdb(name === 'valkey-9.1' ? 'valkey-9.0' : 'redis-6.2', {
      aux: { ...replication, lua: 'return 1', '%note': 'x' },
    });
    const dir = temporaryDir();
    await convert(source, { to: 'rdb', target: name, output: join(dir, 'dump.rdb'), at });
    const server = await startServer(name, { dir });
    expect(String(await server.command('GET', 'key'))).toBe('42');
    await server.stop();
  });
});
