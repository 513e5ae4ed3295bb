/** The one of `names` that a mistyped word was most probably meant to be: at most a third of its letters differ; undefined for none. */
export function suggestion(word: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.floor(Math.max(word.length, 3) / 3) + 1;
  for (const name of names) {
    const isBegun = word.length >= 3 && name.startsWith(word);
    const distance = isBegun ? 1 : editDistance(word.toLowerCase(), name, least);
    if (distance >= least) continue;
    least = distance;
    best = name;
  }
  return best;
}

/** Letters to insert, delete, replace or exchange with their neighbour to make `left` of `right`; `max` where it is that many or more. */
function editDistance(left: string, right: string, max: number): number {
  if (Math.abs(left.length - right.length) >= max) return max;
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      let distance = Math.min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1));
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1])
        distance = Math.min(distance, beforeLast[column - 2] + 1);
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return Math.min(last[right.length], max);
}
