// AssemblyScript. SHA-1 (RFC 3174) of many short messages, four at a time: one in each 32-bit lane of the vectors. What is hashed
// next in a lane does not wait for the other lanes.
//
//   at 0      five vectors: the lanes' states
//   at 128    sixteen vectors: the words of the lanes' blocks
//   at 384    for each lane u32: where its next block lies, blocks left, slot; the same for chains
//   at 512    a block for lanes that have nothing to do
//
// What is from 1024 on is not its own: data of a module that uses it begins there.
//
// A slot is five words. What comes out is xored into the slot that a message or a chain names.

import { compressLanes } from './sha1-rounds.generated';

const wordsAt: usize = 128;
const pointersAt: usize = 384;
const leftAt: usize = 400;
const targetsAt: usize = 416;
const idleBlockAt: usize = 512;
const slotBytes: u32 = 20;
const idle: u32 = 0xffffffff;

/** The lane's state becomes the one that every hash begins with. */
function beginLane(at: usize): void {
  store<u32>(at, 0x67452301);
  store<u32>(at, 0xefcdab89, 16);
  store<u32>(at, 0x98badcfe, 32);
  store<u32>(at, 0x10325476, 48);
  store<u32>(at, 0xc3d2e1f0, 64);
}

/** Xors the lane's state into a slot. */
function endLane(at: usize, slot: usize): void {
  store<u32>(slot, load<u32>(slot) ^ load<u32>(at));
  store<u32>(slot, load<u32>(slot, 4) ^ load<u32>(at, 16), 4);
  store<u32>(slot, load<u32>(slot, 8) ^ load<u32>(at, 32), 8);
  store<u32>(slot, load<u32>(slot, 12) ^ load<u32>(at, 48), 12);
  store<u32>(slot, load<u32>(slot, 16) ^ load<u32>(at, 64), 16);
}

/** Puts the end of a message behind it: a bit, zeros, and its length in bits. Gives its number of blocks. */
function pad(message: usize, length: usize): u32 {
  const total = (length + 72) & ~63;
  const end = message + total - 8;
  store<u8>(message + length, 0x80);
  for (let at = message + length + 1; at < end; at += 8) store<u64>(at, 0);
  store<u64>(end, bswap<u64>(<u64>length << 3));
  return <u32>(total >> 6);
}

