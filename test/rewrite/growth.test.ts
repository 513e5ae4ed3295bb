/* The rule of --only-if-grown beside a server's own sizes and its own decision. */
import { cpSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { rewrite } from '../../src/index.ts';
import { growthPercent, measureGrowth } from '../../src/operations/rewrite/growth.ts';
import { encodeCommand } from '../support/reply.ts';
import { describeWithServers, type Server, startServer, temporaryDir } from '../support/servers.ts';
import { newPath } from './outputs.ts';

const at = Date.now();
const servers = ['redis-7.0', 'redis-8.0', 'redis-8.6', 'valkey-8.1', 'valkey-9.1'] as const;

async function info(server: Server, field: string): Promise<number> {
  const text = String(await server.command('INFO', 'persistence'));
  return Number(new RegExp(`${field}:(\\d+)`).exec(text)?.[1]);
}

describeWithServers(
  'the sizes of a set of parts',
  (name) => {
    it.each(['rdb-base', 'aof-base', 'many', 'little'])(
      'are those of a server that has loaded it: %s',
      async (kind) => {
        const dir = temporaryDir();
        cpSync(goldenDir(`${name}-multipart-${kind}`), dir, { recursive: true });
        const growth = measureGrowth(join(dir, 'appendonlydir'));
        const config = { appendonly: 'yes', 'auto-aof-rewrite-percentage': '0' };
        const server = await startServer(name, { dir, config });
        expect(growth.bytes).toBe(await info(server, 'aof_current_size'));
        expect(growth.baseBytes).toBe(await info(server, 'aof_base_size'));
        await server.kill();
      },
    );

    it('and the decision is: at the size itself nothing is done', async () => {
      const dir = temporaryDir();
      cpSync(goldenDir(`${name}-multipart-aof-base`), dir, { recursive: true });
      const path = join(dir, 'appendonlydir');
      const growth = measureGrowth(path);
      const percent = growthPercent(growth);
      expect(percent).toBeGreaterThan(0);
      for (const [more, bytesMin] of [
        [0, growth.bytes],
        [0, growth.bytes - 1],
        [1, growth.bytes - 1],
      ]) {
        const rule = { percent: percent + more, bytesMin };
        const ours = await rewrite(path, { output: newPath(), onlyIfGrown: rule, at });
        const copy = temporaryDir();
        cpSync(dir, copy, { recursive: true });
        const config = {
          appendonly: 'yes',
          'auto-aof-rewrite-percentage': String(rule.percent),
          'auto-aof-rewrite-min-size': String(rule.bytesMin),
          hz: '100',
        };
        const server = await startServer(name, { dir: copy, config });
        await sleep(300);
        const begun =
          (await info(server, 'aof_rewrites')) > 0 || (await info(server, 'aof_base_size')) !== growth.baseBytes;
        await server.kill();
        expect([rule, ours.outcome]).toEqual([rule, begun ? 'written' : 'not-needed']);
      }
    });
  },
  servers,
);

it('of a log alone all is growth, of a hybrid what is behind its RDB', () => {
  const path = join(temporaryDir(), 'a.aof');
  const command = encodeCommand(['SET', 'a', '1']);
  writeFileSync(path, command);
  expect(measureGrowth(path)).toEqual({ bytes: command.length, baseBytes: 0 });
  const hybrid = join(goldenDir('redis-6.0-aof-hybrid'), 'appendonly.aof');
  const { bytes, baseBytes } = measureGrowth(hybrid);
  expect(bytes).toBe(statSync(hybrid).size);
  expect(baseBytes).toBeGreaterThan(0);
  expect(baseBytes).toBeLessThan(bytes);
});
