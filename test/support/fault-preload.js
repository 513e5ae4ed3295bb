// For `node --import`: in a process of aofkit, the call number `at` of one thread that changes a file is the last, or fails.
// AOFKIT_FAULT has { thread: 'first' | 'second', at, fault: 'kill' | 'full', calls } (test/support/faulty-process.ts).
// Each thread appends the names of its calls to the file `calls` with its own name behind. Plain JavaScript, because it runs beside
// the built product.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import workers from 'node:worker_threads';

const order = JSON.parse(process.env.AOFKIT_FAULT);
const thread = workers.isMainThread ? 'first' : 'second';
const { appendFileSync, writeSync } = fs;
const log = fs.openSync(`${order.calls}.${thread}`, 'a');
let calls = 0;

const { O_WRONLY, O_RDWR } = fs.constants;
const isForReading = (flags = 'r') => (typeof flags === 'number' ? (flags & (O_WRONLY | O_RDWR)) === 0 : flags === 'r');
const roomy = ['openSync', 'writeSync', 'fsyncSync', 'linkSync', 'mkdirSync'];

function strike(name, args) {
  if (order.fault === 'full') {
    if (roomy.includes(name)) throw Object.assign(new Error(`ENOSPC: ${name}`), { code: 'ENOSPC' });
    return;
  }
  if (name === 'writeSync') {
    const [descriptor, bytes, position = 0, length = bytes.length - position, at = null] = args;
    writeSync(descriptor, bytes, position, length >> 1, at);
  }
  process.kill(process.pid, 'SIGKILL');
  // It is gone as soon as the system gets to it.
  for (;;);
}

for (const name of [
  'openSync',
  'writeSync',
  'fsyncSync',
  'closeSync',
  'renameSync',
  'unlinkSync',
  'linkSync',
  'mkdirSync',
  'rmdirSync',
]) {
  const real = fs[name];
  fs[name] = (...args) => {
    if (name === 'openSync' && isForReading(args[1])) return real(...args);
    const index = calls++;
    appendFileSync(log, `${name}\n`);
    const isIt = order.thread === thread && (index === order.at || (order.fault === 'full' && index > order.at));
    if (isIt) strike(name, args);
    return real(...args);
  };
}

// A worker that is to have no environment gets this one.
workers.Worker = class extends workers.Worker {
  constructor(file, options = {}) {
    super(file, { ...options, execArgv: process.execArgv, env: process.env });
  }
};
syncBuiltinESMExports();
