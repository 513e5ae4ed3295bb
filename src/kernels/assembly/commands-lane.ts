// AssemblyScript. Keys of an RDB as the commands that rebuild them. The bytes are those of src/resp/rewrite. What is cut by the window's
// end, has a flaw or is of another type is left to JavaScript.
//
//   key := [0xfc expiry, 8 bytes] type name value

import { expireAt, out, set, setKey, setOut } from './commands-out';
import { beginValues, hashName, list, listpackValue, scoredListpack, scoredStrings, setName, strings } from './commands-values';
import { fingerprint } from './fingerprint';
import { commandsOutAt, printsAt, resultAt, windowAt } from './layout';
import { setHashKey } from './sip-hash';
import { laneStart, nowhere, textAt, textEnd, textLength } from './rdb-strings';

export { setHashKey };

/** Flags of `rewriteKeys`: sorted sets are for it; values are checked as `passKeys` does (rdb-lane.ts). */
const scoresFlag: u32 = 1;
const checkFlag: u32 = 2;

/** Whether scores are written as this module does it. */
let writesScores = false;

/**
 * Writes the commands of at most `most` keys in the window's `[from, to)` to `commandsOutAt`, until one is not for it or the room ends.
 * `flags`: above. `seed`, `db`: what keys' fingerprints are made with, which lie at `printsAt`. Returns how
 * many keys it wrote. Results: where the first item begins that was not taken, how many bytes were written.
 */
export function rewriteKeys(from: usize, to: usize, most: u32, flags: u32, seed: u32, db: u32): u32 {
  const limit = windowAt + to;
  laneStart(limit, true);
  writesScores = (flags & scoresFlag) != 0;
  beginValues((flags & checkFlag) != 0);
  let start = windowAt + from;
  let count: u32 = 0;
  setOut(commandsOutAt);
  while (count < most && start < limit) {
    const before = out;
    const end = rewriteKey(start, limit, seed, db, printsAt + (<usize>count << 3));
    if (end > limit) {
      setOut(before);
      break;
    }
    start = end;
    count++;
  }
  store<u32>(resultAt, <u32>(start - windowAt));
  store<u32>(resultAt, <u32>(out - commandsOutAt), 4);
  return count;
}

/** Where the key's value ends; beyond the limit if it was not taken. */
function rewriteKey(start: usize, limit: usize, seed: u32, db: u32, printAt: usize): usize {
  let at = start;
  let type = <u32>load<u8>(at++);
  const expires = type == 252;
  if (expires) {
    at += 8;
    if (at >= limit) return nowhere;
    type = <u32>load<u8>(at++);
  }
  // A name that is compressed would lie where the value is decompressed to.
  if (type > 20 || at >= limit || load<u8>(at) >= 0xc0) return nowhere;
  const valueAt = textEnd(at);
  if (valueAt >= limit) return nowhere;
  setKey(textAt, textLength);
  fingerprint(textAt, textLength, seed, db, printAt);
  const end = rewriteValue(type, valueAt, limit);
  return end > limit || (expires && !expireAt(load<i64>(start, 1))) ? nowhere : end;
}

function rewriteValue(type: u32, at: usize, limit: usize): usize {
  if (type == 0) {
    const end = textEnd(at);
    return end > limit || !set(textAt, textLength) ? nowhere : end;
  }
  if (type == 16) return listpackValue(hashName, 2, at);
  if (type == 20) return listpackValue(setName, 1, at);
  if (type == 18) return list(at);
  if (type == 2) return strings(setName, 1, at);
  if (type == 4) return strings(hashName, 2, at);
  if (!writesScores) return nowhere;
  if (type == 5) return scoredStrings(at);
  return type == 17 ? scoredListpack(at) : nowhere;
}
