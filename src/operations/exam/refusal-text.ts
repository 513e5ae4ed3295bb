import type { Target } from '../../rdb/targets.ts';
import type { RefusedValue } from './rdb-exam.ts';

/** In words: which key, what is wrong with it, and who refuses it. */
export function refusalText({ refusal, key }: RefusedValue, target: Target): string {
  const what =
    key === undefined ? 'a function library' : `the ${key.type} ${JSON.stringify(key.name)} in database ${key.db}`;
  return `${target.name} refuses to load ${what} (${refusal.code} at offset ${refusal.offset}: expected ${refusal.expected}, found ${refusal.found})`;
}
