import { describe, expect, it } from 'vitest';
import { type PrefixNode, PrefixSums } from '../../src/operations/memory/prefix-tree.ts';
import { randomNumbers } from '../support/memory-workload.ts';

const add = (sums: PrefixSums, name: string, bytes: number, expires = false) =>
  sums.add(Buffer.from(name, 'latin1'), 0, name.length, bytes, expires);

/** Bytes of every prefix by plain means. */
function plainSums(keys: readonly (readonly [name: string, bytes: number])[], depth: number): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [name, bytes] of keys) {
    const folded = name.replace(/\d+/g, '*');
    let level = 0;
    for (let end = 0; end < folded.length && level < depth; end++) {
      if (!':.|/'.includes(folded[end])) continue;
      const prefix = folded.slice(0, end + 1);
      sums.set(prefix, (sums.get(prefix) ?? 0) + bytes);
      level++;
    }
  }
  return sums;
}

const flat = (nodes: readonly PrefixNode[]): [string, number][] =>
  nodes.flatMap(({ prefix, bytes, children }) => [[prefix, bytes] as [string, number], ...flat(children)]);

describe('sums by prefix', () => {
  it('fold digits, end at separators, and know what never expires', () => {
    const sums = new PrefixSums(3, ':.|/');
    add(sums, 'user:17:name', 100);
    add(sums, 'user:23:name', 50, true);
    add(sums, 'user:x', 10);
    add(sums, 'alone', 7);
    const { exact, roots } = sums.result(50);
    expect(exact).toBe(true);
    expect(roots).toEqual([
      {
        prefix: 'user:',
        keys: 3,
        bytes: 160,
        persistentKeys: 2,
        persistentBytes: 110,
        share: 160 / 167,
        children: [
          {
            prefix: 'user:*:',
            keys: 2,
            bytes: 150,
            persistentKeys: 1,
            persistentBytes: 100,
            share: 150 / 167,
            children: [],
          },
        ],
      },
    ]);
  });

  it('are what plain sums are, for random names', () => {
    const random = randomNumbers(5);
    const word = () => ['a', 'b1', 'cc', '', '12', '\xff', '*'][random(7)];
    const keys = Array.from({ length: 3000 }, () => {
      const name = Array.from({ length: random(5) }, () => word() + ':.|/x'[random(5)]).join('');
      return [name, random(1000)] as const;
    });
    for (const depth of [1, 3, 16]) {
      const sums = new PrefixSums(depth, ':.|/');
      for (const [name, bytes] of keys) add(sums, name, bytes);
      const found = flat(sums.result(1e9).roots).map(([prefix, bytes]) => [prefix.replaceAll('\\xff', '\xff'), bytes]);
      expect(new Map(found as [string, number][])).toEqual(plainSums(keys, depth));
    }
  });

  it('stay within their memory, and say how much a prefix may lack', () => {
    const sums = new PrefixSums(2, ':');
    const random = randomNumbers(9);
    const letters = (value: number) => value.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]);
    const keys: [string, number][] = [];
    for (let index = 0; index < 300_000; index++) {
      keys.push([`tail-${letters(index)}:x:`, 1 + random(20)]);
      if (index % 10 === 0) keys.push(['big:one:key', 100], ['big:other:key', 50]);
    }
    for (const [name, bytes] of keys) add(sums, name, bytes);
    const result = sums.result(1e9);
    expect(result.exact).toBe(false);
    const truth = plainSums(keys, 2);
    const found = flat(result.roots);
    expect(found.length).toBeLessThanOrEqual(65_536);
    const off = found.filter(([prefix, bytes]) => {
      const missing = (truth.get(prefix) ?? -1) - bytes;
      return missing < 0 || missing > result.errorBytes;
    });
    expect(off).toEqual([]);
    expect(result.roots.reduce((sum, { keys: count }) => sum + count, 0)).toBeLessThanOrEqual(keys.length);
    // Every prefix that is missing is small enough to be.
    const listed = new Set(found.map(([prefix]) => prefix));
    const missed = [...truth].filter(([prefix, bytes]) => !listed.has(prefix) && bytes > result.errorBytes);
    expect(missed).toEqual([]);
    expect(listed.has('big:one:')).toBe(true);
  });

  it('find room for long names, too', () => {
    const sums = new PrefixSums(1, ':');
    let total = 0;
    for (let index = 0; index < 30_000; index++) {
      const letters = String(index).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]);
      const bytes = index === 20_000 ? 1e9 : 1000 + (index % 7);
      add(sums, `${letters}${'x'.repeat(1000)}:`, bytes);
      total += bytes;
    }
    const { errorBytes, roots } = sums.result(10);
    expect(roots[0].bytes).toBe(1e9);
    expect(roots[0].share).toBe(1e9 / total);
    expect(errorBytes).toBeLessThan(100_000);
  });
});
