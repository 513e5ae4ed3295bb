/* Conversions that change, leave out, merge or split keys, and what they report. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { slotOf } from '../../src/engine/slot.ts';
import { type ConvertOptions, convert, digest, parseSlots, UsageError } from '../../src/index.ts';
import { shardBounds } from '../../src/operations/convert/slots.ts';
import { TypeId } from '../../src/servers/value-type-id.ts';
import { readRdb } from '../rdb/codec/rdb-file.ts';
import { findServer, itWithServer, startServer, temporaryDir } from '../support/servers.ts';

const at = Date.UTC(2026, 10, 20);
const command = (...args: string[]) =>
  `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;

async function made(path: string | readonly string[], options: Partial<ConvertOptions> = {}) {
  const chunks: Buffer[] = [];
  const sink = { write: (bytes: Uint8Array) => void chunks.push(Buffer.from(bytes)) };
  const result = await convert(path, { to: 'aof', output: sink, at, ...options });
  return { result, text: Buffer.concat(chunks).latin1Slice() };
}

/** An RDB that holds what these commands make. */
async function rdbOf(...commands: string[]): Promise<string> {
  const dir = temporaryDir();
  writeFileSync(join(dir, 'log.aof'), commands.join(''));
  const output = join(dir, 'dump.rdb');
  const { reason } = await convert(join(dir, 'log.aof'), { to: 'rdb', output, target: 'redis-8.0', at });
  expect(reason).toBe('');
  return output;
}

const moment = String(at + 1000);

describe('expiry', () => {
  const commands = [
    command('SET', 'k', 'v', 'PXAT', moment),
    command('HSET', 'h', 'f', '1', 'g', '2'),
    command('HPEXPIREAT', 'h', moment, 'FIELDS', '1', 'f'),
  ];

  it('is shifted, of keys and of fields', async () => {
    const { text } = await made(await rdbOf(...commands), { ttl: { kind: 'shift', milliseconds: 5000 } });
    expect(text).toContain(command('PEXPIREAT', 'k', String(at + 6000)));
    expect(text).toContain(command('HPEXPIREAT', 'h', String(at + 6000), 'FIELDS', '1', 'f'));
  });

  it('is dropped, of keys and of fields', async () => {
    const { text } = await made(await rdbOf(...commands), { ttl: { kind: 'drop' } });
    expect(text).toContain('$1\r\nk\r\n');
    expect(text).not.toContain('EXPIREAT');
  });

  it('becomes absolute in a log', async () => {
    const path = join(temporaryDir(), 'a.aof');
    writeFileSync(path, command('SETEX', 'k', '10', 'v'));
    expect((await made(path)).text).toBe(command('SETEX', 'k', '10', 'v'));
    const { text } = await made(path, { ttl: { kind: 'absolute' } });
    expect(text).toContain(command('PEXPIREAT', 'k', String(at + 10_000)));
  });
});

describe('names and databases', () => {
  it('are changed in keys of an RDB', async () => {
    const source = await rdbOf(command('SET', 'a:1', 'x'), command('SELECT', '3'), command('SET', 'c', 'y'));
    const { text } = await made(source, { renamePrefixes: [['a:', 'b:']], databases: new Map([[3, 7]]) });
    expect(text).toBe(
      command('SELECT', '0') + command('SET', 'b:1', 'x') + command('SELECT', '7') + command('SET', 'c', 'y'),
    );
  });

  it('that meet are refused, or the first is taken', async () => {
    const source = await rdbOf(command('SET', 'k', '0'), command('SELECT', '1'), command('SET', 'k', '1'));
    const databases = new Map([[1, 0]]);
    const refused = await made(source, { databases });
    expect(refused.result.outcome).toBe('refused');
    expect(refused.text).toBe('');
    expect(refused.result.conflicts).toEqual({ count: 1, first: [{ db: 0, key: 'k' }] });
    const { text } = await made(source, { databases, onConflict: 'first' });
    expect(text).toBe(command('SELECT', '0') + command('SET', 'k', '0'));
  });

  it('are filtered', async () => {
    const source = await rdbOf(command('SET', 'a', 'x'), command('RPUSH', 'l', 'y'), command('SET', 'b', 'z'));
    const { text, result } = await made(source, { filter: { types: ['string'], excluded: ['b'] } });
    expect(text).toBe(command('SELECT', '0') + command('SET', 'a', 'x'));
    expect(result.filtered).toBe(2);
  });
});

