/*
 * Which texts are integers to a server: the one decimal form that an int64 prints as, so no leading zero, plus, space or
 * "-0" (string2ll in the servers' util.c). Encodings store such a text as an integer, and give the same text back.
 *
 * An int64 is passed around here as two 32-bit halves (low, high; both signed), which need no allocation.
 */

/** Longest canonical text: `-9223372036854775808`. */
export const integerTextMax = 20;

/** Digits that always fit a double exactly. */
const safeDigits = 15;
const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

/** The value of a canonical text of at most 15 digits; NaN for any other text, longer integers included. */
export function shortInteger(text: string): number {
  const length = text.length;
  if (length === 0 || length > safeDigits + 1) return Number.NaN;
  const first = text.charCodeAt(0);
  if (first === 0x30) return length === 1 ? 0 : Number.NaN;
  const negative = first === 0x2d;
  const start = negative ? 1 : 0;
  if (length - start > safeDigits || length === start || text.charCodeAt(start) === 0x30) return Number.NaN;
  let value = 0;
  for (let i = start; i < length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/** As `shortInteger`, from bytes. */
export function shortIntegerBytes(bytes: Uint8Array, start: number, length: number): number {
  if (length === 0 || length > safeDigits + 1) return Number.NaN;
  const first = bytes[start];
  if (first === 0x30) return length === 1 ? 0 : Number.NaN;
  const negative = first === 0x2d;
  let position = negative ? start + 1 : start;
  const end = start + length;
  if (end - position > safeDigits || end === position || bytes[position] === 0x30) return Number.NaN;
  let value = 0;
  for (; position < end; position++) {
    const digit = bytes[position] - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/** The int64 that a canonical text stands for, or undefined for every other text. */
export function canonicalInteger(text: string): bigint | undefined {
  const short = shortInteger(text);
  if (!Number.isNaN(short)) return BigInt(short);
  if (text.length <= safeDigits || text.length > integerTextMax || !/^-?[1-9][0-9]*$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= int64Min && value <= int64Max ? value : undefined;
}

/** True when a server would print the text back from an int64. */
export function isCanonicalInteger(text: string): boolean {
  const short = shortInteger(text);
  if (!Number.isNaN(short)) return true;
  return text.length > safeDigits && canonicalInteger(text) !== undefined;
}

/** The value of two halves as a double: exact to 2^53, rounded beyond. */
export function halvesNumber(low: number, high: number): number {
  return high * 4294967296 + (low >>> 0);
}

export function halvesBigint(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** The decimal text of two halves. */
export function halvesText(low: number, high: number): string {
  if (high === low >> 31) return String(low);
  const value = halvesNumber(low, high);
  return Number.isSafeInteger(value) ? String(value) : String(halvesBigint(low, high));
}

/** The upper half of an integer that a double holds exactly; its lower half is `value | 0`. */
export function highHalf(value: number): number {
  return Math.floor(value / 4294967296) | 0;
}
