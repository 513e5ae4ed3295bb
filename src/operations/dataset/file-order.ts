import type { Keyspace } from '../../engine/keyspace.ts';
import { Kind } from '../../engine/value.ts';

/** Entries are dealt out by pieces of a file of so many bytes before each piece's are sorted. */
const pieceBytes = 1 << 20;

/**
 * The entries of a database by the place of their values: first those in memory as they came, then those whose values are still
 * in a file, by file and offset. Entries of which `isLate` is true come after all others, in the same order.
 */
export function fileOrder(keys: Keyspace, isLate?: (entry: number) => boolean): Uint32Array {
  const order = new Uint32Array(keys.count);
  const late = isLate === undefined ? undefined : new Uint32Array(keys.count);
  let early = 0;
  let lateCount = 0;
  for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) {
    if (late !== undefined && isLate?.(entry) === true) late[lateCount++] = entry;
    else order[early++] = entry;
  }
  sortByPlace(keys, order.subarray(0, early));
  if (late !== undefined) {
    sortByPlace(keys, late.subarray(0, lateCount));
    order.set(late.subarray(0, lateCount), early);
  }
  return order;
}

/** Sorts entries in place: one file after another, what is in memory before all of them. */
function sortByPlace(keys: Keyspace, entries: Uint32Array): void {
  const counts: number[] = [];
  for (const entry of entries) {
    const group = groupOf(keys, entry);
    counts[group] = (counts[group] ?? 0) + 1;
  }
  const groups: Uint32Array[] = [];
  let start = 0;
  for (const [group, count] of counts.entries()) {
    if (count === undefined) continue;
    groups[group] = new Uint32Array(count);
    let filled = 0;
    for (const entry of entries) if (groupOf(keys, entry) === group) groups[group][filled++] = entry;
  }
  for (const [group, members] of groups.entries()) {
    if (members === undefined) continue;
    entries.set(group === 0 ? members : sortedByOffset(keys, members), start);
    start += members.length;
  }
}

/** 0 for what is in memory; else one more than the number of its file. */
function groupOf(keys: Keyspace, entry: number): number {
  const kind = keys.kind(entry);
  return kind === Kind.Reference || kind === Kind.Serialized ? 1 + keys.source(entry) : 0;
}

/** Entries of one file: dealt out by piece, then each piece's sorted as numbers that hold the offset in it and the entry. */
function sortedByOffset(keys: Keyspace, entries: Uint32Array): Uint32Array {
  let last = 0;
  for (const entry of entries) last = Math.max(last, keys.offset(entry));
  const starts = new Uint32Array(Math.floor(last / pieceBytes) + 2);
  for (const entry of entries) starts[Math.floor(keys.offset(entry) / pieceBytes) + 1]++;
  for (let piece = 1; piece < starts.length; piece++) starts[piece] += starts[piece - 1];
  const places = new Float64Array(entries.length);
  const filled = starts.slice();
  for (const entry of entries) {
    const offset = keys.offset(entry);
    places[filled[Math.floor(offset / pieceBytes)]++] = (offset % pieceBytes) * 2 ** 32 + entry;
  }
  for (let piece = 0; piece + 1 < starts.length; piece++) places.subarray(starts[piece], starts[piece + 1]).sort();
  return Uint32Array.from(places, (place) => place % 2 ** 32);
}
