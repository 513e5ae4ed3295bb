import { expect, it } from 'vitest';
import { commandRows } from '../../src/servers/commands.generated.ts';
import { type Generation, generationSet, generations, hasGeneration } from '../../src/servers/generations.ts';
import { describeWithServers, type Reply, startServer } from '../support/servers.ts';

const rows = new Map(commandRows.map((row) => [row[0], row]));

it('lists every command once, in order, and every subcommand under a container', () => {
  const names = commandRows.map((row) => row[0]);
  expect(names).toEqual([...new Set(names)].sort());
  const orphans = names.filter((name) => name.includes(' ') && !rows.get(name.split(' ')[0])?.[3].includes('c'));
  expect(orphans).toEqual([]);
});

it('has room for more releases than a mask of 32 bits', () => {
  expect(generations).toHaveLength(new Set(generations).size);
  expect(2 ** generations.length).toBeLessThan(Number.MAX_SAFE_INTEGER);
  // Each release alone, all but one, and the last of those that a double has room for.
  for (const one of generations) {
    const others = generations.filter((other) => other !== one);
    expect(generations.filter((other) => hasGeneration(generationSet([one]), other))).toEqual([one]);
    expect(generations.filter((other) => hasGeneration(generationSet(others), other))).toEqual(others);
  }
  expect(hasGeneration(generationSet(generations), 'redis-1.0' as Generation)).toBe(false);
});

it('marks what was entered from documentation, and nothing that a server told', () => {
  const byHand = commandRows.filter((row) => row[3].includes('d')).map(([name]) => name);
  expect(byHand).toEqual(expect.arrayContaining(['BITCONVERT', 'BITROAROP', 'PHSET', 'SADDEX', 'ZMOVE', 'LMOVEM']));
  for (const name of ['GET', 'XDELEX', 'HSETEX', 'EXEC', 'MOVE', 'DELEX']) expect(byHand).not.toContain(name);
});

describeWithServers('the catalog and the commands of a server', (name) => {
  it('agree on names, arities and writes', async () => {
    const server = await startServer(name);
    await server.attempt('DEBUG', 'PROMOTE-CONN-INTERNAL');
    const reply = (await server.command('COMMAND')) as Reply[][];
    await server.stop();
    const all = reply.flatMap((row) => [row, ...((row[9] as Reply[][] | undefined) ?? [])]);
    const answered = all.map((row) => String(row[0]).toUpperCase().replace('|', ' '));
    const listed = commandRows.filter((row) => hasGeneration(row[8], name)).map((row) => row[0]);
    expect(answered.sort()).toEqual(listed);
    for (const row of all) {
      const found = rows.get(String(row[0]).toUpperCase().replace('|', ' '))!;
      const arity = found[9]?.find(([, those]) => hasGeneration(those, name))?.[0] ?? found[2];
      expect([found[0], arity]).toEqual([found[0], row[1]]);
      // In 6.0 the container itself carries the flag; since 7.0 its subcommands do.
      if ((row[2] as Reply[]).includes('write')) expect(found[3]).toMatch(/[wc]/);
    }
  });
});
