/*
 * In place, beside a server: a process that has a file open, or a change since the file was read, is seen at the start, right before the
 * swap, and before the history goes. What happens between two calls is done by the file system of the test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { convert } from '../../src/operations/convert/convert.ts';
import { digest } from '../../src/operations/digest/digest.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { rewrite } from '../../src/operations/rewrite/rewrite.ts';
import { findOpenFiles } from '../../src/output/open-files.ts';
import { command } from '../compat/comparison.ts';
import { temporaryDir } from '../support/server-process.ts';
import { once } from './hooked-file-system.ts';

const at = Date.now();
const log = command('SET', 'a', '1') + command('SET', 'a', '2');
const torn = log + command('SET', 'b', '3').slice(0, -2);

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process that has the file open. */
function hold(file: string): number {
  const descriptor = fs.openSync(file, 'a');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], {
    stdio: ['ignore', 'ignore', descriptor],
  });
  children.push(child);
  fs.closeSync(descriptor);
  return child.pid ?? 0;
}

/** A folder of processes as a system shows it: this one, and one with those files open. */
function procOf(files: readonly string[], namespace = 'pid:[4026531836]'): string {
  const proc = temporaryDir();
  fs.mkdirSync(path.join(proc, String(process.pid), 'fd'), { recursive: true });
  fs.mkdirSync(path.join(proc, 'self', 'ns'), { recursive: true });
  fs.symlinkSync(namespace, path.join(proc, 'self', 'ns', 'pid'));
  fs.writeFileSync(path.join(proc, 'self', 'mounts'), '');
  fs.mkdirSync(path.join(proc, '4194999', 'fd'), { recursive: true });
  fs.writeFileSync(path.join(proc, '4194999', 'comm'), 'valkey-server\n');
  for (const [index, file] of files.entries()) fs.symlinkSync(file, path.join(proc, '4194999', 'fd', String(index)));
  return proc;
}

const nobody = () => procOf([]);

function multiPart(): string {
  const dir = path.join(temporaryDir(), 'appendonlydir');
  fs.cpSync(path.join(goldenDir('redis-7.0-multipart-rdb-base'), 'appendonlydir'), dir, { recursive: true });
  return dir;
}

function single(text = log): string {
  const file = path.join(temporaryDir(), 'a.aof');
  fs.writeFileSync(file, text, 'latin1');
  return file;
}

const incrementOf = (dir: string) =>
  path.join(
    dir,
    fs.readdirSync(dir).find((name) => name.endsWith('.incr.aof') && fs.statSync(path.join(dir, name)).size > 0) ?? '',
  );
const isSwap = (name: string, args: readonly unknown[]) => name === 'renameSync' && /\.tmp$/.test(String(args[0]));
/** The last call on the result before the swap. */
const isFlush = (name: string, args: readonly unknown[]) =>
  name === 'fsyncSync' && fs.fstatSync(Number(args[0])).isFile();

describe('at the start', () => {
  it('sees a process that has the file open under another name', async () => {
    const file = single();
    fs.linkSync(file, `${file}.elsewhere`);
    const pid = hold(`${file}.elsewhere`);
    for (const run of [
      () => rewrite(file, { at, inPlace: true }),
      () => repair(file, { inPlace: true }),
      () => convert(file, { at, to: 'aof', output: file, force: true, compact: true }),
    ]) {
      await expect(run()).rejects.toThrow(new RegExp(`process ${pid} \\(node\\) has .* open`));
    }
  });

  it('of a part, sees who has another part of its AOF open', async () => {
    const dir = multiPart();
    const base = path.join(dir, 'appendonly.aof.2.base.rdb');
    await expect(repair(base, { inPlace: true, proc: procOf([incrementOf(dir)]) })).rejects.toThrow(/valkey-server/);
  });

  it('tells why processes may be hidden', () => {
    expect(findOpenFiles([], nobody()).unseen).toBe('');
    expect(findOpenFiles([], temporaryDir()).unseen).toMatch(/does not show/);
    expect(findOpenFiles([], '/nowhere').unseen).toMatch(/does not show/);
    expect(findOpenFiles([], procOf([], 'pid:[4026532178]')).unseen).toMatch(/container/);
  });
});

/** What happens to the input meanwhile. */
const changes: Record<string, (file: string) => void> = {
  'is appended to': (file) => fs.appendFileSync(file, command('SET', 'new', '1')),
  'is written to, and no longer': (file) => {
    const size = fs.statSync(file).size;
    fs.writeFileSync(file, Buffer.alloc(size, 10));
    fs.utimesSync(file, at / 1000 + 5, at / 1000 + 5);
  },
  'is replaced': (file) => {
    fs.copyFileSync(file, `${file}.copy`);
    const { atime, mtime } = fs.statSync(file);
    fs.utimesSync(`${file}.copy`, atime, mtime);
    fs.renameSync(`${file}.copy`, file);
  },
  'is gone': (file) => fs.unlinkSync(file),
};

