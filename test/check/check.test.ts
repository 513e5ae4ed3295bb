import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { goldenDir, goldenNames, readProvenance } from '../../fixtures/generate/golden.ts';
import { applyRecipe, readRecipes } from '../../fixtures/generate/recipe.ts';
import { check } from '../../src/index.ts';
import { aofCorpus, describeWithCorpus, rdbCorpus } from '../support/corpus.ts';
import { temporaryDir } from '../support/servers.ts';

const golden = (name: string) => path.join(goldenDir(name), readProvenance(name).path);
/** Goldens that no released server loads: forms of release candidates. */
const preRelease = ['built-v10-function-pre-release', 'built-v8-module-pre-release'];

describe('check: goldens', () => {
  it.each(goldenNames().filter((name) => !preRelease.includes(name)))('%s is sound', async (name) => {
    const result = await check(golden(name));
    expect(result.findings.filter((finding) => finding.severity === 'error')).toEqual([]);
    expect(result.ok).toBe(true);
  });

  it('counts the keys that the server counted', async () => {
    for (const name of goldenNames()) {
      const { keys } = readProvenance(name) as { keys?: Record<string, number> };
      if (keys === undefined || !name.includes('-rdb') || name.includes('multipart')) continue;
      const total = Object.values(keys).reduce((sum, count) => sum + count, 0);
      expect([name, (await check(golden(name))).summary.keys]).toEqual([name, total]);
    }
  });
});

describe('check: damaged fixtures', () => {
  it.each(readRecipes().map((recipe) => [recipe.name, recipe] as const))('%s', async (_, recipe) => {
    const dir = temporaryDir();
    const { code, file, offset } = recipe.expect;
    const result = await check(applyRecipe(recipe, dir));
    if (code === undefined) {
      expect(result.findings.filter((finding) => finding.severity === 'error')).toEqual([]);
      return;
    }
    const found = result.findings.map((finding) => ({ ...finding, file: path.relative(dir, finding.file) }));
    const wanted = { code, ...(file !== undefined && { file }), ...(offset !== undefined && { offset }) };
    expect(found).toContainEqual(expect.objectContaining(wanted));
  });
});

describeWithCorpus('check: the corpora', (dir) => {
  it.each(rdbCorpus(dir).map((file) => [file.name, file] as const))(
    '%s: refused by the server means reported',
    async (_, file) => {
      const { findings } = await check(file.path);
      // What needs a module is a warning: with the module, the server loads it.
      const reported = findings.some(({ severity, code }) => severity === 'error' || code === 'rdb.module.needed');
      expect(reported).toBe(file.refused !== undefined);
    },
  );

  it('finds every AOF of the test suite sound', async () => {
    for (const { path, name } of aofCorpus(dir)) expect([name, (await check(path)).findings]).toEqual([name, []]);
  });
});

describe('check: kinds of input', () => {
  it('reads gzip, and says where it is damaged', async () => {
    const dir = temporaryDir();
    const plain = fs.readFileSync(golden('redis-8.6-rdb'));
    const file = path.join(dir, 'dump.rdb.gz');
    const packed = gzipSync(plain);
    fs.writeFileSync(file, packed);
    const sound = await check(file);
    expect([sound.ok, sound.files[0].gzip, sound.files[0].size]).toEqual([true, true, plain.length]);
    fs.writeFileSync(file, packed.subarray(0, packed.length >> 1));
    const torn = await check(file);
    expect(torn.findings.map((finding) => finding.code)).toContain('input.gzip');
  });

  it('reads a whole data folder, and both layouts in it', async () => {
    const dir = temporaryDir();
    fs.cpSync(golden('redis-8.6-multipart-little'), path.join(dir, 'appendonlydir'), { recursive: true });
    fs.copyFileSync(golden('redis-8.6-rdb-little'), path.join(dir, 'dump.rdb'));
    const result = await check(dir);
    expect([result.layout, result.ok]).toEqual(['data-directory', true]);
    expect(result.files.map((file) => file.role).sort()).toEqual(['base', 'file', 'incr', 'manifest']);
  });

  it('refuses what holds no data', async () => {
    const dir = temporaryDir();
    await expect(check(path.join(dir, 'nothing'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(check(dir)).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(check('/dev/null')).rejects.toMatchObject({ code: 'ENOTSUP' });
  });

  it('names both places of a duplicate key', async () => {
    const bytes = Buffer.concat([
      Buffer.from('REDIS0011\xfe\x00', 'latin1'),
      ...['a', 'b', 'a'].map((key) => Buffer.from(`\x00\x01${key}\x01v`, 'latin1')),
      Buffer.from('\xff' + '\0'.repeat(8), 'latin1'),
    ]);
    const file = path.join(temporaryDir(), 'd.rdb');
    fs.writeFileSync(file, bytes);
    const { findings } = await check(file);
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'rdb.key.duplicate', offset: 21, found: 'the same key as at offset 11' }),
    );
  });

  it('goes on behind bad regions and counts what it does not keep', async () => {
    const good = '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n'.repeat(2);
    const file = path.join(temporaryDir(), 'x.aof');
    fs.writeFileSync(file, `${good}garbage\r\n`.repeat(5) + good);
    const result = await check(file, { limit: 2 });
    expect(result.summary).toMatchObject({ errors: 5, dropped: 3 });
    expect(result.findings.map(({ code, offset }) => [code, offset])).toEqual([
      ['aof.header.prefix', 54],
      ['aof.header.prefix', 117],
    ]);
  });
});

describe('the numbers of commands', () => {
  const command = (...args: string[]) =>
    `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
  const start = command('SET', 'a', '1') + command('SET', 'b', '2');

  it('are those of log and restore: what is damaged is no command, and offset and length are its range', async () => {
    const bad = '*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$zz\r\ny\r\n';
    const file = path.join(temporaryDir(), 'appendonly.aof');
    fs.writeFileSync(file, start + bad + command('SET', 'c', '3') + command('SET', 'd'));
    const { findings } = await check(file);
    const end = start.length + bad.length;
    expect(findings.map(({ code, command: one, offset, length = 0 }) => [code, one?.ordinal, offset + length])).toEqual(
      [
        ['aof.argument.length', 3, end],
        ['aof.command.arity', 4, end + command('SET', 'c', '3').length + command('SET', 'd').length],
      ],
    );
  });

  it('go on in a torn tail', async () => {
    const file = path.join(temporaryDir(), 'appendonly.aof');
    fs.writeFileSync(file, start + command('SET', 'c', '333').slice(0, -4));
    const [torn] = (await check(file)).findings;
    expect([torn.code, torn.command?.ordinal]).toEqual(['aof.truncated', 3]);
  });

  it('a file of 0 bytes is a warning', async () => {
    const file = path.join(temporaryDir(), 'appendonly.aof');
    fs.writeFileSync(file, '');
    const result = await check(file);
    expect([result.ok, result.findings.map(({ code }) => code)]).toEqual([true, ['input.empty']]);
  });
});
