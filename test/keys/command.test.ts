/* The command lines of keys and get. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { aofkit } from '../cli/run.ts';
import { encodeCommand } from '../support/reply.ts';
import { describeWithServer, startServer, temporaryDir } from '../support/servers.ts';

const rdb = join(goldenDir('redis-8.6-rdb'), 'dump.rdb');

function log(...commands: (string | Buffer)[][]): string {
  const file = join(temporaryDir(), 'appendonly.aof');
  writeFileSync(file, Buffer.concat(commands.map((command) => encodeCommand(command))));
  return file;
}

const lines = (text: string): string[] => text.split('\n').slice(0, -1);

describe('aofkit keys', () => {
  it('prints the columns that are asked for, in a pipe as tsv', () => {
    const file = log(
      ['SET', 'a', 'xyz'],
      ['SELECT', '2'],
      ['HSET', 'h', 'f', 'v'],
      ['PEXPIREAT', 'h', '4102444800000'],
    );
    const { status, stdout, stderr } = aofkit(['keys', file, '--columns', 'db,key,type,encoding,elements,expiry']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(lines(stdout)).toEqual([
      'db\tkey\ttype\tencoding\telements\texpiry',
      '0\ta\tstring\tembstr\t3\t',
      '2\th\thash\tlistpack\t1\t4102444800000',
    ]);
  });

  it('sorts, with the largest first, and keeps to the limit', () => {
    const sizes = [5, 30, 1, 12, 12, 99];
    const file = log(...sizes.map((size, index) => ['SET', `k${index}`, 'x'.repeat(size)]));
    const sorted = (...flags: string[]) =>
      lines(aofkit(['keys', file, '--columns', 'elements', '--no-heading', ...flags]).stdout).map(Number);
    expect(sorted('--sort', 'elements')).toEqual([99, 30, 12, 12, 5, 1]);
    expect(sorted('--sort', 'elements', '-n', '2')).toEqual([99, 30]);
    expect(sorted('--sort', 'elements', '-n', '2', '--reverse')).toEqual([1, 5]);
    expect(sorted('--sort', 'key')).toEqual(sizes);
    expect(sorted('-n', '3')).toEqual(sizes.slice(0, 3));
  });

  it('keeps every byte of a name in every format', () => {
    const names = [
      'plain',
      '__proto__',
      'caf\xc3\xa9',
      'caf\xe9',
      'a\tb\nc',
      'quo"te,',
      'back\\slash',
      '\x1b[31m',
      '\xff',
    ];
    const file = log(...names.map((name) => ['SET', Buffer.from(name, 'latin1'), 'x']));
    const json = lines(aofkit(['keys', file, '--format', 'jsonl', '--columns', 'key']).stdout).map((line) => {
      const { key } = JSON.parse(Buffer.from(line, 'latin1').toString('utf8'));
      return typeof key === 'string' ? Buffer.from(key, 'utf8') : Buffer.from(key.base64, 'base64');
    });
    expect(json.map((key) => key.toString('latin1')).sort()).toEqual([...names].sort());
    const { stdout } = aofkit(['keys', file, '--columns', 'key', '--no-heading']);
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    const readable = lines(stdout).map((line) => {
      const bytes = line.replace(/\\(x[0-9a-f]{2}|.)/g, (_, code: string) => {
        const letters: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b' };
        if (code[0] === 'x' && code.length === 3) return `!${code.slice(1)}`;
        return letters[code] ?? code;
      });
      return bytes.replace(/!([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    });
    expect(readable.sort()).toEqual([...names].sort());
  });

  it('writes Parquet with the columns that are asked for', async () => {
    const path = join(temporaryDir(), 'keys.parquet');
    const flags = ['--columns', 'key,type,elements,expiry,offset', '--sort', 'elements'];
    const { status, stdout } = aofkit(['keys', rdb, ...flags, '--format', 'parquet']);
    expect(status).toBe(0);
    writeFileSync(path, Buffer.from(stdout, 'latin1'));
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(
      `SELECT key, type, elements, epoch_ms(expiry), "offset" FROM '${path}'`,
    );
    const rows = reader.getRows().map((row) => row.map((cell) => (cell === null ? '' : String(cell))).join('\t'));
    connection.closeSync();
    const tsv = aofkit(['keys', rdb, ...flags, '--format', 'tsv', '--no-heading']).stdout;
    expect(rows.sort()).toEqual(lines(Buffer.from(tsv, 'latin1').toString('utf8')).sort());
    expect(aofkit(['keys', rdb, rdb, '--format', 'parquet']).status).toBe(2);
  });

  it('takes only what the flags select', () => {
    const file = log(
      ['SET', 'user:1', 'x'],
      ['SET', 'user:2', 'x', 'PXAT', '4102444800000'],
      ['SADD', 'user:3', 'a', 'b'],
      ['SET', 'other', 'x'],
    );
    const keys = (...flags: string[]) =>
      lines(aofkit(['keys', file, '--columns', 'key', '--no-heading', ...flags]).stdout);
    expect(keys('-k', 'user:*', '--no-ttl')).toEqual(['user:1', 'user:3']);
    expect(keys('--key-regex', '[12]$')).toEqual(['user:1', 'user:2']);
    expect(keys('-t', 'set')).toEqual(['user:3']);
    expect(keys('--min-elements', '2')).toEqual(['user:3']);
    expect(keys('--ttl-less-than', '10d')).toEqual([]);
    expect(keys('--ttl-less-than', '10d', '--at', '2099-12-31T00:00:00Z')).toEqual(['user:2']);
    expect(keys('-d', '1')).toEqual([]);
  });

  it('lists what is before the damage, says where that is, and ends with 1', () => {
    const bytes = readFileSync(rdb);
    const path = join(temporaryDir(), 'torn.rdb');
    writeFileSync(path, bytes.subarray(0, bytes.length - 2000));
    const { status, stdout, stderr } = aofkit(['keys', path, '--columns', 'key', '--no-heading']);
    expect(status).toBe(1);
    expect(lines(stdout).length).toBeGreaterThan(10);
    expect(stderr).toMatch(/rdb\.truncated/);
    expect(stderr).toMatch(/aofkit repair/);
  });

  it('ends with 2 for wrong usage and 3 for what is not there', () => {
    expect(aofkit(['keys', rdb, '--columns', 'nothing']).status).toBe(2);
    expect(aofkit(['keys', rdb, '--key-regex', '(']).status).toBe(2);
    expect(aofkit(['keys', '/nowhere.rdb']).status).toBe(3);
  });
});

describe('aofkit get', () => {
  const file = log(
    ['SET', 'a', '1'],
    ['INCR', 'a'],
    ['MULTI'],
    ['INCR', 'a'],
    ['SET', 'b', 'x'],
    ['EXEC'],
    ['DEL', 'a'],
    ['RPUSH', 'a', 'x', 'y "z"'],
    ['FLUSHALL'],
  );

  it('shows a key as it was before a command', () => {
    const { status, stdout } = aofkit(['get', file, 'a', '--before-last', 'FLUSHALL']);
    expect({ status, lines: lines(stdout).slice(1) }).toEqual({ status: 0, lines: ['1) "x"', '2) "y \\"z\\""'] });
    expect(aofkit(['get', file, 'a', '--raw', '--to-command', '2']).stdout).toBe('2');
  });

  it('ends with 1 where there is no such key', () => {
    const { status, stdout, stderr } = aofkit(['get', file, 'a']);
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: `aofkit: no key a in ${file}\n` });
  });

  it('tells every change of a key, a transaction as one', () => {
    const { status, stdout } = aofkit(['get', file, 'a', '--history', '--json']);
    expect(status).toBe(0);
    const changes = lines(stdout).map((line) => JSON.parse(line));
    expect(changes.map(({ command, queued, key }) => [command[0], queued?.length, key?.value ?? null])).toEqual([
      ['SET', undefined, '1'],
      ['INCR', undefined, '2'],
      ['EXEC', 1, '3'],
      ['DEL', undefined, null],
      ['RPUSH', undefined, ['x', 'y "z"']],
      ['FLUSHALL', undefined, null],
    ]);
  });

  it('tells changes that no digest covers', () => {
    const stream = log(
      ['XADD', 's', '1-1', 'f', 'v'],
      ['XGROUP', 'CREATE', 's', 'g', '0'],
      ['XGROUP', 'SETID', 's', 'g', '1-1'],
    );
    const { stdout } = aofkit(['get', stream, 's', '--history', '--json']);
    expect(
      lines(stdout).map((line) => JSON.parse(line).key.groups.map((group: { lastId: string }) => group.lastId)),
    ).toEqual([[], ['0-0'], ['1-1']]);
  });
});

describeWithServer('redis-8.6', 'aofkit get', () => {
  it('--dump gives a payload that a server restores', async () => {
    const server = await startServer('redis-8.6');
    try {
      for (const name of ['hash:fields-small', 'zset:big', 'stream:groups', 'string:noise', 'list:big']) {
        const payload = spawnDump(name);
        await server.command('RESTORE', name, '0', payload);
        expect(await server.command('DUMP', name)).toBeDefined();
      }
      const [own] = await server.digestValues(['zset:big']);
      const line = aofkit(['digest', '--per-key', rdb])
        .stdout.split('\n')
        .find((text) => text.endsWith('  0  zset:big'));
      expect(line).toContain(own);
    } finally {
      await server.kill();
    }
  });
});

function spawnDump(name: string): Buffer {
  return Buffer.from(aofkit(['get', rdb, name, '--dump', '-d', '0']).stdout, 'latin1');
}