describe.each(Object.entries(changes))('a file that %s before the swap', (_, change) => {
  const runs: Record<
    string,
    { readonly text: string; readonly run: (file: string, fileSystem: typeof fs) => Promise<object> }
  > = {
    rewrite: { text: log, run: (file, fileSystem) => rewrite(file, { at, inPlace: true, fileSystem }) },
    'rewrite --force': {
      text: log,
      run: (file, fileSystem) => rewrite(file, { at, inPlace: true, force: true, fileSystem }),
    },
    'rewrite -o': {
      text: log,
      run: (file, fileSystem) => rewrite(file, { at, output: file, force: true, fileSystem }),
    },
    repair: { text: torn, run: (file, fileSystem) => repair(file, { inPlace: true, fileSystem }) },
    convert: {
      text: log,
      run: (file, fileSystem) => convert(file, { at, to: 'aof', compact: true, output: file, force: true, fileSystem }),
    },
  };

  it.each(Object.entries(runs))('%s', async (_, { text, run }) => {
    const file = single(text);
    // A repair's quarantine comes first: its region, and its index.
    let flushes = text === torn ? 3 : 1;
    const isResult = (name: string, args: readonly unknown[]) => isFlush(name, args) && --flushes === 0;
    const { fs: hooked, happened } = once(isResult, () => change(file));
    const before = () => (fs.existsSync(file) ? fs.readFileSync(file) : undefined);
    const result = (await run(file, hooked as typeof fs)) as { ok: boolean; reason: string };
    expect(happened()).toBe(true);
    expect(result.ok).toBe(false);
    expect(result.reason).toContain(`${file}.new-1`);
    // What is there is what the other has written; the result is whole, and says its name.
    const now = before();
    if (now !== undefined) expect(now.equals(fs.readFileSync(`${file}.new-1`))).toBe(false);
    expect((await digest(`${file}.new-1`, { at })).digest).toMatch(/^[0-9a-f]{40}$/);
    const names = fs.readdirSync(path.dirname(file)).filter((name) => !/quarantine/.test(name));
    expect(names).toEqual([...(now === undefined ? [] : ['a.aof']), 'a.aof.new-1']);
  });
});

describe('a multi-part AOF', () => {
  it.each(['the manifest', 'an increment'])('of which %s changes before the swap', async (what) => {
    const dir = multiPart();
    const expected = (await digest(dir, { at })).digest;
    const manifest = path.join(dir, 'appendonly.aof.manifest');
    const { fs: hooked, happened } = once(isFlush, () => {
      if (what === 'the manifest') fs.appendFileSync(manifest, '# a comment\n');
      else fs.appendFileSync(incrementOf(dir), command('SET', 'new', '1'));
    });
    const result = await rewrite(dir, { at, inPlace: true, fileSystem: hooked });
    expect(happened()).toBe(true);
    expect(result).toMatchObject({ outcome: 'refused', ok: false, left: `${manifest}.new-1` });
    expect((await digest(`${manifest}.new-1`, { at })).digest).toBe(expected);
    expect(fs.readFileSync(manifest, 'latin1')).toMatch(/appendonly.aof.2.base.rdb seq 2 type b/);
    expect(fs.readdirSync(dir).filter((name) => !name.includes('.new-1')).length).toBe(3);
  });

  it('that a server has opened before the swap', async () => {
    const dir = multiPart();
    let pid = 0;
    const { fs: hooked } = once(isFlush, () => {
      pid = hold(incrementOf(dir));
    });
    const result = await rewrite(dir, { at, inPlace: true, fileSystem: hooked });
    expect(result.outcome).toBe('refused');
    expect(result.reason).toContain(`process ${pid}`);
  });

  it.each(['opens an increment', 'writes to an increment'])(
    'a server that %s at the swap: the history stays',
    async (what) => {
      const dir = multiPart();
      const increment = incrementOf(dir);
      const { fs: hooked, happened } = once(isSwap, () => {
        if (what === 'opens an increment') hold(increment);
        else fs.appendFileSync(increment, command('SET', 'new', '1'));
      });
      const result = await rewrite(dir, { at, inPlace: true, fileSystem: hooked });
      expect(happened()).toBe(true);
      expect(result.outcome).toBe('written');
      expect(result.notes.join()).toMatch(/the old parts stay/);
      expect(fs.existsSync(increment)).toBe(true);
      expect(fs.readFileSync(path.join(dir, 'appendonly.aof.manifest'), 'latin1')).toMatch(/incr\.aof seq 2 type h/);
    },
  );

  it('history goes where all processes can be seen, and stays where not', async () => {
    for (const [proc, isSeen] of [
      [nobody(), true],
      [procOf([], 'pid:[1]'), false],
      ['/nowhere', false],
    ] as const) {
      const dir = multiPart();
      const increment = incrementOf(dir);
      const result = await rewrite(dir, { at, inPlace: true, proc });
      expect([result.outcome, fs.existsSync(increment)]).toEqual(['written', !isSeen]);
      if (isSeen) expect(result.notes).toEqual([]);
      else expect(result.notes.join()).toMatch(/could not be seen.*the old parts stay/);
      const torn = multiPart();
      fs.appendFileSync(incrementOf(torn), '*3\r\n');
      const repaired = await repair(torn, { inPlace: true, proc });
      expect(repaired.notes.length > 0).toBe(!isSeen);
    }
  });

  it('a file of the folder that is no part is not removed as history', async () => {
    const dir = multiPart();
    fs.writeFileSync(path.join(dir, 'users.acl'), 'precious');
    fs.appendFileSync(path.join(dir, 'appendonly.aof.manifest'), 'file users.acl seq 1 type h\n');
    expect((await rewrite(dir, { at, inPlace: true, proc: nobody() })).outcome).toBe('written');
    expect(fs.readFileSync(path.join(dir, 'users.acl'), 'utf8')).toBe('precious');
  });

  it('a part that a server makes meanwhile is not overwritten', async () => {
    const dir = multiPart();
    const theirs = path.join(dir, 'appendonly.aof.3.incr.aof');
    const { fs: hooked } = once(isFlush, () => fs.writeFileSync(theirs, 'precious'));
    await expect(rewrite(dir, { at, inPlace: true, fileSystem: hooked })).rejects.toThrow(/has appeared meanwhile/);
    expect(fs.readFileSync(theirs, 'utf8')).toBe('precious');
  });
});
