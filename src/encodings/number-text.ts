const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

/**
 * Strict decimal int64 as the servers' string2ll reads it: no sign but `-`, no leading zeros, no spaces, `-0` is none.
 * A number where it is a safe integer, else a bigint; undefined where the text is no such integer.
 */
export function parseInt64(bytes: Uint8Array, start: number, length: number): number | bigint | undefined {
  const value = parseSafeInteger(bytes, start, length);
  if (!Number.isNaN(value)) return value;
  // 16 digits may pass 2^53; 20 characters is `-9223372036854775808`.
  if (length < 16 || length > 20) return undefined;
  let text = '';
  for (let index = 0; index < length; index++) text += String.fromCharCode(bytes[start + index]);
  if (!/^-?[1-9][0-9]*$/.test(text)) return undefined;
  const exact = BigInt(text);
  return exact > int64Max || exact < int64Min ? undefined : exact;
}

/** The same for integers up to 2^53 - 1 in size; NaN for anything else. Allocates nothing. */
export function parseSafeInteger(bytes: Uint8Array, start: number, length: number): number {
  if (length === 0 || length > 17) return Number.NaN;
  let position = start;
  const end = start + length;
  const negative = bytes[position] === 0x2d;
  if (negative) position++;
  const first = bytes[position];
  if (first === 0x30 && length === 1) return 0;
  if (position === end || first < 0x31 || first > 0x39) return Number.NaN;
  let value = 0;
  for (; position < end; position++) {
    const digit = bytes[position] - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  if (value > Number.MAX_SAFE_INTEGER) return Number.NaN;
  return negative ? -value : value;
}

const powersOfTen = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/**
 * A plain decimal of at most 15 digits, such as `-12.50`, as the nearest double; NaN for any other text. Both the digits and
 * the power of ten are exact, so one division rounds correctly. Allocates nothing.
 */
export function parseShortDecimal(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length;
  const negative = bytes[start] === 0x2d;
  let position = negative ? start + 1 : start;
  if (end - position > 16 || end === position) return Number.NaN;
  let digits = 0;
  let point = -1;
  for (; position < end; position++) {
    const digit = bytes[position] - 0x30;
    if (digit >= 0 && digit <= 9) digits = digits * 10 + digit;
    else if (digit === -2 && point < 0) point = position;
    else return Number.NaN;
  }
  const count = point < 0 ? length : length - 1;
  const digitCount = negative ? count - 1 : count;
  if (digitCount === 0 || digitCount > 15) return Number.NaN;
  const value = point < 0 ? digits : digits / powersOfTen[end - point - 1];
  return negative ? -value : value;
}

const decimal = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const infinite = /^[+-]?inf(?:inity)?$/i;
const hexadecimal = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?[0-9]+))?$/i;

/**
 * A double as the servers read one with strtod: decimal, `inf` or `infinity` in any case, hexadecimal. NaN where the text is
 * none, is `nan`, or is out of a double's range (strtod's ERANGE).
 */
export function parseDoubleText(text: string): number {
  if (decimal.test(text)) {
    const value = Number(text);
    if (!Number.isFinite(value)) return Number.NaN;
    return value === 0 && /[1-9]/.test(text.replace(/[eE].*/, '')) ? Number.NaN : value;
  }
  if (infinite.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return parseHexadecimal(text);
}

function parseHexadecimal(text: string): number {
  const match = hexadecimal.exec(text);
  if (match === null || match[2].length + match[3].length === 0) return Number.NaN;
  const digits = BigInt('0x' + match[2] + match[3]);
  const exponent = Number(match[4] ?? '0') - 4 * match[3].length;
  const value = scale(digits, exponent);
  if (!Number.isFinite(value) || (value === 0 && digits !== 0n)) return Number.NaN;
  return match[1] === '-' ? -value : value;
}

/** digits * 2^exponent, rounded once to the nearest double. */
function scale(digits: bigint, exponent: number): number {
  if (digits === 0n) return 0;
  const size = digits.toString(2).length;
  if (size + exponent > 1100) return Number.POSITIVE_INFINITY;
  if (size + exponent < -1100) return 0;
  if (exponent >= 0) return Number(digits << BigInt(exponent));
  // Keep what a double can hold at this magnitude, and fold what is cut off into a sticky bit, so that it rounds once.
  const keep = Math.min(53, size + exponent + 1074) + 2;
  const cut = Math.max(0, size - Math.max(keep, 0));
  const rest = digits & ((1n << BigInt(cut)) - 1n);
  const head = ((digits >> BigInt(cut)) << 1n) | (rest === 0n ? 0n : 1n);
  const power = exponent + cut - 1;
  // Two factors, as one power of two may be below the smallest double; the first product is exact.
  const half = Math.max(power, -1000);
  return roundedTo(head, power, half);
}

function roundedTo(head: bigint, power: number, half: number): number {
  return Number(head) * 2 ** half * 2 ** (power - half);
}
