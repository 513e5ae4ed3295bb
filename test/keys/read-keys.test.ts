import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { goldenDir, goldenNames, readProvenance } from '../../fixtures/generate/golden.ts';
import { flavorOfName } from '../../src/dataset/flavor-choice.ts';
import {
  digest,
  forEachCommand,
  forEachKey,
  type Key,
  KeysError,
  type LogCommand,
  logStatistics,
  RdbWriter,
  readCommands,
  readKeys,
} from '../../src/index.ts';
import { describeWithServers, type Server, startServer } from '../support/servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'aofkit-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const goldens = goldenNames().map(readProvenance);
const pathOf = (golden: (typeof goldens)[number]) => join(goldenDir(golden.name), golden.path);
const rdb = join(goldenDir('redis-8.6-rdb'), 'dump.rdb');

async function allKeys(path: string, options: Parameters<typeof readKeys>[1] = {}): Promise<Key[]> {
  const keys: Key[] = [];
  for await (const batch of readKeys(path, options)) keys.push(...batch);
  return keys;
}

describeWithServers('raw values of every golden, restored by their server, give the digest', (name) => {
  const own = goldens.filter(({ writer, digest: sum }) => writer === name && sum !== undefined);
  it.each(own.map((golden) => [golden.name, golden] as const))('%s', async (_, golden) => {
    const options = { flavor: flavorOfName(name), target: name };
    const keys = await allKeys(pathOf(golden), { ...options, level: 'raw' });
    const withoutRaw = keys.filter(({ raw }) => raw === undefined).map((key) => key.name.toString());
    if (withoutRaw.length > 0) {
      // Only a server can write the graph of a vector set that commands have made.
      const sets = (await allKeys(pathOf(golden), options)).filter(({ value }) => value?.type === 'vectorset');
      expect(withoutRaw).toEqual(sets.map((key) => key.name.toString()));
      return;
    }
    const server = await startServer(name);
    try {
      await restoreAll(server, keys);
      expect(await server.digest()).toBe(golden.digest);
    } finally {
      await server.kill();
    }
  });
});

async function restoreAll(server: Server, keys: readonly Key[]): Promise<void> {
  let selected = 0;
  for (const { database, name, expiry = 0, raw } of keys) {
    if (database !== selected) await server.command('SELECT', String(database));
    selected = database;
    const payload = raw?.dump() ?? Buffer.alloc(0);
    await server.command('RESTORE', name, String(expiry), payload, ...(expiry > 0 ? ['ABSTTL'] : []));
  }
}

