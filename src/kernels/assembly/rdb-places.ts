// AssemblyScript. Finds the keys of an RDB for the engine, which leaves values in the file: where each ordinary key and its value lie.
// What is not ordinary is JavaScript's (src/dataset/load-rdb.ts).
//
//   place, 32 bytes at `printsAt`:   u32 key | u32 its length | u32 type | u32 value | u32 its end | u32 expiry, 0xffffffff for none
//   all positions in the window; the shard of each bucket of keys, a byte each, lies at `ownersAt`

import { hashOf } from './key-hash';
import { ownersAt, printsAt, resultAt, windowAt, windowEnd } from './layout';
import { lastNumber, laneStart, nowhere, numberEnd, plainLength, stringEnd, textAt, textEnd, textLength } from './rdb-strings';
import { blobEnd, compoundEnd, isBlob } from './rdb-values';

/** Bytes of an encoding with no element, at most: a server does not load such a key. */
const emptyBlobMax: u32 = 11;
const none: u32 = 0xffffffff;
const quicklist: u32 = 14;
const quicklist2: u32 = 18;
/** Containers of a quicklist's nodes: one element as it is, or several. */
const plainNode: u32 = 1;
const packedNode: u32 = 2;

/** Where a quicklist ends, unless a node may have no element. */
function quicklistEnd(type: u32, from: usize): usize {
  let at = numberEnd(from);
  const nodes = lastNumber();
  if (at > windowEnd || nodes == 0) return nowhere;
  for (let index: u32 = 0; index < nodes; index++) {
    let container = packedNode;
    if (type == quicklist2) {
      at = numberEnd(at);
      container = lastNumber();
      if (at > windowEnd || (container != plainNode && container != packedNode)) return nowhere;
      if (container == plainNode && load<u8>(at) == 0) return nowhere;
    }
    if (container == packedNode && plainLength(at) <= emptyBlobMax) return nowhere;
    at = stringEnd(at);
    if (at > windowEnd) return nowhere;
  }
  return at;
}

/** Where a value ends of one of the types that an RDB mostly consists of, and that has an element. */
function ordinaryEnd(type: u32, valueAt: usize): usize {
  if (type == 0) return stringEnd(valueAt);
  if (type == quicklist || type == quicklist2) return quicklistEnd(type, valueAt);
  if (!isBlob(type)) return compoundEnd(type, valueAt, false, false);
  if (plainLength(valueAt) <= emptyBlobMax) return nowhere;
  return stringEnd(valueAt);
}

/** Where a value of such a type ends; `nowhere` unless it is sound, which it is looked through for. */
export function soundEnd(type: u32, valueAt: usize): usize {
  if (type == 0) return stringEnd(valueAt);
  return isBlob(type) ? blobEnd(type, valueAt) : compoundEnd(type, valueAt, true, false);
}

/** The same for a value that was found to be sound before. */
export function knownEnd(type: u32, valueAt: usize): usize {
  return type == 0 || isBlob(type) ? stringEnd(valueAt) : compoundEnd(type, valueAt, false, false);
}

/**
 * Finds the keys of the window's `[from, to)` that are `shard`'s, at most `most`. Returns their number. Results: where the first item
 * begins that was not looked at, and how many keys came before it.
 */
export function placeKeys(from: usize, to: usize, most: u32, shard: u32): u32 {
  const limit = windowAt + to;
  laneStart(limit, true);
  let start = windowAt + from;
  let taken: u32 = 0;
  let seen: u32 = 0;
  while (taken < most && start < limit) {
    let at = start;
    let type = <u32>load<u8>(at++);
    let expiry = none;
    if (type == 252) {
      expiry = <u32>(at - windowAt);
      at += 8;
      if (at >= limit) break;
      type = <u32>load<u8>(at++);
    }
    if (at >= limit || type > 20) break;
    const valueAt = textEnd(at);
    // A key that is compressed or an integer is not in the window.
    if (valueAt > limit || textAt < at) break;
    const key = textAt;
    const length = textLength;
    const end = ordinaryEnd(type, valueAt);
    if (end > limit) break;
    seen++;
    start = end;
    if (<u32>load<u8>(ownersAt + <usize>(hashOf(key, length, 0) >> 16)) != shard) continue;
    const place = printsAt + (<usize>taken << 5);
    store<u32>(place, <u32>(key - windowAt));
    store<u32>(place, <u32>length, 4);
    store<u32>(place, type, 8);
    store<u32>(place, <u32>(valueAt - windowAt), 12);
    store<u32>(place, <u32>(end - windowAt), 16);
    store<u32>(place, expiry, 20);
    taken++;
  }
  store<u32>(resultAt, <u32>(start - windowAt));
  store<u32>(resultAt, seen, 4);
  return taken;
}
