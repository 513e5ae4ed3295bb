// AssemblyScript. What stands twice among the members of one value. Two members with one fingerprint are a reason to leave the
// value to JavaScript, which compares members themselves.

import { fewAt, slotBytes, slotsAt } from './layout';

/** Up to so many, every fingerprint is compared with all that came before. */
const fewMax: u32 = 16;
/** More members do not fit the table. */
export const membersMax: u32 = 16384;
/** Steps of one search that only prepared members need. */
const stepsMax: u32 = 256;

let mask: u32 = 0;
let few: u32 = 0;

/** Before at most `count` members. */
export function beginMembers(count: u32): void {
  few = 0;
  mask = 0;
  if (count <= fewMax) return;
  let slots: u32 = 32;
  while (slots < count * 2) slots *= 2;
  mask = slots - 1;
  memory.fill(slotsAt, 0, <usize>slots << 3);
}

/** False where the fingerprint was there already, or finding out takes too long. */
export function addMember(print: u64): bool {
  if (mask == 0) {
    const end = fewAt + (<usize>few << 3);
    for (let at: usize = fewAt; at < end; at += 8) if (load<u64>(at) == print) return false;
    store<u64>(end, print);
    few++;
    return true;
  }
  let slot = <u32>(print >> 32) & mask;
  for (let steps: u32 = 0; steps < stepsMax; steps++) {
    const at = slotsAt + (<usize>slot << 3);
    const there = load<u64>(at);
    if (there == 0) {
      store<u64>(at, print);
      return true;
    }
    if (there == print) return false;
    slot = (slot + 1) & mask;
  }
  return false;
}
