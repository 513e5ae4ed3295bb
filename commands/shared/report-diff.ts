import { append } from '../../src/arrays.ts';
import { type DifferentKey, type DiffResult, escapeBinary } from '../../src/index.ts';
import { formatCount, plural } from './numbers.ts';
import type { Palette } from './palette.ts';
import { printableResult } from './printing.ts';
import { formatFinding } from './report.ts';

const whole = (text: string): string => escapeBinary(text, Number.POSITIVE_INFINITY);

/** A key that differs, as a line. */
export function formatDiffKey(different: DifferentKey, colour: Palette): string {
  const { kind, database, key, typeA, typeB, difference } = printableResult({
    ...different,
    key: whole(different.key),
  });
  const name = `db${database} "${key}"`;
  if (kind === 'only-a') return `${colour.red('<')} ${name} (${typeA})\n`;
  if (kind === 'only-b') return `${colour.green('>')} ${name} (${typeB})\n`;
  const mark = colour.yellow('!');
  if (kind === 'type') return `${mark} ${name}: ${typeA} | ${typeB}\n`;
  if (difference === undefined) return `${mark} ${name} (${typeA}): the digests differ\n`;
  const { place, a = '-', b = '-' } = difference;
  return `${mark} ${name} (${typeA}) ${place}: ${a} | ${b}\n`;
}

/** The same for JSON, which cannot hold bytes: what is not printable is escaped. */
export function diffKeyJson({ kind, database, key, typeA, typeB, difference }: DifferentKey): object {
  return { kind, db: database, key: whole(key), typeA, typeB, difference };
}

/** The names of libraries, which are bytes, as text. */
export const withLibrariesAsText = (result: DiffResult): DiffResult => ({
  ...result,
  libraries: result.libraries.map(whole),
});

/** The totals; the names of libraries are text already. */
export function formatDiffResult(result: DiffResult, limit: number | undefined, colour: Palette): string {
  const { equal, byDigest, a, databases, libraries } = result;
  const lines: string[] = [];
  for (const library of libraries) lines.push(`${colour.yellow('!')} function library "${library}"`);
  for (const { database, keysA, keysB, onlyA, onlyB, changed } of databases) {
    lines.push(
      `db${database}: ${plural(keysA, 'key')} in A, ${formatCount(keysB)} in B: ${onlyA} only in A, ${onlyB} only in B, ${changed} different`,
    );
  }
  const total = databases.reduce((sum, row) => sum + row.onlyA + row.onlyB + row.changed, 0);
  if (limit !== undefined && total > limit) lines.push(`${plural(total, 'key')} differ: raise --limit to see them all`);
  const how = byDigest ? `, digest ${a.digest}` : '';
  lines.push(equal ? `${colour.green('equal')}: ${plural(a.keys, 'key')}${how}` : colour.red('different'));
  return `${lines.join('\n')}\n`;
}

/** Why one of the two could not be loaded. */
export function formatUnloaded({ a, b }: DiffResult, colour: Palette): string {
  const lines: string[] = [];
  for (const { path, ok, findings, opaque } of [a, b]) {
    if (ok) continue;
    lines.push(`aofkit: cannot compare ${path}: a server would not load it, or some commands' effect is not known`);
    for (const finding of findings) append(lines, formatFinding(finding, colour));
    if (opaque > 0) lines.push(`  ${plural(opaque, 'command')} of unknown effect (--ignore-unknown leaves them out)`);
  }
  return `${lines.join('\n')}\n`;
}
