import { append } from '../../src/arrays.ts';
import type { CheckResult, FileReport, Finding, VerifiedFile, VerifyResult } from '../../src/index.ts';
import { formatCount, plural } from './numbers.ts';
import type { Palette } from './palette.ts';
import { formatBytes } from './progress-bar.ts';

/** The report of `check` on one path; `repairs`: the commands to type next. */
export function formatCheck(result: CheckResult, repairs: readonly string[], colour: Palette): string {
  const { path, layout, ok, files, findings, summary } = result;
  const mark = ok ? colour.green('ok') : colour.red('NOT OK');
  const totals = [layout, formatBytes(summary.bytes)];
  if (summary.keys > 0) totals.push(plural(summary.keys, 'key'));
  if (summary.expired > 0) totals.push(plural(summary.expired, 'expired key'));
  if (files.some((file) => file.commands !== undefined)) totals.push(plural(summary.commands, 'command'));
  if (summary.errors > 0) totals.push(colour.red(plural(summary.errors, 'error')));
  if (summary.warnings > 0) totals.push(colour.yellow(plural(summary.warnings, 'warning')));
  const lines = [`${mark}  ${path}  ${totals.join(', ')}`];
  if (files.length > 1 || layout === 'multi-part') for (const file of files) lines.push(`    ${formatFile(file)}`);
  else if (files.length === 1 && files[0].rdb !== undefined) lines.push(`    ${formatFile(files[0])}`);
  for (const finding of findings) append(lines, formatFinding(finding, colour));
  append(lines, formatPassedOver(result.passedOver));
  if (summary.dropped > 0) lines.push(`    and ${plural(summary.dropped, 'more finding')}: raise --limit to see them`);
  for (const command of repairs) lines.push(`  ${colour.bold('to repair it:')} ${command}`);
  return `${lines.join('\n')}\n`;
}

function formatFile(file: FileReport): string {
  const parts = [`${file.role} ${file.path}: ${file.format}`, formatBytes(file.size)];
  if (file.gzip) parts.push('gzip');
  if (file.envelope !== undefined) parts.push(`${file.envelope} envelope`);
  const { rdb } = file;
  if (rdb !== undefined) {
    parts.push(`RDB version ${rdb.version} (${rdb.fork})`, plural(rdb.keys, 'key'), `checksum ${rdb.checksum.state}`);
  }
  if (file.commands !== undefined) parts.push(plural(file.commands, 'command'));
  return parts.join(', ');
}

export function formatFinding(finding: Finding, colour: Palette): string[] {
  const { severity, code, file, offset, length, command, key } = finding;
  const tint = { error: colour.red, warning: colour.yellow, info: colour.cyan }[severity];
  const place = [`at offset ${offset}`];
  if (length !== undefined) place.push(plural(length, 'byte'));
  if (command !== undefined) place.push(`command ${command.ordinal}${command.name === '' ? '' : ` (${command.name})`}`);
  if (key !== undefined) place.push(`key "${key.name}" of database ${key.db} (${key.type})`);
  const lines = [
    `  ${tint(severity)} ${colour.bold(code)} ${place.join(', ')}`,
    `      in ${file}: ${finding.message}${finding.repairable && severity === 'error' ? ' (repairable)' : ''}`,
  ];
  const { expected, found } = finding;
  if (expected !== undefined && found !== undefined) lines.push(`      expected ${expected}, found ${found}`);
  else if (found !== undefined) lines.push(`      found ${found}`);
  lines.push(`      ${colour.dim(finding.advice)}`);
  return lines;
}

/** The report of `verify` on one path. */
export function formatVerify(result: VerifyResult, colour: Palette): string {
  const lines = result.files.map((file) => formatVerified(file, colour));
  if (lines.length === 0 || !result.ok)
    lines.push(`${result.ok ? colour.green('ok') : colour.red('NOT OK')}  ${result.path}`);
  for (const finding of result.findings) append(lines, formatFinding(finding, colour));
  append(lines, formatPassedOver(result.passedOver));
  return `${lines.join('\n')}\n`;
}

/** Entries of a folder that are shown one by one. */
const passedOverMax = 10;

function formatPassedOver(entries: CheckResult['passedOver']): string[] {
  const lines = entries.slice(0, passedOverMax).map(({ path, why }) => `    passed over ${path}: ${why}`);
  const more = entries.length - lines.length;
  return more > 0 ? [...lines, `    and ${formatCount(more)} more, which --json lists`] : lines;
}

function formatVerified(file: VerifiedFile, colour: Palette): string {
  const { path, checksum, version, fork, length, format } = file;
  if (format === 'none') return `${'none'.padEnd(9)} ${'-'.padEnd(16)}  ${path} (no RDB in it: an AOF has no checksum)`;
  const { state, stored = '-' } = checksum;
  const tint =
    state === 'ok' ? colour.green : state === 'mismatch' || state === 'unchecked' ? colour.red : colour.yellow;
  return `${tint(state.padEnd(9))} ${stored.padEnd(16)}  ${path} (RDB version ${version}, ${fork}, ${formatBytes(length)})`;
}
