/*
 * An argument list lies on the stack, which holds some 120,000 of them: `push(...items)` and `Math.max(...items)` throw a RangeError for
 * more, and how many items there are often comes from a file. These do the same in a loop; scripts/lint/no-spread-arguments.grit forbids
 * the other form.
 */

/** Adds `items` at the end of `target`. */
export function append<T>(target: T[], items: Iterable<T>): void {
  for (const item of items) target.push(item);
}

/** The largest of `values`, `least` at least. */
export function maxOf(values: Iterable<number>, least = Number.NEGATIVE_INFINITY): number {
  let max = least;
  for (const value of values) max = Math.max(max, value);
  return max;
}

/** The smallest of `values`, `most` at most. */
export function minOf(values: Iterable<number>, most = Number.POSITIVE_INFINITY): number {
  let min = most;
  for (const value of values) min = Math.min(min, value);
  return min;
}
