// AssemblyScript. Tables that count what is frequent among any number of texts, as src/operations/log/frequent-keys.ts does: when a table is
// full, the count that half of its entries do not exceed is subtracted from all, and what has none left is forgotten. Entries keep the order
// in which they came.

import { sipHash } from './sip-hash';
import { entriesAt, headAt, histogramAt, slotCount, tableBytes, tablesAt, textsAt } from './statistics-layout';

/** A text that lies farther from its slot is what only prepared texts make likely. */
const probesMax: u32 = 512;
/** Whether a table's hash is the keyed one; its place in the head. */
const keyedOffset: usize = headAt + 12;
/** Slots that the last search went over. */
let probes: u32 = 0;

/** Counts that the histogram tells apart. */
const histogramCounts: u32 = 4096;

/** Empties both tables, which prune themselves when they hold `most` texts. */
export function clearTables(most: u32): void {
  for (let table = tablesAt; table < tablesAt + 2 * tableBytes; table += tableBytes) {
    memory.fill(table, 0, <usize>slotCount << 2);
    store<u32>(table + headAt, 0);
    store<u32>(table + headAt, most, 4);
    store<u32>(table + headAt, <u32>(table + textsAt), 8);
    store<u32>(table + keyedOffset, 0);
    store<f64>(table + headAt, 0, 16);
  }
}

/** As hashBytes in src/engine/key-hash.ts. */
export function hashOf(at: usize, length: usize, seed: u32): u32 {
  let hash = seed;
  const end = at + length;
  let position = at;
  for (; position + 4 <= end; position += 4) {
    hash ^= rotl<u32>(load<u32>(position) * 0xcc9e2d51, 15) * 0x1b873593;
    hash = rotl<u32>(hash, 13) * 5 + 0xe6546b64;
  }
  const left = <u32>(end - position) << 3;
  const tail = left ? load<u32>(position) & ((1 << left) - 1) : 0;
  hash ^= rotl<u32>(tail * 0xcc9e2d51, 15) * 0x1b873593;
  hash ^= <u32>length;
  hash = (hash ^ (hash >>> 16)) * 0x85ebca6b;
  hash = (hash ^ (hash >>> 13)) * 0xc2b2ae35;
  return hash ^ (hash >>> 16);
}

/** A cheaper hash of a text that is mostly short and often the same. */
export function shortHashOf(at: usize, length: usize, seed: u32): u32 {
  if (length > 16) return hashOf(at, length, seed);
  let low = load<u64>(at);
  let high: u64 = 0;
  if (length < 8) low &= ((<u64>1) << (<u64>length << 3)) - 1;
  else if (length == 16) high = load<u64>(at, 8);
  else high = load<u64>(at, 8) & (((<u64>1) << (<u64>(length - 8) << 3)) - 1);
  const mixed = (low ^ (high * 0x9e3779b97f4a7c15) ^ <u64>(seed + <u32>length)) * 0xff51afd7ed558ccd;
  return <u32>(mixed >> 32) ^ <u32>(mixed >> 47);
}

// @ts-ignore: decorator
@inline
function isSame(a: usize, b: usize, length: usize): bool {
  let done: usize = 0;
  for (; done + 8 <= length; done += 8) if (load<u64>(a + done) != load<u64>(b + done)) return false;
  const left = (length - done) << 3;
  return left == 0 || (load<u64>(a + done) ^ load<u64>(b + done)) << (64 - <u64>left) == 0;
}

/** Where an entry lies; entries count from 1. */
// @ts-ignore: decorator
@inline
function placeOf(table: usize, entry: u32): usize {
  return table + (entriesAt - 32) + (<usize>entry << 5);
}

/** Places every entry of a table anew by a hash whose collisions nobody can prepare. */
function useKeyedHash(table: usize): void {
  store<u32>(table + keyedOffset, 1);
  memory.fill(table, 0, <usize>slotCount << 2);
  const entries = load<u32>(table + headAt);
  for (let entry: u32 = 1; entry <= entries; entry++) {
    const place = placeOf(table, entry);
    const hash = <u32>sipHash(<usize>load<u32>(place, 8), <usize>load<u32>(place, 4), 0, 0);
    store<u32>(place, hash);
    let index = hash & (slotCount - 1);
    while (load<u32>(table + (<usize>index << 2)) != 0) index = (index + 1) & (slotCount - 1);
    store<u32>(table + (<usize>index << 2), (hash & 0xffff0000) | entry);
  }
}

/** Slots that the searches of this instance went over. */
let probesInAll: f64 = 0;

export function countProbes(): f64 {
  return probesInAll;
}

