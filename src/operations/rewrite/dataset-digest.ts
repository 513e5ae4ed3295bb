import { type DatabaseSum, Digester, xorInto } from '../../engine/digest.ts';
import type { Flavor } from '../../engine/flavor.ts';
import { fileOrder } from '../dataset/file-order.ts';
import type { Loaded } from '../dataset/load.ts';
import { EarlyDigest } from '../early-digest.ts';
import type { DealtDataset } from './dealt-load.ts';
import type { SecondShard } from './second-shard.ts';

/** The digest of what is rewritten, of which another thread computes a part while the output is written and flushed. */
export interface DatasetDigest {
  /** The keys are written: nothing else needs the other thread. */
  begin(): void;
  /** 40 hexadecimal digits. */
  finish(): Promise<string>;
  /** It is not wanted any more. */
  stop(): void;
}

export function digestOfDealt({ loaded, second }: DealtDataset, flavor: Flavor, at: number): DatasetDigest {
  return second === undefined ? new WholeDigest(loaded, flavor, at) : new DealtDigest(loaded, second, flavor, at);
}

class WholeDigest extends EarlyDigest implements DatasetDigest {
  begin(): void {}
}

/** Each thread sums up its own shard. */
class DealtDigest implements DatasetDigest {
  private readonly loaded: Loaded;
  private readonly second: SecondShard;
  private readonly flavor: Flavor;
  private readonly at: number;

  constructor(loaded: Loaded, second: SecondShard, flavor: Flavor, at: number) {
    this.loaded = loaded;
    this.second = second;
    this.flavor = flavor;
    this.at = at;
  }

  begin(): void {
    this.second.startDigest(this.flavor);
  }

  async finish(): Promise<string> {
    const { flavor, at } = this;
    const { dataset, codec, sources: reader } = this.loaded;
    const digester = new Digester({ flavor, at, codec, reader });
    const sums = new Map<number, DatabaseSum>();
    for (const index of dataset.occupied()) {
      const keys = dataset.database(index);
      sums.set(index, { index, sum: digester.sum(keys, fileOrder(keys)) });
    }
    for (const other of await this.second.digest()) {
      const own = sums.get(other.index);
      if (own === undefined) sums.set(other.index, other);
      else xorInto(own.sum, other.sum);
    }
    return digester.total([...sums.values()].sort((a, b) => a.index - b.index));
  }

  stop(): void {}
}
