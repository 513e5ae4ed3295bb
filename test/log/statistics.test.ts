import fs from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyPositions } from '../../src/aof/log/command-keys.ts';
import { rewrite } from '../../src/index.ts';
import { StatisticsKernel } from '../../src/kernels/statistics-kernel.ts';
import { FrequentKeys } from '../../src/operations/log/frequent-keys.ts';
import { GrowthCurve } from '../../src/operations/log/growth-curve.ts';
import { RewriteSample } from '../../src/operations/log/rewrite-estimate.ts';
import { logStatistics } from '../../src/operations/log/statistics.ts';
import { StatisticsBatch } from '../../src/operations/log/statistics-batch.ts';
import { CommandView } from '../../src/resp/command-view.ts';
import { temporaryDir } from '../support/server-process.ts';
import { fileOf, resp, words } from './collect.ts';

describe('frequent keys', () => {
  it('are counted within the bound that they state', () => {
    const texts = fc.array(
      fc.integer({ min: 0, max: 60 }).map((n) => `k${Math.floor(Math.sqrt(n) * 4)}`),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 8 }), (list, capacity) => {
        const frequent = new FrequentKeys(capacity);
        const exact = new Map<string, number>();
        for (const text of list) {
          frequent.add(Buffer.from(text), 0, text.length, 10);
          exact.set(text, (exact.get(text) ?? 0) + 1);
        }
        expect(frequent.error).toBeLessThanOrEqual(list.length / capacity);
        const found = new Map(frequent.top(1000).map(({ text, count }) => [text, count]));
        for (const [text, count] of exact) {
          const told = found.get(text) ?? 0;
          expect(told).toBeLessThanOrEqual(count);
          expect(told + frequent.error).toBeGreaterThanOrEqual(count);
        }
      }),
    );
  });
});

describe('growth', () => {
  it('adds up to the whole in at most 60 spans', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1_600_000_000, max: 1_900_000_000 }), { maxLength: 300 }), (times) => {
        const curve = new GrowthCurve();
        for (const time of times.sort((a, b) => a - b)) curve.add(time, 7);
        const spans = curve.result();
        expect(spans.length).toBeLessThanOrEqual(60);
        expect(spans.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(times.length * 7);
        for (const { from, seconds } of spans) expect(from % seconds).toBe(0);
      }),
    );
  });
});

describe('log statistics', () => {
  const time = 1_700_000_000;
  const content = [
    words('SELECT 0'),
    ...Array.from({ length: 20 }, (_, index) => `#TS:${time + index}\r\n${words(`SET page:${index % 2} ${index}`)}`),
    words('RPUSH a:b:c x'),
    words('DEL a:b:c'),
    words('NOSUCH x'),
  ].join('');

  it('count commands, keys, prefixes and time', async () => {
    const result = await logStatistics(fileOf(content), {});
    expect(result).toMatchObject({
      ok: true,
      commands: 24,
      bytes: content.length,
      firstTime: time,
      lastTime: time + 19,
    });
    expect(result.byCommand.find(({ name }) => name === 'SET')).toEqual({ name: 'SET', count: 20, bytes: 650 });
    expect(result.byCommand.find(({ name }) => name === 'NOSUCH')?.count).toBe(1);
    expect(result.keys.slice(0, 3)).toEqual([
      { text: 'page:0', count: 10, bytes: 325, error: 0 },
      { text: 'page:1', count: 10, bytes: 325, error: 0 },
      { text: 'a:b:c', count: 2, bytes: expect.any(Number), error: 0 },
    ]);
    expect(result.prefixes.map(({ text, count }) => [text, count])).toEqual([
      ['page:', 20],
      ['a:', 2],
      ['a:b:', 2],
    ]);
    expect(result.growth).toHaveLength(20);
    // Two keys are left, "16" and "17" being the last to have been written there; and SELECT 0 is not counted.
    expect(result.rewrite).toMatchObject({ method: 'exact', keptBytes: 66 });
  });

  it('obey filters, and then say nothing of a rewrite', async () => {
    const result = await logStatistics(fileOf(content), { keys: ['page:1'] });
    expect(result).toMatchObject({ commands: 10, rewrite: undefined });
  });

  it('say what a rewrite leaves, to the byte', async () => {
    const lines: string[] = [words('SELECT 0')];
    for (let index = 0; index < 3000; index++) {
      const key = index % 700;
      lines.push(words(['SET s', 'RPUSH l', 'SADD t', 'INCR i', 'HSET h'][index % 5].replace(' ', ` ${key}:`)));
      const last = lines.length - 1;
      if (index % 5 === 4) lines[last] = words(`HSET ${key}:h f${index % 9} ${index}`);
      else if (index % 5 !== 3)
        lines[last] = words(`${['SET', 'RPUSH', 'SADD'][index % 5]} ${key}:${index % 5} ${index}`);
    }
    const path = fileOf(lines.join(''));
    const output = join(temporaryDir(), 'out.aof');
    await rewrite(path, { output, format: 'aof', target: 'redis-8.6', at: 0 });
    const { rewrite: estimate } = await logStatistics(path, {});
    expect(estimate?.keptBytes).toBe(fs.statSync(output).size - words('SELECT 0').length);
  });

  it('estimate by a sample of the keys when a log is large', () => {
    expect(new RewriteSample(64 * 1024 * 1024).sampledOf).toBe(1);
    expect(new RewriteSample(64 * 1024 * 1024 + 1).sampledOf).toBe(16);
    expect(new RewriteSample(100 * 2 ** 30).sampledOf).toBe(16384);
  });

  it('make the sample smaller when a log of unknown size turns out to be large', () => {
    const sample = new RewriteSample(0);
    const keys = new KeyPositions();
    keys.add(1);
    for (let index = 0; index < 16384; index++)
      sample.command(CommandView.of(['SET', `key:${index}`, 'x'.repeat(100)]), keys, 150);
    expect(sample.measure(16384 * 150, 16384 * 150).method).toBe('exact');
    sample.grow(2 ** 30);
    expect(sample.sampledOf).toBe(128);
    const { keptBytes } = sample.measure(2 ** 30, 2 ** 30);
    const share = keptBytes / 2 ** 30;
    expect(share).toBeGreaterThan(0.6);
    expect(share).toBeLessThanOrEqual(1);
  });

  it('say the size of what was read, of a compressed file too', async () => {
    const path = join(temporaryDir(), 'log.aof.gz');
    fs.writeFileSync(path, gzipSync(Buffer.from(content, 'latin1')));
    const plain = await logStatistics(fileOf(content), {});
    const result = await logStatistics(path, {});
    expect(result.files[0].bytes).toBe(content.length);
    expect({ ...result, path: '', files: [] }).toEqual({ ...plain, path: '', files: [] });
  });
});

