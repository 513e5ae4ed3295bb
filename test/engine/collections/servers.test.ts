import { expect, it } from 'vitest';
import type { Family } from '../../../src/engine/commands/family.ts';
import { hashFamily } from '../../../src/engine/commands/hash.ts';
import { listFamily } from '../../../src/engine/commands/list.ts';
import { setFamily } from '../../../src/engine/commands/set.ts';
import { sortFamily } from '../../../src/engine/commands/sort.ts';
import { sortedSetFamily } from '../../../src/engine/commands/sorted-set.ts';

import { commandRows } from '../../../src/servers/commands.generated.ts';
import { hasGeneration } from '../../../src/servers/generations.ts';
import { describeWithServers, type ServerName } from '../../support/servers.ts';
import { flavorOf, loadAof, loadingErrors, replay } from '../special/replay.ts';
import { CommandGenerator } from './command-generator.ts';
import { engineState, serverState } from './server-state.ts';

/** As much of strings and keys as these tests need, so that they depend on no other family. */
const keyFamily: Family = {
  name: 'key',
  commands: {
    SET: {
      arity: 3,
      keys: [1, 1, 1],
      handler: (session, frame) => {
        const entry = session.findOrInsert(frame, 1);
        session.storeArgument(entry, frame, 2);
        session.keys.setExpiry(entry, Number.NaN);
        return undefined;
      },
    },
    DEL: { arity: 2, keys: [1, 1, 1], handler: (session, frame) => void session.remove(frame, 1) },
    PEXPIREAT: {
      arity: 3,
      keys: [1, 1, 1],
      handler: (session, frame) => {
        const entry = session.find(frame, 1);
        if (entry >= 0) session.keys.setExpiry(entry, Number(frame.text(2)));
        return undefined;
      },
    },
  },
};

const families = [listFamily, setFamily, sortedSetFamily, hashFamily, sortFamily, keyFamily];

/** Names that the server knows and takes from an AOF (a blocking command that waits is an assertion failure in 6.0). */
function knownCommands(name: ServerName): Set<string> {
  const rows = commandRows.filter(
    (row) => hasGeneration(row[8], name) && !(name === 'redis-6.0' && row[3].includes('b')),
  );
  return new Set(rows.map((row) => row[0]));
}

describeWithServers('random commands on collections', (name: ServerName) => {
  for (const seed of [1, 2, 3, 4]) {
    it(`leave what loading them leaves, seed ${seed}`, async () => {
      const now = Date.now();
      const future = ['4000000000000', '5000000000000', '6000000000000', '70368744177664'];
      const known = knownCommands(name);
      const moments = ['1', String(now - 100_000), ...future];
      const modern = name !== 'redis-6.0';
      const options = { seed, count: 3000, known, modern, moments };
      const commands = new CommandGenerator(options).commands();
      const server = await loadAof(name, commands);
      const session = replay(commands, families, flavorOf[name], now);
      expect(engineState(session)).toEqual(await serverState(server, known.has('HPEXPIRETIME')));
      if (name !== 'redis-6.0') expect(session.errors.length).toBe(loadingErrors(server).length);
      await server.stop();
    });
  }
});

const longMember = 'm'.repeat(65);

describeWithServers(
  'single forms',
  (name: ServerName) => {
    it('leave what loading them leaves', async () => {
      const now = Date.now();
      const fields = Array.from({ length: 20 }, (_, i) => `f${i}`);
      const commands: string[][] = [
        // LIMIT with a negative offset, in a listpack and in a skiplist.
        ['ZADD', 'small', '1', 'a', '2', 'b', '3', 'c'],
        ['ZADD', 'large', '1', 'a', '2', 'b', '3', longMember],
        ...['small', 'large'].flatMap((key) =>
          ['-1', '-2', '-9'].flatMap((offset) => [
            ['ZRANGESTORE', `${key}${offset}`, key, '-inf', '+inf', 'BYSCORE', 'LIMIT', offset, '2'],
            ['ZRANGESTORE', `${key}${offset}r`, key, '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', offset, '2'],
          ]),
        ),
        // Scores out of range, and an index that is cut to 32 bits.
        ['ZADD', 'small', '1e400', 'd'],
        ['ZADD', 'small', '1e-400', 'd'],
        ['ZADD', 'small', '1', 'e', 'nan', 'f'],
        ['RPUSH', 'list', 'a', 'b', 'c'],
        ['LSET', 'list', '4294967297', 'x'],
        ['LREM', 'list', '-9223372036854775808', 'a'],
        // Sums of doubles depend on the order of the sources.
        ['ZADD', 'one', '0.1', 'a', '1', 'x'],
        ['ZADD', 'two', '0.2', 'a', '2', 'x', '3', 'y'],
        ['ZADD', 'three', '0.3', 'a'],
        ['ZUNIONSTORE', 'sum', '3', 'two', 'one', 'three'],
        ['ZINTERSTORE', 'both', '3', 'two', 'one', 'three', 'WEIGHTS', 'inf', '-inf', '1'],
        // Enough fields for a table of the server's.
        ['HSET', 'hash', ...fields.flatMap((field) => [field, 'v'.repeat(70)])],
        ['HINCRBYFLOAT', 'hash', 'new', '1e4000'],
        ['HINCRBY', 'hash', 'new', '9223372036854775807'],
        ['HINCRBY', 'hash', 'new', '1'],
      ];
      const server = await loadAof(name, commands);
      const session = replay(commands, families, flavorOf[name], now);
      expect(engineState(session)).toEqual(await serverState(server, false));
      expect(session.errors.length).toBe(loadingErrors(server).length);
      await server.stop();
    });
  },
  ['redis-7.0', 'redis-8.6', 'valkey-8.1', 'valkey-9.1'],
);
