import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Bytes, join, string } from '../../fixtures/generate/rdb-bytes.ts';
import { check } from '../../src/operations/check/check.ts';
import { convert } from '../../src/operations/convert/convert.ts';
import { digest } from '../../src/operations/digest/digest.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { rewrite } from '../../src/operations/rewrite/rewrite.ts';
import { verify } from '../../src/operations/verify/verify.ts';
import { openVersionMin, versionMax } from '../../src/rdb/opcodes.ts';
import { command } from '../compat/comparison.ts';
import { aux, type Ending, fileOf, key, rdbOf } from './rdb-file.ts';

const magicOf = (fork: 'redis' | 'valkey', version: number) =>
  fork === 'redis' ? `REDIS${String(version).padStart(4, '0')}` : `VALKEY${String(version).padStart(3, '0')}`;
const unknownType = 120;
const set = (name: string) => command('SET', name, 'value');

interface Case {
  readonly name: string;
  readonly magic: string;
  readonly items: readonly Bytes[];
  readonly code: string;
  readonly found: string;
  readonly product?: string;
}

const newer: readonly Case[] = [
  ...(['redis', 'valkey'] as const).flatMap((fork): Case[] => {
    const version = fork === 'redis' ? 99 : 199;
    const field = fork === 'redis' ? aux('redis-ver', '9.4.1') : aux('valkey-ver', '11.0.2');
    const product = fork === 'redis' ? 'Redis 9.4.1' : 'Valkey 11.0.2';
    const magic = magicOf(fork, versionMax[fork]);
    const code = 'rdb.unsupported';
    return [
      {
        name: `a newer version of ${fork}`,
        magic: magicOf(fork, version),
        items: [field, key('a')],
        code: `${code}.version`,
        found: String(version),
        product,
      },
      {
        name: `a type of ${fork}`,
        magic,
        items: [field, key('a'), join(unknownType, string('k'), string('v')), key('b')],
        code: `${code}.type`,
        found: String(unknownType),
        product,
      },
      {
        name: `an opcode of ${fork}`,
        magic,
        items: [field, key('a'), 0xf0, key('b')],
        code: `${code}.opcode`,
        found: '240',
        product,
      },
      {
        name: `a string encoding for ${fork}`,
        magic,
        items: [field, key('a'), join(0, string('k'), 0xc9, 1, 2), key('b')],
        code: `${code}.encoding`,
        found: '0xc9',
        product,
      },
    ];
  }),
  {
    name: 'another magic',
    magic: 'OTHER0010',
    items: [aux('some', 'field'), key('a')],
    code: 'rdb.unsupported.magic',
    found: '"OTHER0010"',
  },
  {
    name: 'Dragonfly',
    magic: 'REDIS0009',
    items: [aux('redis-ver', '7.4.0'), aux('df-ver', 'v1.38.1'), key('a'), join(30, string('j'), string('{}'))],
    code: 'rdb.unsupported.type',
    found: '30',
    product: 'Dragonfly v1.38.1',
  },
  {
    name: 'compressed Dragonfly',
    magic: 'REDIS0009',
    items: [aux('df-ver', 'v1.38.1'), 201, string('zipped')],
    code: 'rdb.unsupported.type',
    found: '201',
    product: 'Dragonfly v1.38.1',
  },
  {
    name: 'Redis Enterprise',
    magic: 'REDIS0012',
    items: [0xfe, 0, 107, 0x40, 0x43, key('a')],
    code: 'rdb.unsupported.type',
    found: '107',
    product: 'Redis Enterprise',
  },
  {
    name: 'KeyDB',
    magic: 'REDIS0009',
    items: [aux('redis-ver', '6.3.4'), aux('mvcc-tstamp', '1'), key('a'), join(65, string('job'), string('x'))],
    code: 'rdb.unsupported.type',
    found: '65',
    product: 'KeyDB 6.3.4',
  },
  {
    name: 'Redis-On-Rocks',
    magic: 'REDIS0009',
    items: [128, 1, key('a')],
    code: 'rdb.unsupported.type',
    found: '128',
    product: 'Redis-On-Rocks',
  },
];

const endings: readonly Ending[] = ['right', 'zero'];
const all = newer.flatMap((one) => endings.map((ending) => [`${one.name}, ${ending} checksum`, one, ending] as const));

/** Every file that is there, with its bytes. */
const content = (file: string) =>
  fs
    .readdirSync(path.dirname(file))
    .map((name) => [name, fs.readFileSync(path.join(path.dirname(file), name), 'latin1')]);

