import fc from 'fast-check';
import { expect, it } from 'vitest';
import { arrayFamily } from '../../../src/engine/commands/array.ts';
import { ArrayValue, classifyElement } from '../../../src/values/array.ts';
import { type Command, replay } from './replay.ts';

/** No server of the harness knows arrays: these follow docs/formats/commands.md, section 9. */
function arrayAfter(...lines: string[]): ArrayValue | undefined {
  const commands: Command[] = lines.map((line) => line.split(' '));
  const { keys } = replay(commands, [arrayFamily], 'redis-8', 0);
  const entry = keys.find(Buffer.from('k'), 0, 1);
  return entry < 0 ? undefined : (keys.object(entry) as ArrayValue);
}

function shown(array: ArrayValue | undefined): string {
  return array === undefined ? '' : [...array.entries()].map(([index, text]) => `${index}=${text}`).join(' ');
}

it('sets consecutive and single slots', () => {
  expect(shown(arrayAfter('ARSET k 3 a b', 'ARMSET k 0 x 18446744073709551614 y'))).toBe(
    '0=x 3=a 4=b 18446744073709551614=y',
  );
  expect(arrayAfter('ARSET k 18446744073709551614 a b')).toBeUndefined();
});

it('inserts from the cursor on, which only ARINSERT, ARRING and ARSEEK move', () => {
  const array = arrayAfter('ARINSERT k a b', 'ARSET k 9 z', 'ARDEL k 1', 'ARINSERT k c');
  expect(shown(array)).toBe('0=a 2=c 9=z');
  expect(array?.insertIndex).toBe(2);
  expect(shown(arrayAfter('ARINSERT k a', 'ARSEEK k 0', 'ARINSERT k b', 'ARSEEK k 5', 'ARINSERT k c'))).toBe('0=b 5=c');
});

it('deletes ranges in any order, and the key with the last slot', () => {
  expect(shown(arrayAfter('ARSET k 0 a b c d e', 'ARDELRANGE k 3 1'))).toBe('0=a 4=e');
  expect(arrayAfter('ARSET k 0 a b', 'ARDELRANGE k 0 18446744073709551614')).toBeUndefined();
});

it('overwrites the oldest of a ring', () => {
  expect(shown(arrayAfter('ARRING k 3 a b c d e'))).toBe('0=d 1=e 2=c');
});

it('rebuilds a ring whose size changes', () => {
  const smaller = arrayAfter('ARRING k 4 a b c d e', 'ARRING k 2 f');
  expect(shown(smaller)).toBe('0=f 1=e');
  expect(smaller?.insertIndex).toBe(0);
  expect(shown(arrayAfter('ARRING k 3 a b c d', 'ARRING k 5 e'))).toBe('0=b 1=c 2=d 3=e');
});

it('classifies texts as a server stores them', () => {
  const tags = ['a', '12', '1.5', 'x'.repeat(19), '-7', '1234567', '0.1', '3.0', '1.50', '00', '1e10', '-0', 'nan'];
  expect(tags.map((text) => classifyElement(text).tag)).toEqual([3, 1, 2, 0, 1, 1, 3, 2, 3, 3, 3, 3, 3]);
  expect(classifyElement('2305843009213693951').tag).toBe(1);
  expect(classifyElement('2305843009213693952').tag).toBe(0);
});

it('holds what a Map would hold', () => {
  const index = fc.oneof(
    fc.nat(300),
    fc.bigInt(0n, 0xfffffffffffffffen).map((n) => (n > 2n ** 53n ? n : Number(n))),
  );
  const step = fc.oneof(
    fc.record({ set: index, text: fc.string() }),
    fc.record({ from: fc.nat(300), to: fc.nat(300) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const array = new ArrayValue();
      const model = new Map<number | bigint, string>();
      for (const one of steps) {
        if ('set' in one) {
          array.set(one.set, one.text);
          model.set(one.set, one.text);
        } else {
          array.deleteRange(one.from, one.to);
          for (const key of model.keys()) if (key >= one.from && key <= one.to) model.delete(key);
        }
      }
      const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
      expect([...array.entries()]).toEqual(expected);
      expect(array.count).toBe(expected.length);
    }),
  );
});
