import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { repository, sample } from './run.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aofkit-package-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const npm = (words: readonly string[], cwd: string) =>
  execFileSync('npm', [...words, '--offline', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd,
    encoding: 'utf8',
  });

it('the package works where it is installed without a registry', () => {
  const [{ filename, files }] = JSON.parse(npm(['pack', '--json', '--pack-destination', folder], repository));
  const names = files.map((file: { path: string }) => file.path);
  expect(names).toContain('SECURITY.md');
  expect(names).toContain('dist/THIRD-PARTY-LICENSES.txt');
  expect(names.filter((name: string) => /^(test|fixtures|commands|src)\/|\.map$|dev\.js$/.test(name))).toEqual([]);

  const project = path.join(folder, 'project');
  fs.mkdirSync(project);
  fs.writeFileSync(path.join(project, 'package.json'), '{"name": "project", "version": "1.0.0", "type": "module"}');
  // An empty cache and no network: whatever is missing in the package cannot come from elsewhere.
  npm(['install', path.join(folder, filename), '--cache', path.join(folder, 'cache')], project);
  const bin = path.join(project, 'node_modules', '.bin');
  const run = (name: string, ...words: string[]) => spawnSync(path.join(bin, name), words, { encoding: 'utf8' });
  expect(run('aofkit', 'check', sample)).toMatchObject({ status: 1, stderr: '' });
  expect(run('aofkit', 'help', 'log')).toMatchObject({ status: 0, stderr: '' });
  expect(run('aofkit-check-aof').status).toBe(1);
  expect(run('aofkit-check-rdb').status).toBe(1);
  const script = "import { check } from 'aofkit'; console.log((await check(process.argv[1])).ok)";
  const library = spawnSync(process.execPath, ['--input-type=module', '-e', script, sample], {
    cwd: project,
    encoding: 'utf8',
  });
  expect(library).toMatchObject({ stdout: 'false\n', stderr: '' });
}, 120_000);
