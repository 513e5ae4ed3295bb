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

/** What a version makes of the input, in a line. */
export function formatPlanLine({ target, result, reason = '' }: TargetPlan): string {
  if (result === undefined) return `${target.padEnd(14)} no       ${reason}\n`;
  const losses = result.lossCounts.map((loss) => `${loss.kind} ${formatCount(loss.count)}`).join(', ');
  const verdict = result.outcome !== 'planned' ? 'no' : losses === '' ? 'whole' : 'details';
  const why = losses === '' ? result.reason : losses;
  return `${target.padEnd(14)} ${verdict.padEnd(8)} ${plural(result.keys, 'key')}${why === '' ? '' : `; ${why}`}\n`;
}

/** The report of a conversion. */
export function formatConvert(result: ConvertResult, seconds: number, colour: Palette): string {
  const { paths, outputs, before, after, conflicts, refused } = result;
  const lines: string[] = [];
  if (result.outcome === 'planned') {
    lines.push(
      `${colour.green('possible')}  ${paths.join(', ')}: ${result.to} for ${result.target}, ${plural(result.keys, 'key')}`,
    );
  } else if (result.ok) {
    const where = outputs.length === 0 ? 'standard output' : outputs.join(', ');
    const sizes = `${formatBytes(before.bytes)}${outputs.length === 0 ? '' : ` to ${formatBytes(after.bytes)}`}`;
    lines.push(`${colour.green('written')}  ${where}: ${sizes}, ${seconds.toFixed(1)} s`);
    lines.push(`    ${result.to} for ${result.target}, ${roads[result.road]}, ${plural(result.keys, 'key')}`);
  } else lines.push(`${colour.red('refused')}  ${paths.join(', ')}: ${result.reason}`);
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
  for (const finding of result.findings) append(lines, formatFinding(finding, colour));
  append(lines, copiedLines(result));
  if (result.digest !== '') lines.push(digestLine(result));
  else if (result.verified) lines.push('    verified up to there: what was copied is of unknown effect');
  for (const note of result.notes) lines.push(`  ${colour.yellow('note')} ${note}`);
  return `${lines.join('\n')}\n`;
}
