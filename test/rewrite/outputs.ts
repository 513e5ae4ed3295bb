import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type OutputFormat, type RewriteOptions, type RewriteResult, rewrite } from '../../src/index.ts';
import { temporaryDir } from '../support/server-process.ts';

export const formats: readonly OutputFormat[] = ['aof', 'hybrid', 'rdb', 'multipart'];

/** Long runs are asked for: AOFKIT_LONG_TESTS=1 (docs/testing.md). */
export const isLong = process.env.AOFKIT_LONG_TESTS === '1';

/** A path that is not there yet. */
export function newPath(name = 'out'): string {
  return join(temporaryDir(), name);
}

/** Every byte of a file, or of each file of a folder by name. */
export function contents(path: string): Record<string, Buffer> {
  if (!statSync(path).isDirectory()) return { '': readFileSync(path) };
  const names = readdirSync(path).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(path, name))]));
}

export function sameContents(a: string, b: string): boolean {
  const [one, other] = [contents(a), contents(b)];
  const names = Object.keys(one);
  return names.join('\n') === Object.keys(other).join('\n') && names.every((name) => one[name].equals(other[name]));
}

export interface Written {
  readonly path: string;
  readonly format: OutputFormat;
  readonly result: RewriteResult;
}

/** Rewrites to a new place and verifies it; the result is expected to be written. */
export async function rewritten(
  path: string,
  format: OutputFormat,
  options: Partial<RewriteOptions> = {},
): Promise<Written> {
  const output = newPath();
  const result = await rewrite(path, { output, format, verify: true, at: Date.now(), ...options });
  const { outcome, reason, losses, findings } = result;
  expect(outcome, `${path} ${format}: ${reason} ${JSON.stringify({ losses, findings })}`).toBe('written');
  return { path: output, format, result };
}

/** The output of one rewrite is the fixed point: the next gives the same bytes. */
export async function expectStable({ path, format, result }: Written, at = Date.now()): Promise<void> {
  const again = newPath();
  await rewrite(path, { output: again, format, target: result.target, at });
  expect(sameContents(path, again), `${path} ${format} rewritten again`).toBe(true);
}