describe('what this build does not know', () => {
  it.each(all)('%s: named, never repairable, nothing said of a server', async (_, one, ending) => {
    const file = fileOf('dump.rdb', rdbOf(one.magic, one.items, ending));
    const { ok, findings } = await check(file);
    expect([ok, findings.length]).toEqual([false, 1]);
    const [finding] = findings;
    expect(finding).toMatchObject({
      code: one.code,
      found: one.found,
      unsupported: true,
      repairable: false,
      severity: 'error',
    });
    expect(finding.product).toBe(one.product);
    expect(`${finding.message} ${finding.advice}`).not.toMatch(/the server (exits|starts|logs|skips|ignores)/i);
  });

  it.each(all)('%s: no operation writes anything over it', async (_, one, ending) => {
    const file = fileOf('dump.rdb', rdbOf(one.magic, one.items, ending));
    const before = content(file);
    for (const strategy of [undefined, 'truncate', 'salvage'] as const) {
      const result = await repair(file, { inPlace: true, force: true, dropUnknown: true, strategy });
      expect(result.ok).toBe(false);
    }
    const other = `${file}.out`;
    expect((await repair(file, { output: other, dropUnknown: true })).ok).toBe(false);
    const converted = await convert(file, { to: 'aof', output: other, at: 0 } as never);
    expect(converted.outcome).toBe('refused');
    expect(converted.findings.map(({ code }) => code)).toContain(one.code);
    expect((await rewrite(file, { inPlace: true, force: true, at: 0 } as never)).ok).toBe(false);
    const summed = await digest(file, { at: 0 });
    expect([summed.ok, summed.findings[0].code]).toEqual([false, one.code]);
    expect(content(file)).toEqual(before);
  });

  it.each(newer)('verify still compares the checksum of the whole file: $name', async ({ magic, items, code }) => {
    const result = await verify(fileOf('dump.rdb', rdbOf(magic, items)));
    expect(result.files[0].checksum.state).toBe('ok');
    expect(result.findings.map((finding) => finding.code)).toEqual([code]);
    expect(result.ok).toBe(false);
  });

  it('a type in front of commands: the checksum is where the commands begin', async () => {
    const rdb = rdbOf('REDIS0012', [aux('aof-base', '1'), join(unknownType, string('k'), string('v'))]);
    const file = fileOf(
      'appendonly.aof',
      Buffer.concat([rdb, Buffer.from(set('a') + set('b').slice(0, -4), 'latin1')]),
    );
    const { findings } = await check(file);
    expect(findings[0]).toMatchObject({ code: 'rdb.unsupported.type' });
    const before = content(file);
    expect((await repair(file, { inPlace: true, force: true })).outcome).toBe('failed');
    expect(content(file)).toEqual(before);
  });

  it('where the checksum proves damage, an unknown number is damage', async () => {
    const items = [key('a'), join(unknownType, string('k'), string('v')), key('b')];
    const file = fileOf('dump.rdb', rdbOf('REDIS0012', items, 'wrong'));
    expect((await check(file)).findings[0]).toMatchObject({ code: 'rdb.type.unknown', repairable: true });
    expect((await repair(file, { inPlace: true, force: true })).outcome).toBe('repaired');
  });

  it('not where the version may have got the next number since', async () => {
    const version = Math.max(openVersionMin.redis, versionMax.redis);
    const items = [key('a'), join(40, string('k'), string('v')), key('b')];
    const file = fileOf('dump.rdb', rdbOf(magicOf('redis', version), items, 'wrong'));
    expect((await check(file)).findings[0].code).toMatch(/^rdb\.unsupported\./);
  });

  it('a part that is not known is left as it is while another is repaired', async () => {
    const base = rdbOf('REDIS0012', [key('a'), join(unknownType, string('k'), string('v'))]);
    const manifest = fileOf('appendonly.aof.manifest', 'file b.rdb seq 1 type b\nfile i.aof seq 1 type i\n');
    const folder = path.dirname(manifest);
    fs.writeFileSync(path.join(folder, 'b.rdb'), base);
    fs.writeFileSync(path.join(folder, 'i.aof'), set('a') + set('b').slice(0, -4), 'latin1');
    const result = await repair(manifest, { inPlace: true, force: true });
    expect([result.ok, result.outcome]).toEqual([false, 'repaired']);
    expect(fs.readFileSync(path.join(folder, 'b.rdb')).equals(base)).toBe(true);
    expect((await check(manifest)).findings.map(({ code }) => code)).toEqual(['rdb.unsupported.type']);
  });
});

describe('commands that this build does not know', () => {
  const log = set('a') + command('ZFROBNICATE', 'key', '1') + set('b');

  it('are named so, and framed and counted', async () => {
    const { ok, findings, files } = await check(fileOf('a.aof', log));
    expect([ok, files[0].commands, findings.length]).toEqual([false, 3, 1]);
    expect(findings[0]).toMatchObject({ code: 'aof.command.unsupported', unsupported: true, repairable: false });
  });

  it.each(['ZFROBNICATE', 'xfrob-all', 'XGROUP', 'PHFROB2'])('--drop-unknown never removes %s', async (name) => {
    const text = set('a') + command(name, 'FROB', '1') + set('b');
    const file = fileOf('a.aof', text);
    const result = await repair(file, { inPlace: true, force: true, dropUnknown: true });
    expect([result.ok, fs.readFileSync(file, 'latin1')]).toEqual([false, text]);
  });

  it('a torn log that holds one is not replaced; a copy of it is repaired and keeps the command', async () => {
    const torn = log + set('c').slice(0, -3);
    const file = fileOf('a.aof', torn);
    expect((await repair(file, { inPlace: true, force: true, dropUnknown: true })).outcome).toBe('failed');
    expect(fs.readFileSync(file, 'latin1')).toBe(torn);
    const copy = await repair(file, { output: `${file}.out`, dropUnknown: true });
    expect([copy.ok, copy.outcome]).toEqual([false, 'repaired']);
    expect(fs.readFileSync(`${file}.out`, 'latin1')).toBe(log);
  });

  it('a name that one flipped bit makes of a known command is damage', async () => {
    const file = fileOf('a.aof', set('a') + set('x').replace('SET', 'SGT') + set('b'));
    expect((await check(file)).findings[0].code).toBe('aof.command.unknown');
    expect((await repair(file, { inPlace: true, force: true, dropUnknown: true })).ok).toBe(true);
    expect(fs.readFileSync(file, 'latin1')).toBe(set('a') + set('b'));
  });
});
