/*
 * The built command line as a process that is killed, or finds a full disk, at a call of the file system that a test chooses: real
 * threads, and a real SIGKILL.
 */
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { binary } from '../cli/run.ts';
import { temporaryDir } from './server-process.ts';

export const threads = ['first', 'second'] as const;
export type Thread = (typeof threads)[number];

/** `kill`: at this call; of a write, half has happened. `full`: from it on there is no room on the disk. */
export type ProcessFault = 'kill' | 'full';

export interface FaultyRun {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Names of the calls that each thread made. */
  readonly calls: Readonly<Record<Thread, readonly string[]>>;
}

const preload = join(import.meta.dirname, 'fault-preload.js');

/** Runs `aofkit` with these arguments. Without `at`, nothing goes wrong. */
export function runFaulty(
  args: readonly string[],
  fault: ProcessFault = 'kill',
  thread: Thread = 'first',
  at = -1,
): FaultyRun {
  const calls = join(temporaryDir(), 'calls');
  const env = { ...process.env, AOFKIT_FAULT: JSON.stringify({ thread, at: at < 0 ? null : at, fault, calls }) };
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--import', preload, binary, ...args], {
    env,
    encoding: 'latin1',
  });
  const of = (name: Thread) =>
    existsSync(`${calls}.${name}`) ? readFileSync(`${calls}.${name}`, 'latin1').split('\n').slice(0, -1) : [];
  return { status, signal, stdout, stderr, calls: { first: of('first'), second: of('second') } };
}

/** Runs `aofkit` and kills it after so many milliseconds; undefined if it ended before. */
export async function killAfter(args: readonly string[], milliseconds: number): Promise<string | null | undefined> {
  const child = spawn(process.execPath, [binary, ...args], { stdio: 'ignore' });
  const ended = new Promise<string | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)));
  await Promise.race([sleep(milliseconds), ended]);
  child.kill('SIGKILL');
  return ended;
}

/** Runs `aofkit` where no file may grow beyond so many KiB (RLIMIT_FSIZE). */
export function runLimited(args: readonly string[], kibibytes: number): SpawnSyncReturns<string> {
  const script = `ulimit -f ${kibibytes}; exec "$0" "$@"`;
  return spawnSync('bash', ['-c', script, process.execPath, binary, ...args], { encoding: 'latin1' });
}

/** Some of `count` calls, as a seed chooses, half of them among the last, where files change places; all with `wanted` large enough. */
export function sampleCalls(count: number, wanted: number, seed: number): number[] {
  if (wanted >= count) return Array.from({ length: count }, (_, index) => index);
  const within = (seed % 97) / 97;
  const pick = (from: number, to: number, picks: number) =>
    Array.from({ length: picks }, (_, index) => from + Math.floor(((index + within) * (to - from)) / picks));
  const ending = Math.max(0, count - 20);
  return [...pick(0, ending, wanted >> 1), ...pick(ending, count, wanted - (wanted >> 1))];
}
