import { catalog, type FindingRule } from '../../findings.ts';

/** A code of a finding, with what is known of it. */
export interface Explanation extends FindingRule {
  readonly code: string;
  /** What a server writes to its log for it, as far as that is known. */
  readonly logged: readonly string[];
}

/**
 * Explains a code of a finding, or a line of a server's log: every code for which a server logs such a line. A code that says more than
 * one of the table has the rule of that one. Nothing for what is neither.
 */
export function explain(text: string): Explanation[] {
  const wanted = text.trim();
  for (
    let prefix = wanted;
    /^[a-z][a-z0-9.-]*$/.test(prefix);
    prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf('.')))
  ) {
    if (Object.hasOwn(catalog, prefix)) return [explanationOf(prefix)];
  }
  const line = normalized(wanted);
  return explanations().filter(({ logged }) => logged.some((words) => matches(line, words)));
}

/** Every code, in the order of the table. */
export const explanations = (): Explanation[] => Object.keys(catalog).map(explanationOf);

/** Codes that begin so, for a suggestion. */
export const codesLike = (prefix: string): string[] => Object.keys(catalog).filter((code) => code.startsWith(prefix));

function explanationOf(code: string): Explanation {
  const rule = catalog[code];
  return { code, ...rule, logged: loggedBy(rule) };
}

/** What a rule quotes of a server's log. */
function loggedBy({ advice }: FindingRule): string[] {
  return [...advice.matchAll(/"([^"]{8,})"/g)].map(([, words]) => words);
}

const normalized = (text: string): string => text.toLowerCase().replace(/\s+/g, ' ');

/** Whether a line has these words; `…` among them stands for any. */
function matches(line: string, words: string): boolean {
  let from = 0;
  for (const part of normalized(words).split('…')) {
    const at = line.indexOf(part.trim(), from);
    if (at < 0) return false;
    from = at + part.trim().length;
  }
  return true;
}
