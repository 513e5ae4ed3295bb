import { isUtf8 } from 'node:buffer';
import type { Value } from '../values/value.ts';
import { type KeyValue, keyValueOf } from './key-value.ts';

/** A value as plain data, cut to about `max` bytes; `text` makes the form of a text. The bytes of a string and a module are counted as they are. */
export function cutValue(
  value: Value,
  text: (binary: string) => string,
  max: number,
): { readonly shown: KeyValue<string>; readonly isCut: boolean } {
  if (value instanceof Uint8Array) {
    const end = cutLength(value as Buffer, max);
    return { shown: keyValueOf(value.subarray(0, end) as Value, text), isCut: end < value.length };
  }
  const whole = keyValueOf(value, text);
  if (max === Number.POSITIVE_INFINITY) return { shown: whole, isCut: false };
  if (whole.type === 'module')
    return { shown: { ...whole, data: whole.data.subarray(0, max) }, isCut: whole.data.length > max };
  const shown = truncateValue(whole, max);
  return { shown, isCut: shown !== whole };
}

/** Where to cut `bytes` so that at most `max` are left, and no character of a text in UTF-8 is cut. */
export function cutLength(bytes: Buffer, max: number): number {
  if (bytes.length <= max || !isUtf8(bytes)) return Math.min(bytes.length, max);
  let end = max;
  while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  return end;
}

/**
 * A value without its last elements, so that its texts come to at most `max` bytes; the same where they do. What belongs to the
 * value as a whole, such as the groups of a stream, stays. Strings are not for it.
 */
function truncateValue(value: KeyValue<string>, max: number): KeyValue<string> {
  switch (value.type) {
    case 'list':
      return shortened(value, value.elements, max, lengthOf, (elements) => ({ ...value, elements }));
    case 'set':
      return shortened(value, value.members, max, memberLength, (members) => ({ ...value, members }));
    case 'zset':
      return shortened(value, value.members, max, memberLength, (members) => ({ ...value, members }));
    case 'hash':
      return shortened(value, value.fields, max, fieldLength, (fields) => ({ ...value, fields }));
    case 'stream':
      return shortened(
        value,
        value.entries,
        max,
        ({ fields }) => sumOf(fields, lengthOf),
        (entries) => ({ ...value, entries }),
      );
    case 'array':
      return shortened(
        value,
        value.elements,
        max,
        (element) => element.value.length,
        (elements) => ({ ...value, elements }),
      );
    case 'pathhash':
      return shortened(
        value,
        value.paths,
        max,
        ({ path, fields }) => path.length + sumOf(fields, fieldLength),
        (paths) => ({ ...value, paths }),
      );
    case 'bitmap':
      return shortened(
        value,
        value.runs,
        max,
        () => 16,
        (runs) => ({ ...value, runs }),
      );
    case 'vectorset':
      return shortened(
        value,
        value.elements,
        max,
        ({ element, attributes = '', vector, stored }) =>
          element.length + attributes.length + (vector?.length ?? 0) * 4 + (stored?.length ?? 0),
        (elements) => ({ ...value, elements }),
      );
    default:
      return value;
  }
}

const lengthOf = (text: string): number => text.length;
const memberLength = ({ member }: { readonly member: string }): number => member.length;
const fieldLength = ({ field, value }: { readonly field: string; readonly value: string }): number =>
  field.length + value.length;

function sumOf<T>(items: readonly T[], length: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += length(item);
  return sum;
}

function shortened<T>(
  value: KeyValue<string>,
  elements: readonly T[],
  max: number,
  length: (element: T) => number,
  withElements: (elements: readonly T[]) => KeyValue<string>,
): KeyValue<string> {
  let left = max;
  for (let index = 0; index < elements.length; index++) {
    left -= length(elements[index]);
    if (left < 0) return withElements(elements.slice(0, index));
  }
  return value;
}
