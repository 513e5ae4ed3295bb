import { readFileSync } from 'node:fs';
import { decodePath } from '../../src/io/file-system.ts';

/** What Node puts in the place of a byte that is not UTF-8. */
const replacement = '\ufffd';

/**
 * The arguments as they were typed: where Node lost bytes that are not UTF-8, a path (src/io/file-system.ts) of the bytes that the
 * system kept. As they are where it keeps none (no /proc).
 */
export function typedArguments(argv: readonly string[]): string[] {
  if (!argv.some((argument) => argument.includes(replacement))) return [...argv];
  try {
    const typed = splitWords(readFileSync('/proc/self/cmdline')).slice(-argv.length);
    return argv.map((argument, index) => (argument.includes(replacement) ? decodePath(typed[index]) : argument));
  } catch {
    return [...argv];
  }
}

/** The arguments of a process, each of which ends in a NUL. */
function splitWords(bytes: Buffer): Buffer[] {
  const words: Buffer[] = [];
  for (let from = 0, end = 0; (end = bytes.indexOf(0, from)) >= 0; from = end + 1)
    words.push(bytes.subarray(from, end));
  return words;
}