describe('statistics are the same with and without kernels', () => {
  it('whatever is in the log', async () => {
    const key = fc.oneof(
      fc.integer({ min: 0, max: 40 }).map((n) => `user:${n % 7}:${n}`),
      fc.constantFrom('', ':', 'a/b', 'x'.repeat(1023), 'x'.repeat(1024), 'x'.repeat(1025), 'y'.repeat(1500), 'é:\xff'),
    );
    const line = fc
      .tuple(
        fc.constantFrom(
          'SET',
          'del',
          'MSET',
          'MULTI',
          'EXEC',
          'SELECT',
          'COPY',
          'SINTERSTORE',
          'ZUNIONSTORE',
          'XGROUP',
          'NOSUCH',
        ),
        fc.array(key, { maxLength: 6 }),
      )
      .map(([name, keys]) => resp(name, ...keys));
    const other = fc.constantFrom(
      '#TS:1700000000\r\n',
      'rubbish',
      '*02\r\n$3\r\nDEL\r\n$1\r\nx\r\n',
      words('SELECT 3'),
      words('FLUSHALL'),
    );
    const records = fc.array(fc.oneof({ weight: 5, arbitrary: line }, other), { maxLength: 40 });
    const property = fc.asyncProperty(
      records,
      fc.constantFrom({}, { since: 5 }, { fromOffset: { offset: 300 } }),
      async (list, filter) => {
        const path = fileOf(list.join(''));
        expect(await logStatistics(path, filter)).toEqual(await logStatistics(path, { ...filter, kernels: false }));
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });

  it('in transactions that are nested, emptied, dropped or torn', async () => {
    const line = fc.constantFrom(
      ...['MULTI', 'multi', 'EXEC', 'DISCARD', 'SET k v', 'RPUSH l x', 'SELECT 1', 'NOSUCH k', 'INCR n x'].map(words),
      'rubbish',
    );
    const property = fc.asyncProperty(fc.array(line, { maxLength: 20 }), async (list) => {
      const path = fileOf(list.join(''));
      expect(await logStatistics(path, {})).toEqual(await logStatistics(path, { kernels: false }));
    });
    await fc.assert(property, { numRuns: 300, examples: [[['MULTI', 'SET k v', 'multi', 'EXEC'].map(words)]] });
  });

  it('when the tables are pruned', async () => {
    const many = Array.from({ length: 150_000 }, (_, index) =>
      words(`SET ${index % 3 ? index : index % 999}:${index}:${index % 5} v`),
    );
    const path = fileOf(many.join(''));
    const result = await logStatistics(path, {});
    expect(result).toEqual(await logStatistics(path, { kernels: false }));
    expect(result.keys[0].error).toBeGreaterThan(0);
  });

  it('in tables of any size', () => {
    const texts = fc.array(
      fc.integer({ min: 0, max: 90 }).map((n) => `k${'x'.repeat(n % 20)}${Math.floor(Math.sqrt(n) * 4)}`),
      { maxLength: 600 },
    );
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 8 }), (list, capacity) => {
        const plain = new FrequentKeys(capacity);
        const batch = new StatisticsBatch(new StatisticsKernel(capacity * 2));
        for (const [index, text] of list.entries()) {
          for (const table of [plain, batch.keys, batch.prefixes]) table.add(Buffer.from(text), 0, text.length, index);
        }
        expect(batch.keys.top(1000)).toEqual(plain.top(1000));
        expect(batch.prefixes.top(1000)).toEqual(plain.top(1000));
      }),
      { numRuns: 30 },
    );
  });
});
