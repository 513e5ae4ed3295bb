import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDir } from '../support/server-process.ts';
import { fuzz } from './fuzz.ts';

/*
 * A small sample of `npm run fuzz`, the same each time: all operations, with kernels and without, within the bounds of time and memory.
 * What fails is in the message: run it again with `npm run fuzz -- --seed S --only K`.
 */
const seed = 20261206;
const count = Number(process.env.AOFKIT_FUZZ_SAMPLE ?? 150);

it(`all operations answer ${count} generated inputs (seed ${seed})`, { timeout: 300_000 }, async () => {
  const folder = temporaryDir();
  const scratch = path.join(folder, 'scratch');
  fs.mkdirSync(scratch);
  // Other tests run at the same time: only what takes several times too long is told here.
  const bounds = { secondsFixed: 4 };
  const { inputs, failures } = await fuzz({ ...bounds, seed, count, scratch, failures: path.join(folder, 'failures') });
  expect(failures).toEqual([]);
  expect(inputs).toBe(count);
});
