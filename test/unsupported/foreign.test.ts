import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { join, string } from '../../fixtures/generate/rdb-bytes.ts';
import { crc64 } from '../../src/checksum/crc64.ts';
import { check } from '../../src/operations/check/check.ts';
import { convert } from '../../src/operations/convert/convert.ts';
import { digest } from '../../src/operations/digest/digest.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { rewrite } from '../../src/operations/rewrite/rewrite.ts';
import { verify } from '../../src/operations/verify/verify.ts';
import { command } from '../compat/comparison.ts';
import { describeWithServers, startServer } from '../support/servers.ts';
import { fileOf, key, rdbOf } from './rdb-file.ts';

const padded = (magic: string) => magic + '\0\x01\x02\xfe'.repeat(80);
const foreign: readonly (readonly [what: string, bytes: string])[] = [
  ['Zstandard data', padded('\x28\xb5\x2f\xfd')],
  ['xz data', padded('\xfd7zXZ\0')],
  ['bzip2 data', padded('BZh91AY&SY')],
  ['a zip archive', padded('PK\x03\x04')],
  ['a 7z archive', padded('7z\xbc\xaf\x27\x1c')],
  ['a tar archive', `${'name'.padEnd(257, '\0')}ustar\0`],
  ['an ELF program or library', padded('\x7fELF')],
  ['a PNG image', padded('\x89PNG\r\n\x1a\n')],
  ['a PDF document', padded('%PDF-1.7\n')],
  ['an SQLite database', padded('SQLite format 3\0')],
  [
    'a private SSH or TLS key',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----\n',
  ],
  ['PEM data (a key or a certificate)', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'],
  [
    'a pointer of git-lfs: the file itself was not fetched',
    'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n',
  ],
  ['an HTML page', '<!DOCTYPE html>\n<html></html>\n'],
  ['JSON', '{"a": [1, 2], "b": "set"}\n'],
  ['JSON', '[{"key": "a"}]'],
  ['text, such as YAML', 'name: value\nlist:\n  - one\n'],
  ['text', 'Some words that somebody wrote down.\nAnd more of them.\n'],
  ['a script', '#!/bin/sh\nredis-cli save\n'],
  ['replies of a server, not commands', '+OK\r\n$5\r\nvalue\r\n:3\r\n'],
  ['replies of a server, not commands', '-ERR unknown command\r\n'],
];

describe('files of something else', () => {
  it.each(
    foreign.flatMap(([what, bytes]) =>
      ['x.bin', 'dump.rdb', 'appendonly.aof'].map((name) => [what, name, bytes] as const),
    ),
  )('%s in %s: named alike by all operations, and never replaced', async (what, name, bytes) => {
    const file = fileOf(name, bytes);
    const code = 'input.foreign';
    const checked = await check(file);
    expect(checked.findings).toMatchObject([{ code, found: what, repairable: false }]);
    expect((await verify(file)).findings).toMatchObject([{ code, found: what }]);
    expect((await digest(file, { at: 0 })).findings).toMatchObject([{ code, found: what }]);
    expect((await convert(file, { to: 'rdb', output: `${file}.out`, at: 0 } as never)).reason).toContain(what);
    expect((await rewrite(file, { inPlace: true, force: true, at: 0 } as never)).ok).toBe(false);
    for (const strategy of ['truncate', 'salvage'] as const) {
      const result = await repair(file, { inPlace: true, force: true, strategy, dropUnknown: true });
      expect([result.ok, result.outcome]).toEqual([false, 'failed']);
      expect(result.reason).toContain(what);
    }
    expect((await repair(file, { output: `${file}.out` })).outcome).toBe('failed');
    expect([fs.readdirSync(path.dirname(file)), fs.readFileSync(file, 'latin1')]).toEqual([[name], bytes]);
  });

  it.each([
    ['a torn first command', '*1\r\n$4\r\nPI'],
    ['NUL bytes', '\0'.repeat(300)],
    ['noise', '\x01\x02\xf7\x99'.repeat(50)],
    ['the front of an RDB', 'REDI'],
    ['an RDB of which no key is left', `REDIS0009\xfe\0${'\xf7\x99\x01\x80'.repeat(40)}`],
  ])('nothing in place of something: %s', async (_, bytes) => {
    const file = fileOf('a.aof', bytes);
    const result = await repair(file, { inPlace: true, force: true });
    expect([result.ok, result.outcome, fs.readFileSync(file, 'latin1')]).toEqual([false, 'failed', bytes]);
  });

  it('a damaged log is still a log', async () => {
    const set = (name: string) => command('SET', name, 'value');
    for (const front of ['lost text ', 'T\r\n$1\r\na\r\n', '+OK\r\n']) {
      const file = fileOf('a.aof', front + set('b') + set('c'));
      expect((await repair(file, { inPlace: true, force: true })).outcome).toBe('repaired');
      expect(fs.readFileSync(file, 'latin1')).toBe(set('b') + set('c'));
    }
  });
});

describe('forms that a file can be got out of', () => {
  const rdb = rdbOf('REDIS0009', [Buffer.of(0xfe, 0), key('a', 'line\none\ntwo'), key('b')]);
  const mark = '0123456789abcdef0123456789abcdef01234567';
  const log = command('SET', 'k', 'v') + command('RPUSH', 'l', 'a b', 'c');
  const sum = (bytes: Buffer) => {
    const crc = Buffer.alloc(8);
    crc.writeBigUInt64LE(crc64(bytes));
    return Buffer.concat([bytes, crc]);
  };
  const latin1 = (bytes: Buffer) => bytes.toString('latin1');
  const cases: readonly (readonly [name: string, bytes: string, wanted: string])[] = [
    ['$N', `$${rdb.length}\r\n${latin1(rdb)}`, latin1(rdb)],
    ['$EOF:', `$EOF:${mark}\r\n${latin1(rdb)}${mark}`, latin1(rdb)],
    ['+FULLRESYNC and $N', `+FULLRESYNC ${mark} 0\r\n\n\n$${rdb.length}\r\n${latin1(rdb)}`, latin1(rdb)],
    ['+FULLRESYNC and $EOF:', `+FULLRESYNC ${mark} 0\r\n$EOF:${mark}\r\n${latin1(rdb)}${mark}`, latin1(rdb)],
    ['$N and commands behind it', `$${rdb.length}\r\n${latin1(rdb)}${log}`, latin1(rdb) + log],
    ['an RDB with CRLF for LF', latin1(rdb).replace(/\n/g, '\r\n'), latin1(rdb)],
    ['a log with CRLF for LF', log.replace(/\n/g, '\r\n'), log],
    ['a log with LF for CRLF', log.replace(/\r\n/g, '\n'), log],
    ['inline commands', 'SET k v\r\n\r\nrpush l "a b" \'c\'\n', log.replace('RPUSH', 'rpush')],
    [
      'a DUMP payload',
      latin1(sum(join(0, string('value'), 9, 0))),
      latin1(rdbOf('REDIS0009', [Buffer.of(0xfe, 0), join(0, 0x80, 0, 0, 0, 4, 'file', string('value'))])),
    ],
  ];

  it.each(cases)('%s', async (_, bytes, wanted) => {
    for (const name of ['file.bin', 'file.rdb']) {
      const file = fileOf(name, bytes);
      expect((await check(file)).findings).toMatchObject([{ code: 'input.wrapped', repairable: true }]);
      expect((await digest(file, { at: 0 })).ok).toBe(false);
      const result = await repair(file, { output: `${file}.out` });
      expect([result.outcome, result.ok, result.reason]).toEqual(['repaired', true, undefined]);
      expect(fs.readFileSync(`${file}.out`, 'latin1')).toBe(wanted);
      expect(fs.readFileSync(file, 'latin1')).toBe(bytes);
      expect((await repair(file, { inPlace: true, force: true })).backups).toHaveLength(1);
      expect(fs.readFileSync(file, 'latin1')).toBe(wanted);
    }
  });

  it.each([
    ['a capture that is cut off', `$${rdb.length}\r\n${latin1(rdb).slice(0, -3)}`],
    ['one without the mark at its end', `$EOF:${mark}\r\n${latin1(rdb)}`],
    ['a log with LF for CRLF that is cut off', log.replace(/\r\n/g, '\n').slice(0, -4)],
    ['inline commands with an open quote', 'SET k v\nSET k "v\n'],
    ['a text copy of an RDB that is damaged', latin1(rdb).replace(/\n/g, '\r\n').replace('two', 'twe')],
  ])('not one that cannot be proven: %s', async (_, bytes) => {
    const file = fileOf('file.bin', bytes);
    const result = await repair(file, { inPlace: true, force: true });
    if (result.outcome === 'repaired')
      expect((await check(file)).findings.filter(({ code }) => code.startsWith('input.'))).toEqual([]);
    else expect([result.outcome, fs.readFileSync(file, 'latin1')]).toEqual(['failed', bytes]);
  });
});

describeWithServers('a DUMP payload as an RDB', (name) => {
  it('holds what RESTORE makes of it', async () => {
    const server = await startServer(name);
    await server.command('RPUSH', 'list', 'a', 'b', '1');
    await server.command('ZADD', 'zset', '1', 'a', '2.5', 'b');
    for (const one of ['list', 'zset']) {
      const payload = (await server.command('DUMP', one)) as never;
      const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(String(payload), 'latin1');
      const file = fileOf('value.bin', bytes);
      const result = await repair(file, { output: `${file}.rdb`, key: one });
      expect([result.outcome, result.ok]).toEqual(['repaired', true]);
      await server.command('SELECT', '5');
      await server.command('FLUSHALL');
      await server.command('SELECT', '0');
      await server.command('RESTORE', one, '0', bytes);
      const theirs = String(await server.command('DEBUG', 'DIGEST'));
      expect((await digest(`${file}.rdb`, { at: Date.now() })).digest).toBe(theirs);
      await server.command('FLUSHALL');
      await server.command('RPUSH', 'list', 'a', 'b', '1');
      await server.command('ZADD', 'zset', '1', 'a', '2.5', 'b');
    }
    await server.kill();
  }, 60_000);
});
