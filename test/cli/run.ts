import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export const repository = path.join(import.meta.dirname, '..', '..');
export const binary = path.join(repository, 'bin', 'run.js');

export interface CommandRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line, as a user does. `npm test` builds it first. */
export function aofkit(args: readonly string[], input?: Buffer | string, env: Record<string, string> = {}): CommandRun {
  if (!fs.existsSync(path.join(repository, 'dist', 'commands')))
    throw new Error('not built: run "npm run build" before this test');
  const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...args], {
    input,
    env: { ...process.env, ...env },
    encoding: 'latin1',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr };
}

export const sample = path.join(repository, 'fixtures', 'sample');
