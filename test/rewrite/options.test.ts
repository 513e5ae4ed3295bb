/* What the options of a rewrite do, beside what a real server makes of the result. */
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { digest, type RewriteOptions, type RewriteResult, rewrite, UsageError } from '../../src/index.ts';
import { encodeCommand } from '../support/reply.ts';
import { itWithServer, startServer, temporaryDir } from '../support/servers.ts';
import { newPath } from './outputs.ts';

const at = Date.now();
const run = (path: string, options: Partial<RewriteOptions>): Promise<RewriteResult> =>
  rewrite(path, { at, ...options });

/** An AOF of these commands, each a line of words. */
function log(...lines: string[]): string {
  const path = join(temporaryDir(), 'appendonly.aof');
  writeFileSync(path, Buffer.concat(lines.map((line) => encodeCommand(line.split(' ')))));
  return path;
}

function multiPart(): { dir: string; path: string } {
  const dir = temporaryDir();
  cpSync(goldenDir('redis-7.0-multipart-rdb-base'), dir, { recursive: true });
  return { dir, path: join(dir, 'appendonlydir') };
}

const hex = (word: string) => Buffer.from(word).toString('hex');
const manifestOf = (path: string) => readFileSync(join(path, 'appendonly.aof.manifest'), 'latin1');
const text = (path: string) => readFileSync(path, 'latin1');
const digestOf = async (path: string) => (await digest(path, { at, flavor: 'redis-8', opaque: 'drop' })).digest;

describe('in place', () => {
  it('swaps a multi-part AOF and removes what it replaces', async () => {
    const { path } = multiPart();
    const before = await digestOf(path);
    const names = readdirSync(path);
    const result = await run(path, { inPlace: true, verify: true });
    expect(result).toMatchObject({ outcome: 'written', verified: true, format: 'multipart' });
    expect(await digestOf(path)).toBe(before);
    const after = readdirSync(path).filter((name) => !name.endsWith('.manifest'));
    expect(after.some((name) => names.includes(name))).toBe(false);
    expect(manifestOf(path).split('\n').filter(Boolean)).toHaveLength(2);
    expect(statSync(join(path, after.find((name) => name.endsWith('.incr.aof')) as string)).size).toBe(0);
  });

  it('keeps the old parts as history, which the next run removes', async () => {
    const { path } = multiPart();
    const names = readdirSync(path);
    await run(path, { inPlace: true, keepHistory: true });
    expect(readdirSync(path)).toEqual(expect.arrayContaining(names));
    const history = [...manifestOf(path).matchAll(/^file (\S+) seq \d+ type h/gm)].map(([, name]) => name);
    expect(history.sort()).toEqual(names.filter((name) => !name.endsWith('.manifest')).sort());
    await run(path, { inPlace: true });
    expect(readdirSync(path)).toHaveLength(3);
  });

  for (const name of ['redis-7.0', 'redis-8.6', 'valkey-8.1', 'valkey-9.1'] as const) {
    itWithServer(name, 'gives a folder that its server goes on with', async () => {
      const first = await startServer(name, { config: { appendonly: 'yes' } });
      await first.pipeline(Array.from({ length: 200 }, (_, index) => ['SET', `k${index % 20}`, `v${index}`]));
      const expected = await first.digest();
      await first.stop();
      const path = join(first.dir, 'appendonlydir');
      await run(path, { inPlace: true, keepHistory: true, verify: true });
      const second = await startServer(name, { dir: first.dir, config: { appendonly: 'yes' } });
      expect(await second.digest()).toBe(expected);
      await second.command('SET', 'one', 'more');
      await second.stop();
      expect((await digest(path, { at })).databases[0].keys).toBe(21);
    });
  }

  itWithServer('redis-7.0', 'refuses what a live server has open, and names it', async () => {
    const server = await startServer('redis-7.0', { config: { appendonly: 'yes' } });
    await server.command('SET', 'a', 'b');
    const path = join(server.dir, 'appendonlydir');
    const refusal = await run(path, { inPlace: true }).catch((error: Error) => error);
    expect(refusal).toBeInstanceOf(UsageError);
    expect((refusal as Error).message).toContain(String(server.pid));
    expect(await run(path, { inPlace: true, force: true })).toMatchObject({ outcome: 'written' });
    await server.kill();
  });

  it('refuses another layout', async () => {
    await expect(run(log('SET a b'), { inPlace: true, format: 'rdb' })).rejects.toBeInstanceOf(UsageError);
  });
});

