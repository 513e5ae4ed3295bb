import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crc64 } from '../../src/checksum/crc64.ts';
import { checksumRange } from '../../src/checksum/file-checksum.ts';

const folder = mkdtempSync(join(tmpdir(), 'aofkit-checksum-'));
const path = join(folder, 'file');
const bytes = Buffer.alloc(40_000_003);
const mebibyte = 1024 * 1024;

beforeAll(() => {
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 31 + (at >> 9)) & 255;
  writeFileSync(path, bytes);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the checksum of a range of a file', () => {
  it.each([1, 2, 3])('with %i threads', async (workers) => {
    const ranges = [
      [0, bytes.length],
      [1, bytes.length - 8],
      [16 * mebibyte - 1, 32 * mebibyte + 1],
      [5, 5],
      [5, 6],
    ];
    for (const [from, to] of ranges)
      expect(await checksumRange(path, from, to, { workers })).toBe(crc64(bytes, from, to));
  });

  it('takes a descriptor, and leaves it open and where it was', async () => {
    const descriptor = openSync(path, 'r');
    expect(await checksumRange(descriptor, 0, bytes.length, { workers: 2 })).toBe(crc64(bytes));
    expect(await checksumRange(descriptor, 0, 1000)).toBe(crc64(bytes, 0, 1000));
    closeSync(descriptor);
  });

  it('tells how far it is, up to the end', async () => {
    const told: number[] = [];
    await checksumRange(path, 3, bytes.length, { workers: 2, onProgress: (done) => told.push(done) });
    expect(told.at(-1)).toBe(bytes.length - 3);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  it.each([1, 2])('a range beyond the end is an error, with %i threads', async (workers) => {
    const wanted = checksumRange(path, 0, 3 * bytes.length, { workers });
    await expect(wanted).rejects.toMatchObject({ name: 'UnreadableError', code: 'EOF' });
    await expect(checksumRange(path, bytes.length, bytes.length + 1, { workers })).rejects.toMatchObject({
      code: 'EOF',
    });
  });

  it('a file that shrinks meanwhile is an error', async () => {
    const shrinking = join(folder, 'shrinking');
    writeFileSync(shrinking, bytes);
    const wanted = checksumRange(shrinking, 0, bytes.length, {
      workers: 1,
      onProgress: () => truncateSync(shrinking, 100),
    });
    await expect(wanted).rejects.toMatchObject({ code: 'EOF' });
  });

  it('what cannot be opened or read is an error', async () => {
    await expect(checksumRange(join(folder, 'absent'), 0, 1)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(checksumRange(folder, 0, 1)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('an error of the caller’s own ends the work', async () => {
    const stop = () => {
      throw new Error('enough');
    };
    await expect(checksumRange(path, 0, bytes.length, { workers: 2, onProgress: stop })).rejects.toThrow('enough');
  });
});
