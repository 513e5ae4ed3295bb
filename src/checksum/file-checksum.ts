/*
 * The CRC-64 of a range of a file, as fast as the machine reads it: straight into the kernel's memory, and for a long range on several
 * threads. The range is cut into parts that threads take in turn; their checksums are combined at the end.
 */

import { setImmediate as giveWay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { UnreadableError, unreadable } from '../errors.ts';
import fs from '../io/file-system.ts';
import { kernelBufferBytes, kernelModule, loadKernels } from '../kernels/kernels.ts';
import { Crc64 } from './crc64.ts';
import { crc64Combine } from './crc64-combine.ts';

export interface ChecksumOptions {
  /** Threads that work at most, this one included; default 2, one for a range under `parallelBytesMin`. */
  readonly workers?: number;
  /** Another thread does all of it, so that this one can go on with something else. Not where there are no kernels. */
  readonly aside?: boolean;
  /** Told now and then how many bytes are done. */
  readonly onProgress?: (bytes: number) => void;
}

/** A thread takes some 35 ms to start, in which one alone has done some 128 MiB. */
const parallelBytesMin = 256 * 1024 * 1024;
const partBytesMin = 16 * 1024 * 1024;
const partCountMax = 4096;

/**
 * The CRC-64 of the bytes `[from, to)` of a file, given as a path or an open descriptor (whose own position does not matter).
 * Memory: under 1 MiB a thread. Throws UnreadableError where the file cannot be read, or ends before `to` (code `EOF`).
 */
export async function checksumRange(
  file: string | number,
  from: number,
  to: number,
  options: ChecksumOptions = {},
): Promise<bigint> {
  const name = typeof file === 'string' ? file : `descriptor ${file}`;
  let descriptor = -1;
  try {
    descriptor = typeof file === 'string' ? fs.openSync(file, 'r') : file;
    return await checksumParts(new Parts(descriptor, from, to), threadCount(to - from, options.workers), options);
  } catch (error) {
    if (error instanceof ShortFile) throw tooShort(name, descriptor, to);
    // Only the file system's own errors name a system call: one thrown by `onProgress` stays what it is.
    throw error instanceof Error && 'syscall' in error ? unreadable(name, error) : error;
  } finally {
    if (typeof file === 'string' && descriptor >= 0) fs.closeSync(descriptor);
  }
}

function threadCount(length: number, wanted: number | undefined): number {
  if (!loadKernels()) return 1;
  return Math.max(1, wanted ?? (length < parallelBytesMin ? 1 : 2));
}

/** A read came back empty before the range's end: the file is shorter than the caller believed, or shrank meanwhile. */
class ShortFile extends Error {}

function tooShort(name: string, descriptor: number, to: number): UnreadableError {
  const size = fs.fstatSync(descriptor).size;
  return new UnreadableError(name, 'EOF', `cannot read ${name}: it ends at byte ${size}, before byte ${to}`);
}

/** The parts of a range, and what the threads share: which part is next, how many are done, each part's checksum in two words. */
class Parts {
  readonly descriptor: number;
  readonly from: number;
  readonly to: number;
  readonly partBytes: number;
  readonly count: number;
  /** [next, done, low of part 0, high of part 0, …]. */
  readonly shared: Int32Array;

  constructor(descriptor: number, from: number, to: number) {
    this.descriptor = descriptor;
    this.from = from;
    this.to = Math.max(from, to);
    this.partBytes = Math.max(partBytesMin, Math.ceil((to - from) / partCountMax));
    this.count = Math.ceil((this.to - from) / this.partBytes);
    this.shared = new Int32Array(new SharedArrayBuffer(8 + 8 * this.count));
  }

  /** The next part that nobody has taken; `count` or more: none is left. */
  take(): number {
    return Atomics.add(this.shared, 0, 1);
  }

  /** Nobody takes a part any more. */
  stop(): void {
    Atomics.store(this.shared, 0, this.count);
  }

  put(part: number, low: number, high: number): void {
    this.shared[2 + 2 * part] = low;
    this.shared[3 + 2 * part] = high;
    Atomics.add(this.shared, 1, 1);
  }

  start(part: number): number {
    return this.from + part * this.partBytes;
  }

  end(part: number): number {
    return Math.min(this.to, this.start(part) + this.partBytes);
  }

  bytesDone(): number {
    return Math.min(this.to - this.from, Atomics.load(this.shared, 1) * this.partBytes);
  }

  combined(): bigint {
    let crc = 0n;
    for (let part = 0; part < this.count; part++) {
      const own = (BigInt(this.shared[3 + 2 * part] >>> 0) << 32n) | BigInt(this.shared[2 + 2 * part] >>> 0);
      crc = crc64Combine(crc, own, this.end(part) - this.start(part));
    }
    return crc;
  }
}

async function checksumParts(parts: Parts, threads: number, options: ChecksumOptions): Promise<bigint> {
  const isAside = options.aside === true && loadKernels() !== undefined && parts.count > 0;
  const others = Array.from({ length: isAside ? 1 : Math.min(threads, parts.count) - 1 }, () => startWorker(parts));
  // A failure is looked at below; until then it must not count as unhandled.
  for (const other of others) other.ended.catch(() => {});
  try {
    for (let part = isAside ? parts.count : parts.take(); part < parts.count; part = parts.take()) {
      checksumPart(parts, part);
      options.onProgress?.(parts.bytesDone());
      await giveWay();
    }
    // A worker that has not begun by now finds nothing left; one that has is about to finish.
    await Promise.all(others.map((other) => other.ended));
  } finally {
    parts.stop();
    await Promise.all(others.map((other) => other.worker.terminate()));
  }
  options.onProgress?.(parts.to - parts.from);
  return parts.combined();
}

function checksumPart(parts: Parts, part: number): void {
  const kernels = loadKernels();
  const buffer = kernels?.buffer ?? new Uint8Array(kernelBufferBytes);
  const slow = new Crc64();
  let low = 0;
  let high = 0;
  const end = parts.end(part);
  for (let offset = parts.start(part); offset < end; ) {
    const count = fs.readSync(parts.descriptor, buffer, 0, Math.min(kernelBufferBytes, end - offset), offset);
    if (count === 0) throw new ShortFile();
    if (kernels) {
      kernels.crc64(low, high, count);
      low = kernels.result[0];
      high = kernels.result[1];
    } else slow.update(buffer, 0, count);
    offset += count;
  }
  if (!kernels) {
    const crc = slow.value();
    low = Number(crc & 0xffffffffn) | 0;
    high = Number(crc >> 32n) | 0;
  }
  parts.put(part, low, high);
}

interface WorkerData {
  readonly module: object;
  readonly bufferAt: number;
  readonly bufferBytes: number;
  readonly parts: Parts;
}

/**
 * What a worker runs: the loop of `checksumParts` and `checksumPart`. It is plain JavaScript in a string because a worker's entry
 * must not depend on whether this file runs from source or compiled.
 */
const workerSource = `
const fs = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const { module: compiled, bufferAt, bufferBytes, parts } = workerData;
const { shared, descriptor, from, to, partBytes, count } = parts;
const kernels = new WebAssembly.Instance(compiled).exports;
kernels.crc64Prepare();
const buffer = new Uint8Array(kernels.memory.buffer, bufferAt, bufferBytes);
const result = new Uint32Array(kernels.memory.buffer, 0, 2);
parts: for (let part = Atomics.add(shared, 0, 1); part < count; part = Atomics.add(shared, 0, 1)) {
  let offset = from + part * partBytes;
  const end = Math.min(to, offset + partBytes);
  result[0] = result[1] = 0;
  while (offset < end) {
    const length = fs.readSync(descriptor, buffer, 0, Math.min(bufferBytes, end - offset), offset);
    if (length === 0) {
      parentPort.postMessage('short');
      Atomics.store(shared, 0, count);
      break parts;
    }
    kernels.crc64(result[0], result[1], length);
    offset += length;
  }
  shared[2 + 2 * part] = result[0];
  shared[3 + 2 * part] = result[1];
  Atomics.add(shared, 1, 1);
}
`;

/** `ended` is kept when the thread has ended with its work, and fails with ShortFile or what went wrong. */
function startWorker(parts: Parts): { worker: Worker; ended: Promise<void> } {
  const kernels = loadKernels();
  if (!kernels) throw new Error('no kernels for a worker');
  const workerData: WorkerData = {
    module: kernelModule(),
    bufferAt: kernels.buffer.byteOffset,
    bufferBytes: kernelBufferBytes,
    parts,
  };
  const worker = new Worker(workerSource, { eval: true, execArgv: [], env: {}, workerData });
  const ended = new Promise<void>((resolve, reject) => {
    worker.on('message', () => reject(new ShortFile()));
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
  return { worker, ended };
}