describe('several inputs', () => {
  it('are merged; of keys that meet the policy decides', async () => {
    const one = await rdbOf(command('SET', 'k', '1'), command('SET', 'a', 'x'));
    const two = await rdbOf(command('SET', 'k', '2'), command('SET', 'b', 'y'));
    expect((await made([one, two])).result.conflicts.count).toBe(1);
    const first = await made([one, two], { onConflict: 'first' });
    expect(first.text).toContain(command('SET', 'k', '1'));
    expect(first.result.keys).toBe(3);
    const last = await made([one, two], { onConflict: 'last' });
    expect(last.text).toContain(command('SET', 'k', '2'));
  });

  it('may be logs', async () => {
    const path = join(temporaryDir(), 'a.aof');
    writeFileSync(path, command('SET', 'a', '1') + command('INCR', 'a'));
    const { text, result } = await made([path, await rdbOf(command('SET', 'b', 'y'))]);
    expect(result.road).toBe('replayed');
    expect(text).toContain(command('SET', 'a', '2'));
    expect(text).toContain(command('SET', 'b', 'y'));
  });
});

describe('slots', () => {
  it('are shared out as redis-cli does for a new cluster', () => {
    expect(shardBounds(3)).toEqual([
      { first: 0, last: 5460 },
      { first: 5461, last: 10922 },
      { first: 10923, last: 16383 },
    ]);
  });

  it('split an RDB, and its shards merge to the same dataset', async () => {
    const golden = join(goldenDir('redis-8.6-rdb'), 'dump.rdb');
    const output = join(temporaryDir(), 'dump.rdb');
    // A node of a cluster has database 0 alone.
    const refused = await convert(golden, { to: 'rdb', output, splitBySlot: 3, at });
    expect([refused.outcome, refused.reason]).toEqual(['refused', expect.stringContaining('--db-map')]);
    expect(refused.outputs.some((path) => existsSync(path))).toBe(false);
    const source = join(temporaryDir(), 'first.rdb');
    await convert(golden, { to: 'rdb', output: source, filter: { databases: [0] }, at });
    const split = await convert(source, { to: 'rdb', output, splitBySlot: 3, at });
    expect(split.outputs.map((path) => path.slice(output.length - 4))).toEqual(['.0.rdb', '.1.rdb', '.2.rdb']);
    expect(split.outputs.every((path) => existsSync(path))).toBe(true);
    const merged = join(temporaryDir(), 'merged.rdb');
    const result = await convert(split.outputs, { to: 'rdb', output: merged, at });
    expect(result.reason).toBe('');
    expect((await digest(merged, { at, flavor: 'redis-8' })).digest).toBe(
      (await digest(source, { at, flavor: 'redis-8' })).digest,
    );
  });

  it('are taken by ranges', async () => {
    const source = await rdbOf(command('SET', 'foo', 'x'), command('SET', '{bar}1', 'y'));
    expect(slotOf(Buffer.from('{bar}1'), 0, 6)).toBe(5061);
    const { text } = await made(source, { slots: parseSlots('0-5460') });
    expect(text).toBe(command('SELECT', '0') + command('SET', '{bar}1', 'y'));
    expect(() => parseSlots('5-2')).toThrow(UsageError);
  });
});

describe('what a target cannot hold', () => {
  it('is refused, listed with key and reason, and dropped where that is allowed', async () => {
    const source = await rdbOf(command('XADD', 's', '1-1', 'f', 'v'), command('SET', 'k', 'v'));
    const refused = await made(source, { target: 'redis-4.0' });
    expect(refused.result.outcome).toBe('refused');
    expect(refused.text).toBe('');
    expect(refused.result.losses).toMatchObject([{ db: 0, key: 's', kind: 'stream', outcome: 'key-dropped' }]);
    const { text, result } = await made(source, { target: 'redis-4.0', allowLoss: true });
    expect(text).toBe(command('SELECT', '0') + command('SET', 'k', 'v'));
    expect(result.lossCounts).toEqual([{ kind: 'stream', outcome: 'key-dropped', count: 1 }]);
  });

  it('idle times and counters are copied to an RDB, and noted as lost in commands', async () => {
    for (const name of ['redis-7.0-rdb-lfu', 'redis-7.0-rdb-lru']) {
      const source = join(goldenDir(name), 'dump.rdb');
      const output = join(temporaryDir(), 'dump.rdb');
      const kept = await convert(source, { to: 'rdb', output, target: 'redis-8.0', at });
      expect(kept.losses).toEqual([]);
      const opcode = name.endsWith('lfu') ? 0xf9 : 0xf8;
      expect(readFileSync(output).includes(opcode)).toBe(true);
      const { result } = await made(source);
      expect(result.outcome).toBe('written');
      expect(result.lossCounts.map(({ kind }) => kind)).toEqual(['usage']);
    }
  });

  it('values of modules are kept, dropped or refused', async () => {
    const source = join(goldenDir('built-v12-module'), 'dump.rdb');
    const kept = await made(source, { to: 'rdb', target: 'redis-8.6' });
    expect(kept.result.outcome).toBe('written');
    expect(kept.result.lossCounts).toEqual([{ kind: 'module-kept', outcome: 'kept', count: 1 }]);
    const refused = await made(source, { to: 'rdb', target: 'redis-8.6', modules: 'fail' });
    expect(refused.result.outcome).toBe('refused');
    const dropped = await made(source, { to: 'rdb', target: 'redis-8.6', modules: 'drop' });
    expect(dropped.result.outcome).toBe('written');
    expect(dropped.result.losses.map(({ kind }) => kind)).toContain('module');
    expect(dropped.result.keys).toBeLessThan(kept.result.keys);
  });
});