describe('readKeys', () => {
  it.each(goldens.map((golden) => [golden.name, golden] as const))(
    '%s: as many keys and types as its digest counts',
    async (_, golden) => {
      const path = pathOf(golden);
      const counted = await digest(path, { at: 0, opaque: 'drop' });
      const expected = counted.databases.map(({ database, keys, expires, types }) => ({
        database,
        keys,
        expires,
        types,
      }));
      const seen = new Map<
        number,
        { database: number; keys: number; expires: number; types: Record<string, number> }
      >();
      await forEachKey(path, { at: 0, opaque: 'drop' }, ({ database, type, expiry }) => {
        const row = seen.get(database) ?? { database, keys: 0, expires: 0, types: {} };
        row.keys++;
        if (expiry !== undefined) row.expires++;
        row.types[type] = (row.types[type] ?? 0) + 1;
        seen.set(database, row);
      });
      expect([...seen.values()].sort((a, b) => a.database - b.database)).toEqual(expected);
    },
  );

  it.each(goldens.map((golden) => [golden.name, golden] as const))(
    '%s: the count of elements is that of the value',
    async (_, golden) => {
      await forEachKey(pathOf(golden), { opaque: 'drop' }, ({ type, elements, value }) => {
        if (value === undefined) throw new Error('no value');
        const counts: Partial<Record<string, number>> = {
          string: value.type === 'string' ? value.value.length : undefined,
          list: value.type === 'list' ? value.elements.length : undefined,
          set: value.type === 'set' ? value.members.length : undefined,
          zset: value.type === 'zset' ? value.members.length : undefined,
          hash: value.type === 'hash' ? value.fields.length : undefined,
          stream: value.type === 'stream' ? value.entries.length : undefined,
        };
        if (type in counts) expect(elements).toBe(counts[type]);
      });
    },
  );

  it('places are those of the file: the record begins there and ends with the value', async () => {
    const keys = await allKeys(rdb, { level: 'raw' });
    const ordered = [...keys].sort((a, b) => Number(a.offset) - Number(b.offset));
    expect(ordered).toEqual(keys);
    for (const { file, length = 0, name, raw } of keys) {
      expect(file).toBe(rdb);
      expect(length).toBeGreaterThan(name.length + Number(raw?.bytes.length));
    }
  });

  it('ends the reading when whoever iterates breaks off', async () => {
    let count = 0;
    for await (const batch of readKeys(rdb)) {
      count += batch.length;
      break;
    }
    expect(count).toBeGreaterThan(0);
    const result = await forEachKey(rdb, {}, () => false);
    expect(result.keys).toBe(1);
  });

  it('takes only what is selected', async () => {
    const all = await allKeys(rdb);
    const select = { types: ['hash'], minElements: 3, withoutExpiry: true };
    const wanted = all.filter(
      ({ type, elements = 0, expiry }) => type === 'hash' && elements >= 3 && expiry === undefined,
    );
    expect(wanted.length).toBeGreaterThan(0);
    expect(await allKeys(rdb, { select })).toEqual(wanted);
    const { slot } = all[0];
    const ofSlot = await allKeys(rdb, { select: { slots: [{ first: slot, last: slot }] } });
    expect(ofSlot).toEqual(all.filter((key) => key.slot === slot));
  });

  it('tells the keys before damage, and then the damage', async () => {
    const { readFileSync } = await import('node:fs');
    const bytes = readFileSync(rdb);
    const path = join(folder, 'torn.rdb');
    writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    const keys: Key[] = [];
    const reading = async () => {
      for await (const batch of readKeys(path)) keys.push(...batch);
    };
    await expect(reading()).rejects.toBeInstanceOf(KeysError);
    const whole = await allKeys(rdb);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.map(({ name }) => name)).toEqual(whole.slice(0, keys.length).map(({ name }) => name));
    const result = await forEachKey(path, {}, () => true);
    expect(result).toMatchObject({ ok: false, keys: keys.length });
    expect(result.findings.map(({ code }) => code)).toEqual(['rdb.truncated']);
  });

  it('a compressed file that is damaged is a finding', async () => {
    const { readFileSync } = await import('node:fs');
    const { gzipSync } = await import('node:zlib');
    const packed = gzipSync(readFileSync(rdb));
    for (const length of [20, packed.length >> 1, packed.length - 4]) {
      const path = join(folder, `cut-${length}.rdb.gz`);
      writeFileSync(path, packed.subarray(0, length));
      const result = await forEachKey(path, {}, () => true);
      expect({ ok: result.ok, findings: result.findings.length }).toEqual({ ok: false, findings: 1 });
    }
  });

  it('values that are larger than a window are read from the file', async () => {
    const path = join(folder, 'large.rdb');
    const file = openSync(path, 'w');
    const writer = new RdbWriter(
      { write: (bytes) => void writeSync(file, bytes) },
      { target: 'redis-7.2', compress: false },
    );
    const text = Buffer.alloc(3_000_000, 'abcdefghij');
    const fields = Array.from({ length: 50_000 }, (_, index) => ({
      field: `f${index}`,
      value: 'v'.repeat(index % 90),
    }));
    writer.key({ name: 'string', value: { type: 'string', value: text } });
    writer.key({ name: 'hash', value: { type: 'hash', fields } });
    writer.key({ name: 'after', value: { type: 'set', members: [{ member: '1' }] } });
    writer.finish();
    closeSync(file);
    const [string, hash, after] = await allKeys(path);
    expect(string.value).toEqual({ type: 'string', value: text });
    expect(hash.value?.type === 'hash' && hash.value.fields.length).toBe(50_000);
    expect(after.name.toString()).toBe('after');
  });

  it('an aborted signal ends the reading with its reason', async () => {
    const reason = new Error('enough');
    await expect(forEachKey(rdb, { signal: AbortSignal.abort(reason) }, () => true)).rejects.toBe(reason);
    await expect(allKeys(rdb, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('an RDB with commands behind it is replayed, whatever its aux fields say', async () => {
    const { readFileSync } = await import('node:fs');
    const path = join(folder, 'both.aof');
    writeFileSync(
      path,
      Buffer.concat([
        readFileSync(rdb),
        Buffer.from('*1\r\n$8\r\nFLUSHALL\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n'),
      ]),
    );
    const keys = await allKeys(path);
    expect(keys.map(({ name }) => name.toString())).toEqual(['a']);
  });

  it('gives the state at an earlier point of a log', async () => {
    const path = join(folder, 'plain.aof');
    writeFileSync(path, '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nc\r\n');
    const [now] = await allKeys(path);
    const [then] = await allKeys(path, { point: { toCommand: { number: 1 } } });
    expect([now.value, then.value]).toEqual([
      { type: 'string', value: Buffer.from('c') },
      { type: 'string', value: Buffer.from('b') },
    ]);
  });
});

describe('readCommands', () => {
  const logs = goldens.filter(({ layout }) => layout !== 'rdb');

  it.each(logs.map((golden) => [golden.name, golden] as const))(
    '%s: every command, as the statistics count them',
    async (_, golden) => {
      const path = pathOf(golden);
      const { byCommand } = await logStatistics(path, {});
      const counts = new Map<string, number>();
      const all: LogCommand[] = [];
      for await (const batch of readCommands(path)) all.push(...batch);
      for (const { name } of all) counts.set(name, (counts.get(name) ?? 0) + 1);
      const expected = new Map<string, number>();
      for (const { name, count } of byCommand) {
        const [first] = name.split(/[ |]/);
        expected.set(first, (expected.get(first) ?? 0) + count);
      }
      expect(counts).toEqual(expected);
      const result = await forEachCommand(path, {}, () => true);
      expect(result).toMatchObject({ ok: true, commands: all.length });
    },
  );
});
