import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generate, kernels, kernelsCanBeBuilt } from '../../scripts/build-kernels.ts';

const buildable = kernelsCanBeBuilt();
if (!buildable)
  console.warn('SKIPPED: no AssemblyScript compiler, the generated modules are not compared with their sources');

describe.skipIf(!buildable)('a module is what its sources give', () => {
  it.each(kernels)('$file', (kernel) => {
    const generated = new URL(`../../src/kernels/${kernel.file}`, import.meta.url);
    expect(generate(kernel)).toBe(readFileSync(generated, 'utf8'));
  });
});
