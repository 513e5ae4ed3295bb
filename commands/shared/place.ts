import { UsageError } from '../../src/errors.ts';

/** A place in a log as people give it: `N`, or `FILE:N`. Throws UsageError. */
export function parsePlace(text: string): { file?: string; offset: number } {
  const match = /^(?:(.+):)?(\d+)$/.exec(text);
  if (match === null) throw new UsageError(`not a place: ${text} (such as 4096, or appendonly.aof.1.incr.aof:4096)`);
  const [, file, offset] = match;
  return { file, offset: Number(offset) };
}
