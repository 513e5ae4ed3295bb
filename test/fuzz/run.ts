import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';

/*
 * npm run fuzz -- [--seed N] [--count N] [--only K] [--minutes N] [--failures FOLDER]: all commands on generated inputs
 * (docs/reliability.md).
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    count: { type: 'string', default: '20000' },
    only: { type: 'string' },
    minutes: { type: 'string' },
    failures: { type: 'string', default: 'fuzz-failures' },
  },
});
// In memory where the system has a place for it: what is written is flushed each time.
const shared = '/dev/shm';
const scratch = fs.mkdtempSync(path.join(fs.existsSync(shared) ? shared : os.tmpdir(), 'aofkit-fuzz-'));
const removeScratch = () => fs.rmSync(scratch, { recursive: true, force: true });
process.on('exit', removeScratch);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const seed = Number(values.seed);
const print = (text: string) => process.stdout.write(`${text}\n`);
const begun = Date.now();
const seconds = () => (Date.now() - begun) / 1000;
let told = 0;
print(`seed ${seed}`);
const { inputs, operations, failures, slowest, largest } = await fuzz({
  seed,
  count: Number(values.count),
  only: values.only === undefined ? undefined : Number(values.only),
  minutes: values.minutes === undefined ? undefined : Number(values.minutes),
  failures: path.resolve(values.failures),
  scratch,
  onFailure: print,
  onProgress: (done) => {
    if (done - told < 1000) return;
    told = done;
    print(`${done} inputs, ${seconds().toFixed(0)} s`);
  },
});
print(
  `seed ${seed}: ${inputs} inputs, ${operations} operations, ${failures.length} failures, ${seconds().toFixed(0)} s; ` +
    `slowest ${slowest.value.toFixed(2)} s (${slowest.input}), most memory ${Math.round(largest.value)} MiB (${largest.input})`,
);
if (failures.length > 0) print(`one again: npm run fuzz -- --seed ${seed} --only K`);
process.exitCode = failures.length > 0 ? 1 : 0;
