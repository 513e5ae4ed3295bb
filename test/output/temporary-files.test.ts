/*
 * Temporary files in a folder that others may write to: what they put in the way, before or between two calls, is not followed, not
 * overwritten and not removed, and does not become the output.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileSystem } from '../../src/io/open-folder.ts';
import { convert } from '../../src/operations/convert/convert.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { rewrite } from '../../src/operations/rewrite/rewrite.ts';
import { aofkit } from '../cli/run.ts';
import { command } from '../compat/comparison.ts';
import { FaultyFileSystem } from '../support/faulty-file-system.ts';
import { temporaryDir } from '../support/server-process.ts';
import { hookedFileSystem, once } from './hooked-file-system.ts';

const at = Date.now();
const log = command('SET', 'a', '1') + command('SET', 'a', '2');
const torn = log + command('SET', 'b', '3').slice(0, -2);

/** A folder with a log, and one beside it that nobody may touch. */
function scene(name = 'a.aof', content = log): { dir: string; input: string; victim: string; secret: string } {
  const dir = path.join(temporaryDir(), 'out');
  const secret = path.join(temporaryDir(), 'secret');
  fs.mkdirSync(dir);
  fs.mkdirSync(secret);
  fs.writeFileSync(path.join(dir, name), content, 'latin1');
  fs.writeFileSync(path.join(secret, 'victim'), 'precious');
  return { dir, input: path.join(dir, name), victim: path.join(secret, 'victim'), secret };
}

type Job = (input: string, output: string, fileSystem: FileSystem) => Promise<{ ok: boolean }>;

/** What writes a file. */
const jobs: Record<string, Job> = {
  rewrite: (input, output, fileSystem) => rewrite(input, { at, output, fileSystem }),
  'rewrite --in-place': (input, _, fileSystem) => rewrite(input, { at, inPlace: true, fileSystem }),
  repair: (input, output, fileSystem) => repair(input, { output, fileSystem }),
  convert: (input, output, fileSystem) => convert(input, { at, to: 'rdb', output, fileSystem }),
};

const isCreation = (name: string, args: readonly unknown[]) =>
  name === 'openSync' && (Number(args[1]) & fs.constants.O_CREAT) !== 0;

describe.each(Object.entries(jobs))('%s', (_, job) => {
  it('makes files that are new, private, and no links', async () => {
    const { input, dir } = scene();
    let created = 0;
    const hooked = hookedFileSystem((name, args) => {
      if (!isCreation(name, args)) return;
      created++;
      const { O_EXCL, O_NOFOLLOW } = fs.constants;
      expect(Number(args[1]) & (O_EXCL | O_NOFOLLOW)).toBe(O_EXCL | O_NOFOLLOW);
      expect(args[2]).toBe(0o600);
    });
    expect(await job(input, path.join(dir, 'new'), hooked)).toMatchObject({ ok: true });
    expect(created).toBeGreaterThan(1);
  });

  it('does not follow a link that appears where a file is made', async () => {
    const { input, dir, victim } = scene();
    const planted = new Set<string>();
    const hooked = hookedFileSystem((name, args) => {
      if (!isCreation(name, args) || planted.size > 3) return;
      fs.symlinkSync(victim, String(args[0]));
      planted.add(path.basename(String(args[0])));
    });
    expect(await job(input, path.join(dir, 'new'), hooked)).toMatchObject({ ok: true });
    expect(planted.size).toBe(4);
    expect(fs.readFileSync(victim, 'utf8')).toBe('precious');
  });

  it('refuses where another file has got its temporary name', async () => {
    const { input, dir, victim } = scene();
    const before = fs.readFileSync(input, 'latin1');
    // The last thing before the names are compared.
    const { fs: hooked, happened } = once(
      (name, args) => name === 'fsyncSync' && fs.fstatSync(Number(args[0])).isFile(),
      () => {
        for (const name of fs.readdirSync(dir).filter((entry) => entry.endsWith('.tmp'))) {
          fs.unlinkSync(path.join(dir, name));
          fs.symlinkSync(victim, path.join(dir, name));
        }
      },
    );
    await expect(job(input, path.join(dir, 'new'), hooked)).rejects.toThrow(/another file has its temporary name/);
    expect(happened()).toBe(true);
    expect(fs.readFileSync(input, 'latin1')).toBe(before);
    expect(fs.existsSync(path.join(dir, 'new'))).toBe(false);
    expect(fs.readFileSync(victim, 'utf8')).toBe('precious');
  });

  it('says so where another file takes its name at the last moment', async () => {
    const { input, dir } = scene();
    const { fs: hooked, happened } = once(
      (name, args) => name === 'renameSync' && String(args[0]).endsWith('.tmp'),
      () => {
        for (const name of fs.readdirSync(dir).filter((entry) => entry.endsWith('.tmp'))) {
          fs.renameSync(path.join(dir, name), path.join(dir, 'stolen'));
          fs.writeFileSync(path.join(dir, name), 'other');
        }
      },
    );
    await expect(job(input, path.join(dir, 'new'), hooked)).rejects.toThrow(/another file has taken its place/);
    expect(happened()).toBe(true);
  });

  it('stays in its folder where a link takes the place of that', async () => {
    const { input, dir, secret } = scene();
    const before = fs.readdirSync(secret);
    const { fs: hooked } = once(isCreation, () => {
      fs.renameSync(dir, `${dir}.moved`);
      fs.symlinkSync(secret, dir);
    });
    await job(input, path.join(dir, 'new'), hooked).catch(() => {});
    expect(fs.readdirSync(secret)).toEqual(before);
  });
});

