import nodePath from 'node:path';
import { UsageError } from '../../errors.ts';
import fs from '../../io/file-system.ts';
import { GlobItems } from '../../io/glob.ts';

/** Files that one pattern may name. */
const pathsMax = 10_000;

/**
 * The files that an `include` line names, in the order in which a server takes them: glob(3) over each part of the path, without flags.
 * A server resolves a relative path from the folder it runs in, and so does this.
 */
export function includedPaths(pattern: string): string[] {
  if (!isPattern(pattern)) return [pattern];
  const isAbsolute = pattern.startsWith('/');
  const parts = pattern.split('/').filter((part) => part !== '');
  let found = [isAbsolute ? '/' : ''];
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    found = found.flatMap((folder) => (isPattern(part) ? entries(folder, part, isLast) : existing(folder, part)));
    if (found.length > pathsMax) throw new UsageError(`include ${pattern} names more than ${pathsMax} files`);
  }
  return found.sort();
}

const isPattern = (text: string): boolean => /[*?[]/.test(text);

function entries(folder: string, pattern: string, isLast: boolean): string[] {
  const glob = fileGlob(pattern);
  const matching = listing(folder || '.').filter((name) => glob(name));
  const paths = matching.map((name) => nodePath.join(folder, name));
  return isLast ? paths : paths.filter((path) => fs.statSync(path, { throwIfNoEntry: false })?.isDirectory());
}

function listing(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    // glob(3) leaves out what it cannot read.
    return [];
  }
}

function existing(folder: string, part: string): string[] {
  const path =
    folder === '' ? part.replace(/\\([\s\S])/g, '$1') : nodePath.join(folder, part.replace(/\\([\s\S])/g, '$1'));
  return fs.existsSync(path) ? [path] : [];
}

const ofChar = (text: string) => text.charCodeAt(0);
const [asterisk, question, open, close, bang, caret, backslash, dash, dot, colon] = [...'*?[]!^\\-.:'].map(ofChar);

/** Whether a name matches a pattern of fnmatch(3) with FNM_PERIOD: only a `.` matches a `.` in front. */
function fileGlob(text: string): (name: string) => boolean {
  const pattern = Buffer.from(text);
  const items = new GlobItems();
  for (let position = 0; position < pattern.length; position++) {
    const byte = pattern[position];
    const end = byte === open ? classEnd(pattern, position + 1) : -1;
    if (byte === asterisk) items.star();
    else if (byte === question) items.any();
    else if (end > 0) {
      items.set(classOf(pattern, position + 1, end));
      position = end;
    } else items.byte(byte === backslash && position + 1 < pattern.length ? pattern[++position] : byte);
  }
  const takesDot = pattern[0] === dot || (pattern[0] === backslash && pattern[1] === dot);
  return (name) => {
    const bytes = Buffer.from(name);
    return (bytes[0] !== dot || takesDot) && items.matches(bytes, 0, bytes.length);
  };
}

/** Position of the `]` that closes the class whose members begin at `from`; -1 where none does, and the `[` stands for itself. */
function classEnd(pattern: Uint8Array, from: number): number {
  let position = isNegation(pattern[from]) ? from + 1 : from;
  for (const first = position; position < pattern.length; position++) {
    if (pattern[position] === close && position > first) return position;
    if (pattern[position] === backslash) position++;
    else if (namedClass(pattern, position) !== undefined) position = pattern.indexOf(close, position);
  }
  return -1;
}

const isNegation = (byte: number): boolean => byte === bang || byte === caret;

function classOf(pattern: Uint8Array, from: number, end: number): Uint8Array {
  const members = new Uint8Array(256);
  const isNegated = isNegation(pattern[from]);
  for (let position = isNegated ? from + 1 : from; position < end; position++) {
    const named = namedClass(pattern, position);
    if (named !== undefined) {
      for (let byte = 0; byte < 128; byte++) if (named.test(String.fromCharCode(byte))) members[byte] = 1;
      position = pattern.indexOf(close, position);
      continue;
    }
    if (pattern[position] === backslash) position++;
    const first = pattern[position];
    let last = first;
    if (pattern[position + 1] === dash && position + 2 < end) {
      position += pattern[position + 2] === backslash ? 3 : 2;
      last = pattern[position];
    }
    for (let byte = first; byte <= last; byte++) members[byte] = 1;
  }
  return isNegated ? members.map((member) => 1 - member) : members;
}

/** The classes of POSIX in the C locale. */
const namedClasses = new Map([
  ['alnum', /[0-9A-Za-z]/],
  ['alpha', /[A-Za-z]/],
  ['blank', /[ \t]/],
  ['cntrl', /[\0-\x1f\x7f]/],
  ['digit', /[0-9]/],
  ['graph', /[!-~]/],
  ['lower', /[a-z]/],
  ['print', /[ -~]/],
  ['punct', /[!-/:-@[-`{-~]/],
  ['space', /[\t-\r ]/],
  ['upper', /[A-Z]/],
  ['xdigit', /[0-9A-Fa-f]/],
]);

/** The class that `[:name:]` at `position` stands for. */
function namedClass(pattern: Uint8Array, position: number): RegExp | undefined {
  if (pattern[position] !== open || pattern[position + 1] !== colon) return undefined;
  const end = pattern.indexOf(close, position);
  if (end < 0 || pattern[end - 1] !== colon) return undefined;
  return namedClasses.get(Buffer.from(pattern.subarray(position + 2, end - 1)).toString('latin1'));
}
