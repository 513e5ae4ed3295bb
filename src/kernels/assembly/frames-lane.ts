// AssemblyScript. Frames the ordinary commands of an AOF for the engine, and deals them out to shards (src/engine/shard.ts says which
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
import { argumentEnd, commandHead, lineEnd, shortHeader } from './resp-numbers';

const resultAt: usize = 0;
const ownersAt: usize = 1024;
const tableAt: usize = 66560;
const headsAt: usize = 99328;
const framesAt: usize = 102400;
const windowAt: usize = 196608;

/** As `Share` in src/engine/shard.ts. */
const shareKey: u32 = 1;
const shareEverywhere: u32 = 2;
const shareNowhere: u32 = 4;

const argumentsMax: u32 = 64;
const lengthsOffset: usize = 256;

/**
 * Frames the commands of the window's `[from, to)` that are `shard`'s, at most `most`, and passes over the others. Stops before
 * whatever is not ordinary or not whole. Returns the number of frames. Results: where the first command begins that was not
 * looked at, and how many were.
 */
export function frameCommands(from: usize, to: usize, most: u32, shard: u32): u32 {
  const limit = windowAt + to;
  let start = windowAt + from;
  let taken: u32 = 0;
  let seen: u32 = 0;
  let frame = framesAt;
  while (start < limit && taken < most) {
    const header = shortHeader(start, commandHead);
    const argc = <u32>header;
    if (argc == 0 || argc > argumentsMax) break;
    let position = <usize>(header >> 32);
    let at = frame;
    let left = argc;
    do {
      const end = argumentEnd(position);
      if (end > limit || <u32>load<u16>(end - 2) != lineEnd) break;
      // An argument's line has as many bytes as its number has digits, and three.
      const start = bodyOf(position);
      store<u32>(at, <u32>(start - windowAt));
      store<u32>(at, <u32>(end - 2 - start), lengthsOffset);
      at += 4;
      position = end;
    } while (--left);
    if (left) break;
    seen++;
    if (isOf(frame, argc, shard)) {
      const head = headsAt + (<usize>taken << 5);
      store<u32>(head, <u32>(start - windowAt));
      store<u32>(head, <u32>(position - windowAt), 4);
      store<u32>(head, argc, 8);
      store<u32>(head, seen, 12);
      taken++;
      frame += 512;
    }
    start = position;
  }
  store<u32>(resultAt, <u32>(start - windowAt));
  store<u32>(resultAt, seen, 4);
  return taken;
}

/** Where the bytes of the argument at `at` begin, of which argumentEnd has found that it is ordinary. */
// @ts-ignore: decorator
@inline
function bodyOf(at: usize): usize {
  const word = load<u64>(at);
  // The carriage return is the first byte of the line that is below '0'.
  if (<u32>(word >> 16) << 16 == lineEnd << 16) return at + 4;
  if ((<u32>(word >> 24) & 0xffff) == lineEnd) return at + 5;
  if ((<u32>(word >> 32) & 0xffff) == lineEnd) return at + 6;
  if ((<u32>(word >> 40) & 0xffff) == lineEnd) return at + 7;
  let position = at + 6;
  while (load<u8>(position) != 0x0d) position++;
  return position + 2;
}

/** Whether the command in the frame at `frame` is `shard`'s. */
// @ts-ignore: decorator
@inline
function isOf(frame: usize, argc: u32, shard: u32): bool {
  const slot = slotOf(tableAt, windowAt + load<u32>(frame), load<u32>(frame, lengthsOffset));
  if (slot == 0) return shard == 0;
  const share = load<u32>(slot, 24);
  const key = load<u32>(slot, 16);
  // A command that may name several keys is everywhere, but with one key it is only that key's.
  if (share == shareKey || (share == shareEverywhere && key != 0 && argc == key + 1)) {
    if (argc <= key) return shard == 0;
    const place = frame + (<usize>key << 2);
    const hash = hashOf(windowAt + load<u32>(place), load<u32>(place, lengthsOffset), 0);
    return <u32>load<u8>(ownersAt + <usize>(hash >> 16)) == shard;
  }
  if (share == shareNowhere) return false;
  return share == shareEverywhere || shard == 0;
}
