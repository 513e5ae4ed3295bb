import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseLooseDouble } from '../../../src/encodings/loose-double.ts';
import { parseShortDecimal } from '../../../src/encodings/number-text.ts';
import { HashValue } from '../../../src/values/hash.ts';
import { Interner } from '../../../src/values/intern.ts';
import { ListValue } from '../../../src/values/list.ts';
import { SetValue } from '../../../src/values/set.ts';
import { mapWithRoom, ShardedMap, ShardedSet, setWithRoom } from '../../../src/values/sharded-map.ts';
import { SortedSetValue } from '../../../src/values/sorted-set.ts';

const element = fc.constantFrom('a', 'b', 'c', '');

it('a list does what an array does', () => {
  const step = fc.tuple(
    fc.constantFrom('lpush', 'rpush', 'lpop', 'rpop', 'insert', 'remove', 'trim'),
    element,
    fc.nat(9),
    fc.nat(9),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const list = new ListValue();
      let model: string[] = [];
      for (const [name, text, first, second] of steps) {
        if (name === 'lpush') {
          list.pushHead(text);
          model.unshift(text);
        }
        if (name === 'rpush') {
          list.pushTail(text);
          model.push(text);
        }
        if (name === 'lpop') expect(list.popHead()).toBe(model.shift());
        if (name === 'rpop') expect(list.popTail()).toBe(model.pop());
        if (name === 'insert' && first <= model.length) {
          list.insert(first, text);
          model.splice(first, 0, text);
        }
        if (name === 'remove') model = removeEqual(list, model, text, first, second % 2 === 1);
        if (name === 'trim' && first <= second && second < model.length) {
          list.trim(first, second);
          model = model.slice(first, second + 1);
        }
        expect([...list.values()]).toEqual(model);
        expect([...list.copy().values()]).toEqual(model);
      }
    }),
  );
});

function removeEqual(list: ListValue, model: string[], text: string, limit: number, fromTail: boolean): string[] {
  const order = fromTail ? [...model].reverse() : model;
  let left = limit;
  const kept = order.filter((other) => other !== text || left-- <= 0);
  expect(list.removeEqual(text, limit, fromTail)).toBe(model.length - kept.length);
  return fromTail ? kept.reverse() : kept;
}

it('a list of two million elements keeps its order past the limit of dense arrays', () => {
  const list = new ListValue();
  for (let i = 0; i < 1_500_000; i++) list.pushHead(`h${i}`);
  for (let i = 0; i < 500_000; i++) list.pushTail(`t${i}`);
  expect([list.count, list.at(0), list.at(1_499_999), list.at(1_500_000), list.at(1_999_999)]).toEqual([
    2_000_000,
    'h1499999',
    'h0',
    't0',
    't499999',
  ]);
});

it('a sorted set keeps the order by score and member, however it is asked for', () => {
  const member = fc.nat(60).map((number) => `m${number}`);
  const score = fc.constantFrom(0, 1, 1, 2, -1, 0.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  const step = fc.tuple(
    fc.constantFrom('set', 'set', 'set', 'delete', 'pop', 'ranks', 'read'),
    member,
    score,
    fc.nat(20),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const set = new SortedSetValue();
      const model = new Map<string, number>();
      const sorted = () => [...model].sort((a, b) => (a[1] === b[1] ? (a[0] < b[0] ? -1 : 1) : a[1] < b[1] ? -1 : 1));
      for (const [name, key, value, rank] of steps) {
        if (name === 'set') {
          expect(set.set(key, value)).toBe(!model.has(key));
          model.set(key, value);
        }
        if (name === 'delete') expect(set.delete(key)).toBe(model.delete(key));
        if (name === 'pop' && model.size > 0) {
          model.delete(sorted().at(rank % 2 === 1 ? -1 : 0)![0]);
          set.pop(rank % 2 === 1);
        }
        if (name === 'ranks' && rank < model.size) {
          for (const [gone] of sorted().slice(rank, rank + 2)) model.delete(gone);
          set.removeRanks(rank, Math.min(rank + 1, set.count - 1));
        }
        if (name === 'read') expect([...set.ordered()]).toEqual(sorted());
      }
      expect([...set.copy().ordered()]).toEqual(sorted());
      expect(set.firstRank((value) => value >= 1)).toBe(sorted().filter(([, value]) => value < 1).length);
    }),
  );
});

it('a sorted set of many blocks takes insertions, removals and pops by turns', () => {
  const set = new SortedSetValue();
  for (let i = 0; i < 20_000; i++) set.set(`m${i}`, (i * 7919) % 10_007);
  const model = new Map(set.entries());
  for (let i = 0; i < 20_000; i++) {
    set.set(`n${i}`, (i * 31) % 5003);
    model.set(`n${i}`, (i * 31) % 5003);
    if (i % 3 === 0) {
      const lowest = set.ordered().next().value![0];
      set.pop(false);
      expect(model.delete(lowest)).toBe(true);
    }
  }
  const expected = [...model].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
  expect([...set.ordered()]).toEqual(expected);
});

