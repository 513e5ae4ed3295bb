import { Worker } from 'node:worker_threads';
import { DecompressionError } from './decompression-error.ts';
import type { Source } from './source.ts';

/**
 * The decompressed bytes of a gzip file. Node decompresses asynchronously and a source is read synchronously, so a worker does
 * it, on a core of its own, and hands the bytes over in a ring of slots in shared memory:
 *
 *     control   [0] slots written   [1] slots read   [2] 1 at the end   [3] which slot is an error's message, from 1; 0 for none
 *               [4] 1 once the worker runs
 *     lengths   bytes in each slot
 *     data      the slots
 */
const slotBytes = 256 * 1024;
const slotCount = 8;

function gzipError(message: string, offset: number): DecompressionError {
  return new DecompressionError('input.gzip', offset, 'sound gzip data', message);
}

export class GunzipSource implements Source {
  readonly name: string;
  readonly size = undefined;
  private readonly control: Int32Array;
  private readonly lengths: Int32Array;
  private readonly data: Uint8Array;
  private readonly worker: Worker;
  private readonly closing: () => void;
  private used = 0;
  private offset = 0;

  /** `head`: bytes of the compressed file that were read already; the rest comes from `descriptor`. */
  constructor(name: string, descriptor: number, head: Uint8Array, closing: () => void) {
    this.name = name;
    this.closing = closing;
    const shared = new SharedArrayBuffer(32 + slotCount * 4 + slotBytes * slotCount);
    this.control = new Int32Array(shared, 0, 8);
    this.lengths = new Int32Array(shared, 32, slotCount);
    this.data = new Uint8Array(shared, 32 + slotCount * 4);
    this.worker = new Worker(new URL('./gunzip-worker.js', import.meta.url), {
      workerData: { descriptor, head, shared, slotBytes, slotCount },
      execArgv: [],
    });
    this.worker.unref();
  }

  read(into: Uint8Array, position: number, length: number): number {
    if (!this.awaitSlot()) return 0;
    const read = Atomics.load(this.control, 1);
    const start = (read % slotCount) * slotBytes;
    const filled = this.lengths[read % slotCount];
    if (Atomics.load(this.control, 3) === read + 1) {
      throw gzipError(Buffer.from(this.data.subarray(start, start + filled)).toString(), this.offset);
    }
    const left = filled - this.used;
    const count = Math.min(length, left);
    const from = start + this.used;
    into.set(this.data.subarray(from, from + count), position);
    this.advance(count, left);
    return count;
  }

  /** Waits for a slot to read; false at the end. */
  private awaitSlot(): boolean {
    const { control } = this;
    for (let seconds = 0; ; seconds++) {
      const read = Atomics.load(control, 1);
      if (read !== Atomics.load(control, 0)) return true;
      if (Atomics.load(control, 2) === 1) return read !== Atomics.load(control, 0);
      if (seconds > 30 && Atomics.load(control, 4) === 0)
        throw gzipError('the decompressor does not start', this.offset);
      Atomics.wait(control, 0, read, 1000);
    }
  }

  private advance(count: number, left: number): void {
    this.offset += count;
    this.used += count;
    if (count < left) return;
    this.used = 0;
    Atomics.add(this.control, 1, 1);
    Atomics.notify(this.control, 1);
  }

  seek(): boolean {
    return false;
  }

  close(): void {
    void this.worker.terminate();
    this.closing();
  }
}
