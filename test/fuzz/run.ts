import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';

/* npm run fuzz -- [--seed N] [--count N] [--minutes N] [--failures FOLDER]: all commands on generated inputs (docs/reliability.md). */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    count: { type: 'string', default: '20000' },
    minutes: { type: 'string' },
    failures: { type: 'string', default: 'fuzz-failures' },
  },
});
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'aofkit-fuzz-'));
const seed = Number(values.seed);
const built = path.join(import.meta.dirname, '..', '..', 'dist', 'src', 'index.js');
try {
  const { inputs, failures, peak } = await fuzz({
    seed,
    count: Number(values.count),
    minutes: values.minutes === undefined ? undefined : Number(values.minutes),
    failures: path.resolve(values.failures),
    scratch,
    api: fs.existsSync(built) ? built : undefined,
    onFailure: (text) => process.stdout.write(`${text}\n`),
  });
  process.stdout.write(
    `seed ${seed}: ${inputs} inputs, ${failures.length} failures, at most ${Math.round(peak)} MiB\n`,
  );
  process.exitCode = failures.length > 0 ? 1 : 0;
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