it('a small sorted set drops the sign of a zero, a large one keeps it', () => {
  const small = SortedSetValue.of([['a', -0]]);
  expect(Object.is(small.score('a'), 0)).toBe(true);
  for (let i = 0; i < 128; i++) small.set(`m${i}`, 1);
  expect(small.compact).toBe(false);
  small.set('b', -0);
  expect(Object.is(small.score('b'), -0)).toBe(true);
});

it('a hash keeps its fields and their expiry when it outgrows its array', () => {
  const hash = new HashValue();
  for (let i = 0; i < 40; i++) {
    expect(hash.set(`f${i}`, String(i))).toBe(true);
    if (i % 2 === 0) hash.expire(`f${i}`, 1000 + i);
  }
  hash.delete('f0');
  expect(hash.persist('f2')).toBe(true);
  const copy = hash.copy();
  expect(copy.count).toBe(39);
  expect([copy.get('f39'), copy.expiry('f4'), copy.expiry('f2'), copy.expiry('f0')]).toEqual(['39', 1004, NaN, NaN]);
  expect([...copy.entries()].map(([field]) => field)).toEqual(Array.from({ length: 39 }, (_, i) => `f${i + 1}`));
  expect(hash.isPast(5000)).toBe(false);
  const only = new HashValue();
  only.set('a', '1');
  only.expire('a', 5);
  expect([only.isPast(5), only.isPast(6)]).toEqual([false, true]);
});

it('a set keeps its order over both its forms', () => {
  const set = SetValue.of(['b', 'a', 'b']);
  for (let i = 0; i < 30; i++) set.add(`m${i}`);
  expect(set.delete('a')).toBe(true);
  expect(set.count).toBe(31);
  expect([...set.values()].slice(0, 3)).toEqual(['b', 'm0', 'm1']);
});

it('maps and sets are dealt out before they reach their limit, again and again', () => {
  let map = mapWithRoom<number>(new Map(), 100);
  let set = setWithRoom(new Set(), 100);
  for (let i = 0; i < 5000; i++) {
    map = mapWithRoom(map, 100);
    map.set(`k${i}`, i);
    set = setWithRoom(set, 100);
    set.add(`k${i}`);
  }
  expect([map instanceof ShardedMap, set instanceof ShardedSet, map.size, set.size]).toEqual([true, true, 5000, 5000]);
  for (let i = 0; i < 5000; i += 2) expect([map.delete(`k${i}`), set.delete(`k${i}`)]).toEqual([true, true]);
  expect([map.get('k4999'), map.get('k4998'), set.has('k1'), set.has('k0')]).toEqual([4999, undefined, true, false]);
  expect(new Set(map.keys())).toEqual(new Set(set.values()));
});

it('interned text equals the bytes, whatever collides', () => {
  const interner = new Interner();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      const buffer = Buffer.concat([Buffer.from('x'), bytes]);
      expect(interner.text(buffer, 1, bytes.length)).toBe(Buffer.from(bytes).toString('latin1'));
    }),
  );
});

it('short decimals are what Number makes of them', () => {
  const parse = (text: string) => parseShortDecimal(Buffer.from(`x${text}`), 1, text.length);
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 15) + 1, max: 10 ** 15 - 1 }), fc.nat(14), (digits, places) => {
      const padded = String(Math.abs(digits)).padStart(15, '0');
      const text = `${digits < 0 ? '-' : ''}${padded.slice(0, 15 - places)}.${padded.slice(15 - places)}`;
      expect(parse(text)).toBe(Number(text));
    }),
  );
  expect(['0', '5.', '.5', '-0', '-.25', '123456789012345'].map(parse)).toEqual([
    0, 5, 0.5, -0, -0.25, 123456789012345,
  ]);
  expect(['', '-', '.', '-.', '+1', '1e3', '1234567890123456', 'inf', '1.2.3'].map(parse)).toEqual(
    new Array(9).fill(NaN),
  );
});

it('loose doubles are what the servers took in a range', () => {
  const both = (text: string) => [parseLooseDouble(text, false), parseLooseDouble(text, true)];
  expect(both('')).toEqual([0, 0]);
  expect(both(' 1')).toEqual([1, NaN]);
  expect(both('1 ')).toEqual([NaN, NaN]);
  expect(both('0x10')).toEqual([16, NaN]);
  expect(both('1e400')).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  expect(both('1e-400')).toEqual([0, 0]);
  expect(both('Infinity')).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  expect(both('nan')).toEqual([NaN, NaN]);
});
