import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { aofkit } from '../cli/run.ts';
import { temporaryDir } from '../support/servers.ts';
import { aof, filesOf, writeFolder } from './folder.ts';

describe('aofkit boot', () => {
  const dir = temporaryDir();
  writeFolder({ name: '', files: { 'appendonly.aof': aof('SET a 1', 'SET b 2').subarray(0, -3) } }, dir);

  it('tells of a start that loses something, and changes nothing', () => {
    const before = filesOf(dir);
    const { status, stdout } = aofkit(['boot', dir, '--set', 'appendonly yes', '--server', 'redis-6.0', '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      results: [
        {
          server: 'redis-6.0',
          starts: true,
          changes: [{ action: 'truncate', path: 'appendonly.aof', from: 51, size: 27 }],
        },
      ],
    });
    expect(filesOf(dir)).toEqual(before);
  });

  it.each([
    ['dump.rdb', 'VALKEY080\xff\0\0\0\0\0\0\0\0', 'appendonly no', true],
    ['appendonly.aof', '#TS:1700000000\r\n', 'appendonly yes', true],
    ['dump.rdb', 'not a file of any server', 'appendonly no', false],
    ['appendonly.aof', '?TS:1700000000\r\n', 'appendonly yes', false],
  ])('ends with the conversion where %s is of a later server: %j', (name, text, setting, told) => {
    const folder = temporaryDir();
    fs.writeFileSync(path.join(folder, name), Buffer.from(text, 'latin1'));
    const { stdout } = aofkit(['boot', folder, '--set', setting, '--server', 'redis-6.0']);
    expect(stdout.includes('aofkit convert')).toBe(told);
  });

  it('answers for several servers, and with exit codes', () => {
    const { status, stdout } = aofkit([
      'boot',
      dir,
      '--server',
      'redis-8.6',
      '--server',
      'valkey-9',
      '--set',
      'appendonly yes',
    ]);
    expect(status).toBe(1);
    expect(stdout).toContain('Truncating the AOF appendonly.aof at offset 27');
    expect(stdout).toContain('valkey-9.1');
    expect(aofkit(['boot', temporaryDir()]).status).toBe(0);
    expect(aofkit(['boot', dir, '--server', 'redis-1']).status).toBe(2);
    expect(aofkit(['boot', `${dir}/none`]).status).toBe(3);
  });
});
