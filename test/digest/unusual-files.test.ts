/* Where untouched keys would be read from the file itself, a file that is not there as it is read must be told of as by any other way. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { envelope, lz4Frame, storedZstdFrame } from '../../fixtures/generate/envelope.ts';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { digest } from '../../src/index.ts';
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
