import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../test/support/server-process.ts';
import { binary, folder, mixedLog } from './inputs.ts';
import { type Measured, measure, print } from './measure.ts';

/*
 * rewrite beside a server that loads the same files and finishes BGREWRITEAOF, whole processes, in turns. First both must come to
 * the same digest.
 *   npx tsx bench/rewrite.ts [rounds]     AOFKIT_BENCH_LARGE=1 also shows how time grows from 128 MiB to 2 GiB
 */
const rounds = Number(process.argv[2] ?? 3);
const config = { appendonly: 'yes', 'auto-aof-rewrite-percentage': '0' };
const server = 'redis-server 8.6: load, BGREWRITEAOF';

await beside('rewrite of a mixed AOF, 512 MiB', plainFolder(mixedLog(512)), mixedLog(512));
const parts = await touchedParts();
await beside('rewrite of a multi-part AOF: RDB base, increment that touches 5 % of the keys', parts, parts);
if (process.env.AOFKIT_BENCH_LARGE === '1') growth();

/** The server on a copy of `parts`, and ours on `input`, in turns; prints both. */
async function beside(title: string, parts: string, input: string): Promise<void> {
  const theirs: Measured[] = [];
  const ours: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    theirs.push(await serverRun(parts));
    ours.push(rewriteRun(input));
  }
  const digests = new Set([...theirs, ...ours].map(({ output }) => output));
  if (digests.size > 1) throw new Error(`the two sides disagree: ${[...digests]}`);
  print(title, { [server]: median(theirs), 'aofkit rewrite': median(ours) });
}

function median(runs: readonly Measured[]): Measured {
  const middle = (of: (run: Measured) => number) => runs.map(of).sort((a, b) => a - b)[runs.length >> 1];
  const [{ status, output }] = runs;
  const figures = { wall: middle(({ wall }) => wall), cpu: middle(({ cpu }) => cpu), peak: middle(({ peak }) => peak) };
  return { ...figures, status, output };
}

function rewriteRun(input: string): Measured {
  const output = path.join(folder, 'rewritten');
  fs.rmSync(output, { recursive: true, force: true });
  const run = measure([process.execPath, binary, 'rewrite', input, '-o', output, '--json']);
  fs.rmSync(output, { recursive: true, force: true });
  if (run.status !== 0) throw new Error(`rewrite failed: ${run.output}`);
  return { ...run, output: JSON.parse(run.output).results[0].digest };
}

async function serverRun(parts: string): Promise<Measured> {
  const dir = fs.mkdtempSync(path.join(folder, 'server-'));
  fs.cpSync(parts, path.join(dir, 'appendonlydir'), { recursive: true });
  const begun = performance.now();
  const running = await startServer('redis-8.6', { dir, config, startTimeout: 300_000 });
  await running.command('BGREWRITEAOF');
  while (/aof_rewrite_in_progress:1/.test(String(await running.command('INFO', 'persistence')))) await sleep(10);
  const wall = (performance.now() - begun) / 1000;
  const info = String(await running.command('INFO', 'cpu'));
  const used = [...info.matchAll(/^used_cpu_(?:sys|user)(?:_children)?:([\d.]+)/gm)].map((match) => Number(match[1]));
  const cpu = used.reduce((sum, seconds) => sum + seconds, 0);
  const peak = Number(/VmHWM:\s*(\d+)/.exec(fs.readFileSync(`/proc/${running.pid}/status`, 'latin1'))?.[1]) / 1024;
  const output = await running.digest();
  await running.kill();
  fs.rmSync(dir, { recursive: true, force: true });
  return { wall, cpu, peak, status: 0, output };
}

/** A multi-part folder around one plain log. */
function plainFolder(log: string): string {
  const made = path.join(folder, 'plain-parts');
  fs.rmSync(made, { recursive: true, force: true });
  fs.mkdirSync(made);
  fs.linkSync(log, path.join(made, 'appendonly.aof.1.incr.aof'));
  fs.writeFileSync(path.join(made, 'appendonly.aof.manifest'), 'file appendonly.aof.1.incr.aof seq 1 type i\n');
  return made;
}

/** What a real server leaves that has rewritten the log of 512 MiB and then changed every twentieth key. */
async function touchedParts(): Promise<string> {
  const made = path.join(folder, 'touched-parts');
  if (fs.existsSync(made)) return made;
  const dir = fs.mkdtempSync(path.join(folder, 'server-'));
  fs.cpSync(plainFolder(mixedLog(512)), path.join(dir, 'appendonlydir'), { recursive: true });
  const running = await startServer('redis-8.6', { dir, config, startTimeout: 300_000 });
  await running.command('BGREWRITEAOF');
  while (/aof_rewrite_in_progress:1/.test(String(await running.command('INFO', 'persistence')))) await sleep(50);
  const commands: string[][] = [];
  for (let key = 0; key < 300_000; key += 20) {
    commands.push(
      ['SET', `user:session:${key}`, `touched ${key}`.repeat(5)],
      ['HINCRBY', `user:${key}`, 'visits', '1'],
    );
    commands.push(['EXPIRE', `cache:page:${key}`, '100000'], ['INCR', `counter:${key % 5000}`]);
    if (key % 400 === 0)
      commands.push(['LPUSH', `queue:${(key / 400) % 200}`, 'job'], ['SADD', `tags:${key / 400}`, 'a']);
  }
  await running.pipeline(commands);
  await running.stop();
  fs.renameSync(path.join(dir, 'appendonlydir'), made);
  fs.rmSync(dir, { recursive: true, force: true });
  return made;
}

/** Time and memory by size of the log; the keys are the same ones. */
function growth(): void {
  console.log('\nrewrite by size of the AOF');
  for (const mebibytes of [128, 512, 2048]) {
    const log = mixedLog(mebibytes);
    const { wall, cpu, peak } = rewriteRun(log);
    const figures = `${wall.toFixed(2)} s, ${cpu.toFixed(2)} s cpu, peak ${peak.toFixed(0)} MiB`;
    console.log(`  ${mebibytes} MiB: ${figures}, ${((cpu / mebibytes) * 1024).toFixed(1)} s cpu per GiB`);
    if (mebibytes > 512) fs.rmSync(log);
  }
}
