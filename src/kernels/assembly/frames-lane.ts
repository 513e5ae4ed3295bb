// AssemblyScript. Frames the ordinary commands of an AOF for the engine, and deals them out to shards (src/engine/partition.ts says which
// command is whose). What it frames lies where JavaScript's frames have their arrays, so that nothing is copied.
//
//   0        1024          66560               99328             102400           196608            720896
//   | result | owners      | table of commands | heads           | frames         | window, 512 KiB | slack |
//
//   owners   the shard of each bucket of keys, a byte each
//   table    command-table.ts; a slot's own part: u32 the key's argument, 0 for none | unused; its kind: whose the command is
//   head     of a frame, 32 bytes: u32 start | u32 end | u32 arguments | u32 its number among the commands of this call, from 1
//   frame    512 bytes: u32 start of each of 64 arguments, then u32 length of each

import { slotOf } from './command-table';
import { hashOf } from './key-hash';
import { argumentBody, commandHead, lineEnd, nowhere, shortHeader } from './resp-numbers';

const resultAt: usize = 0;
const ownersAt: usize = 1024;
const tableAt: usize = 66560;
const headsAt: usize = 99328;
const framesAt: usize = 102400;
const windowAt: usize = 196608;

/** As `Share` in src/engine/partition.ts. */
const shareKey: u32 = 1;
const shareEverywhere: u32 = 2;
const shareFirst: u32 = 3;
const shareNowhere: u32 = 4;

const argumentsMax: u32 = 64;
const lengthsOffset: usize = 256;

/**
 * Frames the commands of the window's `[from, to)` that are `shard`'s, at most `most`, and passes over the others. Stops before
 * whatever is not ordinary or not whole. Returns the number of frames. Results: where the first command begins that was not
 * looked at, how many were, and how many frames are of commands of shard 0 alone.
 */
export function frameCommands(from: usize, to: usize, most: u32, shard: u32): u32 {
  const limit = windowAt + to;
  let start = windowAt + from;
  let taken: u32 = 0;
  let seen: u32 = 0;
  let first: u32 = 0;
  while (start < limit && taken < most) {
    const header = shortHeader(start, commandHead);
    const argc = <u32>header;
    if (argc == 0 || argc > argumentsMax) break;
    const end = frameOne(<usize>(header >> 32), argc, limit, shard, framesAt + (<usize>taken << 9));
    if (end > limit) break;
    seen++;
    if (isTaken) {
      const head = headsAt + (<usize>taken << 5);
      store<u32>(head, <u32>(start - windowAt));
      store<u32>(head, <u32>(end - windowAt), 4);
      store<u32>(head, argc, 8);
      store<u32>(head, seen, 12);
      taken++;
      if (isFirst) first++;
    }
    start = end;
  }
  store<u32>(resultAt, <u32>(start - windowAt));
  store<u32>(resultAt, seen, 4);
  store<u32>(resultAt, first, 8);
  return taken;
}

/** After `frameOne`: the command is the shard's, and framed. */
let isTaken: bool = false;
/** It is shard 0's alone. */
let isFirst: bool = false;

/** Frames the `argc` arguments at `at` as far as the command is `shard`'s; where it ends, or `nowhere`. */
// @ts-ignore: decorator
@inline
function frameOne(at: usize, argc: u32, limit: usize, shard: u32, frame: usize): usize {
  const name = argumentBody(at);
  const nameAt = <usize>(name >> 32);
  if (nameAt >= limit) return nowhere;
  const slot = slotOf(tableAt, nameAt, <usize>(<u32>name));
  const share = slot == 0 ? shareFirst : load<u32>(slot, 24);
  let key: u32 = slot == 0 ? 0 : load<u32>(slot, 16);
  // A command that may name several keys is everywhere, but with one key it is only that key's.
  const keyed = share == shareKey || (share == shareEverywhere && argc == key + 1);
  if (!keyed || key == 0) key = argumentsMax;
  // Without its key a command is the first shard's, which says that it has too few arguments.
  let takes = share == shareEverywhere || (share != shareNowhere && (shard == 0 || key < argc));
  let position = at;
  let to = frame;
  for (let index: u32 = 0; index < argc; index++) {
    const argument = argumentBody(position);
    const body = <usize>(argument >> 32);
    const length = <u32>argument;
    position = body + length + 2;
    if (body > limit || position > limit || <u32>load<u16>(position - 2) != lineEnd) return nowhere;
    if (!takes) continue;
    store<u32>(to, <u32>(body - windowAt));
    store<u32>(to, length, lengthsOffset);
    to += 4;
    if (index == key) takes = <u32>load<u8>(ownersAt + <usize>(hashOf(body, length, 0) >> 16)) == shard;
  }
  isTaken = takes;
  isFirst = share == shareFirst;
  return position;
}
