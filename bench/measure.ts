import { spawnSync } from 'node:child_process';

/** One run of a command: seconds of wall time and of processor time, and the most memory it held, MiB. */
export interface Measured {
  readonly wall: number;
  readonly cpu: number;
  readonly peak: number;
  readonly status: number;
  readonly output: string;
}

/** Runs a whole process under GNU time. */
export function measure(command: readonly string[]): Measured {
  const begun = performance.now();
  const run = spawnSync('/usr/bin/time', ['-f', '@%e %U %S %M %x', ...command], {
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
  const wall = (performance.now() - begun) / 1000;
  const line = run.stderr.split('\n').findLast((text) => text.startsWith('@'));
  if (line === undefined) throw new Error(`this needs GNU time (/usr/bin/time): ${run.error ?? run.stderr}`);
  const [, user, system, peak, status] = line.slice(1).split(' ').map(Number);
  return { wall, cpu: user + system, peak: peak / 1024, status, output: run.stdout };
}

/** Alternates commands, so that whatever else the machine does falls on all of them, and gives each one's median run. */
export function compare(commands: Readonly<Record<string, readonly string[]>>, rounds = 5): Record<string, Measured> {
  const runs: Record<string, Measured[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of Object.entries(commands)) (runs[name] ??= []).push(measure(command));
  }
  return Object.fromEntries(Object.entries(runs).map(([name, list]) => [name, medianRun(list)]));
}

function medianRun(runs: Measured[]): Measured {
  return runs.sort((a, b) => a.wall - b.wall)[runs.length >> 1];
}

/** A table of runs, each beside the first one: how many times as fast, by wall and by processor time. */
export function print(title: string, results: Record<string, Measured>): void {
  console.log(`\n${title}`);
  const [base] = Object.values(results);
  for (const [name, { wall, cpu, peak }] of Object.entries(results)) {
    const figures = [`${wall.toFixed(2)} s`, `${cpu.toFixed(2)} s cpu`, `${peak.toFixed(0)} MiB`].map((text) =>
      text.padStart(11),
    );
    console.log(
      `  ${name.padEnd(34)}${figures.join('')}   ${(base.wall / wall).toFixed(2)}x wall  ${(base.cpu / cpu).toFixed(2)}x cpu`,
    );
  }
}
