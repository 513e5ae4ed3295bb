/* The command line of digest: lines like those of sha1sum, exit codes, one JSON object. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir, readProvenance } from '../../fixtures/generate/golden.ts';
import { aofkit } from '../cli/run.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/server-process.ts';

const golden = readProvenance('redis-8.6-rdb-little');
const path = join(goldenDir(golden.name), golden.path);

function log(...commands: string[][]): string {
  const file = join(temporaryDir(), 'appendonly.aof');
  writeFileSync(file, Buffer.concat(commands.map((command) => encodeCommand(command))));
  return file;
}

describe('aofkit digest', () => {
  it('prints a line for each path', () => {
    const other = log(['SET', 'foo', 'bar']);
    const { status, stdout, stderr } = aofkit(['digest', path, other]);
    // The second is the vector of DEBUG DIGEST for `SET foo bar`.
    const lines = [`${golden.digest}  ${path}`, `d2ab4820c1be0580ea28efbfe8bfa1dc05bb802a  ${other}`];
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${lines.join('\n')}\n`, stderr: '' });
  });

  it('prints a line for each key, whatever its bytes', () => {
    const { stdout } = aofkit(['digest', '--per-key', log(['SET', 'a\nb', 'x'], ['SELECT', '3'], ['SET', 'k', 'x'])]);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^[0-9a-f]{40} {2}0 {2}a\\nb$/),
      expect.stringMatching(/^[0-9a-f]{40} {2}3 {2}k$/),
      '',
    ]);
  });

  it('goes by the rules and the moment that it is told', () => {
    const file = log(['ZADD', 'z', '1', 'a', '2.5', 'b', '1e8', 'c', '0.1', 'd']);
    expect(aofkit(['digest', file]).stdout).toMatch(/^695e264c2ba51e7df76a7076b85efd7478f2b094/);
    expect(aofkit(['digest', '--flavor', 'redis-7.0', file]).stdout).toMatch(
      /^c822a1597665d0cf4b07e092dd8edaa63585f6e9/,
    );
    const expired = join(goldenDir('redis-7.0-rdb-little'), 'dump.rdb');
    const now = aofkit(['digest', expired]).stdout;
    expect(aofkit(['digest', '--at', '2200-01-01', expired]).stdout).not.toBe(now);
    expect(aofkit(['digest', '--at', '0', expired]).stdout).toBe(now);
  });

  it('prints one JSON object of a stable shape', () => {
    const { status, stdout } = aofkit(['digest', '--json', path]);
    expect(status).toBe(0);
    const { ok, results } = JSON.parse(stdout);
    expect(ok).toBe(true);
    const names = ['databases', 'differsForWriter', 'digest', 'findings', 'flavor', 'foreign', 'layout', 'ok'];
    names.push('opaque', 'path', 'refused', 'writer');
    expect(Object.keys(results[0]).sort()).toEqual(names);
    expect(results[0]).toMatchObject({ digest: golden.digest, flavor: 'redis-8', layout: 'rdb', ok: true });
  });

  it('exits with 1 for what has no digest, 2 for wrong usage, 3 for what cannot be read', () => {
    const script = log(['EVAL', 'return 1', '0']);
    expect(aofkit(['digest', script])).toMatchObject({ status: 1, stdout: '' });
    expect(aofkit(['digest', '--ignore-unknown', script]).status).toBe(0);
    expect(aofkit(['digest', '--flavor', 'redis-1', path]).status).toBe(2);
    expect(aofkit(['digest']).status).toBe(2);
    expect(aofkit(['digest', '--at', 'someday', path]).status).toBe(2);
    expect(aofkit(['digest', '/nowhere/at/all', path])).toMatchObject({
      status: 3,
      stdout: `${golden.digest}  ${path}\n`,
    });
  });

  it('explains itself', () => {
    const { status, stdout } = aofkit(['digest', '--help']);
    expect(status).toBe(0);
    for (const flag of ['--server', '--flavor', '--drop-expired', '--at', '--per-key', '--json'])
      expect(stdout).toContain(flag);
  });
});
