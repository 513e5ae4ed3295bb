import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeWithServer } from '../support/servers.ts';
import { compare, type Outcome } from './comparison.ts';

const golden = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/golden/${name}/dump.rdb`, import.meta.url));
const compareRdb = (content: Uint8Array): { theirs: Outcome; ours: Outcome } =>
  compare({ tool: 'rdb', files: { 'dump.rdb': content }, args: ['@dump.rdb'] });
const same = (content: Uint8Array): void => {
  const { theirs, ours } = compareRdb(content);
  expect(ours).toEqual(theirs);
};

/** Numbers from a seed, so that a failure can be had again. */
function* numbers(seed: number, below: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    yield Math.floor((state / 2 ** 32) * below);
  }
}

/** The two differences on damaged bytes that docs/drop-in.md lists: lengths that are none, and module opcodes. */
const documented = /Unknown length encoding 3 in rdbLoadLen|rdb\.module\.opcode/;

describeWithServer('redis-8.6', 'drop-in redis-check-rdb', () => {
  it.each([
    'redis-6.0-rdb',
    'redis-7.0-rdb-lru',
    'redis-8.0-rdb',
    'redis-8.6-rdb',
    'redis-8.6-rdb-uncompressed',
    'redis-8.6-rdb-empty',
    'built-v1-plain',
    'built-v2-zipmap',
    'built-v6-ziplist',
    'built-v8-module-pre-release',
    'built-v10-function-pre-release',
    'built-v12-module',
    'built-v12-pre-release-hashes',
    'built-v12-slot-info',
    'built-v13-key-meta',
  ])('%s', (name) => same(golden(name)));

  it('cut at every eighth byte', () => {
    const bytes = golden('redis-8.6-rdb-little');
    // Where the file ends before a module opcode, theirs reads the end for ever: see differences.test.ts.
    for (let length = 0; length < bytes.length; length += 8) if (length !== 328) cut(bytes, length);
    const large = golden('redis-8.6-rdb');
    const places = numbers(5, large.length);
    for (let index = 0; index < 40; index++) cut(large, places.next().value);
  });

  function cut(bytes: Buffer, length: number): void {
    const { theirs, ours } = compareRdb(bytes.subarray(0, length));
    if (theirs.code === null) expect(ours.code).toBe(1);
    else expect(ours).toEqual(theirs);
  }

  it.each(['redis-8.6-rdb-little', 'redis-8.6-rdb', 'redis-6.0-rdb'])('%s with one byte changed', (name) => {
    const bytes = golden(name);
    const places = numbers(3, bytes.length);
    const values = numbers(4, 256);
    let equal = 0;
    for (let index = 0; index < 60; index++) {
      const changed = Buffer.from(bytes);
      changed[places.next().value] = values.next().value;
      const { theirs, ours } = compareRdb(changed);
      expect(ours.code).toBe(theirs.code ?? 1);
      if (theirs.code === null || documented.test(ours.stdout)) continue;
      expect(ours).toEqual(theirs);
      equal++;
    }
    expect(equal).toBeGreaterThan(45);
  });

  it('versions, magics, and things that are no file', () => {
    const bytes = golden('redis-8.6-rdb-little');
    for (const head of ['REDIS0000', 'REDIS9999', 'REDISabcd', 'redis0011', 'REDIS 011']) {
      same(Buffer.concat([Buffer.from(head), bytes.subarray(9)]));
    }
    same(Buffer.concat([bytes.subarray(0, -8), Buffer.alloc(8)]));
    same(Buffer.concat([bytes, Buffer.from('trailing')]));
  });

  it('arguments', () => {
    for (const args of [
      [],
      ['@dump.rdb', 'x'],
      ['@missing.rdb'],
      [''],
      ['.'],
      ['x'.repeat(2000)],
      ['--fix', '@dump.rdb'],
    ]) {
      const { theirs, ours } = compare({ tool: 'rdb', files: { 'dump.rdb': golden('redis-8.6-rdb-little') }, args });
      expect(ours).toEqual(theirs);
    }
  });
});
