import { append } from '../../src/arrays.ts';
import { escapeBinary } from '../../src/io/text.ts';
import type { RestorePreview } from '../../src/operations/rewrite/restore.ts';
import type { DatabaseDifference } from '../../src/operations/rewrite/restore-difference.ts';
import { formatCount, plural } from './numbers.ts';
import type { Palette } from './palette.ts';
import { formatFinding } from './report.ts';

/** The names of keys, which are bytes, as text for `formatPreview`. */
export function withKeysAsText(preview: RestorePreview): RestorePreview {
  const asText = (keys: readonly string[]) => keys.map((key) => escapeBinary(key, 60));
  const difference = preview.difference?.map(({ firstAdded, firstGone, firstChanged, ...rest }) => ({
    ...rest,
    firstAdded: asText(firstAdded),
    firstGone: asText(firstGone),
    firstChanged: asText(firstChanged),
  }));
  return { ...preview, difference };
}

/** What a restore is going to write, and how that differs from the end of the log. */
export function formatPreview(preview: RestorePreview, colour: Palette): string {
  const { path, selection, databases, difference, endFindings } = preview;
  const { cut, commands, leftOut } = selection;
  const lines = [
    `${colour.bold('restore')}  ${path}: ${plural(commands, 'command')} count${commands === 1 ? 's' : ''}`,
  ];
  if (leftOut > 0) lines.push(`    ${plural(leftOut, 'command')} left out`);
  if (cut === undefined) lines.push('    the log counts to its end');
  else {
    const what = cut.command === '' ? '' : ` (${cut.command}, command ${cut.ordinal} of the file)`;
    lines.push(`    the log ends at offset ${cut.offset} of ${cut.path}${what}`);
    if (cut.timestamp !== undefined)
      lines.push(`    last time before it: ${new Date(cut.timestamp * 1000).toISOString()}`);
    if (cut.transaction !== undefined)
      lines.push(`    the transaction that began at offset ${cut.transaction} is dropped whole`);
  }
  if (databases.length === 0) lines.push('    the dataset is empty');
  if (difference === undefined) {
    for (const { database, keys } of databases) lines.push(`    database ${database}: ${plural(keys, 'key')}`);
    lines.push('    the end of the log cannot be loaded, so nothing tells how it differs from this:');
    for (const finding of endFindings.slice(0, 3)) append(lines, formatFinding(finding, colour));
  } else for (const one of difference) append(lines, formatDifference(one, colour));
  return `${lines.join('\n')}\n`;
}

function formatDifference(one: DatabaseDifference, colour: Palette): string[] {
  const { database, keys, keysAtEnd, added, gone, changed } = one;
  const lines = [
    `    database ${database}: ${plural(keys, 'key')} (at the end of the log ${formatCount(keysAtEnd)}): ${colour.green(`${added} added`)}, ${colour.red(`${gone} gone`)}, ${colour.yellow(`${changed} changed`)}`,
  ];
  const names = (label: string, count: number, first: readonly string[]) => {
    if (count === 0) return;
    const more = count > first.length ? `, and ${formatCount(count - first.length)} more` : '';
    lines.push(`      ${label}: ${first.map((key) => `"${key}"`).join(', ')}${more}`);
  };
  names('added', added, one.firstAdded);
  names('gone', gone, one.firstGone);
  names('changed', changed, one.firstChanged);
  return lines;
}
