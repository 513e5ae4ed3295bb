import { append } from '../../src/arrays.ts';
import type { BootResult, DiskChange } from '../../src/operations/boot/outcome.ts';
import { formatCount, plural } from './numbers.ts';
import type { Palette } from './palette.ts';
import { formatBytes } from './progress-bar.ts';

/** What a start would do, for people; `conversion`: the command after which it would start. */
export function formatBoot(result: BootResult, conversion: string | undefined, colour: Palette): string {
  const { path, server, starts, ok, certain, hasUnsupported, reason, databases } = result;
  const mark = ok ? colour.green('starts') : starts ? colour.yellow('starts, but') : colour.red('DOES NOT START');
  const keys = databases.reduce((sum, one) => sum + one.keys, 0);
  const lines = [`${mark}  ${server} in ${path}: ${reason === '' ? `${plural(keys, 'key')}` : reason}`];
  if (!certain)
    lines.push(
      `    ${colour.yellow('not certain')}: ${hasUnsupported ? 'the files hold what this build of aofkit does not know (see check)' : 'what it does depends on what lies in its memory, or on a script'}`,
    );
  section(lines, 'reads', result.files.map(formatFile));
  section(lines, 'changes on the disk', result.changes.map(formatChange));
  section(lines, 'holds', databases.map(formatDatabase));
  section(
    lines,
    'not loaded',
    result.unused.map(({ why, bytes, matters }) => `${matters ? colour.red(why) : why} (${formatBytes(bytes)})`),
  );
  section(
    lines,
    'take care',
    result.hazards.map((hazard) => colour.red(hazard)),
  );
  section(
    lines,
    'log',
    result.log.map((line) => colour.dim(line.trimEnd())),
  );
  section(lines, 'at stake', result.durability);
  if (conversion !== undefined) lines.push(`  ${colour.bold(`to have files that ${server} reads:`)} ${conversion}`);
  return `${lines.join('\n')}\n`;
}

function section(lines: string[], title: string, items: readonly string[]): void {
  if (items.length === 0) return;
  append(lines, [`  ${title}:`, ...items.map((item) => `    ${item}`)]);
}

function formatFile({ path, role, bytes, commands, rdbKeys }: BootResult['files'][number]): string {
  const parts = [`${role} ${path}`, formatBytes(bytes)];
  if (rdbKeys > 0) parts.push(plural(rdbKeys, 'key'));
  if (commands > 0) parts.push(plural(commands, 'command'));
  return parts.join(', ');
}

function formatChange(change: DiskChange): string {
  const { action, path, why } = change;
  if (action === 'move') return `moves ${path} to ${change.to}: ${why}`;
  if (action === 'truncate') return `cuts ${path} from ${change.from} to ${change.size} bytes: ${why}`;
  const verb = { create: 'creates', overwrite: 'overwrites', delete: 'deletes' }[action];
  return `${verb} ${path}: ${why}`;
}

function formatDatabase({ database, keys, expired }: BootResult['databases'][number]): string {
  return `database ${database}: ${plural(keys, 'key')}${expired > 0 ? `, ${formatCount(expired)} of them past their time` : ''}`;
}
