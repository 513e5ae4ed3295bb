import { describe, expect, it } from 'vitest';
import { aofkit } from '../cli/run.ts';
import { fileOf, resp, words } from '../log/collect.ts';

const a = fileOf(words('SET k 1') + resp('SET', '\xff', 'a') + words('SET gone 1'));
const b = fileOf(words('SET k 2') + resp('SET', '\xff', 'a') + words('RPUSH new 1'));

describe('aofkit diff', () => {
  it('prints a line a key, and exits with 1 where there is any', () => {
    const { status, stdout, stderr } = aofkit(['diff', a, b]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      '! db0 "k" (string) byte 0: "1" | "2"',
      '< db0 "gone" (string)',
      '> db0 "new" (list)',
      'db0: 3 keys in A, 3 in B: 1 only in A, 1 only in B, 1 different',
      'different',
      '',
    ]);
  });

  it('exits with 0 where they are equal', () => {
    const { status, stdout } = aofkit(['diff', a, a]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^equal: 3 keys, digest [0-9a-f]{40}\n$/);
    expect(aofkit(['diff', a, b, '--key', '\\xff']).status).toBe(0);
    expect(aofkit(['diff', a, b, '--db', '1']).status).toBe(0);
  });

  it('prints JSON', () => {
    const { status, stdout } = aofkit(['diff', '--json', '-n', '1', a, b]);
    expect(status).toBe(1);
    const lines = stdout.split('\n').filter((line) => line !== '');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { kind: 'value', db: 0, key: 'k', difference: { place: 'byte 0', a: '"1"', b: '"2"' } },
      { kind: 'result', ok: true, equal: false, databases: [{ onlyA: 1, onlyB: 1, changed: 1 }] },
    ]);
  });

  it('says by its exit status what else it met', () => {
    expect(aofkit(['diff', a, '/nowhere/at/all']).status).toBe(3);
    const damaged = aofkit(['diff', a, fileOf('rubbish')]);
    expect(damaged.status).toBe(3);
    expect(damaged.stderr).toContain('input.foreign');
    expect(aofkit(['diff', a]).status).toBe(2);
    expect(aofkit(['diff', a, b, '--db', 'x']).status).toBe(2);
  });

  it('has help', () => {
    const { status, stdout } = aofkit(['diff', '--help']);
    expect(status).toBe(0);
    for (const flag of ['--ttl', '--deep', '--json', '--limit']) expect(stdout).toContain(flag);
  });
});
