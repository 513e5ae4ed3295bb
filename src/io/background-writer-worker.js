// Writes what another thread lays into a ring, sums it up, and has it flushed meanwhile. Plain JavaScript, because a worker in
// TypeScript does not start everywhere the sources run from. The protocol is described in write-behind.ts.
import fs from 'node:fs';
import { workerData } from 'node:worker_threads';

const { shared, slotBytes, slotCount, failureBytes, module, bufferAt, bufferBytes } = workerData;
const control = new Int32Array(shared, 0, 8);
const lengths = new Int32Array(shared, 32, slotCount);
const files = new Int32Array(shared, 32 + slotCount * 4, slotCount);
const failure = new Uint8Array(shared, 32 + slotCount * 8, failureBytes);
const data = new Uint8Array(shared, 32 + slotCount * 8 + failureBytes);
const tellSum = -1;
const copyRange = -3;
const summedBit = 1 << 30;
/** Bytes of a file after which the disk is told to take them: it writes while more is made. */
const flushBytes = 16 * 1024 * 1024;
/** What is read at a time of a file that is copied; less than the other thread's buffer for sums. */
const copyBytes = slotBytes;

const kernels = new WebAssembly.Instance(module).exports;
kernels.crc64Prepare();
const buffer = new Uint8Array(kernels.memory.buffer, bufferAt, bufferBytes);
const result = new Int32Array(kernels.memory.buffer, 0, 2);
/** By descriptor: its sum's halves, bytes that no flush has taken yet, flushes that are under way. */
const open = new Map();

function fail(error) {
  const text = `${error.code || 'EIO'} ${error.message}`.slice(0, 300);
  control[6] = new TextEncoder().encodeInto(text, failure).written;
  Atomics.compareExchange(control, 2, 0, 1);
}

function fileOf(descriptor) {
  let file = open.get(descriptor);
  if (file === undefined) open.set(descriptor, (file = { low: 0, high: 0, unflushed: 0, flushing: undefined }));
  return file;
}

function write(tag, bytes) {
  const descriptor = tag & ~summedBit;
  const file = fileOf(descriptor);
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done, bytes.length - done, null);
  if (tag !== descriptor) {
    buffer.set(bytes);
    kernels.crc64(file.low, file.high, bytes.length);
    [file.low, file.high] = result;
  }
  file.unflushed += bytes.length;
  if (file.unflushed >= flushBytes && file.flushing === undefined) flush(descriptor, file);
}

/** Room for what is copied from another file. */
let room;

function copy(tag, slot) {
  const [descriptor, from, length] = new Float64Array(shared, data.byteOffset + slot * slotBytes, 3);
  room ??= new Uint8Array(copyBytes);
  for (let done = 0; done < length && Atomics.load(control, 2) === 0; ) {
    const count = fs.readSync(descriptor, room, 0, Math.min(copyBytes, length - done), from + done);
    if (count === 0) throw new Error('what is copied became shorter meanwhile');
    write(tag, room.subarray(0, count));
    done += count;
  }
}

function tell({ low, high }) {
  control[4] = low;
  control[5] = high;
}

function flush(descriptor, file) {
  file.unflushed = 0;
  file.flushing = new Promise((resolve) => {
    fs.fdatasync(descriptor, (error) => {
      if (error) fail(error);
      file.flushing = undefined;
      resolve();
    });
  });
  return file.flushing;
}

/** `isWanted`: what is on its way to the disk must get there; else it is only waited for. */
async function end(isWanted) {
  for (const [descriptor, file] of open) {
    await file.flushing;
    if (isWanted) await flush(descriptor, file);
  }
  open.clear();
}

/** A promise where it takes longer. */
function serve(length, descriptor, slot) {
  if (Atomics.load(control, 2) !== 0) return length < 0 ? end(false) : undefined;
  if (length === copyRange) copy(descriptor, slot);
  else if (length < tellSum) return end(true);
  else if (length !== tellSum) write(descriptor, data.subarray(slot * slotBytes, slot * slotBytes + length));
  else tell(fileOf(descriptor));
  return undefined;
}

Atomics.store(control, 3, 1);
for (let done = 0; ; done++) {
  while (Atomics.load(control, 0) === done) Atomics.wait(control, 0, done);
  const slot = done % slotCount;
  try {
    const served = serve(lengths[slot], files[slot], slot);
    if (served !== undefined) await served;
  } catch (error) {
    fail(error);
  }
  Atomics.store(control, 1, done + 1);
  Atomics.notify(control, 1);
}