describe('a folder that is built', () => {
  const folders: Record<string, (input: string, output: string, fileSystem: FileSystem) => Promise<unknown>> = {
    rewrite: (input, output, fileSystem) => rewrite(input, { at, output, format: 'multipart', fileSystem }),
    convert: (input, output, fileSystem) => convert(input, { at, to: 'multipart', output, fileSystem }),
  };

  for (const [title, job] of Object.entries(folders)) {
    it(`${title}: is private, and what is put in its place is not written to or removed`, async () => {
      const { input, dir, secret } = scene();
      let built = '';
      let moved = false;
      const hooked = hookedFileSystem((name, args) => {
        if (name === 'mkdirSync') {
          expect(args[1]).toBe(0o700);
          built = path.join(dir, path.basename(String(args[0])));
        }
        // It is there, and the first file in it is about to be made.
        if (built === '' || moved || !isCreation(name, args) || String(args[0]).includes('.aofkit-')) return;
        moved = true;
        expect(fs.statSync(built).mode & 0o777).toBe(0o700);
        fs.renameSync(built, `${built}.moved`);
        fs.symlinkSync(secret, built);
      });
      const out = path.join(dir, 'parts');
      await expect(job(input, out, hooked)).rejects.toThrow(/in the place of ours/);
      expect(moved).toBe(true);
      expect(fs.readdirSync(secret)).toEqual(['victim']);
      expect(fs.existsSync(out)).toBe(false);
    });

    it(`${title}: killed, only what was made in it is removed`, async () => {
      for (let call = 0; ; call++) {
        const { input, dir } = scene();
        const out = path.join(dir, 'parts');
        const dying = new FaultyFileSystem(call, 'kill');
        await job(input, out, dying.fs).catch(() => {});
        if (!dying.struck) break;
        const [built] = fs.readdirSync(dir).filter((name) => name.endsWith('.tmp'));
        // Another user cannot write there; whoever can has something to lose.
        if (built !== undefined) fs.writeFileSync(path.join(dir, built, 'foreign'), 'precious');
        if (fs.existsSync(out)) continue;
        await job(input, out, fs);
        const left = fs.readdirSync(dir).filter((name) => !['a.aof', 'parts'].includes(name));
        expect(left, `call ${call}`).toEqual(built === undefined ? [] : [built]);
        if (built !== undefined) expect(fs.readdirSync(path.join(dir, built)), `call ${call}`).toEqual(['foreign']);
      }
    });
  }
});

describe('names with line breaks', () => {
  it('a killed run is cleared, an interrupted set is undone', async () => {
    for (let call = 0; ; call++) {
      const { input, dir } = scene('a\nb.aof', torn);
      const dying = new FaultyFileSystem(call, 'kill');
      await repair(input, { inPlace: true, fileSystem: dying.fs }).catch(() => {});
      if (!dying.struck) break;
      await repair(input, { inPlace: true });
      expect(fs.readFileSync(input, 'latin1')).toBe(log);
      expect(
        fs.readdirSync(dir).filter((name) => name.startsWith('.')),
        `call ${call}`,
      ).toEqual([]);
    }
  });

  it('shards', async () => {
    for (let call = 0; call < 200; call++) {
      const { input, dir } = scene();
      const output = path.join(dir, 'x\n+..\n.rdb');
      const split = { at, to: 'rdb', output, splitBySlot: 2, force: true } as const;
      const dying = new FaultyFileSystem(call, 'kill');
      await convert(input, { ...split, fileSystem: dying.fs }).catch(() => {});
      expect((await convert(input, split)).ok).toBe(true);
      expect(fs.readdirSync(dir).length, `call ${call}`).toBe(3);
      if (!dying.struck) break;
    }
  });
});

it('long names fit', async () => {
  const name = `${'n'.repeat(240)}.aof`;
  const { input, dir } = scene(name);
  expect(await rewrite(input, { at, inPlace: true })).toMatchObject({ ok: true });
  expect(fs.readdirSync(dir)).toEqual([name]);
});

it('what can be read only once is put into a file without a name, in TMPDIR', () => {
  const { dir } = scene();
  const tmp = temporaryDir();
  const { status, stderr } = aofkit(['convert', '-', '--to', 'rdb', '-o', path.join(dir, 'new')], log, { TMPDIR: tmp });
  expect([status, stderr]).toEqual([0, '']);
  expect(fs.readdirSync(tmp)).toEqual([]);
  expect(fs.statSync(path.join(dir, 'new')).mode & 0o777).toBe(0o600);
  const missing = aofkit(['convert', '-', '--to', 'rdb', '-o', path.join(dir, 'newer')], log, {
    TMPDIR: path.join(tmp, 'gone'),
  });
  expect([missing.status, missing.stderr]).toEqual([3, expect.stringContaining(path.join(tmp, 'gone'))]);
});

it('no code of this project removes a tree', () => {
  const root = path.join(import.meta.dirname, '..', '..');
  const sources = ['src', 'commands'].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[jt]s$/.test(name))
      .map((name) => path.join(root, folder, name)),
  );
  const wrong = sources.filter((file) => /\brm(Sync)?\(|rmSync|recursive: true/.test(fs.readFileSync(file, 'utf8')));
  expect(wrong).toEqual([]);
});
