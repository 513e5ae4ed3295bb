import fs from 'node:fs';
import path from 'node:path';
import { binary, folder, mixedLog, realRdb, tools } from './inputs.ts';
import { compare, type Measured, measure, print } from './measure.ts';

/*
 * convert beside what its speed is promised against, whole processes, in turns.
 *   npx tsx bench/convert.ts [rounds]
 */
const rounds = Number(process.argv[2] ?? 5);
const { checkRdb } = tools('redis-8.6');
const node = process.execPath;
const rdb = await realRdb();
const output = path.join(folder, 'converted');
const size = fs.statSync(rdb).size;

const convert = (input: string, ...args: string[]) => [
  'sh',
  '-c',
  `rm -rf "$0" && exec "$@"`,
  output,
  node,
  binary,
  'convert',
  input,
  '-o',
  output,
  ...args,
];

// rdb-cli of librdb takes 2.1 times as long as redis-check-rdb: 1.5 times its speed are 1.4 times redis-check-rdb's time.
const streams = compare({ 'redis-check-rdb 8.6': [checkRdb, rdb], 'RDB to AOF': convert(rdb, '--to', 'aof') }, rounds);
print(`an RDB of ${megabytes(size)} as commands`, streams);
promise('RDB to AOF', streams['RDB to AOF'].wall / streams['redis-check-rdb 8.6'].wall, 1.4, 'times redis-check-rdb');
promise('its memory', streams['RDB to AOF'].peak, 200, 'MiB');

const versions = compare(
  {
    'node bin/run.js --help': [node, binary, 'convert', '--help'],
    'to 8.0 (12)': convert(rdb, '--to', 'rdb', '--target', 'redis-8.0'),
    'to 8.8 (14)': convert(rdb, '--to', 'rdb', '--target', 'redis-8.8'),
    'to 7.2 (11)': convert(rdb, '--to', 'rdb', '--target', 'redis-7.2', '--allow-loss'),
    'to 6.2 (9), recoded': convert(rdb, '--to', 'rdb', '--target', 'redis-6.2', '--allow-loss'),
  },
  rounds,
);
print('an RDB of version 13 as one of another', versions);
const start = versions['node bin/run.js --help'].wall;
for (const name of ['to 8.0 (12)', 'to 8.8 (14)', 'to 7.2 (11)']) {
  const { wall } = versions[name];
  const speeds = [wall, wall - start].map((seconds) => `${(size / 1e6 / seconds).toFixed(0)} MB/s`);
  console.log(`  ${name}: ${speeds[0]}, ${speeds[1]} without the start-up; promised are 500`);
}

const hybrid = madeHybrid();
const parts = path.join(folder, 'parts');
run(convert(hybrid, '--to', 'multipart'));
fs.rmSync(parts, { recursive: true, force: true });
fs.renameSync(output, parts);
const copy = ['sh', '-c', `cp "$0" "$1" && sync "$1" && exec "$2" "$3" verify --quick "$1"`];
const layouts = compare(
  {
    'cp, sync, verify --quick': [...copy, hybrid, path.join(folder, 'copy'), node, binary],
    'hybrid to multi-part': convert(hybrid, '--to', 'multipart'),
    'multi-part to hybrid': convert(parts, '--to', 'hybrid'),
  },
  rounds,
);
print(`a hybrid AOF of ${megabytes(fs.statSync(hybrid).size)}`, layouts);
for (const name of ['hybrid to multi-part', 'multi-part to hybrid']) {
  promise(name, layouts[name].wall / layouts['cp, sync, verify --quick'].wall, 1.5, 'times cp plus checksum');
}
for (const name of [output, parts, path.join(folder, 'copy')]) fs.rmSync(name, { recursive: true, force: true });

/** The RDB, and 128 MiB of commands behind it. */
function madeHybrid(): string {
  const file = path.join(folder, 'appendonly.aof');
  fs.copyFileSync(rdb, file);
  fs.appendFileSync(file, fs.readFileSync(mixedLog(128)));
  return file;
}

function run(command: readonly string[]): Measured {
  const measured = measure(command);
  if (measured.status !== 0) throw new Error(`${command.join(' ')}: ${measured.output}`);
  return measured;
}

function promise(what: string, found: number, most: number, unit: string): void {
  console.log(`  ${what}: ${found.toFixed(2)} ${unit}; promised are at most ${most}${found > most ? '  MISSED' : ''}`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
