import { canonicalU64 } from '../../encodings/u64.ts';
import { validateRoaring } from '../../values/roaring-format.ts';
import type { RdbInput } from '../input.ts';
import type { ValueCheck } from '../value-check.ts';

/** INT64_MAX >> 3: the last bit is then number 2^63 - 1 (bitroar.c of Redis's bitmap branch). */
const bitmapBytesMax = 2n ** 60n - 1n;

/**
 * Native bitmaps, type 33 from RDB 16 on (Redis 8.12): byte length (a length) | string: a bitmap in CRoaring's portable form.
 *
 * No released server confirms the number yet, so a value is only taken if all of it fits (check.strict).
 */
export function checkBitmap(input: RdbInput, check: ValueCheck): void {
  const at = input.offset;
  const byteLength = input.unsigned();
  if (byteLength > bitmapBytesMax) {
    input.fail('bitmap.length', `at most ${bitmapBytesMax} bytes`, String(byteLength), at);
  }
  if (!check.blob(input, true)) return;
  const end = input.textStart + input.textLength;
  check.strict(validateRoaring(input.textBytes, input.textStart, end, canonicalU64(byteLength)), 'bitmap.layout');
}
