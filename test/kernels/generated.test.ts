import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  generateCommands,
  generateFrames,
  generateLanes,
  generateSha1,
  kernelsCanBeBuilt,
} from '../../scripts/build-kernels.ts';

it.skipIf(!kernelsCanBeBuilt())('the lanes are what their sources give', () => {
  const generated = new URL('../../src/kernels/lanes.generated.ts', import.meta.url);
  expect(generateLanes()).toBe(readFileSync(generated, 'utf8'));
});

it.skipIf(!kernelsCanBeBuilt())('the SHA-1 lanes are what their source gives', () => {
  const generated = new URL('../../src/kernels/sha1.generated.ts', import.meta.url);
  expect(generateSha1()).toBe(readFileSync(generated, 'utf8'));
});

it.skipIf(!kernelsCanBeBuilt())('the commands lane is what its source gives', () => {
  const generated = new URL('../../src/kernels/commands.generated.ts', import.meta.url);
  expect(generateCommands()).toBe(readFileSync(generated, 'utf8'));
});

it.skipIf(!kernelsCanBeBuilt())('the frames lane is what its source gives', () => {
  const generated = new URL('../../src/kernels/frames.generated.ts', import.meta.url);
  expect(generateFrames()).toBe(readFileSync(generated, 'utf8'));
});
