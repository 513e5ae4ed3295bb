import type { Target } from '../../servers/targets.ts';
import type { RefusedValue } from './refused-values.ts';

/** In words: which key, what is wrong with it, and who refuses it. */
export function refusalText({ refusal, key }: RefusedValue, target: Target): string {
  const what =
    key === undefined ? 'a function library' : `the ${key.type} ${JSON.stringify(key.name)} in database ${key.db}`;
  return `${target.name} refuses to load ${what} (${refusal.code} at offset ${refusal.offset}: expected ${refusal.expected}, found ${refusal.found})`;
}

/** How many are refused for each reason, the most frequent first. */
export function countRefused(refused: readonly RefusedValue[], target: Target): RefusedCount[] {
  const counts = new Map<string, { code: string; count: number; first: string }>();
  for (const value of refused) {
    const { code } = value.refusal;
    const known = counts.get(code);
    if (known === undefined) counts.set(code, { code, count: 1, first: refusalText(value, target) });
    else known.count++;
  }
  return [...counts.values()].sort((left, right) => right.count - left.count);
}

/** Values, or function libraries, that the target refuses to load for one reason: a code of a finding, and the first of them in words. */
export interface RefusedCount {
  readonly code: string;
  readonly count: number;
  readonly first: string;
}
