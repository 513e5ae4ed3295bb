import { expect, it } from 'vitest';
import { commandRows, generations } from '../../src/catalog/commands.generated.ts';
import { describeWithServers, type Reply, startServer } from '../servers.ts';

const rows = new Map(commandRows.map((row) => [row[0], row]));

it('lists every command once, in order, and every subcommand under a container', () => {
  const names = commandRows.map((row) => row[0]);
  expect(names).toEqual([...new Set(names)].sort());
  const orphans = names.filter((name) => name.includes(' ') && !rows.get(name.split(' ')[0])?.[3].includes('c'));
  expect(orphans).toEqual([]);
});

describeWithServers('the catalog and the commands of a server', (name) => {
  it('agree on names, arities and writes', async () => {
    const server = await startServer(name);
    await server.attempt('DEBUG', 'PROMOTE-CONN-INTERNAL');
    const reply = (await server.command('COMMAND')) as Reply[][];
    await server.stop();
    const all = reply.flatMap((row) => [row, ...((row[9] as Reply[][] | undefined) ?? [])]);
    const bit = 1 << generations.indexOf(name);
    const answered = all.map((row) => String(row[0]).toUpperCase().replace('|', ' '));
    const listed = commandRows.filter((row) => row[8] & bit).map((row) => row[0]);
    expect(answered.sort()).toEqual(listed);
    for (const row of all) {
      const found = rows.get(String(row[0]).toUpperCase().replace('|', ' '))!;
      const arity = found[9]?.find(([, mask]) => mask & bit)?.[0] ?? found[2];
      expect([found[0], arity]).toEqual([found[0], row[1]]);
      // In 6.0 the container itself carries the flag; since 7.0 its subcommands do.
      if ((row[2] as Reply[]).includes('write')) expect(found[3]).toMatch(/[wc]/);
    }
  });
});
