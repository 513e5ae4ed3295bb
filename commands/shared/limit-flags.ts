import { integer, string } from '@oclif/core/flags';
import { defaultLimits, type Limits, setLimits } from '../../src/limits.ts';
import { parseSize } from './flags.ts';

/** What one run may use of memory and disk; `BaseCommand` applies them. */
export const limitFlags = {
  'max-databases': integer({
    description: `stop where more databases than this hold keys [default: ${defaultLimits.databases}]`,
    helpValue: 'N',
    min: 1,
  }),
  'max-decompressed': string({
    description:
      'stop where the compressed strings of a value, or of all values that commands change, come to more than this, and to more than 32 times their size [default: 512mb]',
    helpValue: 'SIZE',
  }),
  'max-spool': string({
    description: 'stop where a pipe or gzip file needs a temporary file larger than this [default: 64gb]',
    helpValue: 'SIZE',
  }),
};

/** Applies what the flags of a command say, whichever of them it has. Throws UsageError. */
export function applyLimits(flags: Readonly<Record<string, unknown>>): void {
  const changes: { -readonly [Name in keyof Limits]?: Limits[Name] } = {};
  const { 'max-databases': databases, 'max-decompressed': decompressed, 'max-spool': spool } = flags;
  if (typeof databases === 'number') changes.databases = databases;
  if (typeof decompressed === 'string') changes.decompressedBytes = parseSize(decompressed);
  if (typeof spool === 'string') changes.spooledBytes = parseSize(spool);
  if (Object.keys(changes).length > 0) setLimits(changes);
}
