/* What must not be handed on, what is listed as a loss, and by whose rules a log is replayed: servers are asked. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crc64 } from '../../src/checksum/crc64.ts';
import { convert, digest, rewrite } from '../../src/index.ts';
import { encodeCommand } from '../support/reply.ts';
import { describeWithServer, describeWithServers, startServer, temporaryDir, tryStart } from '../support/servers.ts';

const at = Date.now();

function withChecksum(body: Buffer): Buffer {
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64LE(crc64(body));
  return Buffer.concat([body, sum]);
}

const string = (key: string, type = 0) => Buffer.from([type, key.length, ...Buffer.from(key), 1, 0x31]);
const rdbOf = (...items: Buffer[]) =>
  withChecksum(Buffer.concat([Buffer.from('REDIS0009'), Buffer.from([0xfe, 0]), ...items, Buffer.from([0xff])]));

function written(name: string, bytes: Buffer): string {
  const path = join(temporaryDir(), name);
  writeFileSync(path, bytes);
  return path;
}

const logOf = (commands: readonly (readonly string[])[]): Buffer =>
  Buffer.concat(commands.map((command) => encodeCommand([...command])));

const twice = rdbOf(string('k'), string('k'));

describe('a key that stands twice under a right checksum', () => {
  it('is refused by convert, rewrite and digest', async () => {
    const path = written('dump.rdb', twice);
    for (const to of ['rdb', 'aof'] as const) {
      const output = join(temporaryDir(), 'out');
      const { outcome, findings } = await convert(path, { to, output, at });
      expect([outcome, existsSync(output), findings.map(({ code }) => code)]).toEqual([
        'refused',
        false,
        ['rdb.key.duplicate'],
      ]);
    }
    const output = join(temporaryDir(), 'out.rdb');
    expect([(await rewrite(path, { output, at })).ok, existsSync(output)]).toEqual([false, false]);
    expect((await digest(path, { at })).digest).toBeUndefined();
  });
});

describeWithServers('a key that stands twice', (name) => {
  it('ends the server', async () => {
    const path = written('dump.rdb', twice);
    expect((await tryStart(name, { dir: join(path, '..') })).started).toBe(false);
  });
});

it('one fault is one finding: no checksum is looked for behind an unknown type', async () => {
  const path = written('dump.rdb', rdbOf(string('a'), string('b', 121), string('c')));
  const { outcome, findings } = await convert(path, { to: 'rdb', output: join(temporaryDir(), 'out.rdb'), at });
  expect([outcome, findings.map(({ offset }) => offset)]).toEqual(['refused', [16]]);
});

const acked = [
  ['XADD', 's', '1-1', 'f', 'v'],
  ['XGROUP', 'CREATE', 's', 'g', '0'],
  ['XCLAIM', 's', 'g', 'c', '0', '1-1', 'TIME', '1796060744906', 'RETRYCOUNT', '1', 'FORCE', 'JUSTID', 'LASTID', '1-1'],
  ['XACK', 's', 'g', '1-1'],
];

describeWithServer('redis-6.0', 'a consumer without entries', () => {
  it('is a loss that is listed, and what was written loads as the original does', async () => {
    const path = written('appendonly.aof', logOf(acked));
    const output = join(temporaryDir(), 'appendonly.aof');
    const result = await rewrite(path, { output, format: 'aof', target: 'redis-6.0', verify: true, at });
    expect([result.ok, result.losses.map(({ kind }) => kind)]).toEqual([
      true,
      expect.arrayContaining(['stream-consumers']),
    ]);
    const digests: string[] = [];
    for (const file of [path, output]) {
      const server = await startServer('redis-6.0', { dir: join(file, '..'), config: { appendonly: 'yes' } });
      digests.push(await server.digest());
      await server.stop();
    }
    expect(digests).toEqual([result.digest, result.digest]);
  });
});

describeWithServer('valkey-9.1', 'a field that HPERSIST meets past its time', () => {
  it('is converted by the rules of the server that loads the log', async () => {
    const log = logOf([
      ['HSET', 'h', 'f', '5', 'g', '1'],
      ['HPEXPIREAT', 'h', '1', 'FIELDS', '1', 'f'],
      ['HPERSIST', 'h', 'FIELDS', '1', 'f'],
    ]);
    const path = written('appendonly.aof', log);
    const output = join(temporaryDir(), 'dump.rdb');
    expect((await convert(path, { to: 'rdb', output, target: 'valkey-9.1', verify: true, at })).ok).toBe(true);
    const original = await startServer('valkey-9.1', { dir: join(path, '..'), config: { appendonly: 'yes' } });
    const converted = await startServer('valkey-9.1', { dir: join(output, '..') });
    expect(await converted.digest()).toBe(await original.digest());
    await original.stop();
    await converted.stop();
  });
});
