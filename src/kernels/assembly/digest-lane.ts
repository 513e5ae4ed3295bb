// AssemblyScript. What the keys of an RDB add to a digest. What is not ordinary is JavaScript's (src/engine/digest.ts).

import { digestResultAt, expiryHashAt, touchedAt, typeHashesAt } from './digest-layout';
import { beginKey, endKey, mix, mixHash, run, takeBackKey, xorHash } from './digest-queue';
import {
  hashListpack,
  hashStrings,
  intset,
  list,
  scoredListpack,
  scoredStrings,
  setListpack,
  setStrings,
  text,
} from './digest-values';
import { hashOf } from './key-hash';
import { windowAt } from './layout';
import { headEnd, headExpiry, headType, isExpired } from './rdb-head';
import { knownEnd } from './rdb-places';
import { laneStart, nowhere, textAt, textEnd, textLength } from './rdb-strings';
import { isTouched } from './touched-bits';

/** Numbers that a digest mixes in for types: that of strings, lists and so on. */
const ofString: usize = 0;
const ofList: usize = 1;
const ofSet: usize = 2;
const ofSortedSet: usize = 3;
const ofHash: usize = 4;
/** A key's name that is longer is JavaScript's. */
const nameMost: usize = 8192;

/** Whether scores are written as this module does it. */
let writesScores = false;
/** Keys that expire before this moment are passed over. */
let expiredBefore: f64 = NaN;

/**
 * Adds the keys in the window's `[from, to)` that no log touches and that do not expire before `moment`, until one is not for it. `scores`:
 * whether sorted sets are. Returns how many it added. Result: where it stopped.
 */
export function digestKeys(from: usize, to: usize, scores: bool, moment: f64): u32 {
  const limit = windowAt + to;
  laneStart(limit, true);
  writesScores = scores;
  expiredBefore = moment;
  let start = windowAt + from;
  let count: u32 = 0;
  while (start < limit) {
    // Should the key trap, JavaScript finds here where it begins.
    store<u32>(digestResultAt, <u32>(start - windowAt));
    const end = addKey(start, limit);
    if (end > limit) break;
    start = end;
    count += added;
  }
  store<u32>(digestResultAt, <u32>(start - windowAt));
  return count;
}

/** Whether the last key was added, and not passed over. */
let added: u32 = 0;

function addKey(start: usize, limit: usize): usize {
  const at = headEnd(start, limit);
  const type = headType;
  if (at == nowhere || type > 20 || load<u8>(at) >= 0xc0) return nowhere;
  const valueAt = textEnd(at);
  if (valueAt >= limit) return nowhere;
  added = 0;
  if (isTouched(touchedAt, hashOf(textAt, textLength, 0)) || isExpired(expiredBefore))
    return knownEnd(type, valueAt);
  if (textLength > nameMost) return nowhere;
  beginKey();
  mix(textAt, textLength);
  const end = addValue(type, valueAt);
  if (end > limit) {
    takeBackKey();
    return nowhere;
  }
  if (headExpiry != 0) xorHash(expiryHashAt);
  endKey();
  added = 1;
  return end;
}

// @ts-ignore: decorator
@inline
function mixType(number: usize): void {
  mixHash(typeHashesAt + number * 20);
}

function addValue(type: u32, at: usize): usize {
  if (type == 0) {
    mixType(ofString);
    return text(at);
  }
  if (type == 4 || type == 16) {
    mixType(ofHash);
    return type == 16 ? hashListpack(at) : hashStrings(at);
  }
  if (type == 2 || type == 11 || type == 20) {
    mixType(ofSet);
    return type == 20 ? setListpack(at) : type == 2 ? setStrings(at) : intset(at);
  }
  if (type == 18) {
    mixType(ofList);
    return list(at);
  }
  if (!writesScores || (type != 5 && type != 17)) return nowhere;
  mixType(ofSortedSet);
  return type == 17 ? scoredListpack(at) : scoredStrings(at);
}

/** Computes what was gathered: the sum is in slot 0 then. */
export function digestRun(): void {
  run();
}

/** After a trap in `digestKeys`: forgets the key that was open, so that the lane can go on behind it. */
export function digestRecover(): void {
  takeBackKey();
}

/**
 * Where the parts of the key at `from` lie, which `digestKeys` did not take. Results, from the second on: the name and its length, the type,
 * the value, its end, whether it expires. All positions in the window.
 */
export function keyPlace(from: usize, to: usize): void {
  const limit = windowAt + to;
  laneStart(limit, true);
  const at = headEnd(windowAt + from, limit);
  const valueAt = at == nowhere ? nowhere : textEnd(at);
  // Nothing is whole here: no end behind the beginning says so.
  if (valueAt > limit) {
    store<u32>(digestResultAt, 0, 20);
    return;
  }
  store<u32>(digestResultAt, <u32>(textAt - windowAt), 4);
  store<u32>(digestResultAt, <u32>textLength, 8);
  store<u32>(digestResultAt, headType, 12);
  store<u32>(digestResultAt, <u32>(valueAt - windowAt), 16);
  store<u32>(digestResultAt, <u32>(knownEnd(headType, valueAt) - windowAt), 20);
  store<u32>(digestResultAt, headExpiry == 0 ? 0 : 1, 24);
}
