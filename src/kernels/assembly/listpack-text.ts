// AssemblyScript. Elements of a listpack as texts.

import { decimalAt, decimalLength, decimalText } from './decimal-text';
import { longEnd, longInteger, longLength } from './listpack-walk';
import { nowhere } from './rdb-strings';

/** Where the text of the last element lies. */
export let elementAt: usize = 0;
export let elementLength: usize = 0;

/** The element at `at`; where the next one begins, `nowhere` for what is not sound or not short. */
// @ts-ignore: decorator
@inline
export function textElement(at: usize, last: usize): usize {
  if (at >= last) return nowhere;
  const first = <usize>load<u8>(at);
  if (first >= 0x80 && first < 0xc0) {
    const length = first & 0x3f;
    const next = at + length + 2;
    if (next > last || <usize>load<u8>(next - 1) != length + 1) return nowhere;
    elementAt = at + 1;
    elementLength = length;
    return next;
  }
  return first < 0x80 ? smallInteger(at, first, last) : longText(at, first, last);
}

function smallInteger(at: usize, first: usize, last: usize): usize {
  if (at + 2 > last || load<u8>(at, 1) != 1) return nowhere;
  integerText(<i64>first);
  return at + 2;
}

function longText(at: usize, first: usize, last: usize): usize {
  const next = longEnd(at, first, last);
  if (next == nowhere) return nowhere;
  if (first >= 0xe0 && first <= 0xf0) {
    elementLength = longLength(at, first);
    elementAt = at + (first == 0xf0 ? 5 : 2);
  } else integerText(longInteger(at, first));
  return next;
}

function integerText(value: i64): void {
  decimalText(value);
  elementAt = decimalAt;
  elementLength = decimalLength;
}
