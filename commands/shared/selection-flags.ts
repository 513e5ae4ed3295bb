import { boolean, integer, string } from '@oclif/core/flags';
import { parseSlots } from '../../src/engine/slot.ts';
import { UsageError } from '../../src/errors.ts';
import type { KeySelection } from '../../src/keys/key-selection.ts';
import { type FilterFlagValues, filterFlags, parseFilter } from './filter-flags.ts';
import { parseSize } from './flags.ts';
import { parseDuration } from './point-in-time.ts';

/** Which keys a command shows: the filters of rewrite, and those that only serve who looks at keys; for `parseSelection`. */
export const selectionFlags = {
  ...filterFlags,
  'key-regex': string({ description: 'take only keys that match this regular expression', helpValue: 'REGEX' }),
  'min-elements': integer({
    description: 'take only keys with so many elements (bytes of a string)',
    helpValue: 'N',
    min: 0,
  }),
  'min-bytes': string({ description: 'take only keys that take so much memory by estimate', helpValue: 'SIZE' }),
  'max-bytes': string({ description: 'take only keys that take no more memory by estimate', helpValue: 'SIZE' }),
  'ttl-less-than': string({
    description: 'take only keys that expire within this time (90, 90s, 5m, 2h, 1d), those past their time included',
    helpValue: 'TIME',
  }),
  'no-ttl': boolean({ description: 'take only keys that never expire', exclusive: ['ttl-less-than'] }),
  slot: string({ description: 'take only keys of these cluster slots', helpValue: 'N-N,N' }),
};

interface SelectionFlagValues extends FilterFlagValues {
  readonly 'key-regex'?: string;
  readonly 'min-elements'?: number;
  readonly 'min-bytes'?: string;
  readonly 'max-bytes'?: string;
  readonly 'ttl-less-than'?: string;
  readonly 'no-ttl': boolean;
  readonly slot?: string;
}

/** What these flags ask for; `now`: milliseconds since 1970. Throws UsageError. */
export function parseSelection(flags: SelectionFlagValues, now: number): KeySelection {
  const size = (text: string | undefined) => (text === undefined ? undefined : parseSize(text));
  const within = flags['ttl-less-than'];
  return {
    ...parseFilter(flags, now),
    regex: flags['key-regex'] === undefined ? undefined : parseRegex(flags['key-regex']),
    minElements: flags['min-elements'],
    minBytes: size(flags['min-bytes']),
    maxBytes: size(flags['max-bytes']),
    expiringBefore: within === undefined ? undefined : now + parseDuration(within) * 1000,
    withoutExpiry: flags['no-ttl'],
    slots: flags.slot === undefined ? undefined : parseSlots(flags.slot),
  };
}

/** Names are looked at as binary strings, so that what is not ASCII in the expression is meant as its bytes in UTF-8. */
function parseRegex(text: string): RegExp {
  try {
    return new RegExp(Buffer.from(text, 'utf8').toString('latin1'));
  } catch (error) {
    throw new UsageError(`not a regular expression: ${(error as Error).message}`);
  }
}
