import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { families } from '../../../src/engine/commands/index.ts';
import { Digester } from '../../../src/engine/digest.ts';
import { encodeCommand } from '../../support/reply.ts';
import { describeWithServers, startServer, temporaryDir } from '../../support/servers.ts';
import { type Command, flavorOf, loadingErrors, Random, replay } from './replay.ts';
import { slotCommand, slotServers } from './slot-commands.ts';

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

describeWithServers(
  'commands on slots',
  (name) => {
    it('leave the same keys as in a node of a cluster that loads them', async () => {
      const random = new Random(7);
      const commands: Command[] = Array.from({ length: 1500 }, () => slotCommand(random, name));
      const dir = join(temporaryDir(), 'data');
      mkdirSync(dir);
      const log = Buffer.concat(commands.map((command) => encodeCommand([...command])));
      writeFileSync(join(dir, 'appendonly.aof'), log);
      const config = {
        appendonly: 'yes',
        'cluster-enabled': 'yes',
        'cluster-require-full-coverage': 'no',
        'cluster-port': String(await freePort()),
        bind: '127.0.0.1',
      };
      const server = await startServer(name, { dir, config });
      const session = replay(commands, families, flavorOf[name], Date.now());
      const digester = new Digester({ flavor: flavorOf[name], at: Date.now() });
      expect(session.keys.count).toBeGreaterThan(50);
      expect(session.errors.map(({ message }) => message.replace(/^ERR /, ''))).toEqual(loadingErrors(server));
      expect(digester.dataset(session.dataset)).toBe(await server.digest());
      await server.stop();
    });
  },
  slotServers,
);
