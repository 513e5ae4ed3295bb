/* Where untouched keys would be read from the file itself, a file that is not there as it is read must be told of as by any other way. */
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { envelope, lz4Frame, storedZstdFrame } from '../../fixtures/generate/envelope.ts';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { digest } from '../../src/index.ts';
import { aofkit } from '../cli/run.ts';
import { temporaryDir } from '../support/servers.ts';

const at = Date.UTC(2026, 0, 1);
const rdb = fs.readFileSync(path.join(goldenDir('redis-8.6-rdb'), 'dump.rdb'));

it.each([
  ['LZ4', envelope(1, lz4Frame(rdb))],
  ['Zstandard', envelope(2, storedZstdFrame(rdb))],
])('an RDB in an envelope (%s) has the digest of the RDB', async (_codec, bytes) => {
  const [plain, enveloped] = ['plain.rdb', 'enveloped.rdb'].map((name) => path.join(temporaryDir(), name));
  fs.writeFileSync(plain, rdb);
  fs.writeFileSync(enveloped, bytes);
  const expected = await digest(plain, { at });
  expect(expected.ok).toBe(true);
  expect((await digest(enveloped, { at })).digest).toBe(expected.digest);
});

it.each([
  ['that is not there', 'a.aof.1.incr.aof', 'manifest.part.missing'],
  ['whose name has a NUL byte', '"a b\\x00"', 'manifest.part.unreadable'],
])('a part %s is a finding', async (_what, name, code) => {
  const folder = temporaryDir();
  fs.writeFileSync(path.join(folder, 'a.aof.1.base.rdb'), rdb);
  fs.writeFileSync(
    path.join(folder, 'a.aof.manifest'),
    `file a.aof.1.base.rdb seq 1 type b\nfile ${name} seq 1 type i\n`,
  );
  const { ok, findings } = await digest(folder, { at });
  expect(ok).toBe(false);
  expect(findings.map((finding) => finding.code)).toContain(code);
});

describe('a value that servers refuse to load', () => {
  /** A vector set with a link that has none back, in an RDB whose checksum is right. */
  const hex =
    '524544495330303039fe0007066e7276613a3081bde72da2bb1eb400020302020250000200050161050c00000000000000000000000002070201020002010210020202000201050162050c0000000000000000000000000207020202000201021002030200020100ffff96a7eef3e6f835';
  const dir = temporaryDir();
  const plain = path.join(dir, 'refused.rdb');
  fs.writeFileSync(plain, Buffer.from(hex, 'hex'));
  fs.writeFileSync(`${plain}.gz`, gzipSync(fs.readFileSync(plain)));
  const inputs = [
    ['as a file', plain, undefined],
    ['as a gzip file', `${plain}.gz`, undefined],
    ['from a pipe', '-', fs.readFileSync(plain)],
  ] as const;

  it.each(inputs)('is refused %s', (_, input, bytes) => {
    const output = path.join(dir, 'out');
    for (const args of [
      ['digest', input],
      ['rewrite', input, '-o', output],
      ['convert', input, '--to', 'aof', '--target', 'redis-8.0', '-o', output],
    ]) {
      const { status, stdout, stderr } = aofkit(args, bytes);
      expect({ args, status, told: (stdout + stderr).includes('rdb.module.vector-set') }).toEqual({
        args,
        status: 1,
        told: true,
      });
      expect(fs.existsSync(output)).toBe(false);
    }
  });
});
