import { type Lanes, laneKeysMax } from '../kernels/lanes.ts';
import type { RdbReader } from './reader.ts';

export interface RdbLaneOptions {
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
export class RdbFastLane {
  /** Keys that the last `pass` went over, and how many of them expire. */
  count = 0;
  expires = 0;
  /** How many of them expire before `at`. */
  past = 0;
  /** Their fingerprints as FingerprintSet.hash makes them with the database's number: high and low half of each. */
  readonly prints: Uint32Array;
  private readonly reader: RdbReader;
  private readonly lanes: Lanes;
  private readonly options: RdbLaneOptions;
  private readonly at: number;
  /** Less than so many bytes in the window are not worth a call. */
  private readonly refill: number;

  /** The reader's window must be the lanes' memory; while it has outgrown that, nothing is passed. */
  constructor(reader: RdbReader, lanes: Lanes, options: RdbLaneOptions) {
    this.reader = reader;
    this.lanes = lanes;
    this.options = options;
    this.at = options.at ?? Number.NaN;
    this.prints = lanes.prints;
    this.refill = reader.input.home.length >> 2;
  }

  /** Moves the window over ordinary keys; false if there was none. Call it where `next` may be called. */
  pass(): boolean {
    const { lanes, reader, options } = this;
    const { input } = reader;
    if (reader.pending) return false;
    if (input.limit - input.position < this.refill) input.ensure(this.refill);
    if (!lanes.owns(input.bytes)) return false;
    const flags = (options.deep ? 1 : 0) | (input.trusting ? 2 : 0) | (options.deep === 'long' ? 4 : 0);
    this.count = lanes.passKeys(input.position, input.limit, laneKeysMax, flags, options.seed, reader.db, this.at);
    if (this.count === 0) return false;
    input.position = lanes.result[0];
    this.expires = lanes.result[1];
    this.past = lanes.result[2];
    return true;
  }
}
