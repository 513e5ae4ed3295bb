/**
 * Arrays, RDB type 28 (Redis 8.8); the layout is in ../values/array.ts.
 */
import { ArrayValue, classifyElement, formatFloat } from '../../values/array.ts';
import type { RdbOutput } from '../output.ts';
import type { ValueCursor } from './cursor.ts';

const tagInteger = 1;
const tagDouble = 2;

export function decodeArray(cursor: ValueCursor): ArrayValue {
  const array = new ArrayValue();
  const count = cursor.count(3);
  if (cursor.length() !== 0) array.insertIndex = cursor.unsigned();
  for (let slot = 0; slot < count; slot++) {
    const index = cursor.unsigned();
    array.set(index, readElement(cursor));
  }
  return array;
}

function readElement(cursor: ValueCursor): string {
  const tag = cursor.length();
  if (tag === tagDouble) return formatFloat(cursor.double());
  if (tag !== tagInteger) {
    if (tag > 3) cursor.fail('rdb.value.array', 'an element tag (0 to 3)', String(tag));
    return cursor.text();
  }
  cursor.need(8);
  cursor.position += 8;
  return String(cursor.bytes.readBigInt64LE(cursor.position - 8));
}

export function writeArray(out: RdbOutput, array: ArrayValue): void {
  out.writeLength(array.count);
  out.writeLength(array.insertIndex === undefined ? 0 : 1);
  if (array.insertIndex !== undefined) out.writeUnsigned(array.insertIndex);
  for (const [index, text] of array.entries()) {
    const form = classifyElement(text);
    out.writeUnsigned(index);
    out.writeLength(form.tag);
    if (form.tag === tagInteger) out.writeInt64(form.value);
    else if (form.tag === tagDouble) out.writeDouble(form.value);
    else out.writeStringText(text);
    out.settle();
  }
}
