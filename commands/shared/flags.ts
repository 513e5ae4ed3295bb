import { UsageError } from '../../src/errors.ts';

/** A moment as people give it, seconds since 1970 or ISO 8601, in milliseconds since 1970. Throws UsageError. */
export function parseMoment(text: string): number {
  const moment = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(moment))
    throw new UsageError(`not a time: ${text} (seconds since 1970, or such as 2026-11-20T08:00:00Z)`);
  return Math.round(moment);
}

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
