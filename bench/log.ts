/*
 * npx tsx bench/log.ts [FILE]: how fast the built `aofkit log` reads FILE (default: a generated log of 128 MiB) beside `check`, in
 * processor time of the whole process; what it prints goes to nowhere. `log` may take three times as long as `check`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeMixedLog } from './mixed-log.ts';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const binary = join(repository, 'bin/run.js');
const path = process.argv[2] ?? generated();

function generated(): string {
  const made = join(tmpdir(), 'aofkit-bench-128.aof');
  if (!existsSync(made)) writeMixedLog(made, 128);
  return made;
}

/** Least processor time of three runs, seconds. */
function seconds(args: readonly string[]): number {
  const script =
    'process.on("exit", () => { const { user, system } = process.cpuUsage(); process.stderr.write("\\n" + (user + system) + "\\n"); });';
  const preload = `data:text/javascript,${encodeURIComponent(script)}`;
  const times = [1, 2, 3].map(() => {
    const { stderr } = spawnSync(process.execPath, ['--import', preload, binary, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    return Number(stderr.trim().split('\n').at(-1)) / 1e6;
  });
  return Math.min(...times);
}

const mebibytes = statSync(path).size / 1048576;
const check = seconds(['check', path]);
const runs: [string, string[]][] = [
  ['log', []],
  ['log --key', ['--key', 'user:100*']],
  ['log --command', ['--command', 'DEL']],
  ['log --destructive', ['--destructive']],
  ['log --full', ['--full']],
  ['log --json', ['--json']],
  ['log --reverse', ['--reverse']],
  ['log --stats', ['--stats']],
];
console.log(`check              ${check.toFixed(2)} s, ${(mebibytes / check).toFixed(0)} MiB/s`);
for (const [name, args] of runs) {
  const time = seconds(['log', path, ...args]);
  console.log(
    `${name.padEnd(18)} ${time.toFixed(2)} s, ${(mebibytes / time).toFixed(0)} MiB/s, ${(time / check).toFixed(1)} times check`,
  );
}
