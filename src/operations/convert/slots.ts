import { slotCount } from '../../engine/slot.ts';
import { UsageError } from '../../errors.ts';
import type { SlotRange } from './options.ts';

/** For each slot the number of the output that it goes to; -1 for none. */
export type SlotTable = Int16Array;

/** Reads `0-5460,10000`. Throws UsageError. */
export function parseSlots(text: string): SlotRange[] {
  return text.split(',').map((part) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || first > last || last >= slotCount) {
      throw new UsageError(`not slots: ${part} (such as 0-5460, up to ${slotCount - 1})`);
    }
    return { first, last };
  });
}

/**
 * Which of `shards` outputs takes a slot: equal shares in ascending order, as `redis-cli --cluster create` gives them out. Slots
 * outside of `ranges` go nowhere (-1).
 */
export function slotTable(shards: number, ranges: readonly SlotRange[] | undefined): SlotTable {
  if (!Number.isInteger(shards) || shards < 1 || shards > 1000) {
    throw new UsageError(`cannot split into ${shards} parts: 1 to 1000`);
  }
  const table = new Int16Array(slotCount).fill(-1);
  for (const { first, last } of ranges ?? [{ first: 0, last: slotCount - 1 }]) {
    for (let slot = first; slot <= last; slot++) table[slot] = shardOf(slot, shards);
  }
  return table;
}

function shardOf(slot: number, shards: number): number {
  const share = slotCount / shards;
  let shard = Math.min(shards - 1, Math.floor(slot / share));
  // The bounds are rounded to whole slots, so that the neighbour may own this one.
  while (slot < Math.round(shard * share)) shard--;
  while (shard < shards - 1 && slot >= Math.round((shard + 1) * share)) shard++;
  return shard;
}
