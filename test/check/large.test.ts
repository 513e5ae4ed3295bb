import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../src/index.ts';
import { temporaryDir } from '../support/servers.ts';

const command = (...args: string[]) =>
  `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;

/** Writes texts at offsets; what lies between is a hole of NUL bytes, which takes no room on the disk. */
function sparse(file: string, pieces: readonly (readonly [offset: number, text: string])[]): void {
  const descriptor = fs.openSync(file, 'w');
  for (const [offset, text] of pieces) fs.writeSync(descriptor, text, offset, 'latin1');
  fs.closeSync(descriptor);
}

describe('check: large and moving files', () => {
  it('passes a command of 512 MB in constant memory', async () => {
    const file = path.join(temporaryDir(), 'large.aof');
    const size = 512 * 1024 * 1024;
    const head = `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${size}\r\n`;
    sparse(file, [
      [0, head],
      [head.length + size, `\r\n${command('PING')}`],
    ]);
    const before = process.memoryUsage().rss;
    const result = await check(file);
    expect([result.ok, result.summary.commands]).toEqual([true, 2]);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('passes an RDB string of 300 MB in constant memory, and a key of 40 MB', async () => {
    const file = path.join(temporaryDir(), 'large.rdb');
    const length = (size: number) =>
      `\x80${Buffer.from([size >>> 24, size >>> 16, size >>> 8, size]).toString('latin1')}`;
    const [value, key] = [300 * 1024 * 1024, 40 * 1024 * 1024];
    const first = `REDIS0011\xfe\x00\x00\x01a${length(value)}`;
    const second = `\x00${length(key)}`;
    sparse(file, [
      [0, first],
      [first.length + value, second],
      [first.length + value + second.length + key, `\x01v\xff${'\0'.repeat(8)}`],
    ]);
    const before = process.memoryUsage().rss;
    const result = await check(file);
    expect([result.ok, result.summary.keys]).toEqual([true, 2]);
    expect(result.findings.map(({ code }) => code).sort()).toEqual(['rdb.checksum.disabled', 'rdb.value.large']);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });

  it('says so when the file shrinks while it is read', async () => {
    const file = path.join(temporaryDir(), 'shrinking.aof');
    fs.writeFileSync(file, command('SET', 'k', 'v'.repeat(1000)).repeat(20_000));
    const result = await check(file, { onProgress: () => fs.truncateSync(file, 5_000_000) });
    const codes = result.findings.map(({ code }) => code);
    expect(codes).toContain('input.changed');
    expect(codes).toContain('aof.truncated');
  });

  it('says so when the file grows while it is read', async () => {
    const file = path.join(temporaryDir(), 'growing.aof');
    const record = command('SET', 'k', 'v'.repeat(1000));
    fs.writeFileSync(file, record.repeat(20_000));
    let grown = false;
    const result = await check(file, {
      onProgress: () => {
        if (!grown) fs.appendFileSync(file, record);
        grown = true;
      },
    });
    expect([result.ok, result.findings.map(({ code }) => code)]).toEqual([true, ['input.changed']]);
  });
});
