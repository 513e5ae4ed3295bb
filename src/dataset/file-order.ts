import type { Keyspace } from '../engine/keyspace.ts';
import { Kind } from '../values/value.ts';

/** A piece of a file holds about so many entries, and is not longer than so many bytes, so that a place in it is exact. */
const entriesAPiece = 4;
const pieceBytesMax = 1 << 20;
const fewPlaces = 32;
/** Numbers of files are 16 bits. */
const groupsPerRank = 65_537;

/**
 * The entries of a database by the place of their values: first those in memory as they came, then those whose values are still
 * in a file, by file and offset. With `rank`, from 0 up, those of a lower rank come first.
 */
export function fileOrder(keys: Keyspace, rank?: (entry: number) => number | boolean): Uint32Array {
  return dealtOut(keys, rank).order;
}

/**
 * The same in runs: first the entries of rank 0, then those of rank 1 and so on, each in that order. `rank` gives numbers below
 * `ranks`.
 */
export function fileRuns(keys: Keyspace, ranks: number, rank: (entry: number) => number): Uint32Array[] {
  const { order, ends } = dealtOut(keys, rank);
  let start = 0;
  return Array.from({ length: ranks }, (_, number) => {
    const run = order.subarray(start, ends.get(number) ?? start);
    start += run.length;
    return run;
  });
}

/** The entries by rank and place, and where each rank ends that has any. */
function dealtOut(
  keys: Keyspace,
  rank: ((entry: number) => number | boolean) | undefined,
): { order: Uint32Array; ends: Map<number, number> } {
  const entries = new Uint32Array(keys.count);
  const groups = new Uint32Array(keys.count);
  const seen = new Set<number>();
  let count = 0;
  for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) {
    const group = (rank === undefined ? 0 : Number(rank(entry))) * groupsPerRank + groupOf(keys, entry);
    seen.add(group);
    entries[count] = entry;
    groups[count++] = group;
  }
  const order = new Uint32Array(count);
  const ends = new Map<number, number>();
  let filled = 0;
  for (const group of [...seen].sort((a, b) => a - b)) {
    const start = filled;
    for (let index = 0; index < count; index++) if (groups[index] === group) order[filled++] = entries[index];
    if (group % groupsPerRank !== 0) sortByOffset(keys, order.subarray(start, filled));
    ends.set(Math.floor(group / groupsPerRank), filled);
  }
  return { order, ends };
}

/** 0 for what is in memory; else one more than the number of its file. */
function groupOf(keys: Keyspace, entry: number): number {
  const kind = keys.kind(entry);
  return kind === Kind.Reference || kind === Kind.Serialized ? 1 + keys.source(entry) : 0;
}

/**
 * Entries of one file: dealt out by pieces of it that hold a few entries each, then each piece's sorted as numbers that hold the
 * offset in it and the entry.
 */
function sortByOffset(keys: Keyspace, entries: Uint32Array): void {
  let last = 0;
  for (const entry of entries) last = Math.max(last, keys.offset(entry));
  const pieceBytes = Math.min(pieceBytesMax, Math.max(1, Math.ceil(last / entries.length) * entriesAPiece));
  const starts = new Uint32Array(Math.floor(last / pieceBytes) + 2);
  for (const entry of entries) starts[Math.floor(keys.offset(entry) / pieceBytes) + 1]++;
  for (let piece = 1; piece < starts.length; piece++) starts[piece] += starts[piece - 1];
  const places = new Float64Array(entries.length);
  const filled = starts.slice();
  for (const entry of entries) {
    const offset = keys.offset(entry);
    places[filled[Math.floor(offset / pieceBytes)]++] = (offset % pieceBytes) * 2 ** 32 + entry;
  }
  for (let piece = 0; piece + 1 < starts.length; piece++) sortPiece(places, starts[piece], starts[piece + 1]);
  for (let index = 0; index < places.length; index++) entries[index] = places[index] % 2 ** 32;
}

/** Sorts `places[from, to)`: few by insertion, for which a call of the library takes longer. */
function sortPiece(places: Float64Array, from: number, to: number): void {
  if (to - from > fewPlaces) {
    places.subarray(from, to).sort();
    return;
  }
  for (let next = from + 1; next < to; next++) {
    const place = places[next];
    let hole = next;
    for (; hole > from && places[hole - 1] > place; hole--) places[hole] = places[hole - 1];
    places[hole] = place;
  }
}
