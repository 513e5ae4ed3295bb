/* Random commands on the slots of a cluster, and keys that lie in them. */
import type { ServerName } from '../../support/server-process.ts';
import type { Command, Random } from './replay.ts';

/** Servers that log one of them. */
export const slotServers: readonly ServerName[] = ['redis-8.6', 'valkey-9.1'];

const slots = 16384;

export function slotCommand(random: Random, name: ServerName): Command {
  if (random.chance(0.97))
    return ['SET', random.pick([`k${random.below(1000)}`, `{${random.below(50)}}x`, '{}a', 'a{b']), 'v'];
  if (name === 'valkey-9.1') {
    const slot = String(random.below(slots + 1));
    return ['CLUSTER', 'FLUSHSLOT', slot, ...random.pick([[], ['SYNC'], ['ASYNC']])];
  }
  const ranges = Array.from({ length: 1 + random.below(2) }, () => {
    const first = random.below(slots);
    return [String(first), String(Math.min(first + random.below(2000), slots - 1))];
  });
  return ['TRIMSLOTS', 'RANGES', String(ranges.length), ...ranges.flat()];
}
