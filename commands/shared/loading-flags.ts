import { boolean, option, string } from '@oclif/core/flags';
import { flavors } from '../../src/engine/flavor.ts';
import { parseMoment } from './flags.ts';

/** How a dataset is loaded that is only looked at; for `parseLoading`. */
export const loadingFlags = {
  flavor: option({ options: flavors })({
    description: 'the server generation whose rules apply, in loading and in counting [default: redis-8]',
    helpValue: 'NAME',
  }),
  at: string({
    description: 'the moment of loading, which decides what has expired: seconds since 1970, or ISO 8601',
    helpValue: 'TIME',
  }),
  'ignore-unknown': boolean({
    description: 'go on even if the effect of some commands (scripts, modules) is not known',
  }),
};

interface LoadingFlags {
  readonly flavor?: (typeof flavors)[number];
  readonly at?: string;
  readonly 'ignore-unknown'?: boolean;
}

/** What the flags say as options of an operation; `now`: milliseconds since 1970. Throws UsageError. */
export function parseLoading(flags: LoadingFlags, now: number) {
  return {
    flavor: flags.flavor,
    at: flags.at === undefined ? now : parseMoment(flags.at),
    opaque: flags['ignore-unknown'] ? ('drop' as const) : ('fail' as const),
  };
}
