import { Worker } from 'node:worker_threads';
import { UnwritableError } from '../errors.ts';
import { kernelBufferBytes, kernelModule, loadKernels } from '../kernels/kernels.ts';
import type { AtomicFile } from './atomic-file.ts';
import type { ByteSink } from './writer.ts';

/**
 * Files that another thread writes, sums up and flushes while this one makes the bytes. They go over in a ring of slots in shared memory:
 *
 *     control   [0] slots filled   [1] slots done   [2] 1 once a write has failed, 2 to do nothing any more   [3] 1 once the worker runs
 *               [4] [5] low and high half of a sum   [6] bytes of the failure's text
 *     lengths   bytes in each slot; below zero it is a request, whose numbers stand in its slot
 *     files     the descriptor that each slot is for, and above it whether it is summed up
 *     failure   code and message of what went wrong
 *     data      the slots
 */
const slotBytes = 256 * 1024;
const slotCount = 16;
const failureBytes = 1024;
const headBytes = 32 + slotCount * 8 + failureBytes;
/** Requests: tell the sum of a file; flush all files and forget them. */
const tellSum = -1;
const flushAll = -2;
const copyRange = -3;
/** Beside a descriptor: the bytes are part of the sum. */
const summedBit = 1 << 30;
/** A thread that has not started by then will not. */
const startSecondsMax = 30;

export class BackgroundWriter {
  private readonly control: Int32Array;
  private readonly lengths: Int32Array;
  private readonly files: Int32Array;
  private readonly failure: Uint8Array;
  private readonly data: Uint8Array;
  private readonly worker: Worker;
  /** Files whose sum will be asked for. */
  private readonly summed = new Set<AtomicFile>();
  /** Bytes in the slot that is being filled, and whose they are. */
  private filling = 0;
  private file: AtomicFile | undefined;

  constructor() {
    const shared = new SharedArrayBuffer(headBytes + slotBytes * slotCount);
    this.control = new Int32Array(shared, 0, 8);
    this.lengths = new Int32Array(shared, 32, slotCount);
    this.files = new Int32Array(shared, 32 + slotCount * 4, slotCount);
    this.failure = new Uint8Array(shared, 32 + slotCount * 8, failureBytes);
    this.data = new Uint8Array(shared, headBytes);
    const kernels = loadKernels();
    const bufferAt = kernels?.buffer.byteOffset ?? 0;
    const workerData = { shared, slotBytes, slotCount, failureBytes, bufferAt, bufferBytes: kernelBufferBytes };
    this.worker = new Worker(new URL('./background-writer-worker.js', import.meta.url), {
      workerData: { ...workerData, module: kernels && kernelModule() },
      execArgv: [],
      env: {},
    });
    // What goes wrong in it is told by the ring; a worker that cannot start is noticed by waiting for it.
    this.worker.on('error', () => {});
    this.worker.unref();
  }

  /** Where there is no WebAssembly the sums would be too slow, and nothing is gained. */
  static isUseful(): boolean {
    return loadKernels() !== undefined;
  }

  /** A sink for the bytes of a file, which this thread leaves alone until `finish`. `summed`: `sum` will be called. */
  sink(file: AtomicFile, summed: boolean): ByteSink {
    if (summed) this.summed.add(file);
    return {
      write: (bytes) => this.write(file, bytes),
      copy: (descriptor, offset, length) => this.copy(file, descriptor, offset, length),
    };
  }

  /** Appends to a file. Throws UnwritableError: perhaps of bytes of an earlier call. */
  private write(file: AtomicFile, bytes: Uint8Array): void {
    if (file !== this.file) this.publish();
    this.file = file;
    for (let from = 0; from < bytes.length; ) {
      const count = Math.min(bytes.length - from, slotBytes - this.filling);
      const start = (Atomics.load(this.control, 0) % slotCount) * slotBytes + this.filling;
      this.data.set(bytes.subarray(from, from + count), start);
      this.filling += count;
      from += count;
      if (this.filling === slotBytes) this.publish();
    }
    file.length += bytes.length;
  }

  /** Appends `length` bytes of an open file from `offset` on: the other thread reads them too. Throws as `write` does. */
  copy(file: AtomicFile, descriptor: number, offset: number, length: number): void {
    this.publish();
    this.file = file;
    const slot = Atomics.load(this.control, 0) % slotCount;
    new Float64Array(this.data.buffer, headBytes + slot * slotBytes, 3).set([descriptor, offset, length]);
    this.request(copyRange, file.descriptor);
    if (!this.awaitSlots(slotCount - 1)) this.fail(file);
    file.length += length;
  }

  /** The CRC-64 of all bytes so far of a file that is summed up. Throws UnwritableError. */
  sum(file: AtomicFile): bigint {
    this.publish();
    this.request(tellSum, file.descriptor);
    if (!this.awaitSlots(0)) this.fail(file);
    const { control } = this;
    return (BigInt(control[5] >>> 0) << 32n) | BigInt(control[4] >>> 0);
  }

  /** Waits until everything is written and flushed. Throws UnwritableError. */
  finish(): void {
    const { file } = this;
    if (file === undefined) return;
    this.publish();
    this.request(flushAll, 0);
    if (!this.awaitSlots(0)) this.fail(file);
    this.file = undefined;
  }

  /** Forgets what has not been written; descriptors may be closed afterwards. Never throws. */
  stop(): void {
    const { control } = this;
    this.filling = 0;
    this.file = undefined;
    Atomics.store(control, 2, 2);
    if (this.awaitSlots(slotCount - 1)) this.request(flushAll, 0);
    this.awaitSlots(0);
    Atomics.store(control, 2, 0);
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private publish(): void {
    const { file, filling } = this;
    if (filling === 0 || file === undefined) return;
    this.filling = 0;
    this.request(filling, file.descriptor | (this.summed.has(file) ? summedBit : 0));
    if (!this.awaitSlots(slotCount - 1)) this.fail(file);
  }

  private request(length: number, descriptor: number): void {
    const { control } = this;
    const filled = Atomics.load(control, 0);
    this.lengths[filled % slotCount] = length;
    this.files[filled % slotCount] = descriptor;
    Atomics.store(control, 0, filled + 1);
    Atomics.notify(control, 0);
  }

  /** Waits until at most `left` slots are not done; false where that will never be. */
  private awaitSlots(left: number): boolean {
    const { control } = this;
    for (let seconds = 0; ; seconds++) {
      const done = Atomics.load(control, 1);
      if (Atomics.load(control, 2) === 1) return false;
      if (Atomics.load(control, 0) - done <= left) return true;
      if (seconds > startSecondsMax && Atomics.load(control, 3) === 0) return false;
      Atomics.wait(control, 1, done, 1000);
    }
  }

  /** The text that the worker leaves is a code, a space, and what happened. */
  private fail(file: AtomicFile): never {
    const left = Buffer.from(this.failure.subarray(0, this.control[6])).toString();
    const text = left === '' ? 'EAGAIN no thread to write with' : left;
    const space = text.indexOf(' ');
    const cause = Object.assign(new Error(text.slice(space + 1)), { code: text.slice(0, space) });
    this.stop();
    file.abandon();
    throw new UnwritableError(file.path, cause);
  }
}
