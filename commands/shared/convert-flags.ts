import { UsageError } from '../../src/errors.ts';
import type { TtlPolicy } from '../../src/operations/convert/options.ts';
import { binaryArgument } from './flags.ts';

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `90s`, `-30m`, `7d`, a number alone in seconds; milliseconds. Throws UsageError. */
function parseDuration(text: string): number {
  const match = /^([+-]?\d+)(ms|[smhdw])?$/.exec(text);
  if (match === null) throw new UsageError(`not a duration: ${text} (such as 7d, 90s or -30m)`);
  return Number(match[1]) * units[match[2] ?? 's'];
}

/** `keep`, `drop`, `absolute`, `shift:7d` (also with a blank or `=`). Throws UsageError. */
export function parseTtl(text: string): TtlPolicy {
  if (text === 'keep' || text === 'drop' || text === 'absolute') return { kind: text };
  const match = /^shift[ :=](.+)$/.exec(text);
  if (match === null) throw new UsageError(`not a way to treat expiry: ${text} (keep, drop, absolute, shift:7d)`);
  return { kind: 'shift', milliseconds: parseDuration(match[1]) };
}

/** `0:1,2:3`. Throws UsageError. */
export function parseDatabaseMap(texts: readonly string[]): ReadonlyMap<number, number> {
  const map = new Map<number, number>();
  for (const text of texts.flatMap((part) => part.split(','))) {
    const match = /^(\d+):(\d+)$/.exec(text);
    if (match === null) throw new UsageError(`not a pair of databases: ${text} (such as 0:1)`);
    map.set(Number(match[1]), Number(match[2]));
  }
  return map;
}

/**
 * `FROM=TO`, or with a colon: `a:b` renames a… to b…, and `a:b:`, both with their colon, a:… to b:…. Binary strings. Throws
 * UsageError.
 */
export function parseRename(text: string): readonly [from: string, to: string] {
  const match = /^([^=]*)=(.*)$/s.exec(text) ?? /^([^:]+:)([^:]+:)$/s.exec(text) ?? /^([^:]*):([^:]*)$/s.exec(text);
  if (match === null) throw new UsageError(`not a pair of prefixes: ${text} (such as old:new:, or old=new)`);
  return [binaryArgument(match[1]), binaryArgument(match[2])];
}
