import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { applyRecipe, readRecipes } from '../../fixtures/generate/recipe.ts';
import { isUnsupported } from '../../src/findings.ts';
import { check } from '../../src/operations/check/check.ts';
import type { RepairSettings } from '../../src/operations/repair/options.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { command } from '../compat/comparison.ts';
import { temporaryDir } from '../support/servers.ts';
import { hastyFs } from './property.ts';

const set = (key: string) => command('SET', key, 'value');
const quick: RepairSettings = { inPlace: true, force: true, fileSystem: hastyFs };

/** Repairs a log in place and gives what is left, and the result. */
async function repaired(text: string, options: RepairSettings = {}) {
  const file = path.join(temporaryDir(), 'a.aof');
  fs.writeFileSync(file, text, 'latin1');
  const result = await repair(file, { ...quick, ...options });
  return { left: fs.readFileSync(file, 'latin1'), result, file };
}

/** What may be right and is not known to this build is never changed, whatever is asked for. */
async function expectUntouched(target: string) {
  const before = (await check(target)).files.map(({ path }) => [path, fs.readFileSync(path, 'latin1')]);
  const result = await repair(target, { ...quick, dropUnknown: true, adopt: true });
  expect(result.ok).toBe(false);
  expect(before.map(([path]) => [path, fs.readFileSync(path, 'latin1')])).toEqual(before);
}

