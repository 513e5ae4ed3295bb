import { isUtf8 } from 'node:buffer';
import { escapeBytes } from '../io/text.ts';

const special = /[\\"\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const everySpecial = new RegExp(special, 'gu');

/**
 * Bytes as a text that people can read and from which the bytes can be had back: UTF-8 as it is, a backslash doubled, and what is not
 * printable or not UTF-8 as `\xHH` a byte, or as redis-cli writes it (`\n`, `\"`).
 */
export function readableText(bytes: Buffer, from = 0, to = bytes.length): string {
  const part = bytes.subarray(from, to);
  if (!isUtf8(part)) return escapeBytes(part, 0, part.length, Number.POSITIVE_INFINITY);
  const text = part.toString('utf8');
  return special.test(text) ? text.replace(everySpecial, escapeCharacter) : text;
}

function escapeCharacter(char: string): string {
  const bytes = Buffer.from(char, 'utf8');
  return escapeBytes(bytes, 0, bytes.length);
}
