// Decompresses a descriptor's bytes into a ring that another thread reads with Atomics.wait. Plain JavaScript, because a worker
// in TypeScript does not start everywhere the sources run from. The protocol is described in gunzip-source.ts.
import fs from 'node:fs';
import { workerData } from 'node:worker_threads';
import { createGunzip } from 'node:zlib';

const { descriptor, head, shared, slotBytes, slotCount } = workerData;
const control = new Int32Array(shared, 0, 8);
const lengths = new Int32Array(shared, 32, slotCount);
const data = new Uint8Array(shared, 32 + slotCount * 4);
const failure = new Uint8Array(slotBytes);

function publish(bytes) {
  for (let from = 0; from < bytes.length; from += slotBytes) {
    const part = bytes.subarray(from, Math.min(from + slotBytes, bytes.length));
    const written = Atomics.load(control, 0);
    while (written - Atomics.load(control, 1) >= slotCount) Atomics.wait(control, 1, Atomics.load(control, 1), 1000);
    const slot = written % slotCount;
    data.set(part, slot * slotBytes);
    lengths[slot] = part.length;
    Atomics.store(control, 0, written + 1);
    Atomics.notify(control, 0);
  }
}

function end() {
  Atomics.store(control, 2, 1);
  Atomics.notify(control, 0);
}

/** The next slot is the last one, and holds a message. */
function fail(error) {
  Atomics.store(control, 3, Atomics.load(control, 0) + 1);
  publish(failure.subarray(0, new TextEncoder().encodeInto(error.message || 'damaged', failure).written));
}

function readChunk(buffer) {
  for (;;) {
    try {
      return fs.readSync(descriptor, buffer, 0, buffer.length, null);
    } catch (error) {
      if (error.code === 'EOF') return 0;
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

Atomics.store(control, 4, 1);
const gunzip = createGunzip();
gunzip.on('data', publish);
gunzip.on('end', end);
gunzip.on('error', fail);

function feed() {
  const buffer = Buffer.allocUnsafe(64 * 1024);
  let count = 0;
  try {
    count = readChunk(buffer);
  } catch (error) {
    fail(error);
    return;
  }
  if (count === 0) gunzip.end();
  else if (gunzip.write(buffer.subarray(0, count))) setImmediate(feed);
  else gunzip.once('drain', feed);
}

gunzip.write(Buffer.from(head));
feed();
