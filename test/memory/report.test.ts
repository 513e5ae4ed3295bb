import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { compareMemory, memoryReport } from '../../src/index.ts';
import { memoryRules } from '../../src/memory/rules.ts';
import { aofkit } from '../cli/run.ts';
import { memoryWorkload } from '../support/memory-workload.ts';
import { encodeCommand } from '../support/reply.ts';
import { describeWithServers, startServer, temporaryDir } from '../support/servers.ts';

const rdb = join(goldenDir('redis-8.6-rdb'), 'dump.rdb');
const at = Date.parse('2026-12-01T00:00:00Z');

function log(...commands: (string | number)[][]): string {
  const file = join(temporaryDir(), 'appendonly.aof');
  writeFileSync(file, Buffer.concat(commands.map((command) => encodeCommand(command))));
  return file;
}

describe('the memory report', () => {
  it('adds up the same by type, encoding, database and slot', async () => {
    const report = await memoryReport(rdb, { at, slots: true, server: 'redis-8.6' });
    expect(report.ok).toBe(true);
    for (const groups of [report.types, report.encodings, report.databases, report.slots ?? []]) {
      expect(groups.reduce((sum, { keys }) => sum + keys, 0)).toBe(report.keys);
      expect(Math.abs(groups.reduce((sum, { bytes }) => sum + bytes, 0) - report.bytes)).toBeLessThan(
        groups.length + 1,
      );
    }
    expect(report.sizes.reduce((sum, { keys }) => sum + keys, 0)).toBe(report.keys);
    expect(report.largest.map(({ bytes }) => bytes)).toEqual(
      report.largest.map(({ bytes }) => bytes).toSorted((a, b) => b - a),
    );
  });

  it('tells of expiry and of use', async () => {
    const file = log(
      ['SET', 's:1', 'x'],
      ['SET', 's:2', 'x', 'PXAT', at + 30_000],
      ['SET', 's:3', 'x', 'PXAT', at + 3 * 86_400_000],
      ['RESTORE', 'unused', 0, 'no payload'],
      ['SELECT', 3],
      ['RPUSH', 'l', 'a', 'b', 'c'],
    );
    const report = await memoryReport(file, { at, server: 'redis-8.0' });
    expect(report.keys).toBe(4);
    expect(report.persistentKeys).toBe(2);
    expect(report.ttl.filter(({ keys }) => keys > 0).map(({ from, to, keys }) => [from, to, keys])).toEqual([
      [0, 60, 1],
      [86_400, 7 * 86_400, 1],
    ]);
    expect(report.databases.map(({ name, keys }) => [name, keys])).toEqual([
      ['0', 3],
      ['3', 1],
    ]);
    expect(report.mostElements.map(({ key, elements, encoding }) => [key, elements, encoding])).toEqual([
      ['l', 3, 'listpack'],
    ]);
    const [root] = report.prefixes.roots;
    expect([root.prefix, root.keys, root.persistentKeys]).toEqual(['s:', 3, 1]);
  });

  it('takes only the keys that are selected', async () => {
    const file = log(['SET', 'a', 'x'.repeat(5000)], ['SET', 'b', 'x'], ['HSET', 'h', 'f', 'v']);
    const names = async (select: object) =>
      (await memoryReport(file, { at, select })).largest.map(({ key }) => key).sort();
    expect(await names({ types: ['hash'] })).toEqual(['h']);
    expect(await names({ minBytes: 1000 })).toEqual(['a']);
    expect(await names({ maxBytes: 1000 })).toEqual(['b', 'h']);
  });

  it('compares two datasets', async () => {
    const before = await memoryReport(log(['SET', 'a:1', 'x'], ['SET', 'b:1', 'x']), { at });
    const after = await memoryReport(log(['SET', 'a:1', 'x'.repeat(300)], ['SET', 'c:1', 'x']), { at });
    const { total, prefixes } = compareMemory(before, after);
    expect([total.keysBefore, total.keysAfter]).toEqual([2, 2]);
    expect(total.bytesAfter - total.bytesBefore).toBe(after.bytes - before.bytes);
    expect(prefixes.map(({ name, keysBefore, keysAfter }) => [name, keysBefore, keysAfter])).toEqual([
      ['a:', 1, 1],
      ['b:', 1, 0],
      ['c:', 0, 1],
    ]);
  });

  it('covers what comes before damage', async () => {
    const file = join(temporaryDir(), 'dump.rdb');
    const bytes = readFileSync(rdb);
    writeFileSync(file, bytes.subarray(0, bytes.length >> 1));
    const report = await memoryReport(file, { at });
    expect(report.ok).toBe(false);
    expect(report.findings.map(({ code }) => code)).toEqual(['rdb.truncated']);
    expect(report.keys).toBeGreaterThan(0);
  });
});

describeWithServers('the memory of a server in all', (name) => {
  it('is near used_memory', async () => {
    const dir = temporaryDir();
    const builder = await startServer(name);
    await builder.pipeline(memoryWorkload(name, 4));
    await builder.command('SAVE');
    const file = join(dir, 'dump.rdb');
    copyFileSync(join(builder.dir, 'dump.rdb'), file);
    await builder.stop();
    const server = await startServer(name, { dir });
    const used = Number(/used_memory:(\d+)/.exec(String(await server.command('INFO', 'memory')))?.[1]);
    await server.stop();
    const { needs } = await memoryReport(file, { at, server: memoryRules(name).server });
    expect(Math.abs(needs.usedMemory - used) / used).toBeLessThan(0.05);
  }, 60_000);
});

describe('aofkit memory', () => {
  it('prints a table, or one JSON object', () => {
    const table = aofkit(['memory', rdb]);
    expect({ status: table.status, stderr: table.stderr }).toEqual({ status: 0, stderr: '' });
    for (const title of ['type', 'encoding', 'largest keys', 'used memory']) expect(table.stdout).toContain(title);
    const { status, stdout } = aofkit(['memory', rdb, '--json', '--server', 'valkey-9.1', '--by-slot', '-n', '2']);
    const { ok, results } = JSON.parse(stdout);
    expect([status, ok, results.length, results[0].server, results[0].largest.length]).toEqual([
      0,
      true,
      1,
      'valkey-9.1',
      2,
    ]);
    expect(results[0].slots.length).toBeGreaterThan(0);
  });

  it('compares with an earlier dataset', () => {
    const before = log(['SET', 'a:1', 'x']);
    const after = log(['SET', 'a:1', 'x'], ['SET', 'b:1', 'x']);
    const { status, stdout } = aofkit(['memory', after, '--compare', before]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^b: +0 +1 /m);
    expect(stdout).not.toMatch(/^a: /m);
    const { comparisons } = JSON.parse(aofkit(['memory', after, '--compare', before, '--json']).stdout);
    expect(comparisons[0].total.keysAfter).toBe(2);
  });

  it('ends with 1 for damage, 2 for a wrong call, 3 for what cannot be read', () => {
    const file = join(temporaryDir(), 'cut.rdb');
    writeFileSync(file, readFileSync(rdb).subarray(0, 3000));
    const cut = aofkit(['memory', file]);
    expect(cut.status).toBe(1);
    expect(cut.stderr).toContain('rdb.truncated');
    expect(cut.stdout).toContain('largest keys');
    expect(aofkit(['memory', file, '--server', 'redis-5.0']).status).toBe(2);
    expect(aofkit(['memory', join(temporaryDir(), 'none')]).status).toBe(3);
  });
});
