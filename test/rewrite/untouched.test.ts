/*
 * A rewrite keeps the keys of an RDB that the logs behind it do not touch: it copies their records and lets a kernel add them to the
 * digest. What comes out is what comes out where every key is loaded.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { filesUnder, goldenDir, goldenNames } from '../../fixtures/generate/golden.ts';
import { addStatistics, takeStatistics } from '../../src/dataset/key-statistics.ts';
import { type LoadOptions, loadDataset } from '../../src/dataset/load.ts';
import { digestOf, sumsOf } from '../../src/dataset/loaded-digest.ts';
import { UntouchedDigest } from '../../src/dataset/untouched/digest.ts';
import { loadPartly } from '../../src/dataset/untouched/load.ts';
import { digestOfSums } from '../../src/engine/digest.ts';
import { rewrite } from '../../src/index.ts';
import type { RewriteSettings } from '../../src/operations/rewrite/options.ts';
import { describeWithCorpus, rdbCorpus } from '../support/corpus.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'aofkit-kept-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const at = Date.now();
const pause = async () => {};
const loading: LoadOptions = { flavor: 'redis-8', at, expired: 'keep', seed: 7 };

const encode = (commands: readonly (readonly string[])[]): Buffer =>
  Buffer.from(
    commands.map((args) => `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`).join(''),
    'latin1',
  );

/** A multi-part AOF: an RDB, and a log behind it. */
function partsOf(rdb: string, log: Buffer): string {
  const parts = fs.mkdtempSync(join(folder, 'parts-'));
  fs.copyFileSync(rdb, join(parts, 'a.1.base.rdb'));
  fs.writeFileSync(join(parts, 'a.1.incr.aof'), log);
  fs.writeFileSync(join(parts, 'a.manifest'), 'file a.1.base.rdb seq 1 type b\nfile a.1.incr.aof seq 1 type i\n');
  return parts;
}

/** Strings, hashes, sets, lists, sorted sets and streams, some with an expiry, in two databases; then as an RDB. */
async function rdbOf(keys: number, text = 'some text '): Promise<string> {
  const commands: string[][] = [];
  for (let index = 0; index < keys; index++) {
    if (index === keys >> 1) commands.push(['SELECT', '5']);
    commands.push(
      ['SET', `string:${index}`, `${text}${index}`],
      ['HSET', `hash:${index}`, 'name', `n${index}`, 'age', '7'],
    );
    commands.push(['RPUSH', `list:${index}`, `${index}`, text.repeat(1 + (index % 9))]);
    commands.push(['SADD', `set:${index}`, 'a', `${index}`], ['SADD', `ints:${index}`, '1', '-70000', `${index}`]);
    commands.push(
      ['ZADD', `zset:${index}`, `${index / 8}`, 'm', '-3', text],
      ['PEXPIREAT', `set:${index}`, '1900000000000'],
    );
    if (index % 50 === 0) commands.push(['XADD', `stream:${index}`, '1-1', 'f', text]);
  }
  const log = join(folder, `made-${keys}.aof`);
  const rdb = join(folder, `made-${keys}.rdb`);
  fs.writeFileSync(log, encode(commands));
  fs.rmSync(rdb, { force: true });
  await rewrite(log, { output: rdb, format: 'rdb', at, target: 'redis-8.6' });
  return rdb;
}

/** What is kept and what is loaded of it are together what loading gives; how many keys are kept, -1 where all must be loaded. */
async function compareLoading(path: string, options: LoadOptions = loading): Promise<number> {
  const dealt = await loadPartly(path, options, 'redis-8', pause);
  if (dealt?.kept === undefined) return -1;
  const { loaded, kept, untouchedDigest, findings } = dealt;
  const whole = await loadDataset(path, options);
  expect(findings.findings).toEqual(whole.findings.findings);
  const byDatabase = (loadedKeys: typeof loaded) => addStatistics(takeStatistics(loadedKeys.dataset), []);
  expect(addStatistics(takeStatistics(loaded.dataset), kept.census())).toEqual(byDatabase(whole));
  const sums = (await untouchedDigest?.sums()) ?? [];
  const touched = sumsOf(loaded, 'redis-8', at);
  expect(digestOfSums([...sums, ...touched]), path).toBe(digestOf(whole, 'redis-8', at));
  const count = kept.census().reduce((sum, { keys }) => sum + keys, 0);
  loaded.close();
  whole.close();
  await untouchedDigest?.stop();
  return count;
}

it('what has expired is left out of an RDB alone, as when it is loaded', async () => {
  const rdb = await rdbOf(200);
  // All sets expire in 2030.
  expect(await compareLoading(rdb, { ...loading, expired: 'drop', at: 1_900_000_000_001 })).toBe(200 * 5 + 4);
  expect(await compareLoading(rdb, { ...loading, expired: 'drop', at: 1_900_000_000_000 })).toBe(200 * 6 + 4);
  expect(await compareLoading(rdb, { ...loading, at: 1_900_000_000_001 })).toBe(200 * 6 + 4);
});

