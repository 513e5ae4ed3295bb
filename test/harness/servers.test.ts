import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { applyRecipe, readRecipes } from '../../fixtures/generate/recipe.ts';
import { aofCorpus, describeWithCorpus, rdbCorpus } from '../support/corpus.ts';
import { encodeCommand, ReplyReader } from '../support/reply.ts';
import {
  describeWithServers,
  itWithServer,
  ReplyError,
  startServer,
  temporaryDir,
  tryStart,
} from '../support/servers.ts';

it('reads replies that arrive a byte at a time', () => {
  const bytes = Buffer.from(
    '*5\r\n$3\r\na\r\n\r\n:-7\r\n$-1\r\n-ERR no\r\n*1\r\n+OK\r\n:9223372036854775807\r\n',
    'latin1',
  );
  const reader = new ReplyReader();
  const replies = [];
  for (const byte of bytes) {
    reader.push(Buffer.of(byte));
    const reply = reader.next();
    if (reply !== undefined) replies.push(reply);
  }
  expect(replies).toEqual([[Buffer.from('a\r\n'), -7, null, new ReplyError('ERR no'), ['OK']], 9223372036854775807n]);
});

describeWithServers('a real server', (name) => {
  it('answers, logs, and keeps its data folder after it has stopped', async () => {
    const server = await startServer(name, { config: { appendonly: 'yes', appendfsync: 'always' } });
    const key = Buffer.of(0, 0xff, 13, 10);
    const sent = Array.from({ length: 2500 }, (_, i) => ['RPUSH', key, i, Buffer.of(i & 255, 0x80)]);
    const lengths = await server.pipeline(sent);
    expect(lengths.at(-1)).toBe(5000);
    expect(await server.command('LINDEX', key, -1)).toEqual(Buffer.of(2499 & 255, 0x80));
    await expect(server.command('INCR', key)).rejects.toThrow(/^WRONGTYPE/);
    expect(await server.attempt('INCR', key)).toBeInstanceOf(ReplyError);
    expect(await server.digest()).toMatch(/^[0-9a-f]{40}$/);
    expect(await server.digestValues([key])).toEqual([expect.stringMatching(/^[0-9a-f]{40}$/)]);
    await server.stop();
    expect(server.exitCode).toBe(0);
    expect(server.log()).toContain('bye bye');
    const file = name === 'redis-6.0' ? 'appendonly.aof' : 'appendonlydir/appendonly.aof.1.incr.aof';
    expect(readFileSync(join(server.dir, file)).includes(encodeCommand(sent[2499]))).toBe(true);
  });

  it('tells when it would not start, and why', async () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'dump.rdb'), 'REDIS0987');
    const result = await tryStart(name, { dir });
    expect(result).toMatchObject({
      started: false,
      code: 1,
      log: expect.stringContaining("Can't handle RDB format version"),
    });
    expect(existsSync(join(dir, 'dump.rdb'))).toBe(true);
  });
});

itWithServer('redis-8.6', 'a server that hangs while loading is killed in time', async () => {
  const dir = temporaryDir();
  applyRecipe(readRecipes().find(({ name }) => name === 'rdb.truncated-vector-set')!, dir);
  await expect(tryStart('redis-8.6', { dir, startTimeout: 400 })).rejects.toThrow(/did not finish loading/);
});

describeWithCorpus('the corpora', (dir) => {
  it('pair every file with an answer', () => {
    const files = [...aofCorpus(dir), ...rdbCorpus(dir)];
    expect(files.filter((file) => !existsSync(file.path))).toEqual([]);
    expect(files.filter((file) => !file.digest === (file.refused === undefined))).toEqual([]);
    expect(aofCorpus(dir)).toHaveLength(369);
  });
});
