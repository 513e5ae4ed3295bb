/* docs/flags.md names every flag that a command's help shows, and no other text than the commands'. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { flagsPage } from '../../scripts/generate-flags.ts';
import { aofkit, repository } from './run.ts';

const page = readFileSync(path.join(repository, 'docs', 'flags.md'), 'utf8');

describe('docs/flags.md', () => {
  it('is what the commands say', async () => {
    expect(page).toBe(await flagsPage());
  });

  it('has every flag of every help', () => {
    const commands = [...page.matchAll(/^## (.+)$/gm)].map(([, name]) => name);
    for (const name of commands) {
      const { stdout } = aofkit(['help', name]);
      const section = page.slice(page.indexOf(`## ${name}\n`)).split('\n## ')[0];
      for (const [, flag] of stdout.matchAll(/^ +(?:-\w, )?--(?:\[no-\])?([a-z][a-z-]+)/gm))
        expect([name, flag, section.includes(`--${flag}`)]).toEqual([name, flag, true]);
    }
  });
});
