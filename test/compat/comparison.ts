import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCheckAof } from '../../src/compat/check-aof.ts';
import { runCheckRdb } from '../../src/compat/check-rdb.ts';
import type { Surroundings } from '../../src/compat/tool.ts';
import { findServer, type ServerName, temporaryDir } from '../support/server-process.ts';

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

export interface Scene {
  readonly tool: 'aof' | 'rdb';
  /** Names and contents of the files in an otherwise empty folder. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Arguments; `@name` stands for the path of a file. */
  readonly args: readonly string[];
  readonly stdin?: string;
}

/** Both tools' outcomes on the same files, each on a fresh copy. */
export function compare(scene: Scene, server: ServerName = 'redis-8.6'): { theirs: Outcome; ours: Outcome } {
  const dir = temporaryDir();
  const paths = Object.keys(scene.files).map((name) => join(dir, name));
  const args = scene.args.map((arg) => (arg.startsWith('@') ? join(dir, arg.slice(1)) : arg));
  const run: Run = { tool: scene.tool, args, stdin: scene.stdin, files: paths };
  const prepare = (): void => {
    for (const [name, content] of Object.entries(scene.files)) {
      writeFileSync(join(dir, name), typeof content === 'string' ? Buffer.from(content, 'latin1') : content);
    }
  };
  prepare();
  const theirs = normalized(runTheirs(run, server));
  prepare();
  const ours = normalized(runOurs(run));
  return { theirs, ours };
}

/** Our outcome alone. */
export function ourOutcome(scene: Scene): Outcome {
  const dir = temporaryDir();
  for (const [name, content] of Object.entries(scene.files)) {
    writeFileSync(join(dir, name), typeof content === 'string' ? Buffer.from(content, 'latin1') : content);
  }
  const args = scene.args.map((arg) => (arg.startsWith('@') ? join(dir, arg.slice(1)) : arg));
  const paths = Object.keys(scene.files).map((name) => join(dir, name));
  return normalized(runOurs({ tool: scene.tool, args, stdin: scene.stdin, files: paths }));
}

/** A command as an AOF holds it. */
export function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word, 'latin1')}\r\n${word}\r\n`).join('')}`;
}
