import type { Flavor } from '../../src/index.ts';
import type { ServerName } from '../support/server-process.ts';

/** The rules that each real server follows: 6.0 counts as 6.2 does. */
export const flavorOfServer: Record<ServerName, Flavor> = {
  'redis-6.0': 'redis-6.2',
  'redis-7.0': 'redis-7.0',
  'redis-8.0': 'redis-8',
  'redis-8.6': 'redis-8',
  'valkey-8.1': 'valkey-8',
  'valkey-9.1': 'valkey-9',
};
