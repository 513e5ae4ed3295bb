import { batchUntouchedMax, type CheckKernel, countWords, placeWords } from '../../kernels/check-kernel.ts';
import type { PlaceReceiver } from '../../rdb/place-batch.ts';
import type { RdbReader } from '../../rdb/reader.ts';

/** Told where a record begins, and of its key as PlaceReceiver is. */
export type TouchedReceiver = (start: number, ...place: Parameters<PlaceReceiver>) => void;

/** Data types are counted by their number in the file, those of the lane by these. */
export const laneTypes = 21;

/**
 * Goes over the ordinary keys of an RDB that lie whole in the window, and tells those that logs touch from the others. It stops
 * before anything else, which the reader then reads.
 */
export class UntouchedBatch {
  /** What the last `pass` went over: where it began and ended in the window, and how many keys are not touched. */
  from = 0;
  to = 0;
  kept = 0;
  /** Fingerprints of these: high and low half of each. */
  readonly prints: Uint32Array;
  /** How many keys are kept of each type, then how many of all expire, and how many say how they were used: added up by each `pass`. */
  readonly counts: Uint32Array;
  private readonly reader: RdbReader;
  private readonly checkKernel: CheckKernel;
  private readonly seed: number;
  private readonly refill: number;

  /** `touched`: the bits of KeyBloomFilter. `seed`: what fingerprints are made with. The reader's window must be the lanes' memory. */
  constructor(reader: RdbReader, checkKernel: CheckKernel, touched: Uint8Array, seed: number) {
    this.reader = reader;
    this.checkKernel = checkKernel;
    this.seed = seed;
    this.prints = checkKernel.prints;
    this.counts = checkKernel.counts.fill(0, 0, countWords);
    checkKernel.touched.set(touched);
    this.refill = reader.input.home.length >> 2;
  }

  /**
   * Moves the window over ordinary keys; false if there was none. Tells of each that may be touched or expires before a moment,
   * milliseconds since 1970.
   */
  pass(expiredBefore: number, receive: TouchedReceiver): boolean {
    const { checkKernel, reader } = this;
    const { input } = reader;
    if (reader.pending) {
      this.kept = 0;
      return false;
    }
    if (input.limit - input.position < this.refill) input.ensure(this.refill);
    if (!checkKernel.owns(input.bytes)) return false;
    this.from = input.position;
    this.kept = checkKernel.keepKeys(
      input.position,
      input.limit,
      batchUntouchedMax,
      this.seed,
      reader.db,
      expiredBefore,
    );
    const { touchedPlaces: places, result } = checkKernel;
    const touched = result[1];
    for (let place = 0; place < touched * placeWords; place += placeWords) {
      const start = places[place + 6];
      const expiry = places[place + 5] | 0;
      receive(start, places[place], places[place + 1], places[place + 2], places[place + 3], places[place + 4], expiry);
    }
    this.to = input.position = result[0];
    return this.kept + touched > 0;
  }
}
