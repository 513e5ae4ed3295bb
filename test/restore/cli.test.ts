import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePoint } from '../../commands/shared/point-in-time.ts';
import { UsageError } from '../../src/errors.ts';
import { aof } from '../boot/folder.ts';
import { aofkit } from '../cli/run.ts';
import { temporaryDir } from '../support/servers.ts';

const silent = () => {};

describe('aofkit restore', () => {
  const dir = temporaryDir();
  const log = join(dir, 'x.aof');
  writeFileSync(log, aof('SELECT 0', 'SET user:1 a', 'DEL user:1', 'FLUSHALL', 'SET z 9'));

  it('shows what it will hold, and writes it', () => {
    const output = join(dir, 'out.aof');
    const { status, stdout } = aofkit(['restore', log, '-o', output, '--before', 'DEL *', '--verify']);
    expect(status).toBe(0);
    expect(stdout).toContain('1 added');
    expect(existsSync(output)).toBe(true);
    expect(aofkit(['restore', log, '-o', output, '--before', 'DEL *']).status).toBe(2);
  });

  it('takes its points', () => {
    const { stdout } = aofkit(['restore', log, '--dry-run', '--json', '--without', '3..4']);
    expect(JSON.parse(stdout).results[0].preview.databases[0].keys).toBe(2);
    expect(parsePoint({ 'before-last': 'flushall', minus: '5m' }, silent)).toMatchObject({
      beforeLast: { pattern: 'flushall', minus: 300 },
    });
    expect(parsePoint({ 'to-timestamp': '2026-11-20T08:00:00Z' }, silent)?.toTimestamp).toBe(1795161600);
    expect(parsePoint({ 'to-offset': 'a:b.aof:59' }, silent)?.toOffset).toEqual({ file: 'a:b.aof', offset: 59 });
    expect(parsePoint({ 'to-command': '7' }, silent)?.toCommand).toEqual({ number: 7 });
    expect(parsePoint({ without: ['4', '3..5', 'x.aof:3..3', 'DEL user:1'] }, silent)?.without).toEqual([
      { from: 4, to: 4 },
      { from: 3, to: 5 },
      { file: 'x.aof', from: 3, to: 3 },
      'DEL user:1',
    ]);
    expect(parsePoint({}, silent)).toBeUndefined();
    for (const flags of [{ 'to-offset': '59' }, { 'to-command': 'x' }, { 'before-last': 'A', minus: '5 weeks' }])
      expect(() => parsePoint(flags, silent)).toThrow(UsageError);
  });

  it('has exit codes', () => {
    expect(aofkit(['restore', log, '--dry-run', '--before', 'NOSUCH']).status).toBe(1);
    expect(aofkit(['restore', log, '--before', 'DEL']).status).toBe(2);
    expect(aofkit(['restore', join(dir, 'none'), '--dry-run', '--before', 'A']).status).toBe(3);
    expect(aofkit(['rewrite', log, '--in-place', '--before', 'DEL']).status).toBe(2);
  });
});
