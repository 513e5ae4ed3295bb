// AssemblyScript. Values of the types that an RDB mostly consists of; the layouts are in src/rdb/values.

import { addMember, beginMembers, membersMax } from './unique';
import { intsetSound, listpackSound, ziplistSound } from './rdb-blobs';
import { lastNumber, nowhere, numberEnd, plainLength, stringEnd, textAt, textEnd, textLength } from './rdb-strings';
import { memberPrint } from './fingerprint';
import { windowEnd } from './layout';

const listZiplist: u32 = 10;
const setIntset: u32 = 11;
const zsetZiplist: u32 = 12;
const hashZiplist: u32 = 13;
const quicklist: u32 = 14;
const hashListpack: u32 = 16;
const zsetListpack: u32 = 17;
const quicklist2: u32 = 18;
const setListpack: u32 = 20;

/** Whether a value of the type is one string that holds an encoding. */
export function isBlob(type: u32): bool {
  return (
    type == setIntset ||
    (type >= hashListpack && type != quicklist2 && type != 19) ||
    type == listZiplist ||
    type == zsetZiplist ||
    type == hashZiplist
  );
}

/** Where a value of a type that is one blob ends; `nowhere` unless it is sound. */
export function blobEnd(type: u32, at: usize): usize {
  const end = textEnd(at);
  if (end > windowEnd) return nowhere;
  let sound = false;
  if (type == setIntset) sound = intsetSound(textAt, textLength);
  else if (type == hashListpack) sound = listpackSound(textAt, textLength, 2);
  else if (type == zsetListpack) sound = listpackSound(textAt, textLength, 2) && !mayHoldNan(textAt, textLength);
  else if (type == setListpack) sound = listpackSound(textAt, textLength, 1);
  else if (type == listZiplist) sound = ziplistSound(textAt, textLength, false);
  else sound = ziplistSound(textAt, textLength, true) && !(type == zsetZiplist && mayHoldNan(textAt, textLength));
  return sound ? end : nowhere;
}

/** Whether a score of a sorted set may be NaN: an `n` among so few bytes is rare, and JavaScript's to judge. */
function mayHoldNan(from: usize, length: usize): bool {
  const end = from + length - 2;
  for (let at = from + 6; at < end; at++) {
    if ((<u32>load<u8>(at) | 0x20) == 0x6e && (<u32>load<u8>(at, 1) | 0x20) == 0x61 && (<u32>load<u8>(at, 2) | 0x20) == 0x6e) return true;
  }
  return false;
}

/** Where a value of several strings ends; `nowhere` unless it is sound, or for a type that the lane does not know. */
export function compoundEnd(type: u32, at: usize, deep: bool, longOnly: bool): usize {
  if (type == 2) return membersEnd(at, 0, deep && !longOnly);
  if (type == 4) return membersEnd(at, 1, deep && !longOnly);
  if (type == 5) return membersEnd(at, 2, deep && !longOnly);
  if (type == quicklist) return quicklistEnd(at, deep && !longOnly);
  if (type == quicklist2) return quicklist2End(at, deep, longOnly);
  return nowhere;
}

/** `extra`: what follows each member: nothing, a string, or a double. */
function membersEnd(from: usize, extra: u32, deep: bool): usize {
  let at = numberEnd(from);
  const count = lastNumber();
  if (at > windowEnd || count - 1 >= membersMax) return nowhere;
  if (deep) beginMembers(count);
  for (let index: u32 = 0; index < count; index++) {
    if (deep) {
      at = textEnd(at);
      if (at > windowEnd || !addMember(memberPrint(textAt, textLength))) return nowhere;
    } else {
      at = stringEnd(at);
      if (at > windowEnd) return nowhere;
    }
    if (extra == 1) at = stringEnd(at);
    else if (extra == 2) {
      const score = load<f64>(at);
      if (score != score) return nowhere;
      at += 8;
    }
    if (at > windowEnd) return nowhere;
  }
  return at;
}

function quicklistEnd(from: usize, deep: bool): usize {
  let at = numberEnd(from);
  const nodes = lastNumber();
  if (at > windowEnd || nodes == 0) return nowhere;
  for (let index: u32 = 0; index < nodes; index++) {
    at = deep ? textEnd(at) : stringEnd(at);
    if (at > windowEnd || (deep && !ziplistSound(textAt, textLength, false))) return nowhere;
  }
  return at;
}

/** Elements of this length or more have backlens of several widths (src/rdb/writer/backlen-check.ts). */
const longElementMin: u32 = 16378;

/** Whether the string at `at` is too short to be a listpack with a long element. */
// @ts-ignore: decorator
@inline
export function isShort(at: usize): bool {
  return plainLength(at) < longElementMin;
}

function quicklist2End(from: usize, deep: bool, longOnly: bool): usize {
  let at = numberEnd(from);
  const nodes = lastNumber();
  if (at > windowEnd || nodes == 0) return nowhere;
  for (let index: u32 = 0; index < nodes; index++) {
    const container = <u32>load<u8>(at++);
    // A node of one element that has no bytes is refused by servers.
    if (container == 1 && load<u8>(at) == 0) return nowhere;
    if (container == 1 || (container == 2 && (!deep || (longOnly && isShort(at))))) at = stringEnd(at);
    else if (container == 2) {
      at = textEnd(at);
      if (at > windowEnd || !listpackSound(textAt, textLength, 0)) return nowhere;
    } else return nowhere;
    if (at > windowEnd) return nowhere;
  }
  return at;
}
