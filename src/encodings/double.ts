import { EncodingError, formatFault } from '../faults.ts';
import { latin1Text, writeLatin1 } from './latin1.ts';

/*
 * Scores of sorted sets in an RDB.
 *
 *   type 3 (v1):  length n | n bytes of text        253 = NaN, 254 = +inf, 255 = -inf, without text
 *   type 5 (v2):  8 bytes, IEEE 754 little-endian   (RDB 8, Redis 4.0)
 *
 * A server reads the text with sscanf("%lg") and so takes what C takes: leading white space, a plus, hexadecimal, "inf", and
 * any rest after the number. It refuses NaN in either form. Tried on 8.6: test/encodings/double.test.ts.
 */

const markNan = 253;
const markPositive = 254;
const markNegative = 255;

/** Bytes of the v1 double whose first byte is `first`, that byte included. */
export function doubleTextLength(first: number): number {
  return first < markNan ? 1 + first : 1;
}

/**
 * The v1 double at `position`, all of whose bytes lie before `end`. NaN only for the mark; throws EncodingError where a server
 * would refuse the text, its position counted from the length byte.
 */
export function decodeDoubleText(bytes: Uint8Array, position: number, end: number): number {
  const first = bytes[position];
  if (first === markNan) return Number.NaN;
  if (first === markPositive) return Number.POSITIVE_INFINITY;
  if (first === markNegative) return Number.NEGATIVE_INFINITY;
  if (position + 1 + first > end)
    throw new EncodingError(formatFault('zset.score.text', 0, `${first} bytes`, `${end - position - 1}`));
  const text = latin1Text(bytes, position + 1, position + 1 + first);
  const value = parseDouble(text);
  if (value === undefined) throw new EncodingError(formatFault('zset.score.text', 1, 'a number', JSON.stringify(text)));
  return value;
}

/** The v1 form: an integer plainly, else 17 significant digits, as the servers that write type 3 do (up to 3.2). */
export function encodeDoubleText(value: number): Buffer {
  if (Number.isNaN(value)) return Buffer.from([markNan]);
  if (!Number.isFinite(value)) return Buffer.from([value > 0 ? markPositive : markNegative]);
  const text = formatDouble17(value);
  const bytes = Buffer.allocUnsafe(text.length + 1);
  bytes[0] = text.length;
  writeLatin1(bytes, text, 1);
  return bytes;
}

/** The v2 double at `position`. */
export function decodeDouble(bytes: Uint8Array, position: number): number {
  for (let i = 0; i < 8; i++) scratchBytes[i] = bytes[position + i];
  return scratch.getFloat64(0, true);
}

/** Writes a v2 double at `position`. */
export function writeDouble(bytes: Uint8Array, position: number, value: number): void {
  scratch.setFloat64(0, value, true);
  for (let i = 0; i < 8; i++) bytes[position + i] = scratchBytes[i];
}

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

/** Beyond this a server of the time does not print an integer plainly (rdbSaveDoubleValue: -2^52 < value < 2^52). */
const plainMax = 2 ** 52;

/** C's `%.17g`, integers below 2^52 plainly. -0 is "-0". */
export function formatDouble17(value: number): string {
  if (Object.is(value, -0)) return '-0';
  if (Number.isInteger(value) && Math.abs(value) < plainMax) return String(value);
  const [digits, exponent] = significantDigits17(Math.abs(value));
  const sign = value < 0 ? '-' : '';
  if (exponent < -4 || exponent >= 17) {
    const power = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${withPoint(digits, 1)}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (exponent < 0) return sign + withPoint('0'.repeat(-exponent) + digits, 1);
  return sign + withPoint(digits, exponent + 1);
}

/** 17 significant digits and the power of ten of the first. C rounds a tie to even, JavaScript away from zero. */
function significantDigits17(magnitude: number): [digits: string, exponent: number] {
  const [mantissa, power] = magnitude.toExponential(17).split('e');
  if (mantissa.endsWith('5') && Number(mantissa.at(-2)) % 2 === 0 && isExact(magnitude)) {
    return [mantissa[0] + mantissa.slice(2, -1), Number(power)];
  }
  const [rounded, roundedPower] = magnitude.toExponential(16).split('e');
  return [rounded[0] + rounded.slice(2), Number(roundedPower)];
}

/** True when 18 significant digits are all that there are: then a last 5 is a tie. */
function isExact(magnitude: number): boolean {
  return /^[0-9.]{19}0*e/.test(magnitude.toExponential(100));
}

/** Digits with a point after `whole` of them, without the zeros that end the fraction. */
function withPoint(digits: string, whole: number): string {
  const fraction = digits.slice(whole).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, whole) : `${digits.slice(0, whole)}.${fraction}`;
}

