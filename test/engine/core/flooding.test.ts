/*
 * Keys that were prepared to collide under the fast hash, whatever its seed: tables go over a number of slots in proportion to the keys.
 */
import { describe, expect, it } from 'vitest';
import { hashBytes } from '../../../src/engine/key-hash.ts';
import { Keyspace } from '../../../src/engine/keyspace.ts';
import { StatisticsKernel } from '../../../src/kernels/statistics-kernel.ts';
import { FrequentKeys } from '../../../src/operations/log/frequent-keys.ts';
import { FingerprintSet } from '../../../src/rdb/fingerprints.ts';

/** The word that MurmurHash3 mixes to `mixed`. */
function wordOf(mixed: number): number {
  const turned = Math.imul(mixed, 0x56ed309b);
  return Math.imul((turned >>> 15) | (turned << 17), 0xdee13bb1);
}

/**
 * The n-th of 2^pairs keys: in a pair of words bit 18 of the first becomes bit 31 of the state, which stays bit 31 when multiplied by 5, and
 * bit 31 of the second takes it away.
 */
function colliding(index: number, pairs: number): Buffer {
  const key = Buffer.alloc(pairs * 8);
  for (let pair = 0; pair < pairs; pair++) {
    const flips = (index >>> pair) & 1;
    key.writeInt32LE(wordOf(flips << 18), pair * 8);
    key.writeInt32LE(wordOf(flips << 31), pair * 8 + 4);
  }
  return key;
}

const keys = (pairs: number) => Array.from({ length: 2 ** pairs }, (_, index) => colliding(index, pairs));

describe('keys of one hash', () => {
  it('collide for every seed', () => {
    for (const seed of [0, 1, 0x2f0b4c47])
      expect(new Set(keys(6).map((key) => hashBytes(key, 0, key.length, seed))).size).toBe(1);
  });

  it('are found, added and removed in linear time', () => {
    const probes = [14, 15, 16].map((pairs) => {
      const all = keys(pairs);
      const keyspace = new Keyspace();
      for (const key of all) {
        expect(keyspace.find(key, 0, key.length)).toBe(-1);
        keyspace.insertAfterFind(key, 0, key.length);
      }
      expect(keyspace.count).toBe(all.length);
      const places = new Set(all.map((key) => keyspace.find(key, 0, key.length)));
      expect(places.size === all.length && !places.has(-1)).toBe(true);
      // The order is that of the inserts, whatever the hash.
      for (let entry = keyspace.next(-1), index = 0; entry >= 0; entry = keyspace.next(entry), index++)
        if (keyspace.keyText(entry) !== all[index].latin1Slice()) throw new Error(`entry ${index} is another key`);
      for (const [index, key] of all.entries()) if (index % 2 === 0) keyspace.remove(keyspace.find(key, 0, key.length));
      for (const [index, key] of all.entries()) {
        if (keyspace.find(key, 0, key.length) >= 0 !== (index % 2 === 1)) throw new Error(`key ${index}`);
      }
      return keyspace.probes / all.length;
    });
    for (const each of probes) expect(each).toBeLessThan(40);
  }, 60_000);

  it('are removed in linear time where they fill neighbouring slots', () => {
    const keyspace = new Keyspace(0);
    // One in 64 of these lies in the same small part of the table.
    const all: Buffer[] = [];
    for (let index = 0; all.length < 4000; index++) {
      const key = Buffer.from(`k${index}`);
      if ((hashBytes(key, 0, key.length, 0) & 0x1fff) < 128) all.push(key);
    }
    for (const key of all) keyspace.insert(key, 0, key.length);
    for (const key of all) keyspace.remove(keyspace.find(key, 0, key.length));
    expect(keyspace.count).toBe(0);
    expect(keyspace.probes / all.length).toBeLessThan(300);
  });

  it('are counted in linear time', () => {
    const kernel = new StatisticsKernel(32_768);
    const frequent = new FrequentKeys(16_384);
    const all = keys(14);
    for (let round = 0; round < 3; round++) {
      for (const key of all) {
        kernel.countText(0, key, 0, key.length, 1);
        frequent.add(key, 0, key.length, 1);
      }
    }
    expect(kernel.table(0).count).toBe(all.length);
    expect(new Set(kernel.table(0).counts)).toEqual(new Set([3]));
    expect(kernel.probes / all.length).toBeLessThan(40);
    expect(frequent.top(1)[0].count).toBe(3);
  });

  it('have fingerprints of their own', () => {
    const set = new FingerprintSet(0);
    for (const key of keys(12)) expect(set.add(key, 0, key.length)).toBe(true);
  });
});
