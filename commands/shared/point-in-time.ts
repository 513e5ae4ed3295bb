import { string } from '@oclif/core/flags';
import type { CommandRange, PointInTime } from '../../src/dataset/point/point-in-time.ts';
import { UsageError } from '../../src/errors.ts';
import { binaryArgument, parseMoment } from './flags.ts';

/** The flags that say which commands of a log count; for `parsePoint`. */
export const pointFlags = {
  'to-timestamp': string({
    description: 'end the log before the first annotation that is later (aof-timestamp-enabled)',
    helpValue: 'TIME',
  }),
  'before-last': string({
    description: 'end it before the last command of this name, or that matches this pattern, such as FLUSHALL',
    helpValue: 'PATTERN',
  }),
  minus: string({
    description: 'with --before-last: so much earlier, by the annotations (90, 90s, 5m, 2h, 1d)',
    helpValue: 'TIME',
    dependsOn: ['before-last'],
  }),
  before: string({ description: 'end it before the first command that matches', helpValue: 'PATTERN' }),
  'to-offset': string({ description: 'end it at this offset of this file of the log', helpValue: 'FILE:N' }),
  'to-command': string({ description: 'end it after N commands, of all files or of one', helpValue: '[FILE:]N' }),
  without: string({
    description: 'leave out commands by number (N, N..M, FILE:N..M) or by pattern (such as "DEL user:*")',
    helpValue: 'COMMANDS',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

interface PointFlags {
  readonly 'to-timestamp'?: string;
  readonly 'before-last'?: string;
  readonly minus?: string;
  readonly before?: string;
  readonly 'to-offset'?: string;
  readonly 'to-command'?: string;
  readonly without?: readonly string[];
}

/** What the flags say; undefined where none is given; `tell` as for `parseMoment`. Throws UsageError. */
export function parsePoint(flags: PointFlags, tell: (message: string) => void): PointInTime | undefined {
  const point: PointInTime = {
    toTimestamp:
      flags['to-timestamp'] === undefined ? undefined : Math.floor(parseMoment(flags['to-timestamp'], tell) / 1000),
    beforeLast: parseBeforeLast(flags),
    before: flags.before === undefined ? undefined : binaryArgument(flags.before),
    toOffset: parseOffset(flags['to-offset']),
    toCommand: parseNumber(flags['to-command']),
    without: flags.without?.map(parseWithout),
  };
  return Object.values(point).some((value) => value !== undefined) ? point : undefined;
}

function parseBeforeLast(flags: PointFlags): PointInTime['beforeLast'] {
  const pattern = flags['before-last'];
  return pattern === undefined
    ? undefined
    : { pattern: binaryArgument(pattern), minus: parseDuration(flags.minus ?? '0') };
}

function parseOffset(text: string | undefined): PointInTime['toOffset'] {
  if (text === undefined) return undefined;
  const match = /^(.+):(\d+)$/.exec(text);
  if (match === null) throw new UsageError(`not a place in a file: ${text} (such as appendonly.aof.1.incr.aof:5000)`);
  return { file: match[1], offset: Number(match[2]) };
}

function parseNumber(text: string | undefined): PointInTime['toCommand'] {
  if (text === undefined) return undefined;
  const match = /^(?:(.+):)?(\d+)$/.exec(text);
  if (match === null) throw new UsageError(`not a number of commands: ${text} (such as 5000, or FILE:5000)`);
  return { file: match[1], number: Number(match[2]) };
}

/** A number, a range of numbers with or without a file; anything else is a pattern. */
function parseWithout(text: string): CommandRange | string {
  if (/^\d+$/.test(text)) return { from: Number(text), to: Number(text) };
  const match = /^(?:(.+):)?(\d+)\.\.(\d+)$/.exec(text);
  return match === null ? binaryArgument(text) : { file: match[1], from: Number(match[2]), to: Number(match[3]) };
}

const seconds: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86400 };

/** A length of time in seconds: `90`, `5m`, `2h`. Throws UsageError. */
export function parseDuration(text: string): number {
  const match = /^(\d+)([smhd]?)$/.exec(text);
  if (match === null) throw new UsageError(`not a length of time: ${text} (such as 90, 5m, 2h)`);
  return Number(match[1]) * seconds[match[2]];
}
