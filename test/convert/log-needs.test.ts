/* What a log that is copied needs: which servers load it is asked of the servers. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { convert } from '../../src/index.ts';
import { encodePayload } from '../../src/rdb/codec/payload.ts';
import { findTarget, type Target, targets } from '../../src/servers/targets.ts';
import { encodeCommand } from '../support/reply.ts';
import { describeWithServers, type ServerName, temporaryDir, tryStart } from '../support/servers.ts';

const at = Date.now();

type Log = readonly (readonly (string | Buffer)[])[];

/** DUMP's payload of the string `v`, by the RDB version of a release. */
const payload = (name: string) => encodePayload(0, Buffer.from('\x01v'), findTarget(name) as Target);

const logs: Readonly<Record<string, Log>> = {
  'a payload of 7.0': [['RESTORE', 'k', '0', payload('redis-7.0')]],
  'a payload of 8.0': [['RESTORE', 'k', '0', payload('redis-8.0'), 'REPLACE']],
  'a payload of 8.6': [
    ['SET', 'k', 'w'],
    ['RESTORE', 'k', '0', payload('redis-8.6'), 'REPLACE'],
  ],
  'field expiry': [
    ['HSET', 'h', 'f', 'v'],
    ['HPEXPIREAT', 'h', '4000000000000', 'FIELDS', '1', 'f'],
  ],
  // While it loads, 6.0 does not look at the number of arguments: it sets the expiry whatever the condition says.
  'expiry with a condition': [
    ['SET', 'k', 'v'],
    ['PEXPIREAT', 'k', '4000000000000', 'XX'],
  ],
  'moment of SET': [['SET', 'k', 'v', 'PXAT', '4000000000000']],
  'compared SET': [
    ['SET', 'k', 'v'],
    ['SET', 'k', 'w', 'IFEQ', 'v'],
  ],
  'a value that is named like an argument': [['SET', 'IFNE', 'IFNE']],
  'fields that are named like arguments': [['XADD', 's', '1-1', 'IDMP', 'KEEPREF']],
  'moved list element': [
    ['RPUSH', 'a', '1'],
    ['LMOVE', 'a', 'b', 'LEFT', 'RIGHT'],
  ],
};

function logOf(commands: Log): string {
  const path = join(temporaryDir(), 'appendonly.aof');
  writeFileSync(path, Buffer.concat(commands.map((command) => encodeCommand([...command]))));
  return path;
}

async function copied(path: string) {
  const output = join(temporaryDir(), 'out.aof');
  const result = await convert(path, { to: 'aof', output, at });
  expect(result.road).toBe('copied');
  return result;
}

/** Values beyond the window, so that the record is not in memory whole. */
const huge = 'x'.repeat(3 << 20);

