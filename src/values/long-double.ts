/**
 * The servers' `long double` on x86-64: 64 bits of mantissa, 15 of exponent, rounded to nearest even. INCRBYFLOAT and
 * HINCRBYFLOAT read two with strtold, add them and print the sum with `%.17Lf`. Done exactly, with bigint rationals.
 */
export interface LongDouble {
  /** The value is mantissa * 2^exponent; the mantissa has at most 64 bits. */
  readonly mantissa: bigint;
  readonly exponent: number;
  /** -1 or 1 for an infinity, else 0. */
  readonly infinite: -1 | 0 | 1;
}

const mantissaBits = 64;
/** Exponent of the smallest bit that can be set (2^-16445), and the first power that is too large. */
const exponentMin = -16445;
const overflowBits = 16384;
/** string2ld copies the text into a buffer of 5 KiB, its NUL included. */
const textLengthMax = 5 * 1024 - 1;

const decimal = /^([+-]?)([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?$/;
const hexadecimal = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?[0-9]+))?$/;
const infinity = /^([+-]?)inf(?:inity)?$/i;

const bitLength = (value: bigint): number => (value === 0n ? 0 : value.toString(16).length * 4 - leadingZeros(value));

function leadingZeros(value: bigint): number {
  const digit = Number.parseInt(value.toString(16)[0], 16);
  return Math.clz32(digit) - 28;
}

/** numerator / denominator * 2^power, rounded; undefined where it is too large, or is not zero and rounds to zero. */
function round(numerator: bigint, denominator: bigint, power: number): LongDouble | undefined {
  if (numerator === 0n) return { mantissa: 0n, exponent: 0, infinite: 0 };
  const negative = numerator < 0n;
  const size = negative ? -numerator : numerator;
  let exponent = bitLength(size) - bitLength(denominator) - mantissaBits + power - 1;
  if (exponent < exponentMin) exponent = exponentMin;
  const shift = exponent - power;
  const top = shift < 0 ? size << BigInt(-shift) : size;
  const bottom = shift > 0 ? denominator << BigInt(shift) : denominator;
  // The quotient has 64 to 66 bits: cut to 64, and round by what is left of the exact value.
  const extra = Math.max(0, bitLength(top / bottom) - mantissaBits);
  const unit = bottom << BigInt(extra);
  const kept = top / unit;
  const twice = (top % unit) * 2n;
  const mantissa = twice > unit || (twice === unit && (kept & 1n) === 1n) ? kept + 1n : kept;
  if (mantissa === 0n) return undefined;
  exponent += extra;
  if (bitLength(mantissa) + exponent > overflowBits) return undefined;
  return { mantissa: negative ? -mantissa : mantissa, exponent, infinite: 0 };
}

/** Reads text as string2ld does: decimal, hexadecimal or an infinity; undefined where a server says it is no valid float. */
export function parseLongDouble(text: string): LongDouble | undefined {
  if (text.length > textLengthMax) return undefined;
  const match = decimal.exec(text);
  if (match !== null) return parseDecimal(match);
  const hex = hexadecimal.exec(text);
  if (hex !== null) return parseHexadecimal(hex);
  const infinite = infinity.exec(text);
  if (infinite === null) return undefined;
  return { mantissa: 0n, exponent: 0, infinite: infinite[1] === '-' ? -1 : 1 };
}

function parseDecimal(match: RegExpExecArray): LongDouble | undefined {
  const [, sign, whole, fraction, exponentText] = match;
  if (whole.length + fraction.length === 0) return undefined;
  const digits = BigInt(whole + fraction);
  const exponent = Number(exponentText ?? '0') - fraction.length;
  // Past these no value of so many digits is in range.
  if (digits !== 0n && (exponent > 5300 || exponent < -11000)) return undefined;
  const signed = sign === '-' ? -digits : digits;
  if (digits === 0n) return { mantissa: 0n, exponent: 0, infinite: 0 };
  return exponent >= 0 ? round(signed * 10n ** BigInt(exponent), 1n, 0) : round(signed, 10n ** BigInt(-exponent), 0);
}

function parseHexadecimal(match: RegExpExecArray): LongDouble | undefined {
  const [, sign, whole, fraction, exponentText] = match;
  if (whole.length + fraction.length === 0) return undefined;
  const digits = BigInt('0x' + whole + fraction);
  const exponent = Number(exponentText ?? '0') - 4 * fraction.length;
  if (digits !== 0n && Math.abs(exponent) > 20000) return undefined;
  return round(sign === '-' ? -digits : digits, 1n, exponent);
}

/** The sum; undefined where a server refuses it as NaN or infinite. */
export function addLongDouble(first: LongDouble, second: LongDouble): LongDouble | undefined {
  if (first.infinite !== 0 || second.infinite !== 0) return undefined;
  const exponent = Math.min(first.exponent, second.exponent);
  const sum =
    (first.mantissa << BigInt(first.exponent - exponent)) + (second.mantissa << BigInt(second.exponent - exponent));
  return round(sum, 1n, exponent);
}

/** The text that a server stores: `%.17Lf` without trailing zeros, and `0` for a negative zero. */
export function formatLongDouble(value: LongDouble): string {
  const negative = value.mantissa < 0n;
  const size = negative ? -value.mantissa : value.mantissa;
  const scaled = scaleToText(size * 10n ** 17n, value.exponent);
  const digits = scaled.toString().padStart(18, '0');
  const text = `${digits.slice(0, -17)}.${digits.slice(-17)}`.replace(/\.?0+$/, '');
  return negative && text !== '0' ? `-${text}` : text;
}

/** size * 2^exponent as an integer, rounded to nearest even as printf does. */
function scaleToText(size: bigint, exponent: number): bigint {
  if (exponent >= 0) return size << BigInt(exponent);
  const shift = BigInt(-exponent);
  const kept = size >> shift;
  const rest = size - (kept << shift);
  const half = 1n << (shift - 1n);
  return rest > half || (rest === half && (kept & 1n) === 1n) ? kept + 1n : kept;
}
