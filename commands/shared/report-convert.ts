import { append } from '../../src/arrays.ts';
import type { ConvertResult, LossCount } from '../../src/operations/convert/options.ts';
import type { TargetPlan } from '../../src/operations/convert/plan-targets.ts';
import { formatCount, plural } from './numbers.ts';
import type { Palette } from './palette.ts';
import { formatBytes } from './progress-bar.ts';
import { formatFinding } from './report.ts';
import { copiedLines, digestLine } from './report-rewrite.ts';

const lossesShown = 20;
const roads = { copied: 'byte for byte', streamed: 'key by key', replayed: 'after a replay' } as const;
/** What is of no value. */
const besideKeys: ReadonlySet<string> = new Set([
  'function',
  'module-aux',
  'slot-migration',
  'slot-sizes',
  'replication-state',
  'script',
  'aux-field',
]);

/** `3 keys dropped`, `2 parts of values dropped`. */
function formatLoss({ kind, outcome, count }: LossCount): string {
  if (outcome === 'key-dropped') return `${plural(count, 'key')} dropped`;
  if (outcome === 'flattened') return `${formatCount(count)} written in a plainer form`;
  if (outcome === 'kept') return `${formatCount(count)} kept as a module value`;
  return besideKeys.has(kind) ? `${formatCount(count)} dropped` : `${plural(count, 'part')} of values dropped`;
}

/** `12 keys`, `12 keys and 30 commands behind them`, `30 commands`. */
function countText({ keys, commands }: ConvertResult): string {
  if (commands === 0) return plural(keys, 'key');
  return keys === 0
    ? plural(commands, 'command')
    : `${plural(keys, 'key')} and ${plural(commands, 'command')} behind them`;
}

/** `needs redis-7.4 or later: HPEXPIREAT`. */
function needsText({ target, because }: NonNullable<ConvertResult['needs']>): string {
  const list = because.join(', ');
  return target === '' ? `no release of it loads all of: ${list}` : `needs ${target} or later: ${list}`;
}

/** What a version makes of the input, in a line. */
export function formatPlanLine({ target, result, reason = '' }: TargetPlan): string {
  if (result === undefined) return `${target.padEnd(14)} no       ${reason}\n`;
  const losses = result.lossCounts.map((loss) => `${loss.kind} ${formatCount(loss.count)}`).join(', ');
  const verdict = result.outcome !== 'planned' ? 'no' : losses === '' ? 'whole' : 'details';
  const values = result.refusedValues.map(({ code, count }) => `${plural(count, 'value')} refused: ${code}`);
  const why = [losses, ...values].filter((part) => part !== '').join(', ') || result.reason;
  return `${target.padEnd(14)} ${verdict.padEnd(8)} ${countText(result)}${why === '' ? '' : `; ${why}`}\n`;
}

/** The report of a conversion. */
export function formatConvert(result: ConvertResult, seconds: number, colour: Palette): string {
  const { paths, outputs, before, after, conflicts, refused } = result;
  const lines: string[] = [];
  if (result.outcome === 'planned') {
    lines.push(
      `${colour.green('possible')}  ${paths.join(', ')}: ${result.to} for ${result.target}, ${countText(result)}`,
    );
  } else if (result.ok) {
    const where = outputs.length === 0 ? 'standard output' : outputs.join(', ');
    const sizes = `${formatBytes(before.bytes)}${outputs.length === 0 ? '' : ` to ${formatBytes(after.bytes)}`}`;
    lines.push(`${colour.green('written')}  ${where}: ${sizes}, ${seconds.toFixed(1)} s`);
    lines.push(`    ${result.to} for ${result.target}, ${roads[result.road]}, ${countText(result)}`);
  } else lines.push(`${colour.red('refused')}  ${paths.join(', ')}: ${result.reason}`);
  const { needs } = result;
  if (needs !== undefined) lines.push(`    ${needsText(needs)}`);
  if (result.filtered > 0) lines.push(`    ${plural(result.filtered, 'key')} left out by the filter`);
  if (conflicts.count > 0) {
    const names = conflicts.first.slice(0, 5).map(({ db, key }) => `"${key}" in database ${db}`);
    lines.push(`    ${plural(conflicts.count, 'conflict')} of names, such as ${names.join(', ')}`);
  }
  if (refused.count > 0) lines.push(`    ${plural(refused.count, 'error reply')} while the log was replayed`);
  const shown = outputs.length === 0 || result.outcome !== 'written' ? result.losses.length : lossesShown;
  for (const loss of result.losses.slice(0, shown)) {
    const of = loss.key === '' ? '' : ` of "${loss.key}" in database ${loss.db}`;
    const word = loss.outcome === 'kept' ? colour.dim('note') : colour.yellow('loss');
    lines.push(`  ${word} ${loss.kind}${of}: ${loss.reason}`);
  }
  for (const loss of result.lossCounts) lines.push(`    ${loss.kind}: ${formatLoss(loss)}`);
  for (const { code, count, first } of result.refusedValues)
    lines.push(`    ${code}: ${plural(count, 'value')} refused, the first: ${first}`);
  for (const finding of result.findings) append(lines, formatFinding(finding, colour));
  append(lines, copiedLines(result));
  if (result.digest !== '') lines.push(digestLine(result));
  else if (result.verified) lines.push('    verified up to there: what was copied is of unknown effect');
  for (const note of result.notes) lines.push(`  ${colour.yellow('note')} ${note}`);
  return `${lines.join('\n')}\n`;
}
