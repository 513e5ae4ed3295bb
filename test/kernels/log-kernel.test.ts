import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generateLog, kernelsCanBeBuilt } from '../../scripts/build-kernels.ts';

it.skipIf(!kernelsCanBeBuilt())('the lane of a log is what its sources give', () => {
  const generated = new URL('../../src/kernels/log.generated.ts', import.meta.url);
  expect(generateLog()).toBe(readFileSync(generated, 'utf8'));
});
