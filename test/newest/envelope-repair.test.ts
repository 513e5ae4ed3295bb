/* What repair makes of an RDB in a damaged envelope: what was decompressed before the damage is an RDB that was cut, and is written plain. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { envelope, envelopedRdb, lz4Frame, storedZstdFrame } from '../../fixtures/generate/envelope.ts';
import { check } from '../../src/operations/check/check.ts';
import { digest } from '../../src/operations/digest/digest.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { temporaryDir } from '../support/server-process.ts';

const at = Date.UTC(2026, 10, 30);
const folder = temporaryDir();
/** More than four blocks of LZ4. */
const content = envelopedRdb(5000);
const lz4 = envelope(1, lz4Frame(content));
const zstd = envelope(2, storedZstdFrame(content));
let made = 0;

function path(name = 'dump.rdb'): string {
  const own = join(folder, String(made++));
  mkdirSync(own);
  return join(own, name);
}

function written(bytes: Buffer): string {
  const file = path();
  writeFileSync(file, bytes);
  return file;
}

const flip = (bytes: Buffer, place: number): Buffer =>
  Object.assign(Buffer.from(bytes), { [place]: bytes[place] ^ 0x40 }) as Buffer;

/** What a plain RDB that ends after so many bytes is mended to; a whole one gets a checksum. */
async function mendedPrefix(length: number): Promise<Buffer> {
  const output = path();
  await repair(written(content.subarray(0, Math.min(length, content.length - 1))), { output });
  return readFileSync(output);
}

async function firstError(file: string) {
  const { findings } = await check(file);
  return findings.find(({ severity }) => severity === 'error');
}

describe('a damaged envelope', () => {
  it.each([
    ['lz4, cut in the middle', lz4.subarray(0, lz4.length - 3000)],
    ['lz4, cut to half', lz4.subarray(0, lz4.length >> 1)],
    ['lz4, with a flip in the last block', flip(lz4, lz4.length - 200)],
    ['lz4, without its end mark', lz4.subarray(0, -4)],
    ['lz4, without a byte of its end mark', lz4.subarray(0, -1)],
    ['zstd, cut in the last block', zstd.subarray(0, -20)],
    ['zstd, of a reserved block', Buffer.concat([zstd.subarray(0, -15), Buffer.from([6, 0, 0])])],
    ['lz4, of an RDB that is cut itself', envelope(1, lz4Frame(content.subarray(0, 70_000))).subarray(0, -4)],
  ])('keeps what an RDB that is cut there keeps: %s', async (name, bytes) => {
    const input = written(bytes);
    const error = await firstError(input);
    expect(error?.repairable).toBe(true);
    expect((await repair(input, { dryRun: true })).outcome).toBe('planned');
    const output = path();
    const result = await repair(input, { output });
    // Keys that the database declares are gone with the data, but not with the end of the frame alone.
    expect([result.outcome, result.ok]).toEqual(['repaired', name.includes('end mark')]);
    expect(result.plan.files[0].regions.map(({ code }) => code)).toContain(error?.code);
    expect(result.notes.some((note) => note.includes('compressed'))).toBe(true);
    const { files, findings } = await check(output);
    expect([findings, files[0].envelope, files[0].rdb?.checksum.state]).toEqual([[], undefined, 'ok']);
    expect(readFileSync(output).equals(await mendedPrefix(error?.offset ?? 0))).toBe(true);
    expect(readFileSync(input).equals(bytes)).toBe(true);
  });

  it('loses nothing where only the end of the frame is cut', async () => {
    const output = path();
    const { plan } = await repair(written(lz4.subarray(0, -4)), { output });
    expect(plan.strategies[plan.strategy]).toMatchObject({ bytesLost: 0, keysLost: 0 });
    expect((await digest(output, { at })).digest).toBe((await digest(written(content), { at })).digest);
  });

  it('is replaced in place by a plain RDB, with a backup', async () => {
    const input = written(lz4.subarray(0, -4));
    const result = await repair(input, { inPlace: true });
    expect([result.outcome, result.ok, result.backups.length]).toEqual(['repaired', true, 1]);
    expect(readFileSync(result.backups[0]).equals(lz4.subarray(0, -4))).toBe(true);
    expect(readFileSync(input).subarray(0, 9).toString()).toBe('VALKEY081');
    expect((await check(input)).findings).toEqual([]);
  });

  it('is replaced by a plain RDB where it is the base of an AOF', async () => {
    const manifest = path('appendonly.aof.manifest');
    const parts = join(manifest, '..');
    writeFileSync(
      manifest,
      'file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n',
    );
    writeFileSync(join(parts, 'appendonly.aof.1.base.rdb'), lz4.subarray(0, -4));
    writeFileSync(join(parts, 'appendonly.aof.1.incr.aof'), '*3\r\n$3\r\nSET\r\n$3\r\nnew\r\n$1\r\n1\r\n');
    // Without a backup, which would be looked at as well.
    const { outcome, ok } = await repair(parts, { inPlace: true, backup: false });
    const { findings, files } = await check(parts);
    expect([outcome, ok, findings]).toEqual(['repaired', true, []]);
    expect(files.map((file) => file.envelope)).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    ['of nothing', envelope(2, Buffer.alloc(0))],
    ['without a block', lz4.subarray(0, 14)],
    ['with a flip in the first block', flip(lz4, 3000)],
  ])('of which nothing comes out is not repairable, and nothing is written: %s', async (_, bytes) => {
    const input = written(bytes);
    expect((await firstError(input))?.repairable).toBe(false);
    expect((await repair(input, { dryRun: true })).ok).toBe(false);
    const output = path();
    const result = await repair(input, { output });
    expect([result.outcome, result.ok, existsSync(output)]).toEqual(['failed', false, false]);
    expect(result.plan.files[0].unresolved[0].code).toMatch(/^rdb\.envelope/);
    expect((await repair(input, { inPlace: true })).outcome).toBe('failed');
    expect(readFileSync(input).equals(bytes)).toBe(true);
  });

  it('that only needs more memory is not damage', async () => {
    const input = written(envelope(2, storedZstdFrame(content, 0x89)));
    expect((await firstError(input))?.repairable).toBe(false);
    await expect(repair(input, { dryRun: true })).rejects.toMatchObject({ code: 'ELIMIT' });
  });
});

describe('a sound envelope', () => {
  it('is sound, and its copy is plain with a checksum', async () => {
    const other = Buffer.from(content);
    other.fill(7, other.length - 8);
    const input = written(envelope(1, lz4Frame(other)));
    expect((await repair(input, { dryRun: true })).outcome).toBe('sound');
    const output = path();
    expect((await repair(input, { output })).ok).toBe(true);
    expect((await check(output)).files[0].rdb?.checksum.state).toBe('ok');
    expect((await digest(output, { at })).digest).toBe((await digest(input, { at })).digest);
  });
});
