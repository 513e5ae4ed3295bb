import { describe, expect, it } from 'vitest';
import { memoryErrors, workloadRdb } from '../support/memory-errors.ts';
import { describeWithServers, findServer, type ServerName } from '../support/servers.ts';

/** As docs/memory.md promises. */
const medianMax = 0.05;
const percentile95Max = 0.15;

describeWithServers('estimates beside MEMORY USAGE key SAMPLES 0', (name) => {
  it('are near for every type and encoding', async () => {
    const seed = Number(process.env.AOFKIT_SEED ?? 2);
    await expectNear(name, await workloadRdb(name, seed));
  }, 120_000);
});

/** Files of older servers, whose values a newer one converts while it loads them. */
const pairs: readonly (readonly [writer: ServerName, reader: ServerName])[] = [
  ['redis-6.0', 'redis-7.0'],
  ['redis-6.0', 'redis-8.6'],
  ['redis-6.0', 'valkey-9.1'],
  ['redis-7.0', 'redis-8.0'],
  ['redis-7.0', 'valkey-8.1'],
  ['redis-8.0', 'redis-8.6'],
];

describe('estimates for a file of an older server', () => {
  for (const [writer, reader] of pairs) {
    it.skipIf(!findServer(writer) || !findServer(reader))(
      `of ${writer} in ${reader}`,
      async () => {
        await expectNear(reader, await workloadRdb(writer, 3));
      },
      120_000,
    );
  }
});

async function expectNear(name: ServerName, rdb: string): Promise<void> {
  const errors = await memoryErrors(name, rdb);
  expect(errors.length).toBeGreaterThan(9);
  const far = errors.filter(({ median, percentile95 }) => median >= medianMax || percentile95 >= percentile95Max);
  expect(far).toEqual([]);
}