/** Counts a text with the bytes of its command in table 0 or 1; `fast` is hashOf's or shortHashOf's. */
export function countText(index: u32, at: usize, length: usize, fast: u32, bytes: f64): void {
  const table = tablesAt + <usize>index * tableBytes;
  let hash = load<u32>(table + keyedOffset) == 0 ? fast : <u32>sipHash(at, length, 0, 0);
  let slot = slotFor(table, at, length, hash);
  if (probes > 0) {
    probesInAll += <f64>probes;
    if (probes > probesMax && load<u32>(table + keyedOffset) == 0) {
      useKeyedHash(table);
      hash = <u32>sipHash(at, length, 0, 0);
      slot = slotFor(table, at, length, hash);
    }
  }
  let entry = <u32>load<u16>(slot);
  if (entry == 0) {
    if (load<u32>(table + headAt) == load<u32>(table + headAt, 4)) {
      prune(table);
      slot = slotFor(table, at, length, hash);
    }
    entry = enter(table, slot, length, hash);
    copy(<usize>load<u32>(placeOf(table, entry), 8), at, length);
  }
  const place = placeOf(table, entry);
  store<f64>(place, load<f64>(place, 16) + 1, 16);
  store<f64>(place, load<f64>(place, 24) + bytes, 24);
}

/** May run over the end by 15 bytes. */
// @ts-ignore: decorator
@inline
function copy(to: usize, from: usize, length: usize): void {
  for (let done: usize = 0; done < length; done += 16) v128.store(to + done, v128.load(from + done));
}

/** The slot of the text, or the free one where it belongs. A slot holds an entry's number and the upper half of its hash. */
// @ts-ignore: decorator
@inline
function slotFor(table: usize, at: usize, length: usize, hash: u32): usize {
  let index = hash & (slotCount - 1);
  let slot = table + (<usize>index << 2);
  let value = load<u32>(slot);
  probes = 0;
  while (value != 0) {
    if (value >>> 16 == hash >>> 16 && holds(placeOf(table, value & 0xffff), at, length, hash)) break;
    index = (index + 1) & (slotCount - 1);
    slot = table + (<usize>index << 2);
    value = load<u32>(slot);
    probes++;
  }
  return slot;
}

// @ts-ignore: decorator
@inline
function holds(place: usize, at: usize, length: usize, hash: u32): bool {
  if (load<u32>(place) != hash || load<u32>(place, 4) != <u32>length) return false;
  return isSame(<usize>load<u32>(place, 8), at, length);
}

/** A new entry whose text is still to be copied. */
function enter(table: usize, slot: usize, length: usize, hash: u32): u32 {
  const head = table + headAt;
  const entry = load<u32>(head) + 1;
  const end = load<u32>(head, 8);
  const place = placeOf(table, entry);
  store<u32>(place, hash);
  store<u32>(place, <u32>length, 4);
  store<u32>(place, end, 8);
  store<f64>(place, 0, 16);
  store<f64>(place, 0, 24);
  store<u32>(head, entry);
  store<u32>(head, end + <u32>length, 8);
  store<u32>(slot, (hash & 0xffff0000) | entry);
  return entry;
}

function prune(table: usize): void {
  const head = table + headAt;
  const entries = load<u32>(head);
  const least = <f64>leastCount(table, entries, entries >> 1);
  store<f64>(head, load<f64>(head, 16) + least, 16);
  memory.fill(table, 0, <usize>slotCount << 2);
  store<u32>(head, 0);
  store<u32>(head, <u32>(table + textsAt), 8);
  for (let entry: u32 = 1; entry <= entries; entry++) {
    const place = placeOf(table, entry);
    const count = load<f64>(place, 16);
    if (count <= least) continue;
    const hash = load<u32>(place);
    const length = <usize>load<u32>(place, 4);
    const start = <usize>load<u32>(place, 8);
    const bytes = load<f64>(place, 24);
    let index = hash & (slotCount - 1);
    while (load<u32>(table + (<usize>index << 2)) != 0) index = (index + 1) & (slotCount - 1);
    // Entries and texts only move to the front, past those that are read already.
    const kept = placeOf(table, enter(table, table + (<usize>index << 2), length, hash));
    store<f64>(kept, count - least, 16);
    store<f64>(kept, bytes, 24);
    const to = <usize>load<u32>(kept, 8);
    if (start - to >= 16) copy(to, start, length);
    else memory.copy(to, start, length);
  }
}

/** The least count that `rank` of the entries do not exceed. */
function leastCount(table: usize, entries: u32, rank: u32): u64 {
  memory.fill(table + histogramAt, 0, <usize>histogramCounts << 2);
  for (let entry: u32 = 1; entry <= entries; entry++) {
    const count = load<f64>(placeOf(table, entry), 16);
    if (count >= <f64>histogramCounts) continue;
    const place = table + histogramAt + (<usize>count << 2);
    store<u32>(place, load<u32>(place) + 1);
  }
  let seen: u32 = 0;
  for (let count: u32 = 0; count < histogramCounts; count++) {
    seen += load<u32>(table + histogramAt + (<usize>count << 2));
    if (seen >= rank) return <u64>count;
  }
  let low: u64 = histogramCounts;
  let high: u64 = 1 << 53;
  while (low < high) {
    const middle = (low + high) >> 1;
    let below: u32 = 0;
    for (let entry: u32 = 1; entry <= entries; entry++) {
      if (load<f64>(placeOf(table, entry), 16) <= <f64>middle) below++;
    }
    if (below >= rank) high = middle;
    else low = middle + 1;
  }
  return low;
}
