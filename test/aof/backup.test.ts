/* The folder of BACKUP (Redis 8.10). No server that has it is at hand: what is in the folder follows the documentation. */
import { copyFileSync, linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { findLog } from '../../src/aof/log/parts.ts';
import { boot, check, convert, digest, repair, rewrite, verify } from '../../src/index.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/server-process.ts';

const at = Date.now();
const base = 'appendonly.aof.3.base.rdb';
const incr = 'appendonly.aof.3.incr.aof';
const manifest = 'appendonly.aof.manifest';
const log = Buffer.concat([encodeCommand(['SELECT', '0']), encodeCommand(['SET', 'in-the-log', '1'])]);

/** A live AOF's folder and a backup of it, whose parts are hard links; `sealed`: with the log and the manifest. */
function folders(sealed: boolean, name = 'backupdir'): { live: string; backup: string; data: string } {
  const data = temporaryDir();
  const live = join(data, 'appendonlydir');
  const backup = join(data, name);
  mkdirSync(live);
  mkdirSync(backup);
  copyFileSync(join(goldenDir('redis-8.6-rdb-little'), 'dump.rdb'), join(live, base));
  writeFileSync(join(live, incr), log);
  const lines = [`file ${base} seq 3 type b`, `file ${incr} seq 3 type i startoffset 0`];
  writeFileSync(join(live, manifest), `${lines.join('\n')}\nfile appendonly.aof.4.incr.aof seq 4 type i\n`);
  writeFileSync(join(live, 'appendonly.aof.4.incr.aof'), '');
  linkSync(join(live, base), join(backup, base));
  if (sealed) {
    linkSync(join(live, incr), join(backup, incr));
    writeFileSync(join(backup, manifest), `${lines.join('\n')}\n`);
  }
  return { live, backup, data };
}

const codes = (findings: readonly { code: string }[]) => findings.map(({ code }) => code);

it('is known by its name, or by its links', async () => {
  for (const name of ['backupdir', 'elsewhere']) {
    const sealed = await check(folders(true, name).backup);
    expect([sealed.layout, codes(sealed.findings)]).toEqual(['multi-part', ['backup.sealed']]);
    expect(sealed.findings[0].found).toContain(`hard links: ${base}, ${incr}`);
    const open = await check(folders(false, name).backup);
    expect(codes(open.findings)).toEqual(['backup.unsealed']);
    expect(open.files.map(({ path }) => path.split('/').at(-1))).toEqual([base]);
  }
  // The live folder shares the files too, and is none; neither is one that lacks what its manifest names.
  expect(codes((await check(folders(true).live)).findings)).toEqual([]);
  const { backup } = folders(true);
  writeFileSync(join(backup, manifest), `file ${base} seq 3 type b\nfile other.incr.aof seq 3 type i\n`);
  expect(codes((await check(backup)).findings)).toContain('manifest.part.missing');
});

it('is read by verify, digest, convert, rewrite and log, as what it is', async () => {
  const { backup, live } = folders(true);
  expect(codes((await verify(backup)).findings)).toEqual(['backup.sealed']);
  const whole = await digest(live, { at });
  const sealed = await digest(backup, { at });
  expect([sealed.digest, codes(sealed.findings)]).toEqual([whole.digest, ['backup.sealed']]);
  expect(findLog(backup).parts.map(({ role }) => role)).toEqual(['base', 'incr']);
  const open = folders(false).backup;
  const alone = await digest(join(live, base), { at });
  const unsealed = await digest(open, { at });
  expect([unsealed.digest, codes(unsealed.findings)]).toEqual([alone.digest, ['backup.unsealed']]);
  expect(findLog(open).parts.map(({ name }) => name)).toEqual([base]);
  for (const [from, expected] of [
    [backup, whole.digest],
    [open, alone.digest],
  ] as const) {
    const rewritten = join(temporaryDir(), 'new.aof');
    await rewrite(from, { output: rewritten, at });
    expect((await digest(rewritten, { at })).digest).toBe(expected);
    const converted = join(temporaryDir(), 'new.rdb');
    await convert(from, { output: converted, to: 'rdb', at });
    expect((await digest(converted, { at })).digest).toBe(expected);
  }
});

it('stands aside where a data folder has anything else', async () => {
  const { data, live } = folders(true);
  expect((await digest(data, { at })).digest).toBe((await digest(live, { at })).digest);
  expect(findLog(data).parts.map(({ path }) => path)[0]).toBe(join(live, base));
});

it('is never written to', async () => {
  for (const sealed of [true, false]) {
    const { backup } = folders(sealed);
    const part = join(backup, sealed ? incr : base);
    // Torn in the middle of a command: there is something to repair.
    writeFileSync(part, readFileSync(part).subarray(0, -3));
    const before = statSync(part);
    for (const path of [backup, part, ...(sealed ? [join(backup, manifest)] : [])]) {
      await expect(repair(path, { inPlace: true })).rejects.toThrow(/is a backup .* nothing is written there/);
      await expect(rewrite(path, { inPlace: true, at })).rejects.toThrow(/hard link/);
    }
    const after = statSync(part);
    expect([after.ino, after.size, after.mtimeMs]).toEqual([before.ino, before.size, before.mtimeMs]);
  }
});

it('is what boot loads with preload-file', async () => {
  const { data, backup, live } = folders(true);
  const start = (setting: string, server = 'redis-8.10') =>
    boot(data, { server, settings: ['appendonly yes', setting], at } as never);
  const keys = (result: Awaited<ReturnType<typeof boot>>) => result.databases.reduce((sum, one) => sum + one.keys, 0);
  const whole = await start(`preload-file aof:${join(backup, manifest)}`);
  expect([whole.starts, whole.files.map(({ role }) => role)]).toEqual([true, ['manifest', 'base', 'incr']]);
  const alone = await start(`preload-file rdb:${join(backup, base)}`);
  expect(alone.unused.map(({ path }) => path)).toContain(`backupdir/${incr}`);
  expect(whole.unused.filter(({ path }) => path.startsWith('backupdir'))).toEqual([]);
  expect([alone.starts, keys(whole) - keys(alone)]).toEqual([true, 1]);
  expect((await start('preload-file aof:none.manifest')).reason).toBe(
    'preload-file names none.manifest, which is not there',
  );
  expect((await start('preload-file what')).starts).toBe(false);
  expect((await start(`preload-file rdb:${join(backup, base)}`, 'redis-8.6')).starts).toBe(false);
  writeFileSync(join(live, incr), log.subarray(0, -3));
  expect((await start(`preload-file aof:${join(backup, manifest)}`)).reason).toMatch(
    /incr\.aof cannot be loaded whole/,
  );
});
