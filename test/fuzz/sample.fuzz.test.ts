import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDir } from '../servers.ts';
import { fuzz } from './fuzz.ts';

it('a sample of the fuzz: all operations, with and without kernels', { timeout: 180_000 }, async () => {
  const folder = temporaryDir();
  const result = await fuzz({
    seed: 20261130,
    count: 60,
    minutes: 2,
    failures: path.join(folder, 'failures'),
    scratch: path.join(folder, 'scratch'),
  });
  expect(result.failures).toEqual([]);
  expect(result.inputs).toBeGreaterThan(0);
});
