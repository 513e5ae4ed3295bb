/* rewrite and convert of an RDB in an envelope: whose rules they load it by, how large it counts, and what they say of their output. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { envelope, envelopedRdb, lz4Frame, storedZstdFrame } from '../../fixtures/generate/envelope.ts';
import { detectLayout } from '../../src/aof/layout.ts';
import { flavorOfFiles } from '../../src/dataset/flavor-choice.ts';
import { convert } from '../../src/operations/convert/convert.ts';
import { digest } from '../../src/operations/digest/digest.ts';
import { measureGrowth } from '../../src/operations/rewrite/growth.ts';
import { rewrite } from '../../src/operations/rewrite/rewrite.ts';
import { temporaryDir } from '../support/server-process.ts';

const at = Date.UTC(2026, 10, 30);
const folder = temporaryDir();
const content = envelopedRdb(500);
const lz4 = envelope(1, lz4Frame(content));
const command = Buffer.from('*3\r\n$3\r\nSET\r\n$3\r\nnew\r\n$1\r\n1\r\n');
let made = 0;

function written(bytes: Buffer): string {
  const path = join(folder, `${made++}.rdb`);
  writeFileSync(path, bytes);
  return path;
}

it('is loaded by the rules of the server that wrote it', () => {
  for (const bytes of [lz4, envelope(2, storedZstdFrame(content))]) {
    expect(flavorOfFiles(detectLayout(written(bytes)))).toBe('valkey-9.2');
  }
  expect(flavorOfFiles(detectLayout(written(lz4.subarray(0, 20))))).toBeUndefined();
});

it('counts with the bytes of the file, up to the end of the frame', () => {
  expect(measureGrowth(written(lz4))).toEqual({ bytes: lz4.length, baseBytes: lz4.length });
  const hybrid = Buffer.concat([lz4, command]);
  expect(measureGrowth(written(hybrid))).toEqual({ bytes: hybrid.length, baseBytes: lz4.length });
  const cut = lz4.subarray(0, -4);
  expect(measureGrowth(written(cut))).toEqual({ bytes: cut.length, baseBytes: cut.length });
});

it('is told to be written plain', async () => {
  const input = written(lz4);
  const output = join(folder, 'rewritten.aof');
  const rewritten = await rewrite(input, { output, at });
  expect(rewritten.notes.filter((note) => note.includes('compressed (lz4)'))).toHaveLength(1);
  const copy = join(folder, 'converted.rdb');
  const converted = await convert([input], { to: 'rdb', output: copy, at });
  expect(converted.notes.filter((note) => note.includes('compressed (lz4)'))).toHaveLength(1);
  expect(readFileSync(copy).subarray(0, 9).toString()).toBe('VALKEY081');
  const wanted = (await digest(input, { at })).digest;
  for (const path of [output, copy]) expect((await digest(path, { at })).digest).toBe(wanted);
});
