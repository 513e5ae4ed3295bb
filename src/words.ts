const escapeValues: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };
/** isspace() of the C locale, and NUL: a byte such as 0xa0, which is part of letters in UTF-8, is none. */
const blank = /[ \t\n\v\f\r\0]/;

/**
 * Splits a line into words as the server's sdssplitargs does: "…" with escapes or '…' may stand anywhere in a word, and a
 * closing quote must be followed by a blank or the end. Undefined where quotes are not balanced.
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let position = 0;
  for (;;) {
    while (position < line.length && blank.test(line[position])) position++;
    if (position >= line.length) return words;
    let word = '';
    while (position < line.length && !blank.test(line[position])) {
      const quote = line[position];
      if (quote !== '"' && quote !== "'") {
        word += line[position++];
        continue;
      }
      const end = closingQuote(line, position);
      if (end < 0 || (end + 1 < line.length && !blank.test(line[end + 1]))) return undefined;
      const inside = line.slice(position + 1, end);
      word += quote === '"' ? unescapeDouble(inside) : inside.replace(/\\'/g, "'");
      position = end + 1;
    }
    words.push(word);
  }
}

/** Position of the quote that closes the one at `position`; -1 if there is none. */
function closingQuote(line: string, position: number): number {
  const quote = line[position];
  for (let index = position + 1; index < line.length; index++) {
    if (line[index] === '\\' && (quote === '"' || line[index + 1] === "'")) index++;
    else if (line[index] === quote) return index;
  }
  return -1;
}

function unescapeDouble(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (_, hex: string | undefined, char: string) =>
    hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : (escapeValues[char] ?? char),
  );
}
