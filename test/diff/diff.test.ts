import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type DifferentKey, type DiffOptions, type DiffResult, diff, rewrite } from '../../src/index.ts';
import { fileOf, resp, words } from '../log/collect.ts';
import { describeWithServers, itWithServer, startServer, temporaryDir } from '../support/servers.ts';

const goldens = join(dirname(fileURLToPath(import.meta.url)), '../../fixtures/golden');

async function compare(a: string, b: string, options: Partial<DiffOptions> = {}) {
  const keys: DifferentKey[] = [];
  const result: DiffResult = await diff(a, b, {
    at: 1_700_000_000_000,
    ...options,
    onKey: (key) => void keys.push(key),
  });
  return { keys, result };
}

/** The one difference between two logs. */
async function onlyDifference(a: string, b: string, options: Partial<DiffOptions> = {}): Promise<DifferentKey> {
  const { keys, result } = await compare(fileOf(a), fileOf(b), options);
  expect(result).toMatchObject({ ok: true, equal: false, byDigest: false });
  expect(keys).toHaveLength(1);
  return keys[0];
}

describe('first difference of values', () => {
  const cases: [string, string, string, DifferentKey['difference']][] = [
    ['a string', 'SET k abc', 'SET k abd', { place: 'byte 2', a: '"abc"', b: '"abd"' }],
    ['a longer string', 'SET k abc', 'SET k abcd', { place: 'byte 3', a: '"abc"', b: '"abcd"' }],
    ['a number', 'SET k 12', 'SET k 13', { place: 'byte 1', a: '"12"', b: '"13"' }],
    ['an element', 'RPUSH k a b', 'RPUSH k a c', { place: 'element 1', a: '"b"', b: '"c"' }],
    ['a missing element', 'RPUSH k a', 'RPUSH k a b', { place: 'element 1', a: undefined, b: '"b"' }],
    ['a member of A', 'SADD k a b', 'SADD k a', { place: 'member "b"', a: 'there', b: undefined }],
    ['a member of B', 'SADD k a', 'SADD k a b', { place: 'member "b"', a: undefined, b: 'there' }],
    ['a score', 'ZADD k 1 m', 'ZADD k 2 m', { place: 'score of "m"', a: '1', b: '2' }],
    ['a missing score', 'ZADD k 1 m', 'ZADD k 1 m 2 n', { place: 'score of "n"', a: undefined, b: '2' }],
    ['a field', 'HSET k f 1 g 1', 'HSET k f 1 g 2', { place: 'field "g"', a: '"1"', b: '"2"' }],
    ['a missing field', 'HSET k f 1 g 1', 'HSET k f 1', { place: 'field "g"', a: '"1"', b: undefined }],
    ['an entry', 'XADD k 1-1 f v', 'XADD k 1-1 f w', { place: 'entry 1-1', a: '1-1 "f" "v"', b: '1-1 "f" "w"' }],
    [
      'a missing entry',
      'XADD k 1-1 f v',
      'XADD k 2-1 f v',
      { place: 'entry 1-1 or 2-1', a: '1-1 "f" "v"', b: '2-1 "f" "v"' },
    ],
    ['a rate limiter', 'GCRASETVALUE k 5', 'GCRASETVALUE k 6', { place: 'arrival time', a: '5', b: '6' }],
    ['an index', 'ARSET k 5 a', 'ARSET k 5 b', { place: 'index 5', a: '"a"', b: '"b"' }],
  ];

  it.each(cases)('%s', async (_, a, b, difference) => {
    expect(await onlyDifference(words(a), words(b))).toMatchObject({
      kind: 'value',
      database: 0,
      key: 'k',
      difference,
    });
  });

  it('is short and keeps every byte', async () => {
    const [a, b] = ['x', 'y'].map((char) => resp('SET', '\x00\xff', `${'\xe9'.repeat(100)}${char}${'z'.repeat(100)}`));
    const found = await onlyDifference(a, b);
    expect(found.key).toBe('\x00\xff');
    expect(found.difference?.place).toBe('byte 100');
    expect(found.difference?.a).toMatch(/^…"(\\xe9){8}xz{39}"… \(201 bytes\)$/);
  });

  it('is the type where that differs', async () => {
    const found = await onlyDifference(words('SET k a'), words('RPUSH k a'));
    expect(found).toMatchObject({ kind: 'type', typeA: 'string', typeB: 'list' });
  });
});

