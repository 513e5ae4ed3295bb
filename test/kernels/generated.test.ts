import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generateLanes, kernelsCanBeBuilt } from '../../scripts/build-kernels.ts';

it.skipIf(!kernelsCanBeBuilt())('the lanes are what their sources give', () => {
  const generated = new URL('../../src/kernels/lanes.generated.ts', import.meta.url);
  expect(generateLanes()).toBe(readFileSync(generated, 'utf8'));
});
