/*
 * A dataset that is loaded in two shards is the one that is loaded whole: the same keys, each in one of them, and the same digest.
 * Then the built command, which uses two threads for what is large, beside one thread.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findCoLocatedKeys } from '../../src/dataset/co-located-keys.ts';
import { fileOrder } from '../../src/dataset/file-order.ts';
import { type Loaded, loadDataset, UndealableError } from '../../src/dataset/load.ts';
import { type DatabaseSum, Digester, digestOfSums } from '../../src/engine/digest.ts';
import { randomCommands } from './random-commands.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'aofkit-shards-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const at = Date.now();
const pause = async () => {};

const encode = (commands: readonly (readonly string[])[]): Buffer =>
  Buffer.from(
    commands.map((args) => `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`).join(''),
    'latin1',
  );

function logOf(commands: readonly (readonly string[])[]): string {
  const path = join(folder, 'log.aof');
  fs.writeFileSync(path, encode(commands));
  return path;
}

/** What the keys of each database add to the digest. */
function sums({ dataset, codec, sources: reader }: Loaded): DatabaseSum[] {
  const digester = new Digester({ at, codec, reader });
  return dataset.occupied().map((index) => {
    const keys = dataset.database(index);
    return { index, sum: digester.sum(keys, fileOrder(keys)) };
  });
}

async function compare(path: string, owners: Uint8Array | undefined): Promise<number[]> {
  if (owners === undefined) throw new Error('it cannot be dealt out');
  const load = (index?: number) =>
    loadDataset(path, { flavor: 'redis-8', at, shard: index === undefined ? undefined : { index, owners } });
  const [whole, first, second] = [await load(), await load(0), await load(1)];
  expect(digestOfSums([...sums(first), ...sums(second)])).toBe(digestOfSums(sums(whole)));
  expect(first.dataset.keyCount + second.dataset.keyCount).toBe(whole.dataset.keyCount);
  expect(first.dataset.libraries).toEqual(whole.dataset.libraries);
  expect(first.opaque).toEqual(whole.opaque);
  expect(first.files[0].commands).toBe(whole.files[0].commands);
  const counts = [first.dataset.keyCount, second.dataset.keyCount];
  for (const loaded of [whole, first, second]) loaded.close();
  return counts;
}

describe('two shards', () => {
  for (const name of ['redis-8.6', 'redis-7.0', 'valkey-9.1'] as const) {
    it(`hold what one dataset holds: random commands of ${name}`, async () => {
      for (let seed = 100; seed < 110; seed++) {
        const commands = randomCommands(name, seed, 1500).filter(([command]) => !/^sort$/i.test(command));
        await compare(logOf(commands), await findCoLocatedKeys([logOf(commands)], pause));
      }
    });
  }

  it('share keys that no command ties, half and half', async () => {
    const commands = Array.from({ length: 2000 }, (_, index) => ['SET', `key:${index}`, String(index)]);
    const log = logOf([...commands, ['DEL', 'key:1', 'key:2', 'key:3'], ['UNLINK', 'key:4']]);
    const [first, second] = await compare(log, await findCoLocatedKeys([log], pause));
    expect(first + second).toBe(1996);
    expect(Math.min(first, second)).toBeGreaterThan(800);
  });

  it('tie the keys of a command to the first shard', async () => {
    const moves = Array.from({ length: 200 }, (_, index) => [
      ['RPUSH', `from:${index}`, 'a', 'b'],
      ['LMOVE', `from:${index}`, `to:${index}`, 'LEFT', 'RIGHT'],
    ]).flat();
    const log = logOf(moves);
    expect(await compare(log, await findCoLocatedKeys([log], pause))).toEqual([400, 0]);
  });

  it('are refused where a command needs both', async () => {
    const log = logOf(Array.from({ length: 20 }, (_, index) => ['RENAME', `from:${index}`, `to:${index}`]));
    const owners = await findCoLocatedKeys([log], pause, { sample: 0 });
    await expect(
      loadDataset(log, { flavor: 'redis-8', at, shard: { index: 0, owners: owners as Uint8Array } }),
    ).rejects.toThrow(UndealableError);
    await compare(log, await findCoLocatedKeys([log], pause));
  });

  it('are not used where a value says which key is read, or the log is damaged', async () => {
    expect(await findCoLocatedKeys([logOf([['SORT', 'a', 'BY', 'w_*', 'STORE', 'b']])], pause)).toBeUndefined();
    expect(await findCoLocatedKeys([logOf([['SORT', 'a', 'ALPHA', 'STORE', 'b']])], pause)).toBeDefined();
    const log = logOf([['SET', 'a', 'b']]);
    fs.appendFileSync(log, '*1\r\n$3\r\nSE');
    expect(await findCoLocatedKeys([log], pause)).toBeUndefined();
  });
});

