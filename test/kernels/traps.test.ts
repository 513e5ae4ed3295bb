/* Members that no kernel takes, and what becomes of a file where a kernel traps: the same results as JavaScript alone has. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { borrowCheckKernel, CheckKernel, returnCheckKernel } from '../../src/kernels/check-kernel.ts';
import { check } from '../../src/operations/check/check.ts';
import { convert } from '../../src/operations/convert/convert.ts';
import { digest } from '../../src/operations/digest/digest.ts';
import { logStatistics } from '../../src/operations/log/statistics.ts';
import { rewrite } from '../../src/operations/rewrite/rewrite.ts';
import { RdbWriter } from '../../src/rdb/writer/rdb-writer.ts';
import { findTarget, type Target } from '../../src/servers/targets.ts';
import { HashValue } from '../../src/values/hash.ts';
import { SetValue } from '../../src/values/set.ts';
import { SortedSetValue } from '../../src/values/sorted-set.ts';
import { collect } from '../log/collect.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/server-process.ts';
import { watchTraps } from './traps.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const at = 0;
const target = findTarget('redis-8.6') as Target;
type Value = Buffer | HashValue | SetValue | SortedSetValue;

function rdb(values: Iterable<readonly [name: string, value: Value]>, compress = true): string {
  const chunks: Buffer[] = [];
  const sink = { write: (bytes: Uint8Array) => void chunks.push(Buffer.from(bytes)) };
  const writer = new RdbWriter(sink, { target, compress });
  writer.writeHeader({ ctime: 0 });
  for (const [name, value] of values) writer.writeKey(Buffer.from(name), 0, name.length, Number.NaN, value);
  writer.finish();
  const path = join(temporaryDir(), 'dump.rdb');
  writeFileSync(path, Buffer.concat(chunks));
  return path;
}

function sortedSet(...members: string[]): SortedSetValue {
  const set = new SortedSetValue();
  for (const [index, member] of members.entries()) set.set(member, index);
  return set;
}

function hashOf(field: string, value: string): HashValue {
  const hash = new HashValue(1);
  hash.set(field, value);
  return hash;
}

/** The digest of a dataset, and of what it becomes. */
async function digests(path: string): Promise<(string | undefined)[]> {
  const [log, compact] = ['out.aof', 'out.rdb'].map((name) => join(temporaryDir(), name));
  await convert(path, { to: 'aof', output: log, at });
  await rewrite(path, { output: compact, format: 'rdb', at });
  return Promise.all([path, log, compact].map(async (name) => (await digest(name, { at })).digest));
}

describe('members beyond what kernels take', () => {
  const repeated = 'member '.repeat(60_000);
  const huge = Buffer.alloc(17 * 1024 * 1024, 'abcdefgh').latin1Slice();
  const cases: [string, string, boolean][] = [
    ['compressed, above 256 KiB', repeated, true],
    ['as it is, above 256 KiB', repeated, false],
    ['as it is, above 16 MiB', huge, false],
    ['compressed, above 16 MiB', huge, true],
  ];
  it.each(cases)(
    '%s: digest, rewrite and convert',
    async (_, member, compress) => {
      const traps = watchTraps();
      const values: [string, Value][] = [
        ['before', Buffer.from('v')],
        ['z', sortedSet(`${member}2`, 'small', `${member}1`)],
        ['h', hashOf(member, `${member}v`)],
        ['s', new SetValue()],
        ['t', Buffer.from(member)],
        ['after', sortedSet('a', 'b')],
      ];
      (values[3][1] as SetValue).add(member);
      const [before, ...after] = await digests(rdb(values, compress));
      expect(before).toMatch(/^[0-9a-f]{40}$/);
      expect(after).toEqual([before, before]);
      expect(traps.seen).toEqual([]);
    },
    120_000,
  );
});

describe('a kernel that traps', () => {
  const keys = Array.from({ length: 300 }, (_, index): [string, Value] => [
    `key:${index}`,
    index % 3 === 0
      ? Buffer.from(`v${index}`)
      : index % 3 === 1
        ? sortedSet('a', `m${index}`)
        : hashOf('f', `${index}`),
  ]);
  const commands = Array.from({ length: 400 }, (_, index) =>
    encodeCommand(
      index % 50 === 0 ? ['SELECT', `${(index / 50) % 4}`] : ['SET', `user:${index % 30}`, `value ${index}`],
    ),
  );

  function log(): string {
    const path = join(temporaryDir(), 'test.aof');
    writeFileSync(path, Buffer.concat(commands));
    return path;
  }

  /** The same result whether or not a call of the export traps. */
  async function same<T>(name: string, operation: () => Promise<T>): Promise<void> {
    const plain = await operation();
    // Instances that were given back have no trap.
    for (let idle = 2; idle > 0; idle--) borrowCheckKernel();
    const traps = watchTraps();
    traps.plant(name, 1);
    expect(await operation()).toEqual(plain);
    expect(traps.sprung, name).toBeGreaterThan(0);
    vi.restoreAllMocks();
  }

  it('costs nothing but time: RDBs', async () => {
    const path = rdb(keys);
    const converted = async () => {
      const output = join(temporaryDir(), 'out.aof');
      await convert(path, { to: 'aof', output, at });
      return readFileSync(output, 'latin1');
    };
    await same('digestKeys', async () => (await digest(path, { at })).digest);
    await same('rewriteKeys', converted);
    await same('passKeys', () => check(path));
    await same('keepKeys', async () => (await digest(path, { at })).databases);
    await same('placeKeys', async () => {
      const output = join(temporaryDir(), 'out.rdb');
      return (await rewrite(path, { output, format: 'rdb', at, filter: { patterns: ['key:*'] } })).digest;
    });
  }, 60_000);

  it('costs nothing but time: logs', async () => {
    const path = log();
    await same('passCommands', () => check(path));
    await same('frameCommands', async () => (await digest(path, { at })).digest);
    for (const format of ['text', 'json'] as const)
      await same('writeLines', async () => (await collect(path, { format })).text);
    await same('writeLines', async () => (await collect(path, { reverse: true, limit: 50 })).text);
    await same('passUnwanted', async () => (await collect(path, { keys: ['user:7'] })).text);
    await same('countCommands', () => logStatistics(path, { most: 10 }));
  }, 60_000);

  it('is not lent again', () => {
    const traps = watchTraps();
    const checkKernel = new CheckKernel();
    traps.plant('passKeys', 1);
    expect(checkKernel.passKeys(0, 100, 1, 0, 0, 0, Number.NaN)).toBe(0);
    expect([checkKernel.owns(checkKernel.window()), checkKernel.result[0]]).toEqual([false, 0]);
    returnCheckKernel(checkKernel);
    expect(borrowCheckKernel()).not.toBe(checkKernel);
  });
});
