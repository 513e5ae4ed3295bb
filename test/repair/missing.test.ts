/* What a file declares (RESIZEDB, element counts, stream lengths, the manifest) against what a repair keeps. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { palette } from '../../commands/shared/palette.ts';
import { formatPlan } from '../../commands/shared/report-repair.ts';
import { rdbWith } from '../../fixtures/generate/flaws/inputs.ts';
import { Random } from '../../fixtures/generate/flaws/random.ts';
import { type FlawedValue, flawedValues } from '../../fixtures/generate/flaws/values.ts';
import { type Bytes, join, length, rdbFile, string } from '../../fixtures/generate/rdb-bytes.ts';
import { check, repair } from '../../src/index.ts';
import type { ServerName } from '../support/server-process.ts';
import { describeWithServers, temporaryDir, tryStart } from '../support/servers.ts';

const key = (name: string, type: number, value: Bytes) => join(type, string(name), value);
const text = (name: string) => key(name, 0, string(`value of ${name}`));
const expiring = (name: string) => join(0xfd, Buffer.from([0xff, 0xff, 0xff, 0x7f]), text(name));
const resize = (keys: number, expires: number) => join(0xfb, length(keys), length(expires));
/** A ziplist whose declared length is wrong: no server keeps it. */
const damaged = (name: string, entries: number) =>
  key(name, 10, string(Buffer.from([99, 0, 0, 0, 10, 0, 0, 0, entries, 0, 0, 3, 0xf2, 0xff])));

function written(bytes: Buffer): string {
  const file = path.join(temporaryDir(), 'dump.rdb');
  fs.writeFileSync(file, bytes);
  return file;
}

const file = (...items: Bytes[]) => written(rdbFile('REDIS0009', items));
const database = (number: number, keys: number, expires: number) => join(0xfe, number, resize(keys, expires));

async function repaired(input: string, more = {}) {
  const result = await repair(input, { output: `${input}.out`, ...more });
  const { missing = [], undeclared = 0 } = result.plan.strategies[result.plan.strategy];
  return { result, missing, undeclared };
}

describe('repair: what is declared and missing', () => {
  it('keys, keys with an expiry, and elements of a value that was taken out, database by database', async () => {
    const input = file(database(0, 3, 1), [text('a'), damaged('list', 7), text('b')], database(3, 2, 2), [
      expiring('c'),
      expiring('d'),
    ]);
    const { result, missing } = await repaired(input);
    expect(missing).toEqual([
      { what: 'keys', declared: 3, kept: 2, where: 'database 0' },
      { what: 'expiries', declared: 1, kept: 0, where: 'database 0' },
      { what: 'elements', declared: 7, kept: 0, where: 'the list "list" in database 0' },
    ]);
    expect(result).toMatchObject({ ok: false, outcome: 'repaired', reason: expect.stringContaining('2 of 3 keys') });
    expect((await check(`${input}.out`)).ok).toBe(true);
    // The result has nothing that is damaged, and a right checksum.
    expect(await repair(`${input}.out`)).toMatchObject({ ok: true, outcome: 'sound' });
  });

  it('everything behind the cut, with truncate', async () => {
    const input = file(database(0, 3, 0), [text('a'), damaged('list', 1), text('b')], database(1, 1, 0), text('c'));
    const { missing } = await repaired(input, { strategy: 'truncate' });
    expect(missing.filter(({ what }) => what === 'keys')).toEqual([
      { what: 'keys', declared: 3, kept: 1, where: 'database 0' },
      { what: 'keys', declared: 1, kept: 0, where: 'database 1' },
    ]);
  });

  it('a key that is gone without a trace, where no checksum proves the file', async () => {
    const bytes = rdbFile('REDIS0009', [database(0, 3, 0), text('a'), text('b')]);
    expect(await repair(written(bytes))).toMatchObject({ ok: true, outcome: 'sound' });
    bytes.fill(0, bytes.length - 8);
    const { missing } = await repaired(written(bytes));
    expect(missing).toEqual([{ what: 'keys', declared: 3, kept: 2, where: 'database 0' }]);
    bytes.fill(7, bytes.length - 8);
    expect(await repair(written(bytes))).toMatchObject({ ok: false, reason: expect.stringContaining('2 of 3 keys') });
  });

  it('nothing, where every declared key is there', async () => {
    // A checksum that explains nothing.
    const bytes = rdbFile('REDIS0009', [database(0, 2, 1), text('a'), expiring('b')]);
    bytes.fill(7, bytes.length - 8);
    const input = written(bytes);
    const { result, missing, undeclared } = await repaired(input);
    expect([result.ok, result.outcome, missing, undeclared]).toEqual([true, 'repaired', [], 0]);
  });

  it('nothing, where the checksum tells what was changed', async () => {
    const bytes = rdbFile('REDIS0009', [database(0, 2, 0), text('a'), text('b')]);
    bytes[bytes.indexOf('value of a') - 1] = 0xff;
    const { result } = await repaired(written(bytes));
    expect([result.ok, result.outcome]).toEqual([true, 'repaired']);
    const { files, strategies, strategy } = result.plan;
    expect(files[0].regions).toHaveLength(1);
    expect(formatPlan(result.plan, await palette())).toContain('loses nothing');
    expect(strategies[strategy].missing).toBeUndefined();
  });

  it('cannot be told where a database declares nothing', async () => {
    const input = file(join(0xfe, 0), text('a'), damaged('list', 5), text('b'));
    const { result, missing, undeclared } = await repaired(input);
    expect([result.ok, undeclared]).toEqual([false, 1]);
    expect(missing).toEqual([{ what: 'elements', declared: 5, kept: 0, where: 'the list "list" in database 0' }]);
    expect(formatPlan(result.plan, await palette())).not.toContain('loses nothing');
  });

  it('one of two records of a key is missing only where a key more was declared', async () => {
    for (const [declared, ok] of [
      [1, true],
      [2, false],
    ] as const) {
      const input = file(database(0, declared, 0), text('a'), text('a'));
      expect((await repaired(input)).result.ok).toBe(ok);
    }
  });
});

