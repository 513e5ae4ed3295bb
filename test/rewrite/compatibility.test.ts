import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compatibilityText } from '../../scripts/generate-compatibility.ts';

it('docs/compatibility.md is what its generator writes', () => {
  const committed = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'compatibility.md'), 'utf8');
  expect(committed).toBe(compatibilityText());
});

it('every write command of the catalog is replayed, or known to be opaque', () => {
  const states = [...compatibilityText().matchAll(/^\| (\S.*?) \| .*? \| .*? \| (not supported) \|/gm)];
  expect(states.map(([, name]) => name)).toEqual([]);
});
