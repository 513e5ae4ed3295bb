/**
 * Native bitmaps, RDB type 33 (Redis 8.12); the layout is in ../values/bitmap.ts.
 */

import { EncodingError } from '../../faults.ts';
import type { BitmapValue } from '../../values/roaring-bitmap.ts';
import { decodeRoaring, validateRoaring } from '../../values/roaring-format.ts';
import type { ValueCursor } from './cursor.ts';

export function decodeBitmap(cursor: ValueCursor): BitmapValue {
  const byteLength = cursor.unsigned();
  cursor.blob();
  const { blobBytes, blobStart, blobEnd } = cursor;
  const flaw = validateRoaring(blobBytes, blobStart, blobEnd, byteLength);
  if (flaw !== undefined) throw new EncodingError(flaw);
  const bitmap = decodeRoaring(blobBytes, blobStart, blobEnd);
  bitmap.extend(byteLength);
  return bitmap;
}