it('the goldens are kept as a whole, with the digest that they have when they are loaded', async () => {
  let kept = 0;
  for (const name of goldenNames())
    for (const file of filesUnder(goldenDir(name)))
      if (file.endsWith('.rdb')) kept += Math.max(0, await compareLoading(join(goldenDir(name), file)));
  expect(kept).toBeGreaterThan(1000);
});

describeWithCorpus('the corpora', (dir) => {
  it('are kept with the digest that they have when they are loaded', async () => {
    let kept = 0;
    for (const { path } of rdbCorpus(dir)) {
      const whole = await loadDataset(path, loading);
      const isSound = whole.findings.errors === 0;
      whole.close();
      if (isSound) kept += Number((await compareLoading(path)) > 0);
    }
    expect(kept).toBeGreaterThan(10);
  });
});

describe('with a log behind the RDB', () => {
  const touching = [
    ['SET', 'string:3', 'new'],
    ['EXPIRE', 'hash:4', '100000'],
    ['hincrby', 'hash:5', 'age', '1'],
    ['DEL', 'list:1', 'list:2', 'nowhere'],
    ['RENAME', 'set:7', 'set:8'],
    ['LMOVE', 'list:5', 'list:6', 'LEFT', 'RIGHT'],
    ['ZUNIONSTORE', 'zset:9', '2', 'zset:10', 'zset:11'],
    ['MULTI'],
    ['MOVE', 'ints:3', '5'],
    ['SELECT', '5'],
    ['APPEND', 'string:1', 'x'],
    ['EXEC'],
    ['XADD', 'stream:0', '2-1', 'f', 'v'],
    ['SET', 'fresh', 'v'],
    ['SELECT', '7'],
    ['SET', 'first of its database', 'v'],
  ];

  it('what it touches is loaded, and all else is kept', async () => {
    const parts = partsOf(await rdbOf(400), encode(touching));
    const kept = await compareLoading(parts);
    expect(kept).toBeGreaterThan(400 * 6 - 60);
  });

  it('what the kernel gives back half-way is left to JavaScript', async () => {
    const many = Array.from({ length: 30_000 }, (_, index) => `element ${index}`);
    const pairs = many.slice(0, 2000).flatMap((element) => [element, 'value']);
    const long = 'x'.repeat(9000);
    const log = join(folder, 'half-way.aof');
    const rdb = join(folder, 'half-way.rdb');
    const commands = [
      ['SET', 'before', 'v'],
      ['RPUSH', 'list', ...many, long],
      ['SADD', 'set', ...many.slice(0, 5000), long],
      // A field that is known by heart by then.
      ...many.slice(0, 40).map((element) => ['HSET', element, 'name', element]),
      ...[1, 2, 3].map((number) => ['HSET', `hash:${number}`, ...pairs, 'name', long]),
      ['ZADD', 'zset', ...many.slice(0, 2000).flatMap((member, index) => [String(index / 3), member]), '-0', 'zero'],
      ['SET', 'after', long],
    ];
    fs.writeFileSync(log, encode(commands));
    await rewrite(log, { output: rdb, format: 'rdb', at });
    expect(await compareLoading(rdb)).toBe(48);
  });

  it.each([
    ['FLUSHALL', [['FLUSHALL']]],
    ['FLUSHDB', [['SELECT', '5'], ['FLUSHDB']]],
    ['SWAPDB', [['SWAPDB', '0', '5']]],
    ['SORT with a pattern', [['SORT', 'list:1', 'BY', 'string:*', 'STORE', 'sorted']]],
  ])('all is loaded where nobody can tell what it touches: %s', async (_, commands) => {
    expect(await compareLoading(partsOf(await rdbOf(100), encode(commands)))).toBe(-1);
  });

  it('all is loaded where it is long, damaged, or in the RDB’s file unforeseen', async () => {
    const rdb = await rdbOf(100);
    const long = Array.from({ length: 3000 }, () => ['SET', 'a', 'some value']);
    expect(await compareLoading(partsOf(rdb, encode(long)))).toBe(-1);
    expect(await compareLoading(partsOf(rdb, Buffer.from('*1\r\n$9\r\n')))).toBe(-1);
    const tailed = (name: string, value: string) => {
      const path = join(folder, name);
      fs.writeFileSync(path, Buffer.concat([fs.readFileSync(rdb), encode([['SET', 'string:1', value]])]));
      return path;
    };
    const hybrid = tailed('tail.aof', 'value');
    // It looks as if the file ended with the RDB.
    const disguised = tailed('disguised.aof', '\xff123456');
    expect(fs.readFileSync(disguised).at(-9)).toBe(0xff);
    expect(await compareLoading(disguised)).toBe(-1);
    expect(await compareLoading(hybrid)).toBeGreaterThan(500);
  });

  it('a key that stands twice is found', async () => {
    const rdb = fs.readFileSync(await rdbOf(50));
    const at = rdb.indexOf('string:7');
    const end = rdb.indexOf('string:8') - 2;
    const twice = join(folder, 'twice.rdb');
    // Without a checksum, which a zero stands for.
    fs.writeFileSync(
      twice,
      Buffer.concat([rdb.subarray(0, end), rdb.subarray(at - 2, end), rdb.subarray(end, -8), Buffer.alloc(8)]),
    );
    const result = await rewrite(twice, { output: join(folder, 'twice-out.rdb'), at });
    expect(result.outcome).toBe('refused');
    expect(result.findings.map(({ code }) => code)).toContain('rdb.key.duplicate');
  });

  /** The same with every key loaded: who reviews a dataset sees all of it. */
  const loadingAll: Partial<RewriteSettings> = { review: async () => true };

  it.each(['multipart', 'hybrid', 'rdb'] as const)(
    'a rewrite is the same as one that loads all, but for its order: %s',
    async (format) => {
      const parts = partsOf(await rdbOf(300), encode(touching));
      const [one, other] = ['kept', 'all'].map((name) => join(folder, `${name}-${format}`));
      const options = { format, at, verify: true };
      const kept = await rewrite(parts, { ...options, output: one });
      const all = await rewrite(parts, { ...options, ...loadingAll, output: other });
      const told = ({ digest, databases, commands, target, losses }: typeof kept) => ({
        digest,
        databases,
        commands,
        target,
        losses,
      });
      expect(told(kept)).toEqual(told(all));
      expect(kept.after.bytes).toBe(all.after.bytes);
      const again = join(folder, `again-${format}`);
      await rewrite(one, { ...options, output: again });
      const files = format === 'multipart' ? fs.readdirSync(one).map((name) => `/${name}`) : [''];
      for (const file of files)
        expect(fs.readFileSync(one + file).equals(fs.readFileSync(again + file)), file).toBe(true);
      for (const path of [one, other, again]) fs.rmSync(path, { recursive: true });
    },
  );

  it('what the target cannot hold is not kept', async () => {
    const parts = partsOf(await rdbOf(100), encode(touching));
    const output = join(folder, 'older');
    const result = await rewrite(parts, { output, at, target: 'redis-6.2', format: 'hybrid', verify: true });
    expect(result.outcome).toBe('written');
    const loaded = await loadDataset(output, loading);
    // A listpack is of 7.0.
    expect(loaded.files[0].rdb?.version).toBe(9);
    loaded.close();
  });
});