const space = /^[\t-\r ]*/;
const decimal = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/;
const openExponent = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?$/;
const hexadecimal = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?[0-9]+))?/;
const hexadecimalMark = /^[+-]?0[xX]/;
/** After "inf" an i must go on to "infinity". */
const word = /^([+-]?)(?:(inf(?:inity|(?!i)))|nan)/i;

/**
 * What sscanf("%lg") makes of a text: undefined where it converts nothing or a NaN. A C string ends at its first NUL.
 */
export function parseDouble(text: string): number | undefined {
  const nul = text.indexOf('\0');
  const rest = (nul < 0 ? text : text.slice(0, nul)).replace(space, '');
  const named = word.exec(rest);
  if (named) return named[2] ? (named[1] === '-' ? -Infinity : Infinity) : undefined;
  if (hexadecimalMark.test(rest)) return parseHexadecimal(rest);
  const number = decimal.exec(rest);
  if (!number || isCutExponent(rest, number[0].length)) return undefined;
  return Number(number[0]);
}

/** scanf reads on after "1e" and fails when no digit comes, where strtod would stop before the "e". */
function isCutExponent(text: string, length: number): boolean {
  const further = /^[eE][+-]?/.exec(text.slice(length));
  return further !== null && openExponent.test(text.slice(0, length + further[0].length));
}

/** The score that a server reads from an element of a listpack or ziplist: the number in front, 0 where there is none, or NaN. */
export function compactScore(text: string): number {
  const score = parseScore(text);
  if (score !== undefined) return score;
  if (isNanText(text)) return Number.NaN;
  return parseDouble(text) ?? Number(decimal.exec(text.replace(space, ''))?.[0] ?? 0);
}

/** Whether a number ends inside its exponent, so that some C libraries read it and others do not. */
export function endsInExponent(text: string): boolean {
  const number = decimal.exec(text.replace(space, ''));
  return number !== null && isCutExponent(text.replace(space, ''), number[0].length);
}

/** Whether C reads the text as NaN. */
export function isNanText(text: string): boolean {
  return /^[\t-\r ]*[+-]?nan/i.test(text);
}

function parseHexadecimal(text: string): number | undefined {
  const match = hexadecimal.exec(text);
  if (!match || match[2].length + match[3].length === 0) return undefined;
  const [matched, sign, whole, fraction, power] = match;
  // As with "1e", scanf insists on what a p promises.
  if (power === undefined && /[pP]/.test(text.charAt(matched.length))) return undefined;
  const digits = BigInt(`0x${whole}${fraction}`);
  const value = Number(digits) * 2 ** (Number(power ?? 0) - 4 * fraction.length);
  return sign === '-' ? -value : value;
}

/**
 * The score that a server reads from a listpack's or ziplist's element, or undefined where the element is no number to the
 * last character. (A server does not refuse those: it reads the number in front, or 0, and "nan" as NaN; Valkey 9 refuses NaN.)
 */
export function parseScore(text: string): number | undefined {
  if (/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(text)) return Number(text);
  const named = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (!named) return undefined;
  return named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