describe('repair: damaged fixtures', () => {
  it.each(readRecipes().map((recipe) => [recipe.name, recipe] as const))('%s', async (_, recipe) => {
    const target = applyRecipe(recipe, path.join(temporaryDir(), 'in'));
    // Of an RDB's first bytes no key can be kept: nothing is put in their place.
    const isStub = recipe.name === 'rdb.truncated-header';
    if (isStub || isUnsupported(recipe.expect.code ?? '')) return expectUntouched(target);
    const result = await repair(target, { ...quick, dropUnknown: true, adopt: true });
    expect(['repaired', 'sound']).toContain(result.outcome);
    expect((await check(target)).findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect((await repair(target, { dropUnknown: true, adopt: true })).outcome).toBe('sound');
  });
});

describe('repair: logs', () => {
  it('cuts a torn tail, keeps a backup and what was cut', async () => {
    const torn = set('a') + set('b').slice(0, -3);
    const { left, result, file } = await repaired(torn);
    expect(left).toBe(set('a'));
    expect(result).toMatchObject({ ok: true, outcome: 'repaired', plan: { strategy: 'truncate' } });
    expect(fs.readFileSync(`${file}.backup-1`, 'latin1')).toBe(torn);
    const [entry] = JSON.parse(fs.readFileSync(`${file}.quarantine/index.json`, 'utf8'));
    expect(entry).toMatchObject({ offset: set('a').length, code: 'aof.truncated' });
    expect(fs.readFileSync(path.join(`${file}.quarantine`, entry.file), 'latin1')).toBe(set('b').slice(0, -3));
  });

  it('never overwrites a backup or a quarantine', async () => {
    const { file } = await repaired(set('a') + set('b').slice(0, -3));
    fs.appendFileSync(file, '*1\r');
    const again = await repair(file, quick);
    expect(again.backups).toEqual([`${file}.backup-2`]);
    expect(again.quarantine).toBe(`${file}.quarantine-2`);
  });

  it('skips four NUL bytes in the middle and names the keys beside them', async () => {
    const { left, result } = await repaired(`${set('a')}\0\0\0\0${set('b')}`);
    expect(left).toBe(set('a') + set('b'));
    expect(result.plan.strategy).toBe('salvage');
    expect(result.plan.files[0].regions[0]).toMatchObject({ offset: set('a').length, length: 4, touched: ['a', 'b'] });
    const { truncate, salvage } = result.plan.strategies;
    expect([truncate.commandsKept, truncate.commandsLost]).toEqual([1, 1]);
    expect([salvage.commandsKept, salvage.bytesLost]).toEqual([2, 4]);
  });

  it('truncates at the first damage where that is asked for', async () => {
    const { left } = await repaired(`${set('a')}\0\0\0\0${set('b')}`, { strategy: 'truncate' });
    expect(left).toBe(set('a'));
  });

  it('transactions: torn, without an end, without a part, nested, an EXEC alone', async () => {
    const [multi, exec, bad] = [command('MULTI'), command('EXEC'), '!bad!'];
    const cases: [string, string][] = [
      [set('a') + multi + set('b'), set('a')],
      [multi + set('a') + bad + set('b') + multi + set('c') + exec, set('b') + multi + set('c') + exec],
      [multi + set('a') + bad + set('b') + exec, multi + set('a') + set('b') + exec],
      [multi + set('a') + multi + set('b') + exec, multi + set('a') + set('b') + exec],
      [set('a') + bad + set('b') + exec + set('c'), set('a') + set('b') + set('c')],
      [multi + set('a') + bad + set('b'), set('b')],
    ];
    for (const [text, wanted] of cases) expect((await repaired(text, { strategy: 'salvage' })).left).toBe(wanted);
  });

  it('a SELECT that can be made out in a bad region is put back', async () => {
    const { left } = await repaired(set('a') + command('SELECT', '5').replace('*2', '*x') + set('b'));
    expect(left).toBe(set('a') + command('SELECT', '5') + set('b'));
  });

  it('what looks like commands within a torn value is not executed, unless salvage is asked for', async () => {
    const trap = command('SET', 'k', `x${command('FLUSHALL')}${set('y')}tail`);
    const torn = set('a') + trap.slice(0, -8);
    expect((await repaired(torn)).left).toBe(set('a'));
    expect((await repaired(torn, { strategy: 'salvage' })).left).toContain('FLUSHALL');
  });

  it('a wrong length near the end swallows nothing', async () => {
    const wrong = set('b').replace('$5\r\nvalue', '$95\r\nvalue');
    expect((await repaired(set('a') + wrong + set('c'))).left).toBe(set('a') + set('c'));
  });

  it('unknown commands stay, and are said, unless they are to be dropped', async () => {
    // A name that no command can have: of a command that may be newer, see unsupported.test.ts.
    const text = set('a') + command('F\x01O', 'x') + command('SET', 'x') + set('b');
    const kept = await repaired(text);
    expect(kept.left).toBe(text);
    expect(kept.result.ok).toBe(false);
    expect(kept.result.plan.files[0].unresolved.map(({ code }) => code)).toEqual([
      'aof.command.unknown',
      'aof.command.arity',
    ]);
    const dropped = await repaired(text, { dropUnknown: true });
    expect(dropped.left).toBe(set('a') + set('b'));
    expect(dropped.result.ok).toBe(true);
  });

  it('renamed commands get their names back', async () => {
    const renames = new Map([['WIPE', 'FLUSHALL']]);
    expect((await repaired(set('a') + command('wipe') + set('b'), { renames })).left).toBe(
      set('a') + command('FLUSHALL') + set('b'),
    );
  });
});

describe('repair: what is asked for', () => {
  const torn = set('a') + set('b').slice(0, -3);

  it('a plan changes nothing; declining changes nothing', async () => {
    for (const options of [{ inPlace: false }, { dryRun: true }, { confirm: () => false }]) {
      const { left, result, file } = await repaired(torn, options);
      expect(left).toBe(torn);
      expect(['planned', 'declined']).toContain(result.outcome);
      expect(fs.readdirSync(path.dirname(file))).toEqual(['a.aof']);
    }
  });

  it('an output that is there is not replaced unless forced', async () => {
    const dir = temporaryDir();
    const [file, output] = [path.join(dir, 'a.aof'), path.join(dir, 'b.aof')];
    fs.writeFileSync(file, torn);
    fs.writeFileSync(output, 'old');
    await expect(repair(file, { output })).rejects.toThrow('exists already');
    await repair(file, { output, force: true });
    expect(fs.readFileSync(output, 'latin1')).toBe(set('a'));
    expect(fs.readFileSync(file, 'latin1')).toBe(torn);
  });

  it('a compressed file is repaired into another one only', async () => {
    const file = path.join(temporaryDir(), 'a.aof.gz');
    fs.writeFileSync(file, gzipSync(Buffer.from(torn)));
    await expect(repair(file, quick)).rejects.toThrow('compressed');
    const output = `${file}.aof`;
    await repair(file, { output });
    expect(fs.readFileSync(output, 'latin1')).toBe(set('a'));
  });

  it('of nothing that could be kept it says so', async () => {
    const { result, left } = await repaired('*1\r\n$4\r\nPI');
    expect(result).toMatchObject({ outcome: 'failed', ok: false });
    expect(left).toBe('*1\r\n$4\r\nPI');
  });
});

describe('repair: multi-part', () => {
  const lines = 'file p.1.base.aof seq 1 type b\nfile p.1.incr.aof seq 1 type i\nfile p.2.incr.aof seq 2 type i\n';
  const parts = { 'p.manifest': lines, 'p.1.base.aof': set('a'), 'p.1.incr.aof': set('b'), 'p.2.incr.aof': set('c') };
  const folder = (files: Record<string, string>): string => {
    const dir = path.join(temporaryDir(), 'aof');
    fs.mkdirSync(dir);
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), text, 'latin1');
    return dir;
  };
  const read = (dir: string, name: string) => fs.readFileSync(path.join(dir, name), 'latin1');

  it('a torn middle part: salvage keeps the later ones, truncation puts them away', async () => {
    const torn = { ...parts, 'p.1.incr.aof': set('b') + set('x').slice(0, -2) };
    const dir = folder(torn);
    expect((await repair(dir, quick)).plan.strategy).toBe('salvage');
    expect([read(dir, 'p.1.incr.aof'), read(dir, 'p.2.incr.aof')]).toEqual([set('b'), set('c')]);
    const other = folder(torn);
    const { quarantine } = await repair(other, { ...quick, strategy: 'truncate' });
    expect(read(other, 'p.manifest')).toBe('file p.1.base.aof seq 1 type b\nfile p.01.incr.aof seq 1 type i\n');
    expect(read(other, 'p.1.incr.aof.backup-1')).toBe(torn['p.1.incr.aof']);
    expect(fs.existsSync(path.join(other, 'p.1.incr.aof'))).toBe(false);
    expect(read(quarantine ?? '', 'p.2.incr.aof.0.bin')).toBe(set('c'));
    expect(fs.existsSync(path.join(other, 'p.2.incr.aof'))).toBe(false);
    const third = folder(torn);
    await repair(third, { ...quick, strategy: 'truncate', keepLaterParts: true });
    expect(read(third, 'p.2.incr.aof')).toBe(set('c'));
  });

  it('into a new folder, whole', async () => {
    const dir = folder({ ...parts, 'p.2.incr.aof': `${set('c')}\0\0` });
    const output = `${dir}-mended`;
    const result = await repair(dir, { output, fileSystem: hastyFs });
    expect(result.ok).toBe(true);
    expect(fs.readdirSync(output).sort()).toEqual(Object.keys(parts).sort());
    expect((await check(output)).ok).toBe(true);
  });

  it('rebuilds a manifest that is gone, empty, cut or confused', async () => {
    const confused = 'file p.2.incr.aof seq 2 type i\nfile p.1.incr.aof seq 1 type i\nfile p.1.base.aof seq 1 type b\n';
    for (const text of [undefined, '', lines.slice(0, -1), lines.slice(0, 40), confused, 'nonsense\n']) {
      const { 'p.manifest': _, ...rest } = parts;
      const dir = folder(text === undefined ? rest : { ...rest, 'p.manifest': text });
      expect((await repair(dir, quick)).ok).toBe(true);
      expect(read(dir, 'p.manifest')).toBe(lines);
    }
  });

  it('leaves orphans unless they are to be adopted', async () => {
    const dir = folder({ ...parts, 'p.3.incr.aof': set('d') });
    expect((await repair(dir, quick)).outcome).toBe('sound');
    await repair(dir, { ...quick, adopt: true });
    expect(read(dir, 'p.manifest')).toBe(`${lines}file p.3.incr.aof seq 3 type i\n`);
  });

  it('what a killed repair left is no part of its own, whatever becomes of the manifest', async () => {
    // Its successors have their names, and no manifest names them yet.
    const left = { ...parts, 'p.01.base.aof': set('x'), 'p.01.incr.aof': set('y') };
    for (const text of [lines, lines.slice(0, -1), '', 'nonsense\n']) {
      const dir = folder({ ...left, 'p.manifest': text });
      await repair(dir, { ...quick, adopt: true });
      expect(read(dir, 'p.manifest')).toBe(lines);
    }
    // The manifest names them, and what they replaced is still there.
    const named = lines.replace('p.1.base', 'p.01.base').replace('p.1.incr', 'p.01.incr');
    const dir = folder({ ...left, 'p.manifest': named });
    expect((await repair(dir, { ...quick, adopt: true })).outcome).toBe('sound');
  });

  it('removes references to what is gone; a base that is gone is no whole repair', async () => {
    const { 'p.1.incr.aof': _, ...rest } = parts;
    const dir = folder(rest);
    // What the manifest names and is gone is missing: the rest is repaired, and the result says so.
    expect(await repair(dir, quick)).toMatchObject({
      ok: false,
      outcome: 'repaired',
      reason: expect.stringContaining('p.1.incr.aof is not kept'),
    });
    expect(read(dir, 'p.manifest')).not.toContain('p.1.incr');
    const { 'p.1.base.aof': __, ...baseless } = parts;
    expect((await repair(folder(baseless), quick)).ok).toBe(false);
  });
});