describe('only if grown', () => {
  it('does nothing below the size or the growth, and says which', async () => {
    const { path } = multiPart();
    const small = await run(path, { inPlace: true, onlyIfGrown: { percent: 0, bytesMin: 1 << 30 } });
    expect(small).toMatchObject({ outcome: 'not-needed', ok: true });
    expect(small.reason).toContain(String(1 << 30));
    const grown = await run(path, { inPlace: true, onlyIfGrown: { percent: 100_000, bytesMin: 0 } });
    expect(grown).toMatchObject({ outcome: 'not-needed', ok: true });
    expect(grown.reason).toContain('100000 %');
    expect(await run(path, { inPlace: true, onlyIfGrown: { percent: 0, bytesMin: 0 } })).toMatchObject({
      outcome: 'written',
    });
  });
});

describe('filters', () => {
  const source = () =>
    log(
      ...['SET a:1 x', 'SET a:2 x', 'SADD b:1 m', 'HSET b:2 f v', 'SET gone x', 'PEXPIREAT gone 1000'],
      ...['SELECT 3', 'SET a:3 x', 'RPUSH list x'],
    );
  const cases: [string, RewriteOptions['filter'], number, number][] = [
    ['databases', { databases: [3] }, 2, 5],
    ['patterns', { patterns: ['a:*'] }, 3, 4],
    ['exclusions', { excluded: ['a:[12]', 'list'] }, 4, 3],
    ['types', { types: ['set', 'hash'] }, 2, 5],
    ['expired keys', { expiredBefore: at }, 6, 1],
    ['all of them', { databases: [0], patterns: ['*:*'], types: ['string'], excluded: ['*2'] }, 1, 6],
  ];
  for (const [title, filter, kept, left] of cases) {
    it(`by ${title}`, async () => {
      const output = newPath();
      const result = await run(source(), { output, filter, verify: true });
      expect(result).toMatchObject({ outcome: 'written', filtered: left });
      const { databases } = await digest(output, { at });
      expect(databases.reduce((sum, { keys }) => sum + keys, 0)).toBe(kept);
    });
  }
});

describe('a target that cannot hold everything', () => {
  const stream = () => log('XADD x 1-1 f v', 'SET a b');

  it('is refused, and nothing is written', async () => {
    const output = newPath();
    const result = await run(stream(), { output, target: 'redis-4.0' });
    expect(result).toMatchObject({ outcome: 'refused', ok: false, lossCount: 1 });
    expect(result.losses[0]).toMatchObject({ kind: 'stream', key: 'x', outcome: 'key-dropped' });
    expect(() => statSync(output)).toThrow();
  });

  it('is accepted with --allow-loss, and verified but for the loss', async () => {
    const output = newPath();
    const result = await run(stream(), { output, target: 'redis-4.0', allowLoss: true, verify: true });
    expect(result).toMatchObject({ outcome: 'written', verified: true });
    expect((await digest(output, { at })).databases[0].keys).toBe(1);
  });

  it('is verified however many keys are lost', async () => {
    const output = newPath();
    const lines = Array.from({ length: 1500 }, (_, index) => `XADD x${index} 1-1 f v`);
    const result = await run(log(...lines, 'SET a b'), { output, target: 'redis-4.0', allowLoss: true, verify: true });
    expect(result).toMatchObject({ outcome: 'written', verified: true, lossCount: 1500 });
    expect(result.losses).toHaveLength(1000);
  });

  it('is verified without a key whose name is empty and that it cannot hold', async () => {
    const source = newPath('in.aof');
    const lines = [
      ['XADD', '', '1-1', 'f', 'v'],
      ['FUNCTION', 'LOAD', '#!lua name=a\n'],
      ['SET', 'a', 'b'],
    ];
    writeFileSync(source, Buffer.concat(lines.map((args) => encodeCommand(args))));
    const result = await run(source, { output: newPath(), target: 'redis-4.0', allowLoss: true, verify: true });
    expect(result).toMatchObject({ outcome: 'written', verified: true, lossCount: 2 });
  });

  it('says that counts of a stream are lost, in every layout', async () => {
    const source = log('XADD x 1-1 f v', 'XADD x 1-2 f v', 'XDEL x 1-2', 'XADD plain 1-1 f v');
    for (const format of ['aof', 'hybrid', 'rdb'] as const) {
      const result = await run(source, { output: newPath(), format, target: 'redis-6.2', verify: true });
      expect(result).toMatchObject({
        outcome: 'written',
        losses: [{ kind: 'stream-counters', key: 'x' }],
        lossCount: 1,
      });
    }
  });

  it('is verified by the payloads that the target takes, not the source', async () => {
    // A key of the module type ReJSON-RL in an RDB of version 9 by redis-ver 6.0.0, without a checksum.
    const key = `07016b8145e25238df912c0005017800`;
    const bytes = Buffer.from(`fa09${hex('redis-ver')}05${hex('6.0.0')}fe00${key}ff${'00'.repeat(8)}`, 'hex');
    const source = newPath('dump.rdb');
    writeFileSync(source, Buffer.concat([Buffer.from('REDIS0009'), bytes]));
    const output = newPath();
    expect(await run(source, { output, format: 'aof', target: 'redis-7.0', verify: true })).toMatchObject({
      outcome: 'written',
      verified: true,
    });
    expect(text(output)).toContain('RESTORE');
  });

  it('writes vector sets behind an RDB in the order in which they are found again', async () => {
    const made = ['VADD a VALUES 2 1 2 e', 'VADD b VALUES 2 1 2 e', 'VADD c VALUES 2 1 2 e'];
    const first = newPath();
    await run(log(...made), { output: first, format: 'hybrid', target: 'redis-8.6' });
    // In the goldens' RDB one of them has a graph of its own; commands on it come before those that make the others.
    const source = newPath('hybrid.aof');
    const base = readFileSync(join(goldenDir('redis-8.6-rdb'), 'dump.rdb'));
    const tail = [...made, 'VADD d VALUES 2 1 2 e', 'COPY vectors:Q8 copied', 'VREM copied none'];
    writeFileSync(source, Buffer.concat([base, ...tail.map((line) => encodeCommand(line.split(' ')))]));
    for (const path of [first, source]) {
      const [once, twice] = [newPath(), newPath()];
      await run(path, { output: once, format: 'hybrid', target: 'redis-8.6', verify: true });
      await run(once, { output: twice, format: 'hybrid', target: 'redis-8.6', verify: true });
      expect(readFileSync(twice).equals(readFileSync(once))).toBe(true);
    }
  });

  it('loses the sign of a zero in a small sorted set without ado', async () => {
    const dir = goldenDir('redis-6.0-rdb');
    const result = await run(join(dir, 'dump.rdb'), {
      output: newPath(),
      format: 'aof',
      target: 'redis-7.0',
      verify: true,
    });
    expect(result).toMatchObject({ outcome: 'written', verified: true });
    expect(result.losses.map(({ kind }) => kind)).toContain('negative-zero');
  });
});

