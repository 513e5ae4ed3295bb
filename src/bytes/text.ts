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

/** A file's name, whose bytes a text holds one a character, as calls of the system take it: bytes that are not UTF-8 are lost. */
export const nameText = (name: string): string => Buffer.from(name, 'latin1').toString('utf8');

/** The bytes of a name that calls of the system take, one a character. */
export const nameBytes = (name: string): string => Buffer.from(name, 'utf8').toString('latin1');

/** Stands in a name's text for bytes that are not UTF-8: no file can be reached by such a text. */
export const lostByte = '\ufffd';
