// AssemblyScript. Values of an RDB as the commands that rebuild them. Each function gets the address of a value and returns where it
// ends; `nowhere`, with anything written, for what is left to JavaScript.

import { listpackPrint } from './rdb-blobs';
import { memberPrint } from './fingerprint';
import { addMember, beginMembers, membersMax } from './unique';
import { begin, bulk, hasRoom, hmset, out, rpush, sadd, setOut, zadd } from './commands-out';
import { scoreText } from './grisu2';
import { membersAt, membersAtMost, scoreTextAt, windowEnd } from './layout';
import { bulkElement } from './commands-listpack';
import { elementEnd, listpackElements, listpackEnd, longLength, scoreOf } from './listpack-walk';
import { lastNumber, nowhere, numberEnd, stringEnd, textAt, textEnd, textLength } from './rdb-strings';

/** Items of one command (itemsPerCommand in src/aof/writer/key-commands.ts). */
const itemsPerCommand: u32 = 64;

/** Whether a value in which a member may stand twice is left to JavaScript. */
let unique = false;

/** Before values; `check`: whether what servers look at while they load is looked at. */
export function beginValues(check: bool): void {
  unique = check;
}

/** Before `count` members; false for too many. */
// @ts-ignore: decorator
@inline
function beginUnique(count: u32): bool {
  if (!unique) return true;
  if (count > membersMax) return false;
  beginMembers(count);
  return true;
}

/** Whether the string just read was not among the members yet. */
// @ts-ignore: decorator
@inline
function isNewText(): bool {
  return !unique || addMember(memberPrint(textAt, textLength));
}

/** Whether the sound element at `at` was not among the members yet. */
// @ts-ignore: decorator
@inline
function isNewElement(at: usize): bool {
  if (!unique) return true;
  const first = <usize>load<u8>(at);
  const print = listpackPrint(at, first, elementBytes(at, first));
  return print != 0 && addMember(print);
}

/** Bytes of a sound element without what tells its length backwards. */
// @ts-ignore: decorator
@inline
function elementBytes(at: usize, first: usize): usize {
  if (first < 0xc0) return first < 0x80 ? 1 : 1 + (first & 0x3f);
  if (first < 0xe0) return 2;
  if (first <= 0xf0) return longLength(at, first) + (first == 0xf0 ? 5 : 2);
  return first == 0xf4 ? 9 : first - 0xee;
}

/** The listpack in the string at `from`, `size` of its elements an item. */
export function listpackValue(name: u64, size: u32, from: usize): usize {
  const end = textEnd(from);
  if (end > windowEnd) return nowhere;
  let left = listpackElements(textAt, textLength);
  if (left % size != 0) return nowhere;
  left /= size;
  const last = listpackEnd();
  let at = textAt + 6;
  if (left == 0 || !beginUnique(left)) return nowhere;
  while (left > 0) {
    const items = min(left, itemsPerCommand);
    left -= items;
    if (!begin(name, items * size)) return nowhere;
    for (let item = items; item > 0; item--) {
      let next = bulkElement(at, last);
      if (next == nowhere || !isNewElement(at)) return nowhere;
      if (size == 2) next = bulkElement(next, last);
      if (next == nowhere) return nowhere;
      at = next;
    }
  }
  return at == last ? end : nowhere;
}

/** A listpack of members and scores, in ascending order. */
export function scoredListpack(from: usize): usize {
  const end = textEnd(from);
  if (end > windowEnd) return nowhere;
  let left = listpackElements(textAt, textLength);
  if (left == 0 || left % 2 != 0) return nowhere;
  left /= 2;
  if (!beginUnique(left)) return nowhere;
  const last = listpackEnd();
  let at = textAt + 6;
  while (left > 0) {
    const items = min(left, itemsPerCommand);
    left -= items;
    if (!begin(zadd, items * 2)) return nowhere;
    for (let item = items; item > 0; item--) {
      const scoreAt = elementEnd(at, last);
      const next = elementEnd(scoreAt, last);
      if (next == nowhere) return nowhere;
      const score = scoreOf(scoreAt);
      if (score != score || !bulkScore(score) || bulkElement(at, last) == nowhere || !isNewElement(at)) return nowhere;
      at = next;
    }
  }
  return at == last ? end : nowhere;
}

function bulkScore(score: f64): bool {
  if (!hasRoom(0)) return false;
  bulk(scoreTextAt, scoreText(score));
  return true;
}

