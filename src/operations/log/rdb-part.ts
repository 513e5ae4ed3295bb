import type { Lanes } from '../../kernels/lanes.ts';
import { RdbFastLane } from '../../rdb/fast-lane.ts';
import type { RdbInput } from '../../rdb/input.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue } from '../../rdb/value-types.ts';
import type { LogRdb } from './options.ts';

/** Items between two pauses. */
const itemsBetweenPauses = 1 << 17;

/** Passes over the RDB at the front of a part and counts its keys. Throws RdbFault or FlawError. */
export async function passRdb(input: RdbInput, lanes: Lanes | undefined, pause: () => Promise<void>): Promise<LogRdb> {
  const counter = new RdbCounter(input, lanes);
  while (!counter.passItems(itemsBetweenPauses)) await pause();
  const { reader, keys, expires } = counter;
  return { offset: 0, length: input.offset, fork: reader.fork, version: reader.version, keys, expires };
}

class RdbCounter {
  keys = 0;
  expires = 0;
  readonly reader: RdbReader;
  private readonly values: ValueCheck;
  private readonly lane: RdbFastLane | undefined;

  constructor(input: RdbInput, lanes: Lanes | undefined) {
    // Nobody asks for the checksum here.
    const reader = new RdbReader(input, { lanes, checksum: false });
    this.reader = reader;
    reader.readHeader();
    input.trusting = true;
    this.values = new ValueCheck(false, reader.templates, 0);
    this.values.fork = reader.fork;
    this.lane = lanes && new RdbFastLane(reader, lanes, { deep: false, seed: 0 });
  }

  /** Passes over about `most` items; true at the end. */
  passItems(most: number): boolean {
    const { reader, lane, values } = this;
    for (let index = 0; index < most; index++) {
      while (lane?.pass()) {
        index += lane.count;
        this.keys += lane.count;
        this.expires += lane.expires;
      }
      const item = reader.next();
      if (item === Item.end) return true;
      if (item !== Item.key) continue;
      this.keys++;
      if (!Number.isNaN(reader.expire)) this.expires++;
      values.begin();
      checkValue(reader.input, reader.type, values);
    }
    return false;
  }
}
