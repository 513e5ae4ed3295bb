import type { MemoryGroup, MemoryResult } from './memory.ts';
import type { PrefixNode } from './prefix-tree.ts';

/** What changed of a group of keys between two datasets. */
export interface MemoryChange {
  readonly name: string;
  readonly keysBefore: number;
  readonly keysAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Two datasets beside each other. Where a prefix is missing from one of the results, its sums there are 0. */
export interface MemoryComparison {
  readonly before: string;
  readonly after: string;
  readonly total: MemoryChange;
  readonly types: readonly MemoryChange[];
  readonly encodings: readonly MemoryChange[];
  readonly databases: readonly MemoryChange[];
  /** Of all levels. */
  readonly prefixes: readonly MemoryChange[];
}

type Sized = Pick<MemoryGroup, 'name' | 'keys' | 'bytes'>;

/** The largest changes of bytes first. */
export function compareMemory(before: MemoryResult, after: MemoryResult): MemoryComparison {
  const [total] = changes([{ ...before, name: 'total' }], [{ ...after, name: 'total' }]);
  return {
    before: before.path,
    after: after.path,
    total,
    types: changes(before.types, after.types),
    encodings: changes(before.encodings, after.encodings),
    databases: changes(before.databases, after.databases),
    prefixes: changes(flat(before.prefixes.roots), flat(after.prefixes.roots)),
  };
}

const flat = (nodes: readonly PrefixNode[]): Sized[] =>
  nodes.flatMap(({ prefix, keys, bytes, children }) => [{ name: prefix, keys, bytes }, ...flat(children)]);

function changes(before: readonly Sized[], after: readonly Sized[]): MemoryChange[] {
  const merged = new Map<string, MemoryChange>();
  for (const { name, keys, bytes } of before)
    merged.set(name, { name, keysBefore: keys, keysAfter: 0, bytesBefore: bytes, bytesAfter: 0 });
  for (const { name, keys, bytes } of after) {
    const { keysBefore = 0, bytesBefore = 0 } = merged.get(name) ?? {};
    merged.set(name, { name, keysBefore, keysAfter: keys, bytesBefore, bytesAfter: bytes });
  }
  const size = ({ bytesBefore, bytesAfter }: MemoryChange) => Math.abs(bytesAfter - bytesBefore);
  return [...merged.values()].sort((a, b) => size(b) - size(a));
}
