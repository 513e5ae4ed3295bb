import type { RdbInput } from '../input.ts';

/**
 * A scheduled job of KeyDB (KEYDB.CRON), type 64 (KeyDB 6, src/rdb.cpp):
 *
 *     script   string
 *     start    8 bytes, little-endian: milliseconds since 1970
 *     interval 8 bytes, little-endian: milliseconds
 *     count, key* then count, argument*
 */
export function checkCron(input: RdbInput): void {
  input.skipString();
  input.milliseconds();
  input.milliseconds();
  skipStrings(input, 'keys');
  skipStrings(input, 'arguments');
}

function skipStrings(input: RdbInput, what: string): void {
  for (let left = input.count(what); left > 0; left--) input.skipString();
}