const mends = new Set(['stream.count', 'stream.node.empty', 'stream.added', 'intset.order']);

/** Generated values of which encoding anew puts everything right, with what check says of each. */
async function mendable() {
  const found: { value: FlawedValue; codes: string[] }[] = [];
  for (const value of flawedValues(new Random(7))) {
    // A member that stands twice is more than a wrong order.
    if (!/^(stream|set-intset)/.test(value.name) || value.name.endsWith('duplicate')) continue;
    const codes = (await check(written(rdbWith(value, true)))).findings.map(({ code }) => code);
    if (codes.length > 0 && codes.every((code) => mends.has(code))) found.push({ value, codes });
  }
  return found;
}

describe('repair: values that are encoded anew', () => {
  it('empty nodes, wrong lengths and unsorted intsets are put right under their type; a second repair finds nothing', async () => {
    const all = await mendable();
    expect(new Set(all.flatMap(({ codes }) => codes))).toEqual(mends);
    for (const { value, codes } of all) {
      const input = written(rdbWith(value, true));
      const { result, missing } = await repaired(input);
      expect([value.name, result.outcome], value.name).toEqual([value.name, 'repaired']);
      expect(result.plan.files[0].regions.map(({ code }) => code)).toEqual([codes[0], 'rdb.checksum']);
      expect(result.ok, value.name).toBe(missing.length === 0);
      if (!codes.includes('stream.count')) expect(missing).toEqual([]);
      const again = await check(`${input}.out`);
      expect(again.findings.filter(({ code }) => mends.has(code))).toEqual([]);
      expect(await repair(`${input}.out`)).toMatchObject({ ok: true, outcome: 'sound' });
    }
  });

  it('a stream that declares more entries than it has: one is missing', async () => {
    const all = (await mendable()).filter(({ codes }) => codes.includes('stream.count'));
    const counts = [];
    for (const { value } of all) counts.push(...(await repaired(written(rdbWith(value, true)))).missing);
    expect(counts.length).toBeGreaterThan(0);
    for (const one of counts) {
      expect(one).toMatchObject({ what: 'elements', where: 'the stream "flawed" in database 0' });
      expect(one.kept).toBeLessThan(one.declared);
    }
  });
});

describeWithServers('repair: values that are encoded anew', (name) => {
  it('have the digest that the server gives to what it loads of the input', async () => {
    for (const { value } of await mendable()) {
      const input = written(rdbWith(value, true));
      const before = await loaded(name, input);
      await repair(input, { output: `${input}.out` });
      const after = await loaded(name, `${input}.out`);
      if (before !== undefined) expect(after, value.name).toBe(before);
    }
  }, 120_000);
});

/** The digest after a start, undefined where the server refuses the file. */
async function loaded(name: ServerName, input: string): Promise<unknown> {
  const dir = temporaryDir();
  fs.copyFileSync(input, path.join(dir, 'dump.rdb'));
  const result = await tryStart(name, { dir, config: { appendonly: 'no' } });
  if (!result.started) return undefined;
  const digest = await result.server.command('DEBUG', 'DIGEST');
  await result.server.kill();
  return digest;
}