/** `count × size` strings. */
export function strings(name: u64, size: u32, from: usize): usize {
  let at = numberEnd(from);
  let left = lastNumber();
  if (at > windowEnd || left == 0 || !beginUnique(left)) return nowhere;
  while (left > 0) {
    const items = min(left, itemsPerCommand);
    left -= items;
    if (!begin(name, items * size)) return nowhere;
    for (let item = items; item > 0; item--) {
      at = textEnd(at);
      if (at > windowEnd || !hasRoom(textLength) || !isNewText()) return nowhere;
      bulk(textAt, textLength);
      if (size == 1) continue;
      at = textEnd(at);
      if (at > windowEnd || !hasRoom(textLength)) return nowhere;
      bulk(textAt, textLength);
    }
  }
  return at;
}

/** `count × ( member, 8-byte score )` from the highest to the lowest: what lies in another order must be sorted. */
export function scoredStrings(from: usize): usize {
  let at = numberEnd(from);
  const count = lastNumber();
  if (at > windowEnd || count - 1 >= membersAtMost || !beginUnique(count)) return nowhere;
  let before = Infinity;
  for (let index: usize = 0; index < count; index++) {
    store<u32>(membersAt + (index << 2), <u32>at);
    at = stringEnd(at);
    if (at + 8 > windowEnd) return nowhere;
    const score = load<f64>(at);
    // What is equal goes by the members' bytes, and a NaN or a -0 is for JavaScript to judge.
    if (!(score < before || (index == 0 && score == before)) || isNegativeZero(score)) return nowhere;
    before = score;
    at += 8;
  }
  for (let left = count; left > 0; ) {
    const items = min(left, itemsPerCommand);
    if (!begin(zadd, items * 2)) return nowhere;
    for (const end = left - items; left > end; left--) {
      const scoreAt = textEnd(load<u32>(membersAt + (<usize>(left - 1) << 2)));
      // The first pass only went over the member: here it may be too long to be decompressed.
      if (scoreAt > windowEnd) return nowhere;
      if (!bulkScore(load<f64>(scoreAt)) || !hasRoom(textLength) || !isNewText()) return nowhere;
      bulk(textAt, textLength);
    }
  }
  return at;
}

// @ts-ignore: decorator
@inline
function isNegativeZero(value: f64): bool {
  return reinterpret<u64>(value) == 0x8000000000000000;
}

/** Where the command begins that is being filled, and how many more elements it takes. */
let commandAt: usize = 0;
let vacant: u32 = 0;

/** A list of nodes. How many elements there are shows at the end: each command is begun as a full one, the last one mended. */
export function list(from: usize): usize {
  let at = numberEnd(from);
  const nodes = lastNumber();
  if (at > windowEnd || nodes == 0) return nowhere;
  vacant = 0;
  commandAt = 0;
  for (let node: u32 = 0; node < nodes; node++) {
    const container = <u32>load<u8>(at);
    at = textEnd(at + 1);
    if (at > windowEnd) return nowhere;
    if (container == 1) {
      // A node of one element that has no bytes is refused by servers.
      if ((unique && textLength == 0) || !beginElement() || !hasRoom(textLength)) return nowhere;
      bulk(textAt, textLength);
    } else if (container != 2 || !listNode(listpackElements(textAt, textLength))) return nowhere;
  }
  if (commandAt == 0) return nowhere;
  if (vacant > 0) mend(itemsPerCommand - vacant);
  return at;
}

function listNode(count: u32): bool {
  if (count == 0) return false;
  const last = listpackEnd();
  let at = textAt + 6;
  for (let left = count; left > 0; left--) {
    if (!beginElement()) return false;
    at = bulkElement(at, last);
    if (at == nowhere) return false;
  }
  return at == last;
}

// @ts-ignore: decorator
@inline
function beginElement(): bool {
  if (vacant == 0) {
    commandAt = out;
    vacant = itemsPerCommand;
    if (!begin(rpush, itemsPerCommand)) return false;
  }
  vacant--;
  return true;
}

/** Gives the last command, begun as one of 66 arguments, its count. */
function mend(items: u32): void {
  const argc = items + 2;
  if (argc >= 10) {
    store<u8>(commandAt, <u8>(48 + argc / 10), 1);
    store<u8>(commandAt, <u8>(48 + (argc % 10)), 2);
    return;
  }
  store<u8>(commandAt, <u8>(48 + argc), 1);
  memory.copy(commandAt + 2, commandAt + 3, out - commandAt - 3);
  setOut(out - 1);
}

export const hashName: u64 = hmset;
export const setName: u64 = sadd;