describe('the command on two threads', () => {
  /** More than the least that is worth a thread: every kind of value, two databases, expiry, errors, a function, moves. */
  function largeLog(): string {
    const commands: string[][] = [['FUNCTION', 'LOAD', "#!lua name=f\nredis.register_function('f', function() end)"]];
    const text = 'some words that are worth compressing '.repeat(20);
    for (let index = 0; index < 30_000; index++) {
      if (index === 15_000) commands.push(['SELECT', '3']);
      commands.push(['SET', `string:${index % 9000}`, `${index} ${text}`], ['INCR', `count:${index % 100}`]);
      commands.push(['HSET', `hash:${index % 3000}`, `f${index % 7}`, String(index), 'g', text.slice(0, index % 90)]);
      commands.push(
        ['ZADD', `zset:${index % 50}`, String(index / 7), `m${index}`],
        ['SADD', `set:${index % 70}`, `${index}`],
      );
      commands.push(
        ['RPUSH', `list:${index % 40}`, `${index}`],
        ['PEXPIREAT', `string:${index % 500}`, '1900000000000'],
      );
      if (index % 1000 === 0)
        commands.push(['LPUSH', 'count:1', 'x'], ['RENAME', `list:${index % 40}`, `moved:${index}`]);
      if (index % 500 === 0)
        commands.push(['MULTI'], ['DEL', 'set:1', 'set:2'], ['XADD', 'stream', `${index + 1}-0`, 'a', 'b'], ['EXEC']);
    }
    const path = join(folder, 'large.aof');
    fs.writeFileSync(path, encode(commands));
    return path;
  }

  const built = new URL('../../bin/run.js', import.meta.url).pathname;
  const run = (input: string, output: string, ...flags: string[]) => {
    const text = execFileSync(process.execPath, [built, 'rewrite', input, '-o', output, '--json', ...flags], {
      encoding: 'utf8',
    });
    return JSON.parse(text).results[0];
  };

  it('begins once more where the end of the log ties keys', async () => {
    const sets = Array.from({ length: 40_000 }, (_, index) => [
      'SET',
      `key:${index % 20_000}`,
      `${index} `.repeat(150),
    ]);
    const moves = Array.from({ length: 20 }, (_, index) => ['RENAME', `key:${index}`, `moved:${index}`]);
    for (const commands of [sets, [...sets, ...moves]]) {
      const input = join(folder, 'late.aof');
      fs.writeFileSync(input, encode(commands));
      expect(fs.statSync(input).size).toBeGreaterThan(32 * 1024 * 1024);
      const output = join(folder, 'late-out.aof');
      fs.rmSync(output, { force: true });
      const result = run(input, output);
      const whole = await loadDataset(input, { flavor: 'redis-8', at });
      expect(result.digest).toBe(digestOfSums(sums(whole)));
      expect(result.commands).toMatchObject({ read: commands.length, refused: 0 });
      whole.close();
    }
  });

  for (const format of ['aof', 'hybrid', 'rdb']) {
    it(`writes what is loaded again as the same, and the same bytes the second time: ${format}`, async () => {
      const input = largeLog();
      expect(fs.statSync(input).size).toBeGreaterThan(32 * 1024 * 1024);
      const output = join(folder, `first.${format}`);
      fs.rmSync(output, { force: true });
      const result = run(input, output, '--format', format);
      const whole = await loadDataset(input, { flavor: 'redis-8', at });
      const digester = new Digester({ at, codec: whole.codec, reader: whole.sources });
      expect(result.digest).toBe(digester.dataset(whole.dataset, fileOrder));
      expect(result.commands.refused).toBe(whole.session.errorCount);
      expect(result.commands.firstRefused).toEqual(whole.session.errors.slice(0, 20));
      expect(result.databases.map((one: { keys: number }) => one.keys)).toEqual(
        whole.dataset.occupied().map((index) => whole.dataset.database(index).count),
      );
      const again = await loadDataset(output, { flavor: 'redis-8', at, expired: 'keep' });
      expect(again.findings.findings).toEqual([]);
      expect(again.dataset.libraries).toEqual(whole.dataset.libraries);
      expect(new Digester({ at, codec: again.codec, reader: again.sources }).dataset(again.dataset)).toBe(
        result.digest,
      );
      for (const loaded of [whole, again]) loaded.close();
      const second = join(folder, `second.${format}`);
      fs.rmSync(second, { force: true });
      run(output, second, '--format', format);
      const skip = format === 'aof' ? 0 : fs.readFileSync(output).indexOf('used-mem');
      const [one, two] = [output, second].map((path) =>
        fs.readFileSync(path).subarray(skip, format === 'aof' ? undefined : -8),
      );
      expect(one.equals(two)).toBe(true);
      expect(fs.readdirSync(folder).filter((name) => name.includes('aofkit-'))).toEqual([]);
    });
  }
});
