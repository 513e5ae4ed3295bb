import fs from 'node:fs';
import path from 'node:path';
import { startServer } from '../test/support/server-process.ts';
import { binary, folder, realRdb } from './inputs.ts';
import { type Measured, measure, print } from './measure.ts';

/*
 * digest of an RDB beside a server that loads it and says DEBUG DIGEST, whole processes, in turns. Both must come to the same.
 *   npx tsx bench/digest.ts [rounds]
 */
const rounds = Number(process.argv[2] ?? 3);
const rdb = await realRdb();
const theirs: Measured[] = [];
const ours: Measured[] = [];
for (let round = 0; round < rounds; round++) {
  theirs.push(await serverRun());
  const run = measure([process.execPath, binary, 'digest', rdb]);
  ours.push({ ...run, output: run.output.slice(0, 40) });
}
const digests = new Set([...theirs, ...ours].map(({ output }) => output));
if (digests.size > 1) throw new Error(`the two sides disagree: ${[...digests]}`);
const median = (runs: Measured[]) => runs.sort((a, b) => a.wall - b.wall)[runs.length >> 1];
print(`digest of an RDB of ${Math.round(fs.statSync(rdb).size / 1e6)} MB`, {
  'redis-server 8.6: load, DEBUG DIGEST': median(theirs),
  'aofkit digest': median(ours),
});

async function serverRun(): Promise<Measured> {
  const dir = fs.mkdtempSync(path.join(folder, 'server-'));
  fs.copyFileSync(rdb, path.join(dir, 'dump.rdb'));
  const begun = performance.now();
  const running = await startServer('redis-8.6', { dir, config: { save: '""' }, startTimeout: 120_000 });
  const output = await running.digest();
  const wall = (performance.now() - begun) / 1000;
  const info = String(await running.command('INFO', 'cpu'));
  const used = [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].map((match) => Number(match[1]));
  const peak = Number(/VmHWM:\s*(\d+)/.exec(fs.readFileSync(`/proc/${running.pid}/status`, 'latin1'))?.[1]) / 1024;
  await running.kill();
  fs.rmSync(dir, { recursive: true, force: true });
  return { wall, cpu: used.reduce((sum, seconds) => sum + seconds, 0), peak, status: 0, output };
}
