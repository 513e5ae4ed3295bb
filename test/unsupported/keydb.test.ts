/**
 * What KeyDB writes and other servers do not: expiry of members, in an RDB as AUX fields behind the key, in a log as commands; and RREPLAY,
 * which carries commands. No server of it is at hand: the files are made by its source (src/rdb.cpp, src/expire.cpp, src/replication.cpp).
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { join, string } from '../../fixtures/generate/rdb-bytes.ts';
import { boot } from '../../src/operations/boot/boot.ts';
import { check } from '../../src/operations/check/check.ts';
import { convert } from '../../src/operations/convert/convert.ts';
import { digest } from '../../src/operations/digest/digest.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { temporaryDir } from '../support/servers.ts';
import { aux, fileOf, key, rdbOf } from './rdb-file.ts';

const at = 1_700_000_000_000;
const moment = 4_102_444_800_000;
const set = (name: string, ...members: string[]) => join(2, string(name), members.length, ...members.map(string));
const hash = (name: string, ...words: string[]) => join(4, string(name), words.length / 2, ...words.map(string));
const expires = (member: string, when: number | string = moment) =>
  join(aux('keydb-subexpire-key', member), aux('keydb-subexpire-when', String(when)));
const command = (...args: string[]) =>
  `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg, 'latin1')}\r\n${arg}\r\n`).join('')}`;
const replayed = (text: string, ...more: string[]) =>
  command('RREPLAY', '7b1a3bd8-0000-4000-8000-00000000a1b2', text, ...more);
const digestOf = async (file: string) => (await digest(file, { at })).digest;
const codes = (findings: readonly { readonly code: string }[]) => findings.map(({ code }) => code);

async function converted(file: string, target: string, to: 'aof' | 'rdb' = 'aof') {
  const output = path.join(temporaryDir(), `out.${to}`);
  const result = await convert(file, { to, output, target, at, allowLoss: true } as Parameters<typeof convert>[1]);
  return { result, text: fs.existsSync(output) ? fs.readFileSync(output, 'latin1') : '' };
}

describe('members that expire, in an RDB', () => {
  const file = () =>
    fileOf(
      'dump.rdb',
      rdbOf('REDIS0009', [
        key('before'),
        set('s', 'm', 'n'),
        expires('m'),
        hash('h', 'a', '1', 'b', '2'),
        expires('a'),
        expires('b', moment + 1),
        key('after'),
      ]),
    );

  it('check counts them, digest says that other servers pass over them', async () => {
    const name = file();
    const { ok, findings } = await check(name);
    expect([ok, codes(findings), findings[0].found]).toEqual([true, ['rdb.member-expiry'], '3 members with an expiry']);
    const result = await digest(name, { at });
    expect([result.ok, codes(result.findings), result.refused.count]).toEqual([true, ['rdb.member-expiry'], 0]);
  });

  it('they belong to the key before them, also behind keys that a kernel passes over', async () => {
    const name = fileOf('dump.rdb', rdbOf('REDIS0009', [hash('h', 'a', '1'), key('x'), set('s', 'm'), expires('m')]));
    const { text } = await converted(name, 'redis-8.12');
    expect(text).toContain(command('SADDEX', 's', 'PXAT', String(moment), 'MEMBERS', '1', 'm'));
    expect(text).not.toContain('HPEXPIREAT');
  });

  it('a target that has field TTLs gets them; what another cannot hold is a loss', async () => {
    const newer = await converted(file(), 'redis-8.0');
    expect(newer.text).toContain('HPEXPIREAT');
    expect(newer.result.losses.map(({ kind, key: of }) => [kind, of])).toEqual([['member-expiry', 's']]);
    const older = await converted(file(), 'redis-6.0');
    expect(older.text).not.toContain('HPEXPIREAT');
    expect(older.result.losses.map(({ kind }) => kind).sort()).toEqual(['field-expiry', 'member-expiry']);
    expect((await converted(file(), 'redis-8.0', 'rdb')).text.slice(5, 9)).not.toBe('0009');
  });

  it('the expiry of a key that was left out goes with it, not to the key before', async () => {
    const past = join(0xfc, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), set('gone', 'm'));
    const name = fileOf('dump.rdb', rdbOf('REDIS0009', [set('s', 'm'), past, expires('m')]));
    const { result } = await converted(name, 'redis-8.0');
    expect(result.losses.filter(({ kind, key: of }) => kind === 'member-expiry' && of === 's')).toEqual([]);
  });

  it('a moment that is none is told, not passed over', async () => {
    const name = fileOf('dump.rdb', rdbOf('REDIS0009', [set('s', 'm'), expires('m', 'soon')]));
    expect((await digest(name, { at })).refused.count).toBe(1);
  });
});

describe('commands of KeyDB in a log', () => {
  const log = (...commands: string[]) => fileOf('a.aof', commands.join(''));

  it.each([
    ['EXPIREMEMBER s m 10', ['EXPIREMEMBER', 's', 'm', '10'], at + 10_000],
    ['EXPIREMEMBER s m 10 ms', ['EXPIREMEMBER', 's', 'm', '10', 'ms'], at + 10],
    ['EXPIREMEMBERAT', ['expirememberat', 's', 'm', '4102444800'], moment],
    ['PEXPIREMEMBERAT', ['PEXPIREMEMBERAT', 's', 'm', String(moment)], moment],
  ])('%s', async (_, args, when) => {
    const name = log(command('SADD', 's', 'm', 'n'), command(...args));
    const { ok, findings } = await check(name);
    expect([ok, codes(findings)]).toEqual([true, ['aof.command.keydb']]);
    expect(codes((await digest(name, { at })).findings)).toEqual(['aof.command.keydb']);
    expect((await converted(name, 'redis-8.12')).text).toContain(String(when));
    const { result } = await converted(name, 'redis-8.0');
    expect(result.losses.map(({ kind }) => kind)).toEqual(['member-expiry']);
  });

  it('RREPLAY: what it carries runs, in its database; the selected one stays', async () => {
    const carried = command('SET', 'k', 'v') + command('MULTI') + command('INCR', 'n') + command('EXEC');
    const name = log(command('SET', 'a', '1'), replayed(carried, '2', '1645954001566433280'), command('SET', 'b', '2'));
    const plain = log(
      command('SET', 'a', '1'),
      command('SELECT', '2'),
      carried,
      command('SELECT', '0'),
      command('SET', 'b', '2'),
    );
    expect(await digestOf(name)).toBe(await digestOf(plain));
    const { ok, findings } = await check(name);
    expect([ok, findings[0].found]).toEqual([true, '1 RREPLAY, with 4 commands within RREPLAY']);
    expect((await converted(name, 'redis-8.0')).text).not.toContain('RREPLAY');
  });

  it('within a transaction, and one within another', async () => {
    const inner = replayed(command('APPEND', 'k', 'b'));
    const name = log(
      command('MULTI'),
      replayed(command('SET', 'k', 'a') + inner),
      command('APPEND', 'k', 'c'),
      command('EXEC'),
    );
    expect(await digestOf(name)).toBe(await digestOf(log(command('SET', 'k', 'abc'))));
  });

  it.each([
    ['a command that is not known', command('SET', 'k', 'v') + command('NEWER', 'k')],
    ['other bytes', 'SET k v\r\n'],
    ['a torn command', command('SET', 'k', 'v').slice(0, -3)],
  ])('%s in an RREPLAY is not known to this build', async (_, carried) => {
    const name = log(replayed(carried));
    const { ok, findings } = await check(name);
    expect([ok, codes(findings)]).toEqual([false, ['aof.command.unsupported', 'aof.command.keydb']]);
    expect(await digestOf(name)).toBeUndefined();
  });

  it('RREPLAYs in RREPLAYs without end are not known either', async () => {
    let text = command('SET', 'k', 'v');
    for (let depth = 0; depth < 2000; depth++) text = replayed(text);
    const name = log(text);
    await check(name);
    expect(await digestOf(name)).toBeUndefined();
  });
});

describe('more arguments than are known', () => {
  it('may be a newer form: not dropped', async () => {
    const text = command('GETDEL', 'a', 'NEWER') + command('SET', 'a');
    const name = fileOf('a.aof', text);
    const { findings } = await check(name);
    expect(codes(findings)).toEqual(['aof.command.unsupported.arguments', 'aof.command.arity']);
    const output = path.join(temporaryDir(), 'out.aof');
    await repair(name, { dropUnknown: true, output, confirm: () => true } as Parameters<typeof repair>[1]);
    expect(fs.readFileSync(output, 'latin1')).toBe(command('GETDEL', 'a', 'NEWER'));
  });
});

describe('boot', () => {
  it.each([
    ['a type', 'dump.rdb', rdbOf('REDIS0009', [join(64, string('job'), string('x'))]), 'appendonly no'],
    ['a version', 'dump.rdb', rdbOf('REDIS0099', [key('a')]), 'appendonly no'],
  ])('is not certain of %s that this build does not know', async (_, name, bytes, setting) => {
    const folder = path.dirname(fileOf(name, bytes));
    const result = await boot(folder, { server: 'redis-8.6', settings: [setting], at, seed: 1 });
    expect([result.certain, result.hasUnsupported, result.ok]).toEqual([false, true, false]);
  });
});
