import { boolean, option, string } from '@oclif/core/flags';
import type { KeyFilterOptions } from '../../src/dataset/filter.ts';
import { binaryArgument, parseDatabases } from './flags.ts';

const types = ['string', 'list', 'set', 'zset', 'hash', 'stream', 'module', 'array'] as const;

/** Which keys a command takes: for all that write a dataset. */
export const filterFlags = {
  'drop-expired': boolean({ description: 'leave out keys that have expired' }),
  db: string({
    char: 'd',
    description: 'take only these databases',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'N,N',
  }),
  key: string({
    char: 'k',
    description: 'take only keys that match this pattern (as of KEYS)',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'PATTERN',
  }),
  exclude: string({
    description: 'leave out keys that match this pattern',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'PATTERN',
  }),
  type: option({ options: types })({
    char: 't',
    description: 'take only keys of this type',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

export interface FilterFlagValues {
  readonly 'drop-expired': boolean;
  readonly db?: readonly string[];
  readonly key?: readonly string[];
  readonly exclude?: readonly string[];
  readonly type?: readonly string[];
}

/** What these flags ask for; `now` is the moment that --drop-expired goes by, milliseconds since 1970. Throws UsageError. */
export function parseFilter(flags: FilterFlagValues, now: number): KeyFilterOptions {
  return {
    databases: parseDatabases(flags.db ?? []),
    patterns: flags.key?.map(binaryArgument),
    excluded: flags.exclude?.map(binaryArgument),
    types: flags.type,
    expiredBefore: flags['drop-expired'] ? now : undefined,
  };
}
