import { UsageError } from '../../src/errors.ts';

/** Numbers from here on are milliseconds: as seconds they would lie beyond the year 5000. */
const millisecondsMin = 1e11;

/** Date and time without a zone, which means the zone of this machine; for Date.parse a date alone would be UTC. */
const localTime = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?$/;

/**
 * A moment as people give it, in milliseconds since 1970: seconds or milliseconds since 1970, or ISO 8601, without a zone in local time.
 * `tell` gets a sentence where the instant depends on how the text was taken. Throws UsageError.
 */
export function parseMoment(text: string, tell: (message: string) => void): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (Math.abs(number) < millisecondsMin) return Math.round(number * 1000);
    tell(`${text} is taken for milliseconds: ${instant(number)}`);
    return Math.round(number);
  }
  const local = localTime.exec(text);
  const moment = Date.parse(local === null ? text : `${local[1]}T${local[2] ?? '00:00'}`);
  if (Number.isNaN(moment))
    throw new UsageError(`not a time: ${text} (seconds since 1970, or such as 2026-11-20T08:00:00Z)`);
  if (local !== null || !/(?:Z|[+-]\d{2}:?\d{2})$/i.test(text))
    tell(`${text} has no zone and is taken for local time: ${instant(moment)}`);
  return moment;
}

const instant = (milliseconds: number): string => new Date(milliseconds).toISOString();

const units: Record<string, number> = { '': 1, b: 1, k: 1000, kb: 1024, m: 1e6, mb: 1024 ** 2, g: 1e9, gb: 1024 ** 3 };

/** A size as redis.conf has it: `64mb`, `1gb`, `5000`. In bytes. Throws UsageError. */
export function parseSize(text: string): number {
  const match = /^(\d+)([kmg]?b?)$/i.exec(text);
  if (match === null) throw new UsageError(`not a size: ${text} (such as 64mb)`);
  return Number(match[1]) * units[match[2].toLowerCase()];
}

/** Database numbers: `0,2,5`. Throws UsageError. */
export function parseDatabases(texts: readonly string[]): number[] {
  return texts
    .flatMap((text) => text.split(','))
    .map((text) => {
      if (!/^\d+$/.test(text)) throw new UsageError(`not a database number: ${text}`);
      return Number(text);
    });
}

/** Text from the command line as the bytes that it is in the terminal, a binary string; `\xHH` stands for any byte. */
export function binaryArgument(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return bytes.replace(/\\x([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
