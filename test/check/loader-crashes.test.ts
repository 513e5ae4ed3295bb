import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { check } from '../../src/index.ts';
import { encodeCommand } from '../support/reply.ts';
import { describeWithServers, type ServerName, temporaryDir, tryStart } from '../support/servers.ts';

/* Well-formed commands that a server's loader does not survive, or nearly so. */

interface Log {
  readonly lines: readonly string[];
  /** Codes and the command of each, none where every server takes it. */
  readonly found: readonly (readonly [code: string, ordinal: number])[];
  readonly crashes: boolean;
  /** Servers that know the commands; default all. */
  readonly servers?: readonly ServerName[];
}

const vectorServers: readonly ServerName[] = ['redis-8.0', 'redis-8.6'];
const logs: readonly Log[] = [
  { lines: ['MULTI', 'SET a 1', 'DISCARD', 'SET b 1', 'EXEC'], found: [['aof.transaction.discard', 3]], crashes: true },
  { lines: ['DISCARD', 'MULTI', 'SET a 1', 'EXEC'], found: [], crashes: false },
  {
    lines: ['MULTI', 'SET a 1', 'RESET', 'EXEC'],
    found: [['aof.transaction.discard', 3]],
    crashes: true,
    servers: ['redis-7.0', 'redis-8.6', 'valkey-9.1'],
  },
  {
    lines: ['VADD v VALUES 2 1 2 e0', 'VADD v VALUES 2 1 3 e1 cas', 'VADD v VALUES 2 1 4 e2 CAS'],
    found: [['aof.command.vadd-cas', 2]],
    crashes: true,
    servers: vectorServers,
  },
  {
    lines: ['VADD v VALUES 2 1 2 e0', 'MULTI', 'VADD v VALUES 2 1 3 e1 CAS', 'EXEC'],
    found: [],
    crashes: false,
    servers: vectorServers,
  },
];

function fileOf({ lines }: Log, dir: string): string {
  const path = join(dir, 'appendonly.aof');
  writeFileSync(path, Buffer.concat(lines.map((line) => encodeCommand(line.split(' ')))));
  return path;
}

it.each(logs)('$lines', async (log) => {
  const { findings } = await check(fileOf(log, temporaryDir()));
  expect(findings.map(({ code, command }) => [code, command?.ordinal])).toEqual(log.found);
});

describeWithServers('the loader of a server', (name) => {
  it('crashes where check says so', async () => {
    for (const log of logs.filter(({ servers }) => servers === undefined || servers.includes(name))) {
      const dir = temporaryDir();
      fileOf(log, dir);
      const config = { appendonly: 'yes', 'crash-log-enabled': 'no' };
      const result = await tryStart(name, { dir, config: name === 'redis-6.0' ? { appendonly: 'yes' } : config });
      if (result.started) await result.server.stop();
      expect([log.lines, !result.started]).toEqual([log.lines, log.crashes]);
    }
  }, 20_000);
});