// @ts-ignore: decorator
@inline
function bigEndian(words: v128): v128 {
  return v128.shuffle<u8>(words, words, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

/** Deals the next block of each lane out over the words. */
function loadBlocks(): void {
  const first = <usize>load<u32>(pointersAt);
  const second = <usize>load<u32>(pointersAt, 4);
  const third = <usize>load<u32>(pointersAt, 8);
  const fourth = <usize>load<u32>(pointersAt, 12);
  for (let part: usize = 0; part < 64; part += 16) {
    const p = bigEndian(v128.load(first + part));
    const q = bigEndian(v128.load(second + part));
    const r = bigEndian(v128.load(third + part));
    const s = bigEndian(v128.load(fourth + part));
    const pqLow = v128.shuffle<u32>(p, q, 0, 4, 1, 5);
    const pqHigh = v128.shuffle<u32>(p, q, 2, 6, 3, 7);
    const rsLow = v128.shuffle<u32>(r, s, 0, 4, 1, 5);
    const rsHigh = v128.shuffle<u32>(r, s, 2, 6, 3, 7);
    const to = wordsAt + (part << 2);
    v128.store(to, v128.shuffle<u64>(pqLow, rsLow, 0, 2));
    v128.store(to, v128.shuffle<u64>(pqLow, rsLow, 1, 3), 16);
    v128.store(to, v128.shuffle<u64>(pqHigh, rsHigh, 0, 2), 32);
    v128.store(to, v128.shuffle<u64>(pqHigh, rsHigh, 1, 3), 48);
  }
}

/**
 * Hashes `count` messages; each is three u32 at `list`: its address (with room for what pad adds), its length in bytes, and the
 * number of the slot at `slots` that its hash is xored into.
 */
export function sha1Messages(list: usize, count: u32, slots: usize): void {
  let next: u32 = 0;
  let busy: u32 = 0;
  for (let lane: usize = 0; lane < 16; lane += 4) store<u32>(targetsAt + lane, idle);
  for (let lane: usize = 0; lane < 16; lane += 4) store<u32>(leftAt + lane, 0);
  while (true) {
    for (let lane: usize = 0; lane < 16; lane += 4) {
      if (load<u32>(leftAt + lane) != 0) continue;
      const target = load<u32>(targetsAt + lane);
      if (target != idle) {
        endLane(lane, slots + target * slotBytes);
        busy--;
      }
      if (next < count) {
        const record = list + next * 12;
        const message = load<u32>(record);
        store<u32>(pointersAt + lane, message);
        store<u32>(leftAt + lane, pad(message, load<u32>(record, 4)));
        store<u32>(targetsAt + lane, load<u32>(record, 8));
        next++;
        busy++;
      } else {
        store<u32>(pointersAt + lane, <u32>idleBlockAt);
        store<u32>(leftAt + lane, 1);
        store<u32>(targetsAt + lane, idle);
      }
      beginLane(lane);
    }
    if (busy == 0) return;
    loadBlocks();
    compressLanes(0, wordsAt);
    for (let lane: usize = 0; lane < 16; lane += 4) {
      const left = load<u32>(leftAt + lane) - 1;
      store<u32>(leftAt + lane, left);
      if (load<u32>(targetsAt + lane) != idle) store<u32>(pointersAt + lane, load<u32>(pointersAt + lane) + 64);
    }
  }
}

/**
 * Runs `count` chains; each is three u32 at `list`: its first slot, the number of its slots (not 0), and the slot that its result
 * is xored into. A chain starts with a state of zeros; each slot in turn is xored into it, and its SHA-1 becomes the state.
 */
export function sha1Chains(list: usize, count: u32, slots: usize): void {
  let next: u32 = 0;
  let busy: u32 = 0;
  for (let lane: usize = 0; lane < 16; lane += 4) {
    store<u32>(targetsAt + lane, idle);
    store<u32>(leftAt + lane, 0);
  }
  while (true) {
    for (let lane: usize = 0; lane < 16; lane += 4) {
      if (load<u32>(leftAt + lane) == 0) {
        const target = load<u32>(targetsAt + lane);
        if (target != idle) {
          endLane(lane, slots + target * slotBytes);
          busy--;
        }
        for (let word: usize = 0; word < 80; word += 16) store<u32>(lane + word, 0);
        if (next < count) {
          const record = list + next * 12;
          store<u32>(pointersAt + lane, <u32>(slots + load<u32>(record) * slotBytes));
          store<u32>(leftAt + lane, load<u32>(record, 4));
          store<u32>(targetsAt + lane, load<u32>(record, 8));
          next++;
          busy++;
        } else {
          store<u32>(pointersAt + lane, <u32>idleBlockAt);
          store<u32>(leftAt + lane, 1);
          store<u32>(targetsAt + lane, idle);
        }
      }
      const slot = <usize>load<u32>(pointersAt + lane);
      const to = wordsAt + lane;
      store<u32>(to, load<u32>(lane) ^ load<u32>(slot));
      store<u32>(to, load<u32>(lane, 16) ^ load<u32>(slot, 4), 16);
      store<u32>(to, load<u32>(lane, 32) ^ load<u32>(slot, 8), 32);
      store<u32>(to, load<u32>(lane, 48) ^ load<u32>(slot, 12), 48);
      store<u32>(to, load<u32>(lane, 64) ^ load<u32>(slot, 16), 64);
      store<u32>(pointersAt + lane, <u32>slot + slotBytes);
      store<u32>(leftAt + lane, load<u32>(leftAt + lane) - 1);
    }
    if (busy == 0) return;
    v128.store(wordsAt + 80, i32x4.splat(0x80000000));
    for (let word: usize = 6; word < 15; word++) v128.store(wordsAt + (word << 4), i32x4.splat(0));
    v128.store(wordsAt + 240, i32x4.splat(160));
    for (let lane: usize = 0; lane < 16; lane += 4) beginLane(lane);
    compressLanes(0, wordsAt);
  }
}
