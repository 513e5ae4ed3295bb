import { batchKeysMax, type CheckKernel } from '../kernels/check-kernel.ts';
import type { RdbReader } from './reader.ts';

export interface RecordBatchOptions {
  /** Whether values are looked through element by element, or only those in which a listpack's element may be a long one. */
  readonly deep: boolean | 'long';
  /** What the keys' fingerprints are made with. */
  readonly seed: number;
  /** Keys are counted that expire before this moment, milliseconds since 1970. Default: none. */
  readonly at?: number;
}

/**
 * Passes over the ordinary, sound keys of an RDB that lie whole in the window, and stops before anything else: what is cut by the
 * window's end, every item but a key, rare value types, whatever has a flaw. The reader then reads the one item at which the lane
 * stopped, and it and the value's check alone say what it is.
 */
export class RecordBatch {
  /** Keys that the last `pass` went over, and how many of them expire. */
  count = 0;
  expires = 0;
  /** How many of them expire before `at`. */
  past = 0;
  /** Their fingerprints as FingerprintSet.hash makes them with the database's number: high and low half of each. */
  readonly prints: Uint32Array;
  private readonly reader: RdbReader;
  private readonly checkKernel: CheckKernel;
  private readonly options: RecordBatchOptions;
  private readonly at: number;
  /** Less than so many bytes in the window are not worth a call. */
  private readonly refill: number;

  /** The reader's window must be the lanes' memory; while it has outgrown that, nothing is passed. */
  constructor(reader: RdbReader, checkKernel: CheckKernel, options: RecordBatchOptions) {
    this.reader = reader;
    this.checkKernel = checkKernel;
    this.options = options;
    this.at = options.at ?? Number.NaN;
    this.prints = checkKernel.prints;
    this.refill = reader.input.home.length >> 2;
  }

  /** Moves the window over ordinary keys; false if there was none. Call it where `next` may be called. */
  pass(): boolean {
    const { checkKernel, reader, options } = this;
    const { input } = reader;
    if (reader.pending) return false;
    if (input.limit - input.position < this.refill) input.ensure(this.refill);
    if (!checkKernel.owns(input.bytes)) return false;
    const flags = (options.deep ? 1 : 0) | (input.trusting ? 2 : 0) | (options.deep === 'long' ? 4 : 0);
    this.count = checkKernel.passKeys(
      input.position,
      input.limit,
      batchKeysMax,
      flags,
      options.seed,
      reader.db,
      this.at,
    );
    if (this.count === 0) return false;
    input.position = checkKernel.result[0];
    this.expires = checkKernel.result[1];
    this.past = checkKernel.result[2];
    return true;
  }
}
