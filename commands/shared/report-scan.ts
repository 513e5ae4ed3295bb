import { append } from '../../src/arrays.ts';
import type { ScanResult } from '../../src/index.ts';
import { plural } from './numbers.ts';
import type { Palette } from './palette.ts';
import { formatFinding } from './report.ts';

/** Why not all keys could be told: damage, and commands whose effect is not known. Nothing where all were. */
export function formatScanProblems({ path, findings, opaque, keys, ok }: ScanResult, colour: Palette): string {
  const lines: string[] = [];
  for (const finding of findings) append(lines, formatFinding(finding, colour));
  const [first] = opaque;
  if (first !== undefined) {
    const what = plural(opaque.length, 'command');
    lines.push(
      `aofkit: ${path}: the effect of ${what} is not known, the first ${first.name} at offset ${first.offset} of ${first.path}${ok ? '' : ': --ignore-unknown goes on without them'}`,
    );
  }
  if (!ok && opaque.length === 0)
    lines.push(
      `aofkit: ${path}: read up to the damage, ${plural(keys, 'key')}: "aofkit repair" says what can be saved`,
    );
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
