import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logStatistics, rewrite } from '../../src/index.ts';
import { FrequentKeys } from '../../src/operations/log/frequent-keys.ts';
import { GrowthCurve } from '../../src/operations/log/growth-curve.ts';
import { RewriteSample } from '../../src/operations/log/rewrite-estimate.ts';
import { temporaryDir } from '../server-process.ts';
import { fileOf, words } from './collect.ts';

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
    expect(new RewriteSample(64 * 1024 * 1024 + 1).sampledOf).toBe(2);
    expect(new RewriteSample(100 * 2 ** 30).sampledOf).toBe(2048);
  });
});
