import { append, maxOf } from '../../src/arrays.ts';
import type { LogStatistics } from '../../src/index.ts';
import { formatCount, plural } from './numbers.ts';
import type { Palette } from './palette.ts';
import { formatBytes } from './progress-bar.ts';

/** The report of `log --stats`; the names of keys are escaped already. */
export function formatLogStatistics(result: LogStatistics, colour: Palette): string {
  const { path, files, commands, bytes, rdbKeys, damaged, damagedBytes } = result;
  const totals = [plural(files.length, 'file'), plural(commands, 'command'), formatBytes(bytes)];
  if (rdbKeys > 0) totals.push(`RDB with ${plural(rdbKeys, 'key')}`);
  if (damaged > 0) totals.push(colour.red(`${plural(damaged, 'damaged region')}, ${formatBytes(damagedBytes)}`));
  const lines = [`${colour.bold(path)}  ${totals.join(', ')}`];
  if (result.firstTime !== undefined && result.lastTime !== undefined)
    lines.push(`    from ${moment(result.firstTime)} to ${moment(result.lastTime)}`);
  append(lines, formatRewriteEstimate(result));
  lines.push('', colour.bold('commands by bytes'));
  append(lines, histogram(result.byCommand, bytes));
  append(lines, formatFrequent('most written keys', result.keys, colour));
  append(lines, formatFrequent('most written prefixes', result.prefixes, colour));
  if (result.growth.length > 0) append(lines, ['', colour.bold('growth'), ...formatGrowth(result.growth)]);
  return `${lines.join('\n')}\n`;
}

const moment = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const count = (value: number): string => formatCount(value);

function formatRewriteEstimate({ rewrite, rdbKeys }: LogStatistics): string[] {
  if (rewrite === undefined) return [];
  const { method, sampledOf, keptBytes, droppedShare } = rewrite;
  const how = method === 'exact' ? 'replayed' : `estimated from one key in ${sampledOf}`;
  const base = rdbKeys > 0 ? '; what it would drop of the RDB is not counted' : '';
  const about = method === 'exact' ? '' : 'about ';
  return [
    `    a rewrite would drop ${about}${percent(droppedShare)} of the commands' bytes and leave ${about}${formatBytes(keptBytes)} (${how}${base})`,
  ];
}

function histogram(rows: LogStatistics['byCommand'], total: number): string[] {
  const width = maxOf(
    rows.map(({ name }) => name.length),
    4,
  );
  return rows.map(({ name, count: times, bytes }) => {
    const share = total === 0 ? 0 : bytes / total;
    const bar = '#'.repeat(Math.round(share * 30));
    return `    ${name.padEnd(width)} ${count(times).padStart(13)} ${formatBytes(bytes).padStart(10)} ${percent(share).padStart(7)}  ${bar}`.trimEnd();
  });
}

function formatFrequent(title: string, rows: LogStatistics['keys'], colour: Palette): string[] {
  if (rows.length === 0) return [];
  const [{ error }] = rows;
  const bound = error > 0 ? ` (each up to ${count(error)} more)` : '';
  const width = Math.min(maxOf(rows.map(({ text }) => text.length)), 70);
  const line = ({ text, count: times, bytes }: (typeof rows)[number]) =>
    `    ${text.padEnd(width)} ${count(times).padStart(13)} ${formatBytes(bytes).padStart(10)}`;
  return ['', colour.bold(`${title}${bound}`), ...rows.map(line)];
}

function formatGrowth(rows: LogStatistics['growth']): string[] {
  const most = maxOf(rows.map(({ bytes }) => bytes));
  return rows.map(({ from, commands, bytes }) => {
    const bar = '#'.repeat(Math.max(1, Math.round((bytes / most) * 30)));
    return `    ${moment(from)} ${count(commands).padStart(13)} ${formatBytes(bytes).padStart(10)}  ${bar}`;
  });
}
