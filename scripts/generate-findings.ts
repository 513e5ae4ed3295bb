/*
 * Writes docs/findings.md: every code of a finding, from the table itself (src/findings.ts).
 *
 *     npx tsx scripts/generate-findings.ts
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Explanation, explanations } from '../src/operations/explain/explain.ts';

/** The page's text. */
export function findingsPage(): string {
  return `# Findings

Written by \`npm run generate:findings\` from src/findings.ts; \`aofkit explain CODE\` prints the same. A code is stable. One that is longer
than a code here says more of the same thing: \`listpack.entry.backlen\` is a \`listpack\`. "Repairable" is what \`aofkit repair\` can do
something about; what this build does not know it never touches.

| code | severity | repairable | what it is | what a server does, and what to do |
|---|---|---|---|---|
${explanations().map(row).join('')}`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function row({ code, severity, repairable, message, advice, unsupported }: Explanation): string {
  const touched = unsupported ? 'not known' : repairable ? 'yes' : 'no';
  return `| \`${code}\` | ${severity} | ${touched} | ${cell(message)} | ${cell(advice)} |\n`;
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(join(import.meta.dirname, '..', 'docs', 'findings.md'), findingsPage());
