import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { aofkit, binary } from '../cli/run.ts';
import { fileOf, words } from './collect.ts';

const log = fileOf(`${words('SET a 1')}${words('DEL a')}`, 'x.aof');

describe('aofkit log', () => {
  it('prints lines', () => {
    const { status, stdout, stderr } = aofkit(['log', log]);
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: 'x.aof:0 #1 - db0 SET "a" "1"\nx.aof:27 #2 - db0 DEL "a"\n',
      stderr: '',
    });
  });

  it('reads standard input', () => {
    expect(aofkit(['log', '-'], words('SET a 1')).stdout).toBe('-:0 #1 - db0 SET "a" "1"\n');
    expect(aofkit(['log', '-', '--reverse', '-n', '1'], words('SET a 1')).stdout).toBe('-:0 #1 - db0 SET "a" "1"\n');
  });

  it('takes its filters', () => {
    expect(aofkit(['log', log, '--command', 'del,unlink', '--db', '0', '--key', '\\x61']).stdout).toMatch(
      /^x\.aof:27 .*\n$/,
    );
    expect(aofkit(['log', log, '--destructive', '--from-offset', 'x.aof:20', '-r']).stdout).toMatch(/^x\.aof:27 .*\n$/);
    // Options may stand before the path, too.
    expect(aofkit(['log', '--key', 'x', '--key', 'a', '--db', '0', '--command', 'SET', log]).stdout).toMatch(
      /^x\.aof:0 .*\n$/,
    );
    const late = aofkit(['log', log, '--since', '2026-01-01']);
    expect(late).toMatchObject({ status: 0, stdout: '' });
    expect(late.stderr).toContain('#TS:');
  });

  it('prints JSON', () => {
    const { stdout } = aofkit(['log', log, '--json', '-n', '1']);
    expect(JSON.parse(stdout)).toEqual({
      ...{ type: 'command', file: 'x.aof', offset: 0, length: 27, ordinal: 1, db: 0 },
      args: ['SET', 'a', '1'],
    });
    const stats = JSON.parse(aofkit(['log', log, '--json', '--stats']).stdout);
    expect(stats).toMatchObject({ ok: true, commands: 2, keys: [{ text: 'a', count: 2 }] });
    expect(aofkit(['log', log, '--stats']).stdout).toContain('most written keys');
  });

  it('says by its exit status what it met', () => {
    expect(aofkit(['log', fileOf('rubbish')]).status).toBe(1);
    expect(aofkit(['log', '/nowhere/at/all']).status).toBe(3);
    for (const args of [
      ['--db', 'x'],
      ['--since', 'x'],
      ['--from-offset', 'x'],
      ['--stats', '--reverse'],
      ['--nothing'],
    ])
      expect(aofkit(['log', log, ...args]).status, args.join(' ')).toBe(2);
  });

  it('has help', () => {
    const { status, stdout } = aofkit(['log', '--help']);
    expect(status).toBe(0);
    for (const flag of ['--key', '--follow', '--stats', '--destructive']) expect(stdout).toContain(flag);
  });

  it('ends quietly when nobody reads on', () => {
    const big = fileOf(Array.from({ length: 100_000 }, (_, index) => words(`SET key:${index} value`)).join(''));
    const script = `"${process.execPath}" "${binary}" log "${big}" | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect(stdout.split('\n')[1]).toBe('0');
    expect(stderr).toBe('');
  });
});
