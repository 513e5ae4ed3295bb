// AssemblyScript. An integer as text.

import { textScratchAt } from './layout';

/** Where the text lies that `decimalText` made. */
export let decimalAt: usize = 0;
export let decimalLength: usize = 0;

const textEndAt: usize = textScratchAt + 48;

export function decimalText(value: i64): void {
  let left = value < 0 ? 0 - <u64>value : <u64>value;
  let at = textEndAt;
  do {
    store<u8>(--at, <u8>(48 + (left % 10)));
    left /= 10;
  } while (left);
  if (value < 0) store<u8>(--at, 0x2d);
  decimalAt = at;
  decimalLength = textEndAt - at;
}
