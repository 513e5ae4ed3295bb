// AssemblyScript. Tells the keys of an RDB that a rewrite takes over as they are from those that its logs touch
// (src/dataset/untouched/untouched-batch.ts). What is not ordinary is JavaScript's.
//
//   at `printsAt`   fingerprints of the keys that are kept, eight bytes each
//   at `placesAt`   touched keys, 32 bytes each:  u32 key | u32 its length | u32 type | u32 value | u32 its end | u32 expiry,
//                   0xffffffff for none | u32 where the record begins; all positions in the window
//   at `countsAt`   for each type, how many keys are kept, four bytes each; then how many of them expire, and have a usage

import { fingerprint } from './fingerprint';
import { hashOf } from './key-hash';
import { countsAt, printsAt, resultAt, touchedAt, windowAt } from './layout';
import { headEnd, headExpiry, headType, headUsage, isExpired } from './rdb-head';
import { soundEnd } from './rdb-places';
import { laneStart, nowhere, textAt, textEnd, textLength } from './rdb-strings';
import { isTouched } from './touched-bits';

const placesAt: usize = printsAt + 65536;
const placesMost: u32 = 2048;
const expiresAt: usize = countsAt + 21 * 4;
const usagesAt: usize = expiresAt + 4;
const none: u32 = 0xffffffff;

/**
 * Goes over the window's `[from, to)`, at most `most` keys, and looks through their values. `seed`, `db`: what fingerprints are made with. Keys that expire before a moment
 * count as touched. Returns how many keys are kept.
 * Results: where the first item begins that was not looked at, how many keys were touched. What is counted is added to the counts.
 */
export function keepKeys(from: usize, to: usize, most: u32, seed: u32, db: u32, expiredBefore: f64): u32 {
  const limit = windowAt + to;
  laneStart(limit, false);
  let start = windowAt + from;
  let kept: u32 = 0;
  let touched: u32 = 0;
  while (kept < most && touched < placesMost && start < limit) {
    const at = headEnd(start, limit);
    const type = headType;
    // A key that is compressed or an integer is not in the window.
    if (at == nowhere || type > 20 || load<u8>(at) >= 0xc0) break;
    const valueAt = textEnd(at);
    if (valueAt > limit) break;
    const key = textAt;
    const length = textLength;
    const end = soundEnd(type, valueAt);
    if (end > limit) break;
    if (isTouched(touchedAt, hashOf(key, length, 0)) || isExpired(expiredBefore)) {
      if (headUsage) break;
      notePlace(placesAt + (<usize>touched << 5), start, key, length, type, valueAt, end);
      touched++;
    } else {
      fingerprint(key, length, seed, db, printsAt + (<usize>kept << 3));
      kept++;
      count(countsAt + (<usize>type << 2));
      if (headExpiry != 0) count(expiresAt);
      if (headUsage) count(usagesAt);
    }
    start = end;
  }
  store<u32>(resultAt, <u32>(start - windowAt));
  store<u32>(resultAt, touched, 4);
  return kept;
}

// @ts-ignore: decorator
@inline
function count(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}

// @ts-ignore: decorator
@inline
function notePlace(place: usize, start: usize, key: usize, length: usize, type: u32, valueAt: usize, end: usize): void {
  store<u32>(place, <u32>(key - windowAt));
  store<u32>(place, <u32>length, 4);
  store<u32>(place, type, 8);
  store<u32>(place, <u32>(valueAt - windowAt), 12);
  store<u32>(place, <u32>(end - windowAt), 16);
  store<u32>(place, headExpiry == 0 ? none : <u32>(headExpiry - windowAt), 20);
  store<u32>(place, <u32>(start - windowAt), 24);
}
