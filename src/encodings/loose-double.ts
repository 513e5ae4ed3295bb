import { parseDoubleText } from './number-text.ts';

/**
 * A double where a server calls strtod and only looks whether the whole text was used: no text at all is 0, and what is too
 * large or too small is infinite or 0 and no error. NaN if it is none.
 *
 * The text ends at a NUL byte. `strict` (Redis 8, Valkey 9): no white space before it and no hexadecimal.
 */
export function parseLooseDouble(given: string, strict: boolean): number {
  if (given === '') return 0;
  const text = strict ? cString(given) : withoutSpace(cString(given));
  if (strict && /x/i.test(text)) return Number.NaN;
  if (text === '') return 0;
  const value = parseDoubleText(text);
  if (!Number.isNaN(value)) return value;
  return outOfRange.test(text) ? Number(text) : Number.NaN;
}

const outOfRange = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)e[+-]?[0-9]+$/i;

function cString(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

function withoutSpace(text: string): string {
  const number = text.replace(/^[ \t\n\v\f\r]+/, '');
  // White space alone is no number, unlike nothing at all.
  return number === '' ? text : number;
}
