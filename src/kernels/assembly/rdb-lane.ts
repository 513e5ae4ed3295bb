// AssemblyScript. The fast lane of an RDB: passes over whole, ordinary, sound keys and stops before anything else. What a stop means
// is JavaScript's to say (src/rdb/reader.ts, src/rdb/value-check.ts): the lane may stop before a sound key, it must never pass a
// key of which those would say something.
//
//   key := [0xfc expiry, 8 bytes] [0xf8 length | 0xf9 byte] type name value

import { blobEnd, compoundEnd, isBlob, isShort } from './rdb-values';
import { printsAt, resultAt, windowAt } from './layout';
import { laneStart, nowhere, numberEnd, stringEnd, textAt, textEnd, textLength } from './rdb-strings';
import { fingerprint } from './fingerprint';

/**
 * Passes over at most `most` keys of the window's `[from, to)`. `flags`: 1 values are looked through, 2 compressed strings that nobody
 * looks into are not checked, 4 only listpacks are looked through in which an element may be a long one. `seed`, `db`: what keys' fingerprints are made with (src/rdb/fingerprints.ts).
 * `moment`: of those that expire, how many do so before it, milliseconds since 1970; NaN is after nothing. Returns how many
 * keys were passed; their fingerprints lie at `printsAt`. Results: where the first item begins that was not passed, and how
 * many of the keys expire, and how many before the moment.
 */
export function passKeys(from: usize, to: usize, most: u32, flags: u32, seed: u32, db: u32, moment: f64): u32 {
  const limit = windowAt + to;
  const deep = (flags & 1) != 0;
  const longOnly = (flags & 4) != 0;
  laneStart(limit, (flags & 2) != 0);
  let start = windowAt + from;
  let count: u32 = 0;
  let expires: u32 = 0;
  let past: u32 = 0;
  while (count < most && start < limit) {
    let at = start;
    let type = <u32>load<u8>(at++);
    let expiry: u32 = 0;
    let isPast: u32 = 0;
    while (type >= 248 && type <= 252) {
      if (type == 252) {
        expiry = 1;
        isPast = <u32>(<f64>load<i64>(at) < moment);
        at += 8;
      } else if (type == 249) at++;
      else if (type == 248) at = numberEnd(at);
      else break;
      if (at >= limit) break;
      type = <u32>load<u8>(at++);
    }
    if (at >= limit || type > 20) break;
    const valueAt = textEnd(at);
    if (valueAt > limit) break;
    fingerprint(textAt, textLength, seed, db, printsAt + (<usize>count << 3));
    let end: usize = 0;
    if (type == 0) end = stringEnd(valueAt);
    else if (!isBlob(type)) end = compoundEnd(type, valueAt, deep, longOnly);
    else end = deep && !(longOnly && isShort(valueAt)) ? blobEnd(type, valueAt) : stringEnd(valueAt);
    if (end > limit) break;
    expires += expiry;
    past += isPast;
    count++;
    start = end;
  }
  store<u32>(resultAt, <u32>(start - windowAt));
  store<u32>(resultAt, expires, 4);
  store<u32>(resultAt, past, 8);
  return count;
}