describe('repair: RDBs', () => {
  it('resolves duplicate keys as asked', async () => {
    const recipe = readRecipes().find(({ name }) => name === 'rdb.key.duplicate');
    if (recipe === undefined) throw new Error('no such recipe');
    const offsets: number[] = [];
    for (const duplicates of ['first', 'last'] as const) {
      const file = applyRecipe(recipe, path.join(temporaryDir(), 'in'));
      const { plan, ok } = await repair(file, { ...quick, duplicates });
      expect(ok).toBe(true);
      offsets.push(plan.files[0].regions.find(({ code }) => code === 'rdb.key.duplicate')?.offset ?? -1);
    }
    expect(offsets[0]).toBeGreaterThan(offsets[1]);
  });

  it('a file without its end gets it back, with all keys that are whole', async () => {
    const bytes = fs.readFileSync(path.join(goldenDir('redis-8.6-rdb'), 'dump.rdb'));
    const file = path.join(temporaryDir(), 'dump.rdb');
    fs.writeFileSync(file, bytes.subarray(0, bytes.length >> 1));
    const { ok, outcome, plan } = await repair(file, quick);
    // The database declares more keys than are left.
    expect([ok, outcome]).toEqual([false, 'repaired']);
    const report = (await check(file)).files[0].rdb;
    expect(report?.checksum.state).toBe('ok');
    expect(report?.keys).toBe(plan.strategies.truncate.keysKept);
  });
});
