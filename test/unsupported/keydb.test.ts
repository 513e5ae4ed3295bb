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
import { log as showLog } from '../../src/operations/log/log.ts';
import { logStatistics } from '../../src/operations/log/statistics.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { encodePayload } from '../../src/rdb/codec/payload.ts';
import { findTarget, type Target } from '../../src/servers/targets.ts';
import { describeWithServers, temporaryDir, tryStart } from '../support/servers.ts';
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

describe('repair of an RDB whose members expire', () => {
  const items = Array.from({ length: 8 }, (_, index) => key(`key${index}`, 'some value'));
  const repaired = async (all: readonly Buffer[], options = {}) => {
    const name = fileOf('dump.rdb', rdbOf('REDIS0009', all, 'wrong'));
    const output = path.join(temporaryDir(), 'out.rdb');
    await repair(name, { output, strategy: 'salvage', ...options } as Parameters<typeof repair>[1]);
    return fs.readFileSync(output);
  };
  const first = [...items, set('s', 'm', 'n'), expires('m')];
  const bad = join(2, string('bad'), 2, string('m'), 0xd2, 0xd2, 0xd2);

  it('what is said of a key that is left out is not said of the key before it', async () => {
    const all = [join(0xfe, 0), ...first, bad, expires('n', moment + 5), expires('m', moment + 6), ...items];
    const renamed = all.map((item, index) => (index > first.length + 3 ? key(`last${index}`, 'some value') : item));
    const sound = renamed.filter((_, index) => index <= first.length || index > first.length + 3);
    expect(await repaired(renamed)).toEqual(rdbOf('REDIS0009', sound));
  });

  it.each(['first', 'last'] as const)(
    'of a key that stands twice, what is said of the %s stays',
    async (duplicates) => {
      const one = [set('twice', 'm'), expires('m', moment + 1)];
      const two = [set('twice', 'm'), expires('m', moment + 2)];
      const all = [join(0xfe, 0), ...first, ...one, key('between'), ...two];
      const sound = [join(0xfe, 0), ...first];
      const kept = duplicates === 'first' ? [...sound, ...one, key('between')] : [...sound, key('between'), ...two];
      expect(await repaired(all, { duplicates })).toEqual(rdbOf('REDIS0009', kept));
    },
  );
});

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

  it('members of sorted sets: listed as losses', async () => {
    const sorted = join(3, string('z'), 2, string('m'), 1, '1', string('n'), 1, '2');
    const name = fileOf('dump.rdb', rdbOf('REDIS0009', [sorted, expires('m')]));
    for (const to of ['aof', 'rdb'] as const) {
      const { result } = await converted(name, 'redis-8.0', to);
      expect(result.losses.map(({ kind, key: of }) => [kind, of])).toEqual([['member-expiry', 'z']]);
    }
  });

  it('a moment that is none is told, not passed over', async () => {
    const name = fileOf('dump.rdb', rdbOf('REDIS0009', [set('s', 'm'), expires('m', 'soon')]));
    expect((await digest(name, { at })).refused.count).toBe(1);
  });
});

