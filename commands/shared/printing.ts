import { isAscii } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';
import { printable, printableJson } from '../../src/io/text.ts';

/*
 * Everything that the commands print goes through one of the functions here. Names of files, words of manifests and configurations,
 * names of commands and messages about them come from files that somebody else may have written: an escape sequence in them must not
 * reach the terminal, and a line break must not begin a line that looks like ours.
 */

/**
 * A result whose texts are all `printable`, in arrays, Maps and plain objects, names of properties included: what a report is made from.
 * Bytes and other objects stay as they are.
 */
export function printableResult<T>(result: T): T {
  return convert(result) as T;
}

function convert(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(convert);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [convert(key), convert(item)]));
  if (value instanceof Set) return new Set([...value].map(convert));
  if (value instanceof Date) return value;
  const entries = Object.entries(value).map(([key, item]) => [printable(key), convert(item)] as const);
  return Object.fromEntries(entries);
}

/** A value as a line of JSON, in printable characters only. */
export function jsonLine(value: unknown, replacer?: (key: string, value: unknown) => unknown): string {
  return `${printableJson(JSON.stringify(value, replacer))}\n`;
}

const del = 0x7f;

/** Lines of JSON that are made elsewhere, in pieces of any length, in printable characters only. */
export class PrintableJsonLines {
  private readonly decoder = new StringDecoder('utf8');
  private isWhole = true;

  /** A piece as it is printed; ASCII without DEL, which is what most are, is passed on. */
  convert(bytes: Uint8Array): Uint8Array {
    if (this.isWhole && isAscii(bytes) && !bytes.includes(del)) return bytes;
    const text = this.decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    // A character that is cut stays in the decoder: 0x80 and above are its last bytes.
    this.isWhole = bytes.length === 0 ? this.isWhole : bytes[bytes.length - 1] < 0x80;
    return Buffer.from(printableJson(text), 'utf8');
  }
}

/** A name in the line of a checksum, as sha1sum writes it: one that needs an escape has a backslash before the whole line. */
export function checksumLine(sum: string, name: string): string {
  const escaped = printable(name.replaceAll('\\', '\\\\'));
  return `${escaped === name ? '' : '\\'}${sum}  ${escaped}\n`;
}

/**
 * A path as a word of a command that is typed into a shell: as it is, in quotes, or with its control characters escaped within `$'…'`,
 * which POSIX has since 2024, and bash, zsh, ksh and busybox before. One that begins with a minus gets ./ before it.
 */
export function shellWord(path: string): string {
  const text = path.startsWith('-') && path !== '-' ? `./${path}` : path;
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (printable(text) === text) return `'${text.replaceAll("'", "'\\''")}'`;
  return `$'${[...text].map(shellCharacter).join('')}'`;
}

function shellCharacter(char: string): string {
  if (char === "'" || char === '\\') return `\\${char}`;
  if (printable(char) === char) return char;
  const code = char.codePointAt(0) ?? 0;
  const bytes = code >= 0xdc80 && code <= 0xdcff ? [code - 0xdc00] : [...Buffer.from(char, 'utf8')];
  return bytes.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}
