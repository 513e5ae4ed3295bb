import { append } from '../../src/arrays.ts';
import { missingText } from '../../src/operations/repair/missing.ts';
import type { RepairResult } from '../../src/operations/repair/options.ts';
import type { FilePlan, Region, RepairPlan, Tally } from '../../src/operations/repair/plan.ts';
import { plural } from './numbers.ts';
import type { Palette } from './palette.ts';
import { formatBytes } from './progress-bar.ts';
import { formatFinding } from './report.ts';

/** Regions of a file that are shown one by one. */
const regionsShown = 20;
/** What is missing that is shown one by one. */
const missingShown = 20;
/** Keys that are shown of a region. */
const keysShown = 6;

/** What a repair would do, for people. */
export function formatPlan(plan: RepairPlan, colour: Palette): string {
  const { path, layout, strategy, sound, files } = plan;
  if (sound && files.every(({ unresolved, refused = [] }) => unresolved.length + refused.length === 0)) {
    return `${colour.green('sound')}  ${path}: ${layout}, nothing to repair\n`;
  }
  const lines = [`${colour.cyan('plan')}  ${path}: ${layout}, strategy ${colour.bold(strategy)}`];
  for (const name of ['truncate', 'salvage'] as const) {
    const mark = name === strategy ? '*' : ' ';
    lines.push(`  ${mark} ${name.padEnd(8)} ${formatTally(plan.strategies[name])}`);
  }
  for (const file of files) append(lines, formatFile(file, colour));
  return `${lines.join('\n')}\n`;
}

function formatTally(tally: Tally): string {
  const { bytesKept, bytesLost, commandsKept, commandsLost, keysKept, keysLost, missing = [], undeclared = 0 } = tally;
  const kept = [formatBytes(bytesKept)];
  const lost = [formatBytes(bytesLost)];
  if (commandsKept + commandsLost > 0) {
    kept.push(plural(commandsKept, 'command'));
    lost.push(plural(commandsLost, 'sound command'));
  }
  if (keysKept + keysLost > 0) {
    kept.push(plural(keysKept, 'RDB key'));
    lost.push(plural(keysLost, 'sound key'));
  }
  const isAll = bytesLost + commandsLost + keysLost + missing.length + undeclared === 0;
  const unknown = undeclared === 0 ? '' : ` of ${plural(undeclared, 'database')} without a declared number of keys`;
  const short = missing.slice(0, missingShown).map((one) => `\n               missing  ${missingText(one)}`);
  if (missing.length > missingShown) short.push(`\n               and ${missing.length - missingShown} more`);
  return `keeps ${kept.join(', ')}; loses ${isAll ? 'nothing' : `${lost.join(', ')}${unknown}`}${short.join('')}`;
}

const verbs: Record<FilePlan['action'], string> = {
  keep: 'kept as it is',
  rewrite: 'rewritten',
  quarantine: 'put into quarantine whole',
  create: 'made',
};

function formatFile(file: FilePlan, colour: Palette): string[] {
  const { path, role, action, regions, unresolved, refused = [], reasons } = file;
  const lines = [`    ${role} ${path}: ${verbs[action]}`];
  for (const reason of reasons) lines.push(`      ${reason}`);
  for (const region of regions.slice(0, regionsShown)) append(lines, formatRegion(region, colour));
  if (regions.length > regionsShown) lines.push(`      and ${plural(regions.length - regionsShown, 'more region')}`);
  for (const { code, count, offset, found, advice } of unresolved) {
    lines.push(`      ${colour.red('left')} ${code} × ${count}, the first at offset ${offset}: ${found}. ${advice}`);
  }
  for (const { code, count, offset, found, advice } of refused) {
    lines.push(
      `      ${colour.yellow('stays')} ${code} × ${count}, the first at offset ${offset}: ${found}. ${advice}`,
    );
  }
  return lines;
}

function formatRegion({ offset, length, code, reason, action, touched }: Region, colour: Palette): string[] {
  const verb = action === 'replace' ? 'mends' : action === 'drop' ? 'drops' : 'takes out';
  const lines = [`      ${verb} ${plural(length, 'byte')} at offset ${offset}: ${colour.bold(code)}, ${reason}`];
  if (touched.length === 0) return lines;
  const names = touched.slice(0, keysShown).map((key) => `"${key}"`);
  const more = touched.length > keysShown ? ` and ${touched.length - keysShown} more` : '';
  lines.push(`        distrust ${names.join(', ')}${more}`);
  return lines;
}

/** How a repair ended, after its plan was shown. */
export function formatRepair(result: RepairResult, dryRun: boolean, colour: Palette): string {
  const { outcome, ok, reason, written, backups, quarantine, notes, findings, path } = result;
  const lines: string[] = [];
  if (outcome === 'repaired') {
    for (const file of written) lines.push(`${colour.green('written')}  ${file.path}, ${formatBytes(file.bytes)}`);
    for (const backup of backups) lines.push(`    the old one is ${backup}`);
    if (quarantine !== undefined) lines.push(`    what was taken out is in ${quarantine}`);
  } else if (outcome === 'planned') {
    lines.push(`Nothing was written: ${dryRun ? 'leave --dry-run out' : 'say --in-place, or -o OUT'}.`);
  } else if (outcome !== 'sound') lines.push(`${colour.red(outcome)}  ${path}: nothing was replaced`);
  if (!ok && reason !== undefined && outcome !== 'declined') {
    const what = outcome === 'planned' || outcome === 'sound' ? 'not wholly repairable' : 'not wholly repaired';
    lines.push(`${colour.yellow(what)}: ${reason}`);
  }
  for (const note of notes) lines.push(`  ${colour.yellow('note')} ${note}`);
  for (const finding of findings) {
    if (finding.severity === 'error') append(lines, formatFinding(finding, colour));
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
