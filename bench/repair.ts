import fs from 'node:fs';
import path from 'node:path';
import { binary, folder, mixedLog } from './inputs.ts';
import { compare, measure, print } from './measure.ts';

/*
 * Salvage of a log of 1 GiB with ten bad regions beside a check of the same file, whole processes.
 *   npx tsx bench/repair.ts [rounds] [MiB]
 */
const rounds = Number(process.argv[2] ?? 3);
const mebibytes = Number(process.argv[3] ?? 1024);
const damaged = path.join(folder, `damaged-${mebibytes}.aof`);
const output = path.join(folder, 'repaired.aof');
const node = process.execPath;

damage();
const check = [node, binary, 'check', damaged];
const plan = [node, binary, 'repair', damaged, '--dry-run', '--drop-unknown', '--strategy', 'salvage'];
const repair = [
  node,
  binary,
  'repair',
  damaged,
  '-o',
  output,
  '--force',
  '--yes',
  '--drop-unknown',
  '--strategy',
  'salvage',
];
const copy = ['dd', `if=${damaged}`, `of=${output}`, 'bs=1M', 'conv=fsync', 'status=none'];

const results = compare(
  { 'aofkit check': check, 'aofkit repair --dry-run': plan, 'aofkit repair -o': repair, 'dd, flushed': copy },
  rounds,
);
print(`salvage of an AOF of ${mebibytes} MiB with ten bad regions`, results);
const ratio = (name: string) => (results[name].wall / results['aofkit check'].wall).toFixed(2);
console.log(`  plan / check: ${ratio('aofkit repair --dry-run')}, repair / check: ${ratio('aofkit repair -o')}`);
console.log(`  peak memory of repair: ${results['aofkit repair -o'].peak.toFixed(0)} MiB`);
const verdict = measure([node, binary, 'check', output]);
measure(repair);
if (measure([node, binary, 'check', output]).status !== 0)
  throw new Error(`the result is not sound: ${verdict.output}`);
for (const left of fs.readdirSync(folder)) {
  if (left.startsWith('repaired.aof')) fs.rmSync(path.join(folder, left), { recursive: true });
}

/** The log with ten runs of NUL bytes, evenly spread. */
function damage(): void {
  fs.copyFileSync(mixedLog(mebibytes), damaged);
  const descriptor = fs.openSync(damaged, 'r+');
  const { size } = fs.fstatSync(descriptor);
  for (let index = 1; index <= 10; index++) {
    fs.writeSync(descriptor, Buffer.alloc(4096), 0, 4096, Math.floor((size / 11) * index));
  }
  fs.closeSync(descriptor);
}
