import { type SlotRange, slotCount } from '../../engine/slot.ts';
import { UsageError } from '../../errors.ts';

const shardsMax = 1000;

/** For each slot the number of the output that it goes to; -1 for none. */
export type SlotTable = Int16Array;

/** Equal shares of all slots, in ascending order, as `redis-cli --cluster create` gives them out. Throws UsageError. */
export function shardBounds(shards: number): SlotRange[] {
  if (!Number.isInteger(shards) || shards < 1 || shards > shardsMax) {
    throw new UsageError(`cannot split into ${shards} parts: 1 to ${shardsMax}`);
  }
  const bound = (shard: number) => Math.round((shard * slotCount) / shards);
  return Array.from({ length: shards }, (_, shard) => ({ first: bound(shard), last: bound(shard + 1) - 1 }));
}

/** Which of `shards` outputs takes a slot; slots outside of `ranges` go nowhere. Throws UsageError. */
export function slotTable(shards: number, ranges: readonly SlotRange[] | undefined): SlotTable {
  const owners = new Int16Array(slotCount);
  for (const [shard, { first, last }] of shardBounds(shards).entries()) owners.fill(shard, first, last + 1);
  if (ranges === undefined) return owners;
  const table = new Int16Array(slotCount).fill(-1);
  for (const { first, last } of ranges) table.set(owners.subarray(first, last + 1), first);
  return table;
}
