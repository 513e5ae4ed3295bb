// AssemblyScript. Elements of a listpack on their way into commands.

import { bulk, hasRoom, number } from './commands-out';
import { longEnd, longInteger, longLength } from './listpack-walk';
import { nowhere } from './rdb-strings';

/** Writes the element at `at`; where the next one begins, `nowhere` for what is not sound or not short. */
// @ts-ignore: decorator
@inline
export function bulkElement(at: usize, last: usize): usize {
  if (at >= last) return nowhere;
  const first = <usize>load<u8>(at);
  if (first < 0x80) {
    if (!hasRoom(0) || at + 2 > last || load<u8>(at, 1) != 1) return nowhere;
    number(<i64>first);
    return at + 2;
  }
  if (first < 0xc0) {
    const length = first & 0x3f;
    const next = at + length + 2;
    if (!hasRoom(length) || next > last || <usize>load<u8>(next - 1) != length + 1) return nowhere;
    bulk(at + 1, length);
    return next;
  }
  return bulkLong(at, first, last);
}

function bulkLong(at: usize, first: usize, last: usize): usize {
  const next = longEnd(at, first, last);
  if (next == nowhere) return nowhere;
  if (first >= 0xe0 && first <= 0xf0) {
    const length = longLength(at, first);
    if (!hasRoom(length)) return nowhere;
    bulk(at + (first == 0xf0 ? 5 : 2), length);
  } else {
    if (!hasRoom(0)) return nowhere;
    number(longInteger(at, first));
  }
  return next;
}
