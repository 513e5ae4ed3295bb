import type { RdbInput } from '../input.ts';
import type { ValueCheck } from '../value-check.ts';

/**
 * Arrays: type 28 (Redis 8.8).
 *
 *     count   has cursor (0 | 1)   [cursor]   count × { index | tag | payload }
 *     tag     0 string   1 int64   2 double   3 string of at most 7 bytes
 */
export function checkArray(input: RdbInput, check: ValueCheck): void {
  const count = input.count('array slots', 3);
  if (count === 0) check.empty = true;
  const hasCursorAt = input.offset;
  const hasCursor = input.length();
  if (hasCursor > 1)
    input.fail('rdb.value.array', 'whether there is a cursor (0 or 1)', String(hasCursor), hasCursorAt);
  if (hasCursor === 1) input.length();
  let last = -1n;
  for (let slot = 0; slot < count; slot++) {
    const at = input.offset;
    const index = input.unsigned();
    if (index <= last || index === 0xffffffffffffffffn) {
      input.fail('rdb.value.array', `an index above ${last}`, String(index), at);
    }
    last = index;
    checkElement(input);
  }
}

function checkElement(input: RdbInput): void {
  const at = input.offset;
  const tag = input.length();
  if (tag === 1 || tag === 2) input.pass(8);
  else if (tag === 0) input.skipString();
  else if (tag === 3) {
    if (input.string(7)) return;
    input.fail('rdb.value.array', 'a short string of at most 7 bytes', 'a longer one', at);
  } else input.fail('rdb.value.array', 'an element tag (0 to 3)', String(tag), at);
}
