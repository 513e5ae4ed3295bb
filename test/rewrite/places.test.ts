/* Where a result may go, and what is not replaced. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { convert, digest, type RewriteOptions, repair, rewrite, UnwritableError, UsageError } from '../../src/index.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/server-process.ts';

const at = Date.now();
const run = (path: string, options: Partial<RewriteOptions>) => rewrite(path, { at, ...options });
const bytes = Buffer.concat([encodeCommand(['SET', 'a', '1']), encodeCommand(['SET', 'a', '2'])]);

function folder(): { dir: string; log: string } {
  const dir = temporaryDir();
  const log = join(dir, 'a.aof');
  writeFileSync(log, bytes);
  return { dir, log };
}

it('a device, a pipe or a folder is never replaced', async () => {
  const { dir, log } = folder();
  const [pipe, empty] = [join(dir, 'pipe'), join(dir, 'folder')];
  execFileSync('mkfifo', [pipe]);
  mkdirSync(empty);
  writeFileSync(join(dir, 'torn.aof'), bytes.subarray(0, -3));
  for (const output of [pipe, empty]) {
    const attempts = [
      run(log, { output, force: true }),
      repair(join(dir, 'torn.aof'), { output, force: true }),
      convert([log], { output, force: true, to: 'rdb', at }),
    ];
    for (const attempt of attempts) {
      const error = await attempt.then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      expect(error instanceof UnwritableError || error instanceof UsageError, String(error)).toBe(true);
    }
  }
  expect([statSync(pipe).isFIFO(), readdirSync(empty)]).toEqual([true, []]);
  expect(readdirSync(dir).sort()).toEqual(['a.aof', 'folder', 'pipe', 'torn.aof']);
});

it('in place, what a link leads to is replaced, and not the link', async () => {
  const { dir, log } = folder();
  const elsewhere = temporaryDir();
  const [link, target] = [join(dir, 'link.aof'), join(elsewhere, 'target.aof')];
  cpSync(log, target);
  symlinkSync(target, link);
  expect(await run(link, { inPlace: true })).toMatchObject({ outcome: 'written', path: link });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(target, 'latin1')).not.toBe(bytes.toString('latin1'));
  expect((await digest(link, { at })).digest).toBe((await digest(log, { at })).digest);
  expect([readdirSync(dir).sort(), readdirSync(elsewhere)]).toEqual([['a.aof', 'link.aof'], ['target.aof']]);
});

it('a link that leads nowhere is something that is there', async () => {
  const { dir, log } = folder();
  const output = join(dir, 'link');
  symlinkSync(join(dir, 'nowhere'), output);
  await expect(run(log, { output })).rejects.toBeInstanceOf(UsageError);
  expect(lstatSync(output).isSymbolicLink()).toBe(true);
});

it('compressed files and standard input are not rewritten in place, and a minus is no file', async () => {
  const { dir, log } = folder();
  const zipped = join(dir, 'a.aof.gz');
  writeFileSync(zipped, gzipSync(bytes));
  const before = readFileSync(zipped);
  await expect(run(zipped, { inPlace: true })).rejects.toBeInstanceOf(UsageError);
  expect(readFileSync(zipped).equals(before)).toBe(true);
  await expect(run('-', { inPlace: true })).rejects.toBeInstanceOf(UsageError);
  await expect(run(log, { output: '-' })).rejects.toBeInstanceOf(UsageError);
  expect(existsSync('-')).toBe(false);
  expect(await run(zipped, { output: join(dir, 'b.aof') })).toMatchObject({ outcome: 'written' });
});

it('a folder with files in it is not replaced, whatever is said; an empty one with force', async () => {
  const dir = temporaryDir();
  const set = join(goldenDir('redis-7.0-multipart-rdb-base'), 'appendonlydir');
  const [full, empty] = [join(dir, 'full'), join(dir, 'empty')];
  mkdirSync(full);
  mkdirSync(empty);
  writeFileSync(join(full, 'file'), 'x');
  const refused = await run(set, { output: full, force: true }).catch((error: Error) => error);
  expect(refused).toBeInstanceOf(UsageError);
  expect((refused as Error).message).not.toContain('--force');
  await expect(run(set, { output: empty })).rejects.toThrow(/--force/);
  expect(await run(set, { output: empty, force: true })).toMatchObject({ outcome: 'written' });
  expect(readdirSync(full)).toEqual(['file']);
});
