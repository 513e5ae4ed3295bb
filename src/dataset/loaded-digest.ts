import { type DatabaseSum, Digester, digestOfSums } from '../engine/digest.ts';
import type { Flavor } from '../servers/flavor.ts';
import { fileOrder } from './file-order.ts';
import type { Loaded } from './load.ts';

/** The digest of what was loaded. */
export function digestOf(loaded: Loaded, flavor: Flavor, at: number): string {
  return digestOfSums(sumsOf(loaded, flavor, at));
}

/** What the keys of each database that was loaded add to the digest. */
export function sumsOf({ dataset, codec, sources: reader }: Loaded, flavor: Flavor, at: number): DatabaseSum[] {
  const digester = new Digester({ flavor, at, codec, reader });
  return dataset.occupied().map((index) => {
    const keys = dataset.database(index);
    return { index, sum: digester.sum(keys, fileOrder(keys)) };
  });
}
