import { expect, it } from 'vitest';
import { streamFamily } from '../../../src/engine/commands/stream.ts';
import { describeWithServers, type ServerName } from '../../support/servers.ts';
import { flavorOf, loadAof, loadingErrors, replay } from './replay.ts';
import { streamCommands, streamFeatures } from './stream-commands.ts';
import { streamStates } from './stream-state.ts';

describeWithServers('random stream commands', (name: ServerName) => {
  for (const seed of [2, 41, 44, 46]) {
    it(`leave the same streams as after loading, seed ${seed}`, async () => {
      const now = Date.now();
      const commands = streamCommands(seed, 2500, streamFeatures(name));
      const server = await loadAof(name, commands);
      const session = replay(commands, [streamFamily], flavorOf[name], now);
      for (const key of ['a', 'b', 'c']) {
        const { ours, theirs } = await streamStates(server, session, key);
        expect(ours).toEqual(theirs);
      }
      if (name !== 'redis-6.0') expect(session.errorCount).toBe(loadingErrors(server).length);
      await server.stop();
    });
  }
});