describe('a stream of 8.6', () => {
  const stream = [command('XADD', 's', '1-1', 'f', 'v'), command('XGROUP', 'CREATE', 's', 'g', '0')];

  async function older(...commands: string[]) {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'log.aof'), commands.join(''));
    const source = join(dir, 'dump.rdb');
    await convert(join(dir, 'log.aof'), { to: 'rdb', output: source, target: 'redis-8.6', at });
    const output = join(dir, 'older.rdb');
    const { losses } = await convert(source, { to: 'rdb', output, target: 'redis-8.0', allowLoss: true, at });
    const [from, to] = [readRdb(source).keys[0], readRdb(output).keys[0]];
    return {
      losses: losses.map(({ kind }) => kind),
      from,
      to,
      same: (await digest(output, { at, flavor: 'redis-8' })).digest,
    };
  }

  it('is one of 7.2 but for its end', async () => {
    const { losses, from, to, same } = await older(...stream);
    expect([from.type, to.type]).toEqual([TypeId.stream4, TypeId.stream3]);
    expect(from.value.length - to.value.length).toBe(7);
    expect(from.value.subarray(0, to.value.length).equals(to.value)).toBe(true);
    expect(losses).toEqual([]);
    expect(same).toBe((await digest(await rdbOf(...stream), { at, flavor: 'redis-8' })).digest);
  });

  it('loses its producers, which are listed', async () => {
    const { losses, to } = await older(...stream, command('XCFGSET', 's', 'IDMP-DURATION', '7', 'IDMP-MAXSIZE', '9'));
    expect(losses).not.toEqual([]);
    expect(to.type).toBe(TypeId.stream3);
  });
});

describe('the output', () => {
  it('is compressed where its name says so', async () => {
    const source = join(goldenDir('redis-7.0-rdb'), 'dump.rdb');
    const output = join(temporaryDir(), 'dump.rdb.gz');
    await convert(source, { to: 'rdb', output, at });
    expect(gunzipSync(readFileSync(output)).equals(readFileSync(source))).toBe(true);
    const again = join(temporaryDir(), 'dump.rdb');
    await convert(output, { to: 'rdb', output: again, at });
    expect(readFileSync(again).equals(readFileSync(source))).toBe(true);
  });

  it('is not replaced, and a stream is no folder', async () => {
    const source = join(goldenDir('redis-7.0-rdb'), 'dump.rdb');
    await expect(convert(source, { to: 'aof', output: source, at })).rejects.toThrow(UsageError);
    await expect(made(source, { to: 'multipart' })).rejects.toThrow(UsageError);
  });

  itWithServer('redis-8.6', 'feeds a live server', async () => {
    const source = join(goldenDir('redis-8.6-rdb'), 'dump.rdb');
    const { text } = await made(source);
    const server = await startServer('redis-8.6');
    const cli = findServer('redis-8.6')?.cli ?? '';
    const piped = spawnSync(cli, ['-s', server.socketPath, '--pipe'], {
      input: Buffer.from(text, 'latin1'),
      encoding: 'utf8',
    });
    expect(piped.stdout).toContain('errors: 0');
    expect(await server.digest()).toBe((await digest(source, { at: Date.now() })).digest);
    await server.stop();
  });
});
