import type { Keyspace } from '../../engine/keyspace.ts';
import { Kind } from '../../engine/value.ts';

/** Values whose places lie in one such piece of a file are taken together, so that the file is read nearly in order. */
const pieceBytes = 256 * 1024;

/**
 * The entries of a database by the place of their values: first those in memory as they came, then those whose values are still
 * in a file, piece of the file by piece. With `rank`, from 0 up, those of a lower rank come first.
 */
export function fileOrder(keys: Keyspace, rank?: (entry: number) => number | boolean): Uint32Array {
  const lists: EntryList[] = [new EntryList(keys.count)];
  for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) {
    const index = rank === undefined ? 0 : Number(rank(entry));
    while (lists.length <= index) lists.push(new EntryList(keys.count));
    lists[index].add(entry, pieceOf(keys, entry));
  }
  if (lists.length === 1) return lists[0].sorted();
  const order = new Uint32Array(keys.count);
  let filled = 0;
  for (const list of lists) {
    order.set(list.sorted(), filled);
    filled += list.length;
  }
  return order;
}

/** 0 for what is in memory; else the number of the piece of its file that the value begins in, the first file's pieces first. */
function pieceOf(keys: Keyspace, entry: number): number {
  const kind = keys.kind(entry);
  if (kind !== Kind.Reference && kind !== Kind.Serialized) return 0;
  return 1 + keys.source(entry) * 2 ** 22 + Math.floor(keys.offset(entry) / pieceBytes);
}

/** Entries with the pieces that their values lie in. */
class EntryList {
  length = 0;
  private last = 0;
  private readonly entries: Uint32Array;
  private readonly pieces: Float64Array;

  constructor(capacity: number) {
    this.entries = new Uint32Array(capacity);
    this.pieces = new Float64Array(capacity);
  }

  add(entry: number, piece: number): void {
    this.entries[this.length] = entry;
    this.pieces[this.length++] = piece;
    if (piece > this.last) this.last = piece;
  }

  /** By piece; within a piece as they came. Counting where the numbers are few, comparing else. */
  sorted(): Uint32Array {
    const { entries, pieces, length, last } = this;
    const sorted = new Uint32Array(length);
    if (last > length * 4 + 65536) {
      const indexes = sorted.map((_, index) => index).sort((a, b) => pieces[a] - pieces[b] || a - b);
      return indexes.map((index) => entries[index]);
    }
    const starts = new Uint32Array(last + 2);
    for (let index = 0; index < length; index++) starts[pieces[index] + 1]++;
    for (let piece = 1; piece < starts.length; piece++) starts[piece] += starts[piece - 1];
    for (let index = 0; index < length; index++) sorted[starts[pieces[index]]++] = entries[index];
    return sorted;
  }
}