describe('a log that is copied', () => {
  it.each([
    [['MOVE', 'a', '1', 'REPLACE'], 'valkey-9.2', 'MOVE … REPLACE'],
    [['EXEC', 'IFEQ', 'k', 'v'], 'valkey-9.2', 'EXEC … IFEQ'],
    [['SET', 'k', 'v', 'IFNE', 'w'], 'redis-8.4', 'SET … IFNE'],
    [['SET', 'k', huge, 'IFNE', 'w'], 'redis-8.4', 'SET … IFNE'],
    [['HPEXPIREAT', 'h', '1', 'FIELDS', '1', 'f'], 'redis-7.4', 'HPEXPIREAT'],
    [['XADD', 's', 'IDMP', 'p', 'i', '1-1', 'f', 'v'], 'redis-8.6', 'XADD … IDMP'],
  ])('%s is said to need %s', async (command, target, label) => {
    const begin = command[0] === 'EXEC' ? [['MULTI']] : [];
    const { needs, commands, target: chosen } = await copied(logOf([...begin, command]));
    expect([needs, commands]).toEqual([{ target, because: [label] }, begin.length + 1]);
    expect(chosen).toBe(target);
  });

  it('finds an argument behind thousands of the same command without it', async () => {
    const plain = Array.from({ length: 2000 }, (_, index) => ['SET', `k${index}`, 'v', 'PXAT', '4000000000000']);
    const { needs } = await copied(logOf([...plain, ['SET', 'k', 'v', 'IFDEQ', 'w']]));
    expect(needs).toEqual({ target: 'redis-8.4', because: ['SET … IFDEQ'] });
  });

  it('finds a form behind many commands of others, with and without a kernel', async () => {
    const plain = Array.from({ length: 6000 }, (_, index) => ['SET', `k${index}`, 'v', 'PX', String(index)]);
    const others = Array.from({ length: 6000 }, (_, index) => [
      'XADD',
      's',
      'MAXLEN',
      '~',
      '9',
      `${index + 1}-1`,
      'f',
      'v',
    ]);
    const log = [
      ...plain,
      ...others,
      ['SET', 'k', 'v', 'ifdeq', 'w'],
      ['XADD', 's', 'KEEPREF', 'MAXLEN', '9', '*', 'f', 'v'],
    ];
    const expected = { target: 'redis-8.4', because: ['SET … IFDEQ'] };
    expect((await copied(logOf(log))).needs).toEqual(expected);
    const inPipe = gzipSync(readFileSync(logOf(log)));
    const path = join(temporaryDir(), 'appendonly.aof.gz');
    writeFileSync(path, inPipe);
    expect((await copied(path)).needs).toEqual(expected);
  });

  it('finds a form behind more forms than are remembered', async () => {
    const forms = Array.from({ length: 5000 }, (_, index) => ['XADD', 's', `a${index.toString(36)}`, '1-1', 'f', 'v']);
    const { needs } = await copied(logOf([...forms, ['SET', 'k', 'v', 'IFDEQ', 'w']]));
    expect(needs).toEqual({ target: 'redis-8.4', because: ['SET … IFDEQ'] });
  });

  it('needs what takes the version of a payload', async () => {
    for (const [writer, target] of [
      ['redis-8.6', 'redis-8.6'],
      ['valkey-9.1', 'valkey-9.0'],
    ]) {
      const result = await copied(logOf([['RESTORE', 'k', '0', payload(writer)]]));
      expect([result.target, result.needs?.target]).toEqual([target, target]);
    }
  });

  it('needs nothing where its commands are as old as the oldest release', async () => {
    expect((await copied(logOf([['SET', 'k', 'v']]))).needs).toBeUndefined();
  });

  it('counts what stands behind the base', async () => {
    const directory = join(temporaryDir(), 'appendonlydir');
    mkdirSync(directory);
    writeFileSync(join(directory, 'a.1.base.rdb'), readFileSync(join(goldenDir('redis-7.0-rdb'), 'dump.rdb')));
    writeFileSync(join(directory, 'a.1.incr.aof'), Buffer.concat([encodeCommand(['SET', 'x', '1'])]));
    writeFileSync(join(directory, 'a.manifest'), 'file a.1.base.rdb seq 1 type b\nfile a.1.incr.aof seq 1 type i\n');
    const output = join(temporaryDir(), 'out.aof');
    const result = await convert(directory, { to: 'hybrid', output, at });
    expect([result.road, result.commands, result.keys > 0]).toEqual(['copied', 1, true]);
    expect(result.needs).toEqual({ target: 'redis-7.0', because: ['RDB version 10'] });
    expect(existsSync(output)).toBe(true);
  });
});

const names = ['redis-6.0', 'redis-7.0', 'redis-8.0', 'redis-8.6'] as const;

/** Annotations stand between commands. */
const annotated = Buffer.from('#TS:1700000000\r\n');

/** The digest of a server that has loaded the log; '' where it does not start. */
async function loadedBy(name: ServerName, log: Log, before = Buffer.alloc(0)): Promise<string> {
  const dir = temporaryDir();
  writeFileSync(
    join(dir, 'appendonly.aof'),
    Buffer.concat([before, ...log.map((command) => encodeCommand([...command]))]),
  );
  const start = await tryStart(name, { dir, config: { appendonly: 'yes' } });
  if (!start.started) return '';
  const digest = String(await start.server.command('DEBUG', 'DIGEST'));
  await start.server.stop();
  return digest;
}

describeWithServers(
  'what a log needs',
  (name) => {
    it.each(Object.entries(logs))('%s: loaded from the release on that is told, and by none before', async (_, log) => {
      const { needs } = await copied(logOf(log));
      const first = needs === undefined ? targets[0] : findTarget(needs.target);
      const told = first !== undefined && targets.indexOf(first) <= targets.findIndex((one) => one.name === name);
      const [loaded, right] = [await loadedBy(name, log), await loadedBy('redis-8.6', log)];
      expect([loaded === right, right === '']).toEqual([told, false]);
    });

    it('a log with annotations: by what is told, and everywhere when it was written for the server', async () => {
      const path = join(temporaryDir(), 'appendonly.aof');
      const command = ['SET', 'k', 'v'];
      writeFileSync(path, Buffer.concat([annotated, encodeCommand(command)]));
      const { needs } = await copied(path);
      const first = findTarget(needs?.target ?? '') as Target;
      const told = targets.indexOf(first) <= targets.findIndex((one) => one.name === name);
      expect((await loadedBy(name, [command], annotated)) !== '').toBe(told);
      const output = join(temporaryDir(), 'out.aof');
      await convert(path, { to: 'aof', output, at, target: name });
      expect(await loadedBy(name, [], readFileSync(output))).toBe(await loadedBy(name, [command]));
    });
  },
  names,
);
