import { decodePath, encodePath } from './file-system.ts';

/**
 * Bytes as text for people and for JSON: printable ASCII as it is, everything else escaped, so that the bytes can be had
 * back. The form is the one of redis-cli and of the server's own logs.
 */
const escapes: Record<number, string> = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\' };

/** `bytes[from, to)` with `\xHH` escapes, without quotes; cut after `max` bytes with an ellipsis. */
export function escapeBytes(bytes: Uint8Array, from = 0, to = bytes.length, max = 256): string {
  const end = Math.min(to, from + max);
  let text = '';
  for (let position = from; position < end; position++) text += escapeByte(bytes[position]);
  return end < to ? `${text}…(${to - from} bytes)` : text;
}

/** The same for a binary (latin1) string. */
export function escapeBinary(text: string, max = 256): string {
  return escapeBytes(Buffer.from(text, 'latin1'), 0, text.length, max);
}

function escapeByte(byte: number): string {
  const known = escapes[byte];
  if (known !== undefined) return known;
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
}

/**
 * What a terminal or a log viewer acts upon instead of showing it: control characters (C0, DEL, C1), format characters (marks and
 * overrides of the writing direction, zero width, tags), line and paragraph separators, surrogates without their other half.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const everyUnprintable = new RegExp(unprintable, 'gu');
/** Python's and other tools' form of a byte that is not UTF-8, in text: U+DC80 to U+DCFF. */
const escapedByte = { from: 0xdc80, to: 0xdcff };

/**
 * Text from outside (paths, words of a manifest or a configuration, messages about them) as reports and errors show it, on one line: what
 * is printable stays as it is, everything else becomes `\n`, `\xHH` (below 256) or `\u{H}`. A backslash stays, so that text which was
 * escaped before is not escaped twice.
 */
export function printable(text: string): string {
  return unprintable.test(text) ? text.replace(everyUnprintable, escapeCharacter) : text;
}

/** Text of several lines that is ours, such as a stack trace: each line as `printable` shows it. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

function escapeCharacter(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x100) return escapeByte(code);
  if (code >= escapedByte.from && code <= escapedByte.to) return escapeByte(code - 0xdc00);
  return `\\u{${code.toString(16)}}`;
}

/** JSON text in which `unprintable` characters stand as `\uHHHH`: it means the same to every parser. */
export function printableJson(json: string): string {
  return unprintable.test(json) ? json.replace(everyUnprintable, escapeForJson) : json;
}

function escapeForJson(char: string): string {
  if (char === '\n') return char;
  let escaped = '';
  for (let index = 0; index < char.length; index++)
    escaped += `\\u${char.charCodeAt(index).toString(16).padStart(4, '0')}`;
  return escaped;
}

/** The path (file-system.ts) that the bytes of a binary string are. */
export const nameText = (name: string): string => decodePath(Buffer.from(name, 'latin1'));

/** The bytes of a path as a binary string. */
export const nameBytes = (path: string): string => encodePath(path).toString('latin1');