describe('diff', () => {
  const a = `${words('SET same 1')}${words('SET only-a 1')}${words('SELECT 4')}${words('SET k 1 PXAT 1900000000000')}`;
  const b = `${words('SET same 1')}${words('SET only-b 1')}${words('SELECT 4')}${words('SET k 1 PXAT 1900000000001')}`;

  it('counts by database, and filters', async () => {
    const [pathA, pathB] = [fileOf(a), fileOf(b)];
    const { keys, result } = await compare(pathA, pathB);
    expect(keys).toEqual([
      { kind: 'only-a', database: 0, key: 'only-a', typeA: 'string' },
      { kind: 'only-b', database: 0, key: 'only-b', typeB: 'string' },
    ]);
    expect(result.databases).toEqual([
      { database: 0, keysA: 2, keysB: 2, onlyA: 1, onlyB: 1, changed: 0 },
      { database: 4, keysA: 1, keysB: 1, onlyA: 0, onlyB: 0, changed: 0 },
    ]);
    expect((await compare(pathA, pathB, { limit: 1 })).keys).toHaveLength(1);
    expect((await compare(pathA, pathB, { filter: { databases: [4] } })).result.equal).toBe(true);
    expect((await compare(pathA, pathB, { filter: { patterns: ['only-a'] } })).keys).toHaveLength(1);
    expect((await compare(pathA, pathB, { filter: { patterns: ['same'] } })).result.equal).toBe(true);
  });

  it('compares the moments of expiry only with ttl', async () => {
    const [pathA, pathB] = [fileOf(a), fileOf(b)];
    const { keys } = await compare(pathA, pathB, { ttl: true, filter: { databases: [4] } });
    expect(keys).toMatchObject([
      { kind: 'ttl', key: 'k', difference: { a: '2030-03-17T17:46:40.000Z', b: '2030-03-17T17:46:40.001Z' } },
    ]);
    expect(await onlyDifference(words('SET k 1'), words('SET k 1 PXAT 1900000000000'))).toMatchObject({ kind: 'ttl' });
    const fields = [1, 2].map((ms) => words(`HSET h f v`) + words(`HPEXPIREAT h 190000000000${ms} FIELDS 1 f`));
    expect((await compare(fileOf(fields[0]), fileOf(fields[1]))).result.equal).toBe(true);
    expect(await onlyDifference(fields[0], fields[1], { ttl: true })).toMatchObject({
      difference: { place: 'expiry of field "f"' },
    });
  });

  it('sees what no digest covers only with deep', async () => {
    const stream = words('XADD s 1-1 f v');
    const group = stream + words('XGROUP CREATE s g 0');
    expect((await compare(fileOf(stream), fileOf(group))).result).toMatchObject({ equal: true, byDigest: true });
    expect(await onlyDifference(stream, group, { deep: true })).toMatchObject({
      difference: { place: 'group "g"', a: undefined, b: 'there' },
    });
    const claimed = group + words('XCLAIM s g c 0 1-1 TIME 1000 RETRYCOUNT 1 FORCE JUSTID');
    const again = group + words('XCLAIM s g c 0 1-1 TIME 1000 RETRYCOUNT 2 FORCE JUSTID');
    expect((await onlyDifference(claimed, again, { deep: true })).difference?.place).toBe(
      'pending entry 1-1 of group "g"',
    );
  });

  it('sees a rate limiter with deep where the rest is equal', async () => {
    const [a, b] = [5, 6].map((time) => words(`GCRASETVALUE k ${time}`));
    expect(await onlyDifference(a, b, { deep: true })).toMatchObject({ difference: { place: 'arrival time' } });
    expect((await compare(fileOf(a), fileOf(a), { deep: true })).result.equal).toBe(true);
  });

  it('has no answer where one of them cannot be loaded', async () => {
    expect((await compare(fileOf('rubbish'), fileOf(a))).result).toMatchObject({
      ok: false,
      equal: false,
      a: { ok: false },
    });
    const script = fileOf(words('EVAL return 0'));
    expect((await compare(script, fileOf(''))).result.ok).toBe(false);
    expect((await compare(script, fileOf(''), { opaque: 'drop' })).result).toMatchObject({ ok: true, equal: true });
  });

  it('finds the layouts of one dataset equal', async () => {
    const golden = join(goldens, 'redis-8.6-rdb');
    for (const format of ['aof', 'rdb', 'hybrid', 'multipart'] as const) {
      const output = join(temporaryDir(), 'out');
      expect(await rewrite(golden, { output, format, target: 'redis-8.6', at: 0 })).toMatchObject({ ok: true });
      const { keys, result } = await compare(golden, output, { at: 0 });
      expect([format, keys]).toEqual([format, []]);
      expect(result).toMatchObject({ equal: true, byDigest: true });
    }
  });
});

describeWithServers(
  'diff of what servers write',
  (name) => {
    it('names exactly the keys that were changed between two saves', async () => {
      const dir = temporaryDir();
      const server = await startServer(name, { dir, config: { dbfilename: 'dump.rdb' } });
      const keys = Array.from({ length: 300 }, (_, index) => `key:${index}`);
      await server.pipeline(
        keys.map((key, index) => (index % 3 ? ['SET', key, `${index}`] : ['HSET', key, 'f', `${index}`])),
      );
      await server.command('SAVE');
      fs.copyFileSync(join(dir, 'dump.rdb'), join(dir, 'a.rdb'));
      await server.command('DEL', 'key:7');
      await server.command('HSET', 'key:9', 'f', 'changed');
      await server.command('SET', 'key:10', 'changed');
      await server.command('SELECT', '2');
      await server.command('SET', 'new', '1');
      await server.command('SAVE');
      await server.stop();
      const { keys: found } = await compare(join(dir, 'a.rdb'), join(dir, 'dump.rdb'));
      expect(found.map(({ kind, database, key }) => `${kind} ${database} ${key}`).sort()).toEqual([
        'only-a 0 key:7',
        'only-b 2 new',
        'value 0 key:10',
        'value 0 key:9',
      ]);
    });
  },
  ['redis-6.0', 'redis-8.6', 'valkey-9.1'],
);

itWithServer('redis-8.6', 'finds a log and the RDB of the same moment equal', async () => {
  const dir = temporaryDir();
  const server = await startServer('redis-8.6', { dir, config: { appendonly: 'yes', appendfsync: 'always' } });
  for (let index = 0; index < 50; index++) await server.command('ZADD', 'z', String(index / 7), `m${index}`);
  await server.command('XADD', 's', '*', 'f', 'v');
  await server.command('SET', 'k', 'v', 'EX', '10000');
  await server.command('SAVE');
  const digest = await server.digest();
  await server.stop();
  const { result } = await compare(join(dir, 'appendonlydir'), join(dir, 'dump.rdb'), { ttl: true, deep: true });
  expect(result).toMatchObject({ equal: true, byDigest: false, a: { digest }, b: { digest } });
});
