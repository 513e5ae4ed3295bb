import fs from 'node:fs';
import { binary, mixedLog, realRdb, tools } from './inputs.ts';
import { compare, measure, print } from './measure.ts';

/*
 * check and verify beside the servers' own tools, whole processes. First both sides must agree on the verdict.
 *   node bench/check.ts [rounds]          AOFKIT_BENCH_LARGE=1 also shows the memory at 4 GiB
 */
const rounds = Number(process.argv[2] ?? 5);
const { checkAof, checkRdb } = tools('redis-8.6');
const node = process.execPath;
const aof = mixedLog(512);
const rdb = await realRdb();

agree('AOF', [checkAof, aof], [node, binary, 'check', aof]);
agree('RDB', [checkRdb, rdb], [node, binary, 'check', rdb]);

print(
  `check of a plain AOF, ${megabytes(aof)}`,
  compare({ 'redis-check-aof 8.6': [checkAof, aof], 'aofkit check': [node, binary, 'check', aof] }, rounds),
);
print(
  `check of an RDB, ${megabytes(rdb)}`,
  compare({ 'redis-check-rdb 8.6': [checkRdb, rdb], 'aofkit check': [node, binary, 'check', rdb] }, rounds),
);

const verified = compare(
  {
    'node -e 0': [node, '-e', '0'],
    'aofkit verify': [node, binary, 'verify', rdb],
    'aofkit verify --quick': [node, binary, 'verify', '--quick', rdb],
  },
  rounds,
);
print(`verify of an RDB, ${megabytes(rdb)}`, verified);
const size = fs.statSync(rdb).size;
const start = measureStart();
for (const name of ['aofkit verify', 'aofkit verify --quick']) {
  const { wall } = verified[name];
  console.log(
    `  ${name}: ${(size / 1e9 / wall).toFixed(2)} GB/s with the start-up, ${(size / 1e9 / Math.max(wall - start, 0.001)).toFixed(2)} GB/s without`,
  );
}

memory(256);
if (process.env.AOFKIT_BENCH_LARGE === '1') memory(4096);

function measureStart(): number {
  return compare({ start: [node, binary, 'verify', '--help'] }, rounds).start.wall;
}

/** Peak memory of check and verify on files of so many MiB. */
function memory(mebibytes: number): void {
  const log = mixedLog(mebibytes);
  const { peak } = measure([node, binary, 'check', log]);
  console.log(`\npeak memory of check on an AOF of ${mebibytes} MiB: ${peak.toFixed(0)} MiB`);
}

function agree(what: string, theirs: readonly string[], ours: readonly string[]): void {
  const verdicts = [measure(theirs).status, measure(ours).status];
  if (verdicts[0] !== verdicts[1]) throw new Error(`the two sides disagree on the ${what}: ${verdicts}`);
}

function megabytes(file: string): string {
  return `${(fs.statSync(file).size / 1e6).toFixed(0)} MB`;
}
