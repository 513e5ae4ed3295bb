/** A whole number with its thousands apart. Not toLocaleString: loading its tables takes longer than a small check. */
export function formatCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** A number of things: `1 key`, `2,000 keys`, `3 losses`, `4 entries`. */
export function plural(count: number, word: string): string {
  return `${formatCount(count)} ${count === 1 ? word : pluralOf(word)}`;
}

function pluralOf(word: string): string {
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return word.endsWith('s') ? `${word}es` : `${word}s`;
}
