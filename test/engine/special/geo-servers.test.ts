import { expect, it } from 'vitest';
import { geoFamily } from '../../../src/engine/commands/geo.ts';
import type { Session } from '../../../src/engine/session.ts';
import type { SortedSetValue } from '../../../src/values/sorted-set.ts';
import { describeWithServers, type Server, type ServerName } from '../../support/servers.ts';
import { destinations, geoCommand } from './geo-commands.ts';
import { flavorOf, loadAof, loadingErrors, Random, replay, textOf } from './replay.ts';

function scoresOf(session: Session, key: string): Map<string, number> {
  const entry = session.keys.find(Buffer.from(key), 0, key.length);
  return new Map(entry < 0 ? [] : (session.keys.object(entry) as SortedSetValue).ordered());
}

async function serverScores(server: Server, key: string): Promise<Map<string, number>> {
  const list = textOf(await server.command('ZRANGE', key, '0', '-1', 'WITHSCORES')) as string[];
  return new Map(list.flatMap((_, i) => (i % 2 === 0 ? [[list[i], Number(list[i + 1])] as const] : [])));
}

/** Equal members, equal scores; distances may differ in their last bits, which the C library of the server decides. */
function expectClose(ours: Map<string, number>, theirs: Map<string, number>): void {
  expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
  for (const [member, score] of ours) {
    const other = theirs.get(member)!;
    if (score !== other) expect(Math.abs(score - other)).toBeLessThanOrEqual(Math.abs(other) * 5e-16);
  }
}

describeWithServers('random geo commands', (name: ServerName) => {
  it('leave the same sorted sets as after loading', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const random = new Random(seed);
      const commands = Array.from({ length: 600 }, () => geoCommand(random, name));
      const server = await loadAof(name, commands);
      const session = replay(commands, [geoFamily], flavorOf[name], Date.now());
      expect(scoresOf(session, 'k')).toEqual(await serverScores(server, 'k'));
      for (const key of destinations) expectClose(scoresOf(session, key), await serverScores(server, key));
      if (modernLog(name)) expect(session.errorCount).toBe(loadingErrors(server).length);
      await server.stop();
    }
  });
});

/** Whether the server logs the error replies to its AOF. */
function modernLog(name: ServerName): boolean {
  return name !== 'redis-6.0';
}
