import { type FormatFault, formatFault } from '../faults.ts';
import { isNanText } from './double.ts';

/** What ListpackCursor and ZiplistCursor have in common. */
export interface PairCursor {
  readonly position: number;
  readonly isInteger: boolean;
  readonly number: number;
  next(): boolean;
  text(): string;
}

/**
 * Finds a score that a server reads as NaN in a sound listpack or ziplist of members and scores. A loading server takes scores in any
 * order, reads a text that is no number as 0, and keeps NaN; Valkey 9.1 alone refuses NaN. The fault's offset counts from `from`.
 */
export function nanScoreFlaw(cursor: PairCursor, from: number): FormatFault | undefined {
  while (cursor.next() && cursor.next()) {
    if (cursor.isInteger) continue;
    const text = cursor.text();
    if (isNanText(text))
      return formatFault('zset.score.compact', cursor.position - from, 'a score', JSON.stringify(text.slice(0, 64)));
  }
  return undefined;
}
