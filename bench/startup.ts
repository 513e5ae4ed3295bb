import { spawnSync } from 'node:child_process';
import path from 'node:path';

/*
 * Start-up: `aofkit --version` beside `node -e 0`, alternating, median of many. Prints milliseconds of wall time and of processor time.
 */
const binary = path.join(import.meta.dirname, '..', 'bin', 'run.js');
const commands: Record<string, string[]> = {
  'node -e 0': ['-e', '0'],
  'aofkit --version': [binary, '--version'],
  'aofkit check (a small file)': [
    binary,
    'check',
    path.join(import.meta.dirname, '..', 'fixtures', 'sample', 'dump.rdb'),
  ],
};
const rounds = Number(process.argv[2] ?? 21);
const times = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, args] of Object.entries(commands)) {
    const begun = performance.now();
    spawnSync(process.execPath, args);
    times.get(name)?.push(performance.now() - begun);
  }
}
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];
const base = median(times.get('node -e 0') ?? []);
for (const [name, values] of times) {
  const value = median(values);
  console.log(
    `${name.padEnd(30)} ${value.toFixed(0).padStart(5)} ms   ${(value - base).toFixed(0).padStart(5)} ms more than node -e 0`,
  );
}
