import type { RecordRange } from './untouched-keys.ts';

/**
 * RecordRanges of a file for threads to share: one puts them in, and whoever is free takes the next.
 *
 *     control     [0] stretches put in   [1] taken   [2] 1 once there will be no more
 *     stretches   five numbers each, as in RecordRange; 1 for a single key
 */
const controlBytes = 16;
const stretchBytes = 40;

export class RangeQueue {
  /** What another thread needs to share it. */
  readonly memory: SharedArrayBuffer;
  private readonly control: Int32Array;
  private readonly stretches: Float64Array;

  /** A new queue with room for so many, or one that another thread has made. */
  constructor(shared: number | SharedArrayBuffer) {
    this.memory = typeof shared === 'number' ? new SharedArrayBuffer(controlBytes + shared * stretchBytes) : shared;
    this.control = new Int32Array(this.memory, 0, 4);
    this.stretches = new Float64Array(this.memory, controlBytes);
  }

  /** False where there is no room. Only one thread may call this. */
  put({ from, to, database, isSingle, expiredBefore }: RecordRange): boolean {
    const { control, stretches } = this;
    const number = control[0];
    if (number * 5 === stretches.length) return false;
    stretches.set([from, to, database, isSingle ? 1 : 0, expiredBefore], number * 5);
    Atomics.store(control, 0, number + 1);
    Atomics.notify(control, 0);
    return true;
  }

  /** There will be no more. */
  close(): void {
    Atomics.store(this.control, 2, 1);
    Atomics.notify(this.control, 0);
  }

  /** The next stretch for this thread, or undefined. `waits`: until there will be no more. */
  take(waits: boolean): RecordRange | undefined {
    const { control } = this;
    for (;;) {
      const closed = Atomics.load(control, 2) === 1;
      const put = Atomics.load(control, 0);
      const taken = Atomics.load(control, 1);
      if (taken < put) {
        if (Atomics.compareExchange(control, 1, taken, taken + 1) === taken) return this.at(taken);
      } else if (closed || !waits) return undefined;
      else Atomics.wait(control, 0, put, 1000);
    }
  }

  /** How many were put in. */
  get count(): number {
    return Atomics.load(this.control, 0);
  }

  /** One of them by its number, taken or not. */
  at(number: number): RecordRange {
    const [from, to, database, isSingle, expiredBefore] = this.stretches.subarray(number * 5, number * 5 + 5);
    return { from, to, database, isSingle: isSingle === 1, expiredBefore };
  }
}
