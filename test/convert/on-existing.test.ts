/* Commands for a server that has keys already: what it holds afterwards. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { convert, digest, UsageError } from '../../src/index.ts';
import { parseCommands } from '../resp/commands.ts';
import { describeWithServers, startServer, temporaryDir } from '../support/servers.ts';

const keys = 'SET s new;RPUSH l a b;SADD m x y;ZADD z 1 p 2 q;HSET h f 1;XADD x 1-1 f v;SETEX t 10000 v';

describeWithServers('commands for a server that has keys already', (name) => {
  it('replace them, or leave them alone', async () => {
    const source = await startServer(name);
    for (const command of keys.split(';')) await source.command(...command.split(' '));
    const wanted = await source.digest();
    await source.command('SAVE');
    await source.stop();
    const rdb = join(source.dir, 'dump.rdb');
    const piped = async (onExisting: 'replace' | 'skip', before: string) => {
      const output = join(temporaryDir(), 'out.aof');
      await convert(rdb, { to: 'aof', output, target: name, onExisting, at: Date.now() });
      const server = await startServer(name);
      for (const command of before.split(';')) await server.command(...command.split(' '));
      const untouched = await server.digest();
      for (const words of parseCommands(readFileSync(output))) {
        await server.command(...words.map((word) => Buffer.from(word, 'latin1'))).catch(() => {});
      }
      const found = await server.digest();
      await server.stop();
      return { untouched, found };
    };
    const others = keys
      .replaceAll('new', 'old')
      .replaceAll(' a b', ' c')
      .replaceAll('x y', 'v')
      .replaceAll('1-1', '5-1');
    expect((await piped('replace', others)).found).toBe(wanted);
    const skipped = await piped('skip', others);
    expect(skipped.found).toBe(skipped.untouched);
    expect((await piped('skip', 'DEL nothing')).found).toBe(wanted);
  });
});

it('is for commands alone', async () => {
  const path = join(temporaryDir(), 'a.aof');
  writeFileSync(path, '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n');
  const options = { to: 'rdb', output: `${path}.rdb`, onExisting: 'skip', at: 0 } as const;
  await expect(convert(path, options)).rejects.toBeInstanceOf(UsageError);
  expect((await digest(path, { at: 0 })).ok).toBe(true);
});
