import { boolean, string } from '@oclif/core/flags';
import { flavorOfName } from '../../src/dataset/flavor-choice.ts';
import { parseMoment } from './flags.ts';

/** How a dataset is loaded that is only looked at; for `parseLoading`. */
export const loadingFlags = {
  server: string({
    description:
      'the server version whose rules apply, in loading and in counting: every name that --target of rewrite takes',
    helpValue: 'NAME',
  }),
  flavor: string({ description: 'the older name of --server', hidden: true, exclusive: ['server'] }),
  at: string({
    description:
      'the moment of loading, which decides what has expired: seconds or milliseconds since 1970, or ISO 8601 (local without a zone)',
    helpValue: 'TIME',
  }),
  'ignore-unknown': boolean({
    description: 'go on even if the effect of some commands (scripts, modules) is not known',
  }),
};

interface LoadingFlags {
  readonly server?: string;
  readonly flavor?: string;
  readonly at?: string;
  readonly 'ignore-unknown'?: boolean;
}

/** What the flags say as options of an operation; `now`: milliseconds since 1970; `tell` as for `parseMoment`. Throws UsageError. */
export function parseLoading(flags: LoadingFlags, now: number, tell: (message: string) => void) {
  return {
    flavor: flavorOfName(flags.server ?? flags.flavor),
    at: flags.at === undefined ? now : parseMoment(flags.at, tell),
    opaque: flags['ignore-unknown'] ? ('drop' as const) : ('fail' as const),
  };
}
