import { parseDoubleText, parseInt64, parseShortDecimal } from '../encodings/number-text.ts';
import type { CommandView } from './command-view.ts';

/** Whether argument `index` is the word `upper` (upper-case ASCII), in any case. */
export function isWord(frame: CommandView, index: number, upper: string): boolean {
  const length = upper.length;
  if (frame.lengths[index] !== length) return false;
  const bytes = frame.bytes;
  const start = frame.starts[index];
  for (let position = 0; position < length; position++) {
    const byte = bytes[start + position];
    const folded = byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte;
    if (folded !== upper.charCodeAt(position)) return false;
  }
  return true;
}

/** Argument `index` as an integer: strict decimal int64, a bigint past 2^53, undefined if it is none. */
export function int64Argument(frame: CommandView, index: number): number | bigint | undefined {
  return parseInt64(frame.bytes, frame.starts[index], frame.lengths[index]);
}

/** Argument `index` as an integer: strict decimal int64, rounded to a double past 2^53, NaN if it is none. */
export function integerArgument(frame: CommandView, index: number): number {
  const value = parseInt64(frame.bytes, frame.starts[index], frame.lengths[index]);
  return value === undefined ? Number.NaN : Number(value);
}

/** Argument `index` as a double by the servers' rules ("inf" and hexadecimal are fine, "nan" is not), NaN if it is none. */
export function doubleArgument(frame: CommandView, index: number): number {
  const value = parseShortDecimal(frame.bytes, frame.starts[index], frame.lengths[index]);
  return Number.isNaN(value) ? parseDoubleText(frame.text(index)) : value;
}
