/*
 * npx tsx bench/replay.ts [MIB]: replays a mixed AOF of that many mebibytes (default 128) and prints how long framing alone,
 * framing with execution, and the digest take, and how much memory the dataset needs.
 * Profile: node --cpu-prof --import tsx bench/replay.ts
 */
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultRegistry } from '../src/engine/commands/index.ts';
import { Dataset } from '../src/engine/dataset.ts';
import { Digester } from '../src/engine/digest.ts';
import { Session } from '../src/engine/session.ts';
import { CommandView } from '../src/resp/command-view.ts';
import { writeMixedLog } from './mixed-log.ts';

const mebibytes = Number(process.argv[2] ?? 128);
const path = join(tmpdir(), `aofkit-bench-${mebibytes}.aof`);
if (!existsSync(path)) writeMixedLog(path, mebibytes);

/** Calls `each` for every command of a well-formed AOF; gives their number. */
function frames(bytes: Buffer, frame: CommandView, each: (frame: CommandView) => void): number {
  frame.bytes = bytes;
  frame.source = 0;
  const { starts, lengths } = frame;
  let position = 0;
  let count = 0;
  const end = bytes.length;
  while (position < end) {
    let argc = 0;
    for (position++; bytes[position] !== 13; position++) argc = argc * 10 + bytes[position] - 48;
    position += 2;
    for (let index = 0; index < argc; index++) {
      let length = 0;
      for (position++; bytes[position] !== 13; position++) length = length * 10 + bytes[position] - 48;
      position += 2;
      starts[index] = position;
      lengths[index] = length;
      position += length + 2;
    }
    frame.argc = argc;
    frame.ordinal = count++;
    each(frame);
  }
  return count;
}

/** Seconds of processor time, of all threads: the machine may be busy with other things. */
function seconds(start: NodeJS.CpuUsage): number {
  const used = process.cpuUsage(start);
  return (used.user + used.system) / 1e6;
}

function mebi(bytes: number): string {
  return `${(bytes / 1048576).toFixed(1)} MiB`;
}

const bytes = readFileSync(path);
const reader = { read: (_source: number, offset: number, length: number) => bytes.subarray(offset, offset + length) };
let start = process.cpuUsage();
const count = frames(bytes, new CommandView(), () => {});
console.log(`framing alone   ${seconds(start).toFixed(3)} s, ${count} commands`);

const before = process.memoryUsage();
const dataset = new Dataset();
const session = new Session(dataset, defaultRegistry(), { now: 0, reader });
start = process.cpuUsage();
frames(bytes, new CommandView(), (frame) => session.execute(frame));
const time = seconds(start);
console.log(
  `with execution  ${time.toFixed(3)} s, ${(count / time / 1e6).toFixed(2)} million a second, ${session.errorCount} errors`,
);
const after = process.memoryUsage();
const arrays = after.arrayBuffers - before.arrayBuffers;
const heap = after.heapUsed - before.heapUsed;
console.log(`memory          ${dataset.keyCount} keys: arrays ${mebi(arrays)}, heap ${mebi(heap)} (garbage included)`);

start = process.cpuUsage();
const digest = new Digester({ at: 0, reader }).dataset(dataset);
console.log(`digest          ${seconds(start).toFixed(3)} s, ${digest}`);
