import { expect, it } from 'vitest';
import { bitmapFamily } from '../../../src/engine/commands/bitmap.ts';
import { genericFamily } from '../../../src/engine/commands/generic.ts';
import { hyperloglogFamily } from '../../../src/engine/commands/hyperloglog.ts';
import { stringFamily } from '../../../src/engine/commands/string.ts';
import { describeWithServers, type ServerName } from '../../support/servers.ts';
import { type Command, flavorOf, loadAof, loadingErrors, Random, replay } from './replay.ts';
import { bitmapCommand, hllCommand, keys } from './string-commands.ts';

async function compare(name: ServerName, commands: Command[]): Promise<void> {
  const server = await loadAof(name, commands);
  const session = replay(
    commands,
    [stringFamily, bitmapFamily, hyperloglogFamily, genericFamily],
    flavorOf[name],
    Date.now(),
  );
  for (const key of keys) {
    const entry = session.keys.find(Buffer.from(key), 0, key.length);
    const ours = entry < 0 ? null : Buffer.from(session.stringBytes(session.keys, entry)).toString('hex');
    const theirs = await server.command('GET', key);
    expect(ours).toBe(theirs === null ? null : (theirs as Buffer).toString('hex'));
  }
  if (name !== 'redis-6.0') expect(session.errorCount).toBe(loadingErrors(server).length);
  await server.stop();
}

describeWithServers('random commands on strings', (name: ServerName) => {
  it('leave the same bitmaps as after loading', async () => {
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed);
      await compare(
        name,
        Array.from({ length: 2000 }, () => bitmapCommand(random, name === 'redis-8.6')),
      );
    }
  });

  it('leave the same HyperLogLogs as after loading', async () => {
    for (const [seed, count] of [
      [1, 300],
      [2, 300],
      [3, 2000],
      [4, 2000],
    ]) {
      const random = new Random(seed);
      await compare(
        name,
        Array.from({ length: count }, () => hllCommand(random)),
      );
    }
  });
});
