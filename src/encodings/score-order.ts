import { isNanText, parseScore } from './double.ts';
import { type Flaw, flaw } from './flaw.ts';

/** What ListpackCursor and ZiplistCursor have in common. */
export interface PairCursor {
  readonly position: number;
  readonly isInteger: boolean;
  readonly number: number;
  next(): boolean;
  text(): string;
}

/**
 * Looks at the scores of a sound listpack or ziplist of members and scores, which a loading server does not: it takes them
 * in any order, reads a text that is no number as 0, and keeps NaN (Valkey 9.1 alone refuses NaN). Finds the first score
 * that is no number or less than the one before. `from` is where the blob starts, for the flaw's position.
 */
export function findScoreFlaw(cursor: PairCursor, from: number): Flaw | undefined {
  let previous = Number.NEGATIVE_INFINITY;
  while (cursor.next() && cursor.next()) {
    const score = cursor.isInteger ? cursor.number : parseScore(cursor.text());
    const at = cursor.position - from;
    if (score === undefined) return flaw('score.number', at, 'a number', JSON.stringify(cursor.text().slice(0, 64)));
    if (score < previous) return flaw('score.order', at, `at least ${previous}`, `${score}`);
    previous = score;
  }
  return undefined;
}

/** Finds a score that a server reads as NaN. */
export function nanScoreFlaw(cursor: PairCursor, from: number): Flaw | undefined {
  while (cursor.next() && cursor.next()) {
    if (cursor.isInteger) continue;
    const text = cursor.text();
    if (isNanText(text))
      return flaw('zset.score.compact', cursor.position - from, 'a score', JSON.stringify(text.slice(0, 64)));
  }
  return undefined;
}
