import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generateLog, generateStatistics, kernelsCanBeBuilt } from '../../scripts/build-kernels.ts';

it.skipIf(!kernelsCanBeBuilt())('the lane of a log is what its sources give', () => {
  const generated = new URL('../../src/kernels/log.generated.ts', import.meta.url);
  expect(generateLog()).toBe(readFileSync(generated, 'utf8'));
});

it.skipIf(!kernelsCanBeBuilt())('the lane of statistics is what its sources give', () => {
  const generated = new URL('../../src/kernels/statistics.generated.ts', import.meta.url);
  expect(generateStatistics()).toBe(readFileSync(generated, 'utf8'));
});