it('where the thread for the digest cannot start, this one does its part', async () => {
  const log = join(folder, 'strings.aof');
  const rdb = join(folder, 'strings.rdb');
  fs.writeFileSync(log, encode(Array.from({ length: 100 }, (_, index) => ['SET', `key:${index}`, 'v'])));
  await rewrite(log, { output: rdb, format: 'rdb', at });
  const dealt = await loadPartly(rdb, loading, undefined, pause);
  const ranges = dealt?.kept.ranges(0) ?? [];
  const touched = new Uint8Array(262_144);
  const source = { touched, flavor: 'redis-8', at } as const;
  const sums = await Promise.all(
    [true, false].map(async (isThreaded) => {
      // From sources no thread starts.
      const digest = new UntouchedDigest(rdb, source, fs.statSync(rdb).size, isThreaded);
      digest.add({ from: ranges[0], to: ranges[1], database: 0, isSingle: false, expiredBefore: Number.NaN });
      digest.close();
      const found = await digest.sums();
      await digest.stop();
      return digestOfSums(found);
    }),
  );
  expect(sums[0]).toBe(sums[1]);
  expect(sums[0]).not.toBe('0'.repeat(40));
  dealt?.loaded.close();
});

describe('the command, with a thread for the digest', () => {
  const built = new URL('../../bin/run.js', import.meta.url).pathname;

  it('gives the bytes and the digest that one thread gives', async () => {
    const noise = Array.from({ length: 40 }, (_, index) => ((index * 2654435761) >>> 0).toString(36)).join('');
    const rdb = await rdbOf(40_000, noise);
    expect(fs.statSync(rdb).size).toBeGreaterThan(16 * 1024 * 1024);
    const parts = partsOf(
      rdb,
      encode([
        ['SET', 'string:3', 'new'],
        ['RENAME', 'set:7', 'set:8'],
        ['DEL', 'list:39999'],
      ]),
    );
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const text = execFileSync(process.execPath, [built, 'rewrite', parts, '-o', two, '--json'], { encoding: 'utf8' });
    const [result] = JSON.parse(text).results;
    const expected = await rewrite(parts, { output: one, at });
    expect(result.digest).toBe(expected.digest);
    expect(result.databases).toEqual(expected.databases);
    const whole = await loadDataset(parts, loading);
    expect(digestOf(whole, 'redis-8', at)).toBe(expected.digest);
    whole.close();
    // The moment of writing stands in front, a checksum of it at the end.
    const [a, b] = [one, two].map((path) => fs.readFileSync(join(path, 'appendonly.aof.1.base.rdb')));
    const keysOf = (bytes: Buffer) => bytes.subarray(bytes.indexOf('used-mem'), -8);
    expect(keysOf(a).equals(keysOf(b))).toBe(true);
  });
});
