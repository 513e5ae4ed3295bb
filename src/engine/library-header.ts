import { splitWords } from '../words.ts';

/** The first line of a function library: `#!<engine> name=<library>`. */
export interface LibraryHeader {
  readonly engine: string;
  readonly name: string;
  /** Where the code begins, behind the line. */
  readonly length: number;
}

/** Reads the first line as servers do; a string is the error that they reply. */
export function parseLibraryHeader(code: string): LibraryHeader | string {
  if (!code.startsWith('#!')) return 'ERR Missing library metadata';
  const length = code.indexOf('\n');
  if (length < 0) return 'ERR Invalid library metadata';
  const words = splitWords(code.slice(0, length));
  if (words === undefined || words.length === 0) return 'ERR Invalid library metadata';
  const [mark, ...fields] = words;
  let name: string | undefined;
  for (const field of fields) {
    if (!/^name=/i.test(field) || name !== undefined) return `ERR Invalid metadata value given: ${field}`;
    name = field.slice(5);
  }
  if (name === undefined) return 'ERR Library name was not given';
  if (!isFunctionName(name))
    return 'ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long';
  return { engine: mark.slice(2), name, length };
}

/** What libraries and functions may be called. */
export function isFunctionName(name: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(name);
}
