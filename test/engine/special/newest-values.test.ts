/* Path hashes, native bitmaps and set members with an expiry. No server that has them is at hand: digests follow the sources. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Digester } from '../../../src/engine/digest.ts';
import { HashValue } from '../../../src/values/hash.ts';
import { PathHashValue } from '../../../src/values/path-hash.ts';
import { BitmapValue } from '../../../src/values/roaring-bitmap.ts';
import { SetValue } from '../../../src/values/set.ts';

const redis = new Digester({ flavor: 'redis-8', at: 0 });
const valkey = new Digester({ flavor: 'valkey-9', at: 0 });

function pathHash(paths: Record<string, Record<string, string>>): PathHashValue {
  const value = new PathHashValue();
  for (const [path, fields] of Object.entries(paths)) {
    for (const [field, text] of Object.entries(fields)) value.obtain(path).set(field, text);
  }
  return value;
}

it('computes the digest of a path hash', () => {
  const value = pathHash({ '/img/': { host: 'h1', port: '80' }, '/': { a: '1' } });
  expect(valkey.value(value)).toBe('aab983bd1b06ca526efadd0152b64cb0631860ab');
  expect(valkey.value(value, true)).toBe('4c3c7d42c73f2006afec36f917dc832b79b62128');
  expect(valkey.value(pathHash({ '': { '': '' } }))).toBe('f7252626c15ac0d8d14bef985a0d980443641210');
  expect(valkey.value(new PathHashValue())).toBe('892cc1e58fdd61b3796fec8aaa1cb849d2de3ebf');
});

it('orders the paths by their bytes, copies deeply, and deletes by prefix', () => {
  const value = pathHash({ b: { x: '1' }, '': { x: '2' }, a: { x: '3' }, '\xff': { x: '4' }, ab: { x: '5' } });
  const copy = value.copy();
  value.get('a')?.set('x', 'changed');
  expect([...copy.ordered()].map(([path, fields]) => [path, fields.get('x')])).toEqual([
    ['', '2'],
    ['a', '3'],
    ['ab', '5'],
    ['b', '1'],
    ['\xff', '4'],
  ]);
  expect(copy.deletePrefix('a')).toBe(2);
  expect(copy.deletePrefix('')).toBe(3);
  expect([copy.count, value.count]).toEqual([0, 5]);
  value.set('b', new HashValue());
  expect(value.get('b')?.count).toBe(0);
});

it('computes the digest of a bitmap', () => {
  const bitmap = BitmapValue.fromBytes(Buffer.from('013ff0', 'hex'));
  expect(redis.value(bitmap)).toBe('4ea65e6049394f60a2f79bc0d509cbdfc1266e87');
  expect(redis.value(new BitmapValue())).toBe('9fa641f654c376f8a6515c9c94325e2b77ecf8da');
  expect(redis.value(BitmapValue.fromBytes(Buffer.alloc(100)))).toBe('46886e43c622e3b7452a8e54bbe895afd26d51a9');
});

/** Maximal runs of a string's bits, in the simplest way. */
function runsOf(bytes: Buffer): number[][] {
  const runs: number[][] = [];
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    if ((bytes[bit >> 3] & (0x80 >> (bit & 7))) === 0) continue;
    const last = runs[runs.length - 1];
    if (last?.[1] === bit) last[1]++;
    else runs.push([bit, bit + 1]);
  }
  return runs;
}

it('holds the bits of a string', () => {
  const bytesOf = fc.uint8Array({ maxLength: 40 });
  const chunks = fc.array(fc.tuple(fc.integer({ min: 0, max: 30_000 }), bytesOf), { maxLength: 12 });
  const bits = fc.array(fc.tuple(fc.integer({ min: 0, max: 240_000 }), fc.constantFrom(0 as const, 1 as const)), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(chunks, bits, (writes, changes) => {
      const bitmap = new BitmapValue();
      let model = Buffer.alloc(0);
      const grow = (length: number) => {
        model = Buffer.concat([model, Buffer.alloc(Math.max(0, length - model.length))]);
      };
      for (const [at, bytes] of writes) {
        bitmap.writeBytes(at, bytes);
        grow(at + bytes.length);
        model.set(bytes, at);
      }
      for (const [bit, value] of changes) {
        bitmap.setBit(bit, value);
        grow((bit >> 3) + 1);
        model[bit >> 3] = value ? model[bit >> 3] | (0x80 >> (bit & 7)) : model[bit >> 3] & ~(0x80 >> (bit & 7));
      }
      expect(bitmap.toBytes().equals(model)).toBe(true);
      expect(bitmap.byteLength).toBe(model.length);
      expect([...bitmap.runs()]).toEqual(runsOf(model));
      expect(bitmap.cardinality).toBe(runsOf(model).reduce((sum, [from, to]) => sum + to - from, 0));
      for (const [bit] of changes) expect(bitmap.bit(bit)).toBe((model[bit >> 3] >> (7 - (bit & 7))) & 1);
      const at = Math.floor(model.length / 3);
      expect(bitmap.readBytes(at, 20).equals(Buffer.concat([model.subarray(at, at + 20), Buffer.alloc(20)], 20))).toBe(
        true,
      );
      expect(bitmap.copy().toBytes().equals(model)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

it('changes blocks of many runs bit by bit', () => {
  const bitmap = new BitmapValue();
  for (let bit = 1; bit < 65536; bit += 16) bitmap.setBit(bit, 1);
  expect(bitmap.cardinality).toBe(4096);
  for (let bit = 1; bit < 65536; bit += 16) bitmap.setBit(bit, 0);
  expect([bitmap.cardinality, bitmap.byteLength]).toEqual([0, 8191]);
  expect(bitmap.copy().bit(1)).toBe(0);
});

it('holds bits up to 2^63', () => {
  const bitmap = new BitmapValue();
  const last = 2n ** 63n - 9n;
  for (const bit of [0, last, last - 1n, 65535, 65536]) bitmap.setBit(bit, 1);
  expect([...bitmap.runs()]).toEqual([
    [0, 1],
    [65535, 65537],
    [last - 1n, last + 1n],
  ]);
  expect(bitmap.byteLength).toBe(2n ** 60n - 1n);
  expect([bitmap.bit(last), bitmap.bit(last - 2n), bitmap.copy().bit(last)]).toEqual([1, 0, 1]);
});

it('keeps the expiry of set members through a copy, and none of a member that goes', () => {
  const set = SetValue.of(['a', 'b', 'c']);
  const plain = redis.value(set);
  expect(plain).toBe('593c2414786d75446e97f4ea5d4b731f3313da72');
  set.expire('a', 4102444800000);
  set.expire('b', 4102444900000);
  expect(redis.value(set)).toBe(plain);
  const copy = set.copy();
  expect([copy.expiry('a'), copy.expiry('b'), copy.expiry('c')]).toEqual([4102444800000, 4102444900000, Number.NaN]);
  set.delete('a');
  set.add('a');
  expect([set.expiry('a'), set.hasExpiries, set.persist('b'), set.persist('b'), set.hasExpiries]).toEqual([
    Number.NaN,
    true,
    true,
    false,
    false,
  ]);
});