describe('commands whose effect nobody knows', () => {
  const script = "EVAL redis.call('SET','made','x') 0";
  const source = () => log('SET a 1', 'SELECT 2', script, 'SET b 2', 'FT.CREATE idx SCHEMA t TEXT');

  it('are an error by default', async () => {
    const result = await run(source(), { output: newPath() });
    expect(result).toMatchObject({ outcome: 'refused', commands: { opaque: 2 } });
    expect(result.commands.firstOpaque.map(({ name }) => name)).toEqual(['EVAL', 'FT.CREATE']);
    expect(result.reason).toContain('EVAL');
  });

  for (const format of ['aof', 'hybrid', 'multipart'] as const) {
    it(`are carried along behind the rest of ${format}`, async () => {
      const output = newPath();
      expect(await run(source(), { output, format, opaque: 'keep', verify: true })).toMatchObject({
        outcome: 'written',
      });
      const tail = format === 'multipart' ? join(output, 'appendonly.aof.1.incr.aof') : output;
      expect(text(tail)).toMatch(/SELECT\r\n\$1\r\n2\r\n\*3\r\n\$4\r\nEVAL.*FT\.CREATE.*TEXT\r\n$/s);
    });
  }

  it('are dropped', async () => {
    const output = newPath();
    expect(await run(source(), { output, opaque: 'drop' })).toMatchObject({ outcome: 'written' });
    expect(text(output)).not.toContain('EVAL');
    expect(text(output)).not.toContain('FT.CREATE');
  });

  it('fit into no RDB', async () => {
    await expect(run(source(), { output: newPath(), format: 'rdb', opaque: 'keep' })).rejects.toBeInstanceOf(
      UsageError,
    );
  });

  itWithServer('redis-6.0', 'a script that was kept is run by an old server', async () => {
    const output = join(temporaryDir(), 'appendonly.aof');
    await run(log('SET a 1', script), { output, opaque: 'keep', target: 'redis-6.0' });
    const dir = temporaryDir();
    cpSync(output, join(dir, 'appendonly.aof'));
    const server = await startServer('redis-6.0', { dir, config: { appendonly: 'yes' } });
    expect(String(await server.command('GET', 'made'))).toBe('x');
    await server.stop();
  });
});

describe('an output that exists', () => {
  it('is replaced only by force', async () => {
    const output = newPath();
    writeFileSync(output, 'precious');
    await expect(run(log('SET a b'), { output })).rejects.toBeInstanceOf(UsageError);
    expect(text(output)).toBe('precious');
    expect(await run(log('SET a b'), { output, force: true })).toMatchObject({ outcome: 'written' });
  });

  it('is never replaced where it is a folder with something in it', async () => {
    const output = newPath();
    mkdirSync(output);
    writeFileSync(join(output, 'precious'), '');
    const options = { output, format: 'multipart', target: 'redis-7.0', force: true } as const;
    await expect(run(log('SET a b'), options)).rejects.toBeInstanceOf(UsageError);
    expect(readdirSync(output)).toEqual(['precious']);
  });
});
