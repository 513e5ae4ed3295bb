/* What is given a folder: every entry is looked at, and the rest goes on whatever one of them is. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { check, chooseDataset, digest, UnreadableError, UsageError, verify } from '../../src/index.ts';
import { flavorOfServer } from '../digest/flavors.ts';
import { describeWithServers, startServer, temporaryDir } from '../support/servers.ts';
import { aofkit } from './run.ts';

const rdb = join(goldenDir('redis-8.6-rdb-little'), 'dump.rdb');
const aof = '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n';

/** A data folder with all that may lie in one. */
function strangeFolder(): string {
  const dir = temporaryDir();
  for (const name of ['dump.rdb', 'dump.rdb.bak', 'deep/er/x.rdb', 'lib'])
    cpSync(rdb, join(dir, name), { recursive: true });
  mkdirSync(join(dir, 'appendonlydir'));
  writeFileSync(join(dir, 'appendonlydir', 'appendonly.aof'), aof);
  writeFileSync(join(dir, 'log.1'), aof);
  writeFileSync(join(dir, 'temp-rewriteaof-77.aof'), aof.slice(0, 20));
  writeFileSync(join(dir, 'redis.conf'), '# a configuration\nappendonly yes\n');
  writeFileSync(join(dir, 'empty.txt'), '');
  symlinkSync('loop', join(dir, 'loop'));
  symlinkSync('..', join(dir, 'deep', 'up'));
  symlinkSync('nowhere', join(dir, 'gone.rdb'));
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  return dir;
}

const inside = (dir: string, paths: readonly string[]) => paths.map((path) => path.slice(dir.length + 1));

describe('a folder', () => {
  it('is looked through by content, and what was passed over is listed', async () => {
    const dir = strangeFolder();
    for (const operation of [check, verify]) {
      const { files, findings, passedOver, ok } = await operation(dir);
      const read = ['appendonlydir/appendonly.aof', 'dump.rdb', 'dump.rdb.bak', 'lib', 'log.1'];
      expect(
        inside(
          dir,
          files.map(({ path }) => path),
        ),
      ).toEqual(read);
      expect(
        inside(
          dir,
          passedOver.map(({ path }) => path),
        ),
      ).toEqual(['deep', 'empty.txt', 'pipe', 'redis.conf']);
      expect(ok).toBe(false);
      const found = findings.map(({ code, file }) => [code, ...inside(dir, [file])]);
      expect(found).toEqual([
        ['folder.data-unreadable', 'gone.rdb'],
        ['folder.unreadable', 'loop'],
        ['folder.stray', 'appendonlydir/appendonly.aof'],
        ['folder.stray', 'dump.rdb.bak'],
        ['folder.stray', 'lib'],
        ['folder.stray', 'log.1'],
        ['folder.temporary', 'temp-rewriteaof-77.aof'],
      ]);
    }
  });

  it('is entered once, whatever links lead to it', async () => {
    const dir = strangeFolder();
    const { files, passedOver } = await check(dir, { recursive: true });
    expect(
      inside(
        dir,
        files.map(({ path }) => path),
      ),
    ).toContain('deep/er/x.rdb');
    expect(
      inside(
        dir,
        passedOver.map(({ path }) => path),
      ),
    ).toContain('deep/up');
  });

  it('without any data is nothing there, or sound where that is allowed', async () => {
    const dir = temporaryDir();
    await expect(check(dir)).rejects.toBeInstanceOf(UnreadableError);
    await expect(verify(dir)).rejects.toBeInstanceOf(UnreadableError);
    expect([(await check(dir, { allowEmpty: true })).ok, (await verify(dir, { allowEmpty: true })).ok]).toEqual([
      true,
      true,
    ]);
    expect(aofkit(['check', dir, '--allow-empty']).status).toBe(0);
    const { status, stderr } = aofkit(['check', dir]);
    expect([status, stderr]).toEqual([3, expect.stringContaining('nothing there')]);
  });

  it('whose parts are folders or have names of no file has findings, and its other parts are checked', async () => {
    const dir = temporaryDir();
    mkdirSync(join(dir, 'p.1.incr.aof'));
    writeFileSync(join(dir, 'p.4.incr.aof'), aof);
    const lines = ['"p.1.incr.aof" seq 1', '".." seq 2', '"a\\x00b" seq 3', '"p.4.incr.aof" seq 4'];
    writeFileSync(join(dir, 'p.manifest'), lines.map((line) => `file ${line} type i\n`).join(''));
    for (const operation of [check, verify]) {
      const { findings, files } = await operation(dir);
      expect(
        findings.filter(({ code }) => code === 'manifest.part.unreadable' || code === 'manifest.part.missing'),
      ).toHaveLength(3);
      expect(
        inside(
          dir,
          files.map(({ path }) => path),
        ),
      ).toContain('p.4.incr.aof');
    }
  });
});

describe('a folder with several datasets', () => {
  it('gives the one that is asked for, and none where nothing tells them apart', () => {
    const dir = temporaryDir();
    cpSync(rdb, join(dir, 'a.rdb'));
    cpSync(rdb, join(dir, 'b.rdb'));
    expect(() => chooseDataset(dir)).toThrow(UsageError);
    expect(() => chooseDataset(dir, 'aof')).toThrow(UnreadableError);
    writeFileSync(join(dir, 'appendonly.aof'), aof);
    expect(chooseDataset(dir)).toMatchObject({ path: join(dir, 'appendonly.aof') });
    expect(chooseDataset(dir).others).toHaveLength(2);
    const { status, stdout, stderr } = aofkit(['digest', '--json', dir]);
    expect([status, stderr]).toEqual([0, expect.stringContaining('not read')]);
    expect(JSON.parse(stdout).chosen).toMatchObject([{ folder: dir, path: join(dir, 'appendonly.aof') }]);
    expect(aofkit(['digest', '--rdb', dir]).status).toBe(2);
  });
});

describeWithServers('a data folder of', (name) => {
  it('gives the dataset that the server loads from it', async () => {
    const config = { appendonly: 'yes' };
    const first = await startServer(name, { config });
    await first.command('SET', 'a', '1');
    await first.command('SAVE');
    await first.command('SET', 'b', '2');
    await first.stop();
    const second = await startServer(name, { dir: first.dir, config });
    const expected = await second.digest();
    await second.stop();
    const { path, others } = chooseDataset(first.dir);
    expect(inside(first.dir, others)).toEqual(['dump.rdb']);
    const options = { at: Date.now(), flavor: flavorOfServer[name] };
    expect((await digest(path, options)).digest).toBe(expected);
    const third = await startServer(name, { dir: first.dir, config: { appendonly: 'no' } });
    expect((await digest(chooseDataset(first.dir, 'rdb').path, options)).digest).toBe(await third.digest());
    await third.stop();
  });
});
