import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/*
 * Every benchmark, one after the other: what `npm run bench` runs. Each prints ratios of processes that were measured side by side.
 *   npx tsx bench/all.ts [name...]        only the named ones, such as check rewrite
 */
const order = ['startup', 'check', 'digest', 'rewrite', 'convert', 'repair', 'log', 'kernels', 'encodings'];
const wanted = process.argv.slice(2);
const present = order.filter((name) => fs.existsSync(path.join(import.meta.dirname, `${name}.ts`)));
for (const name of wanted.length > 0 ? wanted : present) {
  console.log(`\n=== ${name}`);
  const run = spawnSync(process.execPath, ['--import', 'tsx', path.join(import.meta.dirname, `${name}.ts`)], {
    stdio: 'inherit',
  });
  if (run.status !== 0) process.exitCode = 1;
}
