/* What nobody would call a log or an RDB: an answer, an exit code, and never a bug. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check, repair, UsageError } from '../../src/index.ts';
import { temporaryDir } from '../support/server-process.ts';

function fileOf(name: string, bytes: Buffer): string {
  const path = join(temporaryDir(), name);
  writeFileSync(path, bytes);
  return path;
}

describe('repair of a few bytes', () => {
  const lengths = Array.from({ length: 20 }, (_, index) => index);
  const fills: [string, (length: number) => Buffer][] = [
    ['text', (length) => Buffer.alloc(length, 'junk')],
    ['NULs', (length) => Buffer.alloc(length)],
    ['0xff', (length) => Buffer.alloc(length, 0xff)],
    ['the front of an RDB', (length) => Buffer.from('REDIS0011\xfa\x09redis-ver', 'latin1').subarray(0, length)],
    ['the front of an RDB of Valkey', (length) => Buffer.from('VALKEY080\xfa\x0avalkey', 'latin1').subarray(0, length)],
    ['the front of a command', (length) => Buffer.from('*3\r\n$3\r\nSET\r\n$1\r\na\r\n').subarray(0, length)],
    ['the front of a manifest', (length) => Buffer.from('file a.1.base.rdb seq 1').subarray(0, length)],
  ];

  it.each(fills)('%s', async (_, make) => {
    for (const name of ['a.aof', 'a.rdb', 'a.manifest', 'a']) {
      for (const length of lengths) {
        const bytes = make(length);
        const path = fileOf(name, bytes);
        const plan = await repair(path).catch((error: Error) => error);
        const result = await repair(path, { inPlace: true, force: true }).catch((error: Error) => error);
        const what = `${name}, ${length} bytes: ${plan} ${result}`;
        // A usage error or an unreadable one is an answer too; any other is a bug.
        for (const one of [plan, result])
          if (one instanceof Error) expect(['UsageError', 'UnreadableError'], what).toContain(one.name);
        if (result instanceof Error || result.outcome === 'failed')
          expect(readFileSync(path).equals(bytes), what).toBe(true);
        else if (result.ok) expect((await check(path)).ok, what).toBe(true);
      }
    }
  });
});

it('a minus is no file', async () => {
  const path = fileOf('a.aof', Buffer.from('*1\r\n$4\r\nPI'));
  await expect(repair(path, { output: '-' })).rejects.toBeInstanceOf(UsageError);
  expect(readdirSync(dirname(path))).toEqual(['a.aof']);
});
