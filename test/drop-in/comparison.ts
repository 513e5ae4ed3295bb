import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { runCheckAof } from '../../src/operations/drop-in/check-aof.ts';
import { runCheckRdb } from '../../src/operations/drop-in/check-rdb.ts';
import type { Surroundings } from '../../src/operations/drop-in/tool.ts';
import { findServer, type ServerName } from '../server-process.ts';

/** All that a run of a tool leaves behind. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The files afterwards, in the order in which they were asked for. */
  readonly files: readonly string[];
}

export interface Run {
  readonly tool: 'aof' | 'rdb';
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Files to look at afterwards. */
  readonly files?: readonly string[];
}

const contents = (paths: readonly string[] = []): string[] =>
  paths.map((path) => readFileSync(path).toString('latin1'));

/** Runs the real tool. */
export function runTheirs(run: Run, server: ServerName = 'redis-8.6'): Outcome {
  const found = findServer(server);
  if (found === undefined) throw new Error(`no ${server}`);
  const command = run.tool === 'aof' ? found.checkAof : found.checkRdb;
  const result = spawnSync(command, [...run.args], { input: run.stdin ?? '', encoding: 'latin1', timeout: 2_000 });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr, files: contents(run.files) };
}

/** Runs the drop-in tool within this process. */
export function runOurs(run: Run, name = `redis-check-${run.tool}`): Outcome {
  let stdout = '';
  let stderr = '';
  const surroundings: Surroundings = {
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
    answer: () => (run.stdin ? run.stdin.charCodeAt(0) : -1),
    now: Date.now,
    pid: process.pid,
    version: '1.2.3',
    seed: 1,
  };
  const argv = [name, ...run.args.map((arg) => Buffer.from(arg).toString('latin1'))];
  const code = run.tool === 'aof' ? runCheckAof(argv, surroundings) : runCheckRdb(argv, surroundings);
  return { code, stdout, stderr, files: contents(run.files) };
}

/**
 * What no two runs have in common: the process, the moment, the name under which the tool was called; their line of rdb.c; and
 * the byte of stale memory that they print where a header line ends with the file.
 */
export function normalized(outcome: Outcome): Outcome {
  const text = (value: string): string =>
    value
      .replace(/^\d+:C \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3} # /gm, 'PID:C DATE # ')
      .replace(/rdb\.c:\d+/g, 'rdb.c:LINE')
      .replace(/^Usage: \S+/m, 'Usage: NAME')
      .replace(/(Expected \\r\\n, got: 00)[0-9a-f]+$/gm, '$1XX');
  return { ...outcome, stdout: text(outcome.stdout), stderr: text(outcome.stderr) };
}
