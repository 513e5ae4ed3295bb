import { batchPlacesMax, type CheckKernel, placeWords } from '../kernels/check-kernel.ts';
import type { RdbReader } from './reader.ts';

/** Told where a key and its value lie, and where its expiry does: positions in the window, -1 for no expiry. */
export type PlaceReceiver = (
  key: number,
  length: number,
  type: number,
  from: number,
  to: number,
  expiry: number,
) => void;

/**
 * Finds the ordinary keys of an RDB that lie whole in the window, and stops before anything else, which the reader then reads. Their
 * values are not looked through: for an RDB whose checksum vouches for them.
 */
export class PlaceBatch {
  /** Keys that the last `pass` went over, those of other shards included. */
  seen = 0;
  private readonly reader: RdbReader;
  private readonly checkKernel: CheckKernel;
  private readonly index: number;
  /** Less than so many bytes in the window are not worth a call. */
  private readonly refill: number;

  /** The reader's window must be the lanes' memory; while it has outgrown that, nothing is passed. Takes all keys, or those of `shard`. */
  constructor(
    reader: RdbReader,
    checkKernel: CheckKernel,
    shard?: { readonly index: number; readonly owners: Uint8Array },
  ) {
    this.reader = reader;
    this.checkKernel = checkKernel;
    this.index = shard?.index ?? 0;
    if (shard === undefined) checkKernel.owners.fill(0);
    else checkKernel.owners.set(shard.owners);
    this.refill = reader.input.home.length >> 2;
  }

  /** Moves the window over ordinary keys and tells of each; false if there was none. Call it where `next` may be called. */
  pass(receive: PlaceReceiver): boolean {
    const { checkKernel, reader } = this;
    const { input } = reader;
    if (reader.pending) return false;
    if (input.limit - input.position < this.refill) input.ensure(this.refill);
    if (!checkKernel.owns(input.bytes)) return false;
    const count = checkKernel.placeKeys(input.position, input.limit, batchPlacesMax, this.index);
    const { places, result } = checkKernel;
    this.seen = result[1];
    for (let place = 0; place < count * placeWords; place += placeWords) {
      const key = places[place];
      const expiry = places[place + 5] | 0;
      receive(key, places[place + 1], places[place + 2], places[place + 3], places[place + 4], expiry);
    }
    input.position = result[0];
    return this.seen > 0;
  }
}
