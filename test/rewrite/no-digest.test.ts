import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { goldenDir, readProvenance } from '../../fixtures/generate/golden.ts';
import { rewrite } from '../../src/index.ts';
import { temporaryDir } from '../support/servers.ts';

it('writes the same bytes with and without the digest', async () => {
  const name = 'redis-8.6-rdb';
  const input = path.join(goldenDir(name), readProvenance(name).path);
  const dir = temporaryDir();
  const run = async (output: string, digest: boolean, verify = false) => {
    const result = await rewrite(input, { output: path.join(dir, output), at: 1_700_000_000_000, digest, verify });
    return [result.outcome, result.digest.length, result.verified];
  };
  expect(await run('with', true)).toEqual(['written', 40, false]);
  expect(await run('without', false)).toEqual(['written', 0, false]);
  expect(await run('verified', false, true)).toEqual(['written', 40, true]);
  const [first, ...others] = ['with', 'without', 'verified'].map((file) => fs.readFileSync(path.join(dir, file)));
  for (const other of others) expect(other.equals(first)).toBe(true);
});
