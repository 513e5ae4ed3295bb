import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Keyspace } from '../../../src/engine/keyspace.ts';
import { slotOf } from '../../../src/engine/slot.ts';
import { Kind, OwnString } from '../../../src/values/value.ts';

const bytesOf = (text: string) => Buffer.from(text, 'latin1');

function find(keys: Keyspace, key: string): number {
  const bytes = bytesOf(key);
  return keys.find(bytes, 0, bytes.length);
}

function insert(keys: Keyspace, key: string): number {
  const bytes = bytesOf(key);
  return keys.insert(bytes, 0, bytes.length);
}

function listed(keys: Keyspace): [string, number, number][] {
  const all: [string, number, number][] = [];
  for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) {
    all.push([keys.keyText(entry), keys.integer(entry), keys.expiry(entry)]);
  }
  return all;
}

describe('keyspace', () => {
  it('behaves as a Map that keeps the order of insertion', () => {
    const key = fc.oneof(
      fc.integer({ min: 0, max: 60 }).map((number) => `key:${number}`),
      fc.string({ maxLength: 3 }),
    );
    const step = fc.record({ key, action: fc.constantFrom('set', 'set', 'remove', 'expire'), value: fc.integer() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600, size: 'max' }), fc.integer(), (steps, seed) => {
        const keys = new Keyspace(seed);
        const model = new Map<string, [number, number]>();
        for (const { key, action, value } of steps) {
          let entry = find(keys, key);
          expect(entry >= 0).toBe(model.has(key));
          if (action === 'set') {
            if (entry < 0) entry = insert(keys, key);
            keys.setInteger(entry, value);
            model.set(key, [value, model.get(key)?.[1] ?? Number.NaN]);
          } else if (entry >= 0 && action === 'remove') {
            keys.remove(entry);
            model.delete(key);
          } else if (entry >= 0) {
            keys.setExpiry(entry, value);
            model.set(key, [model.get(key)![0], value]);
          }
        }
        expect(listed(keys)).toEqual([...model].map(([key, [value, expiry]]) => [key, value, expiry]));
        expect(keys.count).toBe(model.size);
        expect(keys.expiring).toBe([...model.values()].filter(([, expiry]) => !Number.isNaN(expiry)).length);
      }),
      { numRuns: 200 },
    );
  });

  it('stays small when keys come and go', () => {
    const keys = new Keyspace();
    for (let round = 0; round < 200_000; round++) {
      keys.setOwn(insert(keys, `session:${round}`), new OwnString(Buffer.alloc(1)));
      if (round >= 1000) keys.remove(find(keys, `session:${round - 1000}`));
    }
    expect(keys.count).toBe(1000);
    expect(keys.next(-1)).toBeLessThan(4096);
    expect(listed(keys).map(([key]) => key)).toEqual(
      Array.from({ length: 1000 }, (_, at) => `session:${199_000 + at}`),
    );
  });

  it('holds a key longer than a block of the arena, and an empty one', () => {
    const keys = new Keyspace();
    const long = 'k'.repeat(17 * 1024 * 1024);
    for (const key of ['before', long, '', 'after']) keys.setInteger(insert(keys, key), key.length);
    for (const key of ['before', long, '', 'after']) expect(keys.integer(find(keys, key))).toBe(key.length);
    keys.remove(find(keys, long));
    expect(listed(keys).map(([key]) => key)).toEqual(['before', '', 'after']);
  });

  it('keeps offsets past 2^32, sources and RDB types', () => {
    const keys = new Keyspace();
    const entry = insert(keys, 'k');
    keys.setSerialized(entry, 65535, 2 ** 52, 2 ** 32 - 1, 251);
    expect([keys.kind(entry), keys.source(entry), keys.offset(entry), keys.length(entry), keys.rdbType(entry)]).toEqual(
      [Kind.Serialized, 65535, 2 ** 52, 2 ** 32 - 1, 251],
    );
  });
});

describe('cluster slot', () => {
  it('is CRC16 of the key or of its hash tag', () => {
    const slot = (key: string) => slotOf(bytesOf(key), 0, key.length);
    // The check value of CRC-16/XMODEM is 0x31c3; the tags are those of the cluster specification.
    expect(slot('123456789')).toBe(0x31c3);
    expect(slot('foo')).toBe(12182);
    expect(slot('{user1000}.following')).toBe(slot('user1000'));
    expect(slot('foo{{bar}}zap')).toBe(slot('{bar'));
    expect(slot('foo{bar}{zap}')).toBe(slot('bar'));
    expect(slot('foo{}{bar}')).not.toBe(slot('bar'));
  });
});
