/* The queries of docs/analytics.md, on exports of real shards. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportKeys } from '../../src/index.ts';
import { repository } from '../cli/run.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/servers.ts';

const shards = 100;
const page = readFileSync(join(repository, 'docs', 'analytics.md'), 'utf8');
const queries = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql]) => sql);

/** Commands of a shard: some keys of its own, and one that all have. */
function commandsOf(shard: number): string[][] {
  const own = Array.from({ length: shard % 7 }, (_, index) => ['SET', `user:${shard}:${index}`, `value ${index}`]);
  const hash = ['HSET', `hash:${shard}`, ...Array.from({ length: shard + 1 }, (_, index) => [`f${index}`, 'x']).flat()];
  return [...own, hash, ['SET', 'everywhere', String(shard)], ['PEXPIREAT', 'everywhere', '4102444800000']];
}

let folder: string;
beforeAll(async () => {
  folder = temporaryDir();
  const paths = Array.from({ length: shards }, (_, shard) => {
    const path = join(folder, `shard-${String(shard).padStart(3, '0')}.aof`);
    writeFileSync(path, Buffer.concat(commandsOf(shard).map((command) => encodeCommand(command))));
    return path;
  });
  await exportKeys(paths, { format: 'parquet', output: join(folder, 'keys'), at: 0 });
  await exportKeys(paths, { format: 'parquet', elements: true, output: join(folder, 'elements'), at: 0 });
}, 120_000);

async function run(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return (
      await connection.runAndReadAll(sql.replaceAll("read_parquet('", `read_parquet('${folder}/`))
    ).getRowObjects();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const all = Array.from({ length: shards }, (_, shard) => shard);
const strings = all.reduce((sum, shard) => sum + (shard % 7) + 1, 0);

describe('the queries of docs/analytics.md', () => {
  it('keys by shard and type', async () => {
    const rows = await run(queries[0]);
    expect(rows.filter(({ type }) => type === 'hash')).toHaveLength(shards);
    const count = (wanted: string) =>
      rows.filter(({ type }) => type === wanted).reduce((sum, { keys }) => sum + Number(keys), 0);
    expect([count('string'), count('hash')]).toEqual([strings, shards]);
    const [hash] = rows.filter(({ source, type }) => source === 'shard-042' && type === 'hash');
    expect(Number(hash.elements)).toBe(43);
  });

  it('prefixes', async () => {
    const counts = Object.fromEntries((await run(queries[1])).map(({ pattern, keys }) => [pattern, Number(keys)]));
    expect(counts).toEqual({ 'user:*:*': strings - shards, 'hash:*': shards, everywhere: shards });
  });

  it('keys that never expire', async () => {
    const rows = await run(queries[2]);
    expect(rows.map(({ prefix, without_ttl: count }) => [prefix, Number(count)])).toEqual([
      ['user', strings - shards],
      ['hash', shards],
    ]);
  });

  it('keys in several shards', async () => {
    const rows = await run(queries[3]);
    expect(rows.map(({ key }) => key)).toEqual(['everywhere']);
  });

  it('the largest hashes', async () => {
    const [first] = await run(queries[4]);
    expect([first.source, first.key, Number(first.fields)]).toEqual(['shard-099', 'hash:99', 100]);
  });

  it('the digest is that of the values', async () => {
    const rows = all.flatMap((shard) =>
      commandsOf(shard)
        .filter(([name]) => name === 'SET')
        .map(([, key, value]) => `(0::INTEGER, '${key}', '${value}')`),
    );
    const [own] = await run(queries[5]);
    const [expected] = await run(
      `SELECT count(*) AS strings, bit_xor(hash(db, key, value)) AS digest FROM (VALUES ${rows.join(',')}) AS t(db, key, value)`,
    );
    expect(own).toEqual(expected);
    expect(Number(own.strings)).toBe(strings);
  });

  it('are all tried here', () => {
    expect(queries).toHaveLength(6);
  });
});
