import { append } from '../../src/arrays.ts';
import type { DatabaseStatistics, DigestResult, ForeignCommand, RewriteResult } from '../../src/index.ts';
import { formatCount, plural } from './numbers.ts';
import type { Palette } from './palette.ts';
import { formatBytes } from './progress-bar.ts';
import { formatFinding } from './report.ts';

/**
 * What kept a dataset from having a digest, or what a person should know of it; '' where there is nothing. `isAsked`: the flavor was
 * asked for.
 */
export function formatDigestProblems(result: DigestResult, isAsked: boolean, colour: Palette): string {
  const lines: string[] = [];
  if (result.digest === undefined) lines.push(`aofkit: ${result.path} has no digest: ${noDigestReason(result)}`);
  for (const finding of result.findings) append(lines, formatFinding(finding, colour));
  const [first] = result.opaque;
  if (first !== undefined) {
    lines.push(
      `  ${plural(result.opaque.length, 'command')} of unknown effect, the first ${first.name} at offset ${first.offset} of ${first.path}`,
    );
  }
  append(lines, foreignLines(result.foreign, result.flavor));
  if (result.differsForWriter && !isAsked) {
    const { path, flavor, writer } = result;
    lines.push(
      `aofkit: ${path} is of ${writer}, and this is its digest by the rules of ${flavor}: --server ${writer} for its own`,
    );
  }
  append(lines, pastLines(result));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** Where a server that goes on running would soon have another digest. */
function pastLines({ path, digest, pastKeys = 0, droppedKeys = 0 }: DigestResult): string[] {
  if (digest === undefined) return [];
  const lines: string[] = [];
  if (pastKeys > 0) {
    lines.push(
      `aofkit: ${path}: ${plural(pastKeys, 'key')} past their time are counted; a running server removes them, and has another digest then: --drop-expired leaves them out`,
    );
  }
  if (droppedKeys > 0) lines.push(`aofkit: ${path}: ${plural(droppedKeys, 'key')} past their time are left out`);
  return lines;
}

function foreignLines(foreign: readonly ForeignCommand[], flavor: string): string[] {
  const [first] = foreign;
  if (first === undefined) return [];
  const others = foreign.length === 1 ? '' : `, nor ${plural(foreign.length - 1, 'other command')} of this log`;
  return [`  a server of ${flavor} does not know ${first.name}${others}; ${first.known.join(', ')} would`];
}

const becauseOf = {
  rdb: 'the RDB tells',
  target: 'of the target',
  commands: 'its commands tell',
  default: 'nothing tells which server wrote it; --target would',
};

function noDigestReason(result: DigestResult): string {
  return result.findings.some(({ severity }) => severity === 'error')
    ? 'a server would not load it'
    : 'the effect of some commands is not known (--ignore-unknown leaves them out)';
}

/** The report of a rewrite. */
export function formatRewrite(result: RewriteResult, seconds: number, colour: Palette): string {
  const { outcome, reason, path, output, before, after, commands } = result;
  const lines: string[] = [];
  if (outcome === 'written') {
    const share = before.bytes === 0 ? '' : ` (${Math.round((after.bytes / before.bytes) * 100)} %)`;
    lines.push(
      `${colour.green('written')}  ${output}: ${formatBytes(before.bytes)} to ${formatBytes(after.bytes)}${share}, ${seconds.toFixed(1)} s`,
    );
    lines.push(`    ${result.format} for ${result.target}, ${plural(after.files.length, 'file')}`);
  } else lines.push(`${outcome === 'refused' ? colour.red('refused') : colour.cyan('not needed')}  ${path}: ${reason}`);
  const { rules } = result;
  if (rules !== undefined && commands.read > 0)
    lines.push(`    loaded by the rules of ${rules.flavor} (${becauseOf[rules.because]})`);
  if (rules !== undefined)
    append(
      lines,
      foreignLines(result.foreign, rules.flavor).map((line) => `  ${line}`),
    );
  if (commands.read > 0)
    lines.push(
      `    ${plural(commands.read, 'command')} read, ${plural(commands.refused, 'error reply')} noted, ${commands.opaque} of unknown effect`,
    );
  for (const { ordinal, command, message } of commands.firstRefused.slice(0, 5))
    lines.push(`      command ${ordinal} (${command}): ${message}`);
  for (const database of result.databases) lines.push(`    ${formatStatistics(database)}`);
  if (result.filtered > 0) lines.push(`    ${plural(result.filtered, 'key')} left out by the filter`);
  for (const loss of result.losses.slice(0, 20))
    lines.push(`  ${colour.yellow('loss')} ${loss.kind} of "${loss.key}" in database ${loss.db}: ${loss.reason}`);
  if (result.lossCount > 20) lines.push(`    ${plural(result.lossCount, 'loss')} in all`);
  for (const finding of result.findings) append(lines, formatFinding(finding, colour));
  append(lines, copiedLines(result));
  if (result.digest !== '') lines.push(digestLine(result));
  else if (result.verified) lines.push('    verified up to there: what was copied is of unknown effect');
  for (const note of result.notes) lines.push(`  ${colour.yellow('note')} ${note}`);
  return `${lines.join('\n')}\n`;
}

/** How much was not compacted, because its effect is not known. */
export function copiedLines({ copied }: Pick<RewriteResult, 'copied'>): string[] {
  if (copied === undefined) return [];
  const { from, bytes, commands } = copied;
  const size = `${formatBytes(bytes)}, ${plural(commands, 'command')}`;
  return [
    `    not compacted: ${size}, copied as they stand from ${from.name} at offset ${from.offset} of ${from.path} on`,
  ];
}

/** The digest of what was written, and how far it was compared with what was read. */
export function digestLine(
  result: Pick<RewriteResult, 'digest' | 'digestOf' | 'verified' | 'keysNotCompared'>,
): string {
  const { digest, digestOf, verified, keysNotCompared = 0 } = result;
  if (digestOf === 'input') return `    digest ${digest} of the input; the output does not hold all of it`;
  if (!verified) return `    digest ${digest}`;
  const but = keysNotCompared === 0 ? '' : `, except for what ${plural(keysNotCompared, 'key')} lost`;
  return `    digest ${digest}, verified${but}`;
}

function formatStatistics({ database, keys, expires, types }: DatabaseStatistics): string {
  const counts = Object.entries(types).map(([type, count]) => `${type} ${formatCount(count)}`);
  return `database ${database}: ${plural(keys, 'key')} (${counts.join(', ')}), ${formatCount(expires)} with an expiry`;
}
