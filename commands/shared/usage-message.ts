import { suggestion } from './suggestion.ts';

/** What the parser of oclif throws for a command line that does not fit a command. */
export interface ParseError extends Error {
  readonly oclif: object;
  /** Flags that the command does not have, or arguments: too many (texts), or missing. */
  readonly flags?: readonly string[];
  readonly args?: readonly (string | { readonly name: string; readonly description?: string })[];
}

export function isParseError(error: object): error is ParseError {
  return 'oclif' in error;
}

/** What is wrong with a command line, in one line; `known`: the names of the command's flags. */
export function usageMessage({ message, flags, args }: ParseError, known: readonly string[]): string {
  if (flags !== undefined && flags.length > 0) return unknownFlags(flags, known);
  const [first] = args ?? [];
  if (typeof first === 'string') return `unexpected argument: ${args?.join(', ')}`;
  if (first !== undefined && message.startsWith('Missing')) {
    const { name, description } = first;
    return `missing argument: ${name.toUpperCase()}${description === undefined ? '' : ` (${description})`}`;
  }
  // The parser may colour its words, and puts what it found on lines of their own.
  const text = message.replace(/\nSee more help with --help$/, '').replace(coloured, '');
  return text
    .replace(/\s*\n\s*/g, ' ')
    .replace(/^The following errors? occurred: /, '')
    .replace(/^Parsing (\S+) E/, '$1: e');
}

const coloured = /\x1b\[[0-9;]*m/g;

function unknownFlags(flags: readonly string[], known: readonly string[]): string {
  const [first] = flags;
  const meant = suggestion(first.replace(/^-+/, '').replace(/=.*$/s, ''), known);
  const hint = meant === undefined || !first.startsWith('--') ? '' : `; did you mean --${meant}?`;
  return `no such flag: ${flags.join(', ')}${hint}`;
}