describe('scheduled jobs (type 64)', () => {
  const milliseconds = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  };
  const job = (name: string, script: string, keys: string[] = [], args: string[] = []) =>
    join(
      64,
      string(name),
      string(script),
      milliseconds(moment),
      milliseconds(1000),
      keys.length,
      ...keys.map(string),
      args.length,
      ...args.map(string),
    );
  const bytes = () =>
    rdbOf('REDIS0009', [key('before'), job('j', 'return 1', ['k'], ['a', 'b']), expires('j'), key('after')]);

  it('are read: check counts them, digest includes them, keys behind them are there', async () => {
    const name = fileOf('dump.rdb', bytes());
    const { ok, findings, files } = await check(name);
    expect([ok, files[0].rdb?.keys, codes(findings)]).toEqual([true, 3, ['rdb.member-expiry', 'rdb.cron']]);
    const result = await digest(name, { at });
    expect([result.ok, result.refused.count]).toEqual([true, 0]);
    const other = rdbOf('REDIS0009', [key('before'), job('j', 'return 2', ['k'], ['a', 'b']), key('after')]);
    expect(result.digest).not.toBe(await digestOf(fileOf('dump.rdb', other)));
  });

  it.each(['aof', 'rdb'] as const)('are a listed loss of convert --to %s', async (to) => {
    const { result } = await converted(fileOf('dump.rdb', bytes()), 'redis-8.0', to);
    expect([result.ok, result.losses.map(({ kind, key: of }) => [kind, of])]).toEqual([true, [['cron', 'j']]]);
  });

  it.each([
    [
      'KEYDB.CRON j repeat 4102444800000 1000 …',
      ['KEYDB.CRON', 'j', 'REPEAT', String(moment), '1000', 'return 1', '1', 'k', 'a'],
    ],
    ['KEYDB.CRON j single 1000 …', ['keydb.cron', 'j', 'single', '1000', 'return 1']],
  ])('%s makes one', async (_, args) => {
    const name = fileOf('a.aof', command('SET', 'j', 'v', 'PXAT', String(moment)) + command(...args));
    const { ok, findings } = await check(name);
    expect([ok, codes(findings)]).toEqual([true, ['aof.command.keydb']]);
    const { result } = await converted(name, 'redis-8.0');
    expect([result.losses.map(({ kind }) => kind), result.refused.count]).toEqual([['cron'], 0]);
  });

  it('a file that ends within one is torn, and the keys before it can be had', async () => {
    const whole = bytes();
    const name = fileOf('dump.rdb', whole.subarray(0, whole.indexOf('return 1') + 12));
    const { findings } = await check(name);
    expect(codes(findings.filter(({ severity }) => severity === 'error'))).toEqual(['rdb.truncated']);
    const output = path.join(temporaryDir(), 'out.rdb');
    await repair(name, { output, confirm: () => true } as Parameters<typeof repair>[1]);
    expect((await check(output)).files[0].rdb?.keys).toBe(1);
  });

  describeWithServers('a server', (server) => {
    it('ends at it, as boot says', async () => {
      const dir = path.dirname(fileOf('dump.rdb', bytes()));
      const foretold = await boot(dir, { server, settings: ['appendonly no'], at, seed: 1 });
      const tried = await tryStart(server, { dir, config: { appendonly: 'no' } });
      expect([foretold.certain, foretold.ok]).toEqual([true, tried.started]);
    });
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

  it.each([true, false])('log shows what RREPLAY carries behind it, with kernels: %s', async (kernels) => {
    const inner = replayed(command('APPEND', 'k', 'b'), '3');
    const name = log(command('SET', 'a', '1'), replayed(command('SET', 'k', 'v') + inner, '2'), command('DEL', 'a'));
    const lines = async (filter: object) => {
      const texts: string[] = [];
      const onOutput = (bytes: Uint8Array) => void texts.push(Buffer.from(bytes).toString());
      await showLog(name, { ...filter, format: 'json', full: true, kernels, onOutput });
      return texts
        .join('')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    };
    const shown = await lines({});
    expect(shown.map(({ type, ordinal, db, args }) => [type, ordinal, db, args[0]])).toEqual([
      ['command', 1, 0, 'SET'],
      ['command', 2, 0, 'RREPLAY'],
      ['replayed', 2, 2, 'SET'],
      ['replayed', 2, 2, 'RREPLAY'],
      ['replayed', 2, 3, 'APPEND'],
      ['command', 3, 0, 'DEL'],
    ]);
    const bytes = fs.readFileSync(name, 'latin1');
    for (const { offset, length, args } of shown) expect(bytes.slice(offset, offset + length)).toBe(command(...args));
    expect((await lines({ keys: ['k'] })).map(({ args }) => args[0])).toEqual(['SET', 'APPEND']);
    const statistics = await logStatistics(name, { kernels });
    expect(statistics.keys.map(({ text, count }) => `${text} ${count}`).sort()).toEqual(['a 2', 'k 2']);
  });

  it('log finds commands of KeyDB by their key', async () => {
    const name = log(command('PEXPIREMEMBERAT', 's', 'm', String(moment)), command('PEXPIREMEMBERAT', 't', 's', '1'));
    const result = await showLog(name, { keys: ['s'], onOutput: () => {} });
    expect(result.lines).toBe(1);
  });

  it('PERSIST key member: the member stays, and the key keeps its own expiry', async () => {
    const name = log(
      command('SADD', 's', 'm', 'n'),
      command('PEXPIREAT', 's', String(moment)),
      command('PEXPIREMEMBERAT', 's', 'm', String(moment + 5)),
      command('PERSIST', 's', 'm'),
    );
    const { ok, findings } = await check(name);
    expect([ok, findings.map(({ found }) => found)]).toEqual([true, ['1 PEXPIREMEMBERAT, 1 PERSIST']]);
    const { text } = await converted(name, 'redis-8.12');
    expect([text.includes('SADDEX'), text.includes(String(moment))]).toEqual([false, true]);
    expect((await repair(name, {} as Parameters<typeof repair>[1])).ok).toBe(true);
  });

  it('KEYDB.HRENAME and KEYDB.MVCCRESTORE', async () => {
    const payload = encodePayload(0, Buffer.from('\x01v'), findTarget('redis-6.0') as Target);
    const renamed = log(command('HSET', 'h', 'a', '1', 'b', '2'), command('KEYDB.HRENAME', 'h', 'a', 'c'));
    expect(await digestOf(renamed)).toBe(await digestOf(log(command('HSET', 'h', 'c', '1', 'b', '2'))));
    const text = payload.toString('latin1');
    const restored = log(
      command('SET', 'k', 'old'),
      command('KEYDB.MVCCRESTORE', 'k', '1645954001566433280', String(moment), text),
    );
    expect(await digestOf(restored)).toBe(
      await digestOf(log(command('SET', 'k', 'v'), command('PEXPIREAT', 'k', String(moment)))),
    );
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
    ['a type', 'dump.rdb', rdbOf('REDIS0009', [join(65, string('job'), string('x'))]), 'appendonly no'],
    ['a version', 'dump.rdb', rdbOf('REDIS0099', [key('a')]), 'appendonly no'],
  ])('is not certain of %s that this build does not know', async (_, name, bytes, setting) => {
    const folder = path.dirname(fileOf(name, bytes));
    const result = await boot(folder, { server: 'redis-8.6', settings: [setting], at, seed: 1 });
    expect([result.certain, result.hasUnsupported, result.ok]).toEqual([false, true, false]);
  });
});

describe('Tair', () => {
  it('is named where a module type is of it', async () => {
    // "exhash---", version 0, no data: 9 letters of 6 bits each, then 10 bits of version.
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    let id = 0n;
    for (const letter of 'exhash---') id = (id << 6n) | BigInt(letters.indexOf(letter));
    const number = Buffer.alloc(9);
    number[0] = 0x81;
    number.writeBigUInt64BE(id << 10n, 1);
    const name = fileOf('dump.rdb', rdbOf('REDIS0009', [join(7, string('k'), number, 0)]));
    const { findings } = await check(name);
    expect(findings.map(({ found }) => found)).toEqual(["module type 'exhash---' of Tair"]);
  });
});
