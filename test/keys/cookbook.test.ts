/* Every example of docs/library.md is run, and prints what stands behind it. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { repository } from '../cli/run.ts';
import { temporaryDir } from '../support/servers.ts';

const page = readFileSync(join(repository, 'docs', 'library.md'), 'utf8');
const examples = [...page.matchAll(/^## ([^\n]+)$.*?^```js\n(.*?)^```$\n\n^```text\n(.*?)^```$/gms)].map(
  ([, title, code, output]) => ({ title, code, output }),
);

describe('the cookbook of the library', () => {
  const folder = temporaryDir();
  const library = pathToFileURL(join(repository, 'dist', 'src', 'index.js')).href;

  it('has at least twelve examples', () => {
    expect(examples.length).toBeGreaterThanOrEqual(12);
    expect(examples.length).toBe(page.match(/^## \d+\. /gm)?.length);
  });

  it.each(examples)('$title', ({ code, output }) => {
    const path = join(folder, 'example.mjs');
    writeFileSync(path, code.replaceAll("from 'aofkit'", `from '${library}'`));
    const { status, stdout, stderr } = spawnSync(process.execPath, [path], { cwd: folder, encoding: 'utf8' });
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: output });
  });
});
