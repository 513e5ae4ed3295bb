import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadOrder, parseManifest } from '../../src/aof/manifest.ts';
import type { FileSystem } from '../../src/bytes/sink.ts';
import { UnwritableError } from '../../src/errors.ts';
import { check } from '../../src/operations/check/check.ts';
import type { RepairOptions } from '../../src/operations/repair/options.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { command } from '../drop-in/comparison.ts';
import { temporaryDir } from '../servers.ts';

/*
 * A repair in place is killed at each call of the file system that changes something: the call itself may have happened or not, and
 * no later one does. What is found then is the old file or the new one, and whatever was replaced has its backup.
 */
const changing = [
  'openSync',
  'writeSync',
  'fsyncSync',
  'closeSync',
  'renameSync',
  'unlinkSync',
  'linkSync',
  'mkdirSync',
  'rmSync',
] as const;

class Killed extends Error {}

/** A file system that dies at its `at`-th changing call: before it, or (`after`) right after it. Counts the calls. */
function mortal(at: number, after: boolean, error: () => Error = () => new Killed()) {
  const state = { calls: 0, dead: false };
  const wrapped: Record<string, unknown> = { ...fs };
  for (const name of changing) {
    const real = fs[name] as (...args: unknown[]) => unknown;
    wrapped[name] = (...args: unknown[]) => {
      if (state.dead) throw error();
      if (state.calls++ !== at) return name === 'fsyncSync' ? undefined : real(...args);
      state.dead = true;
      if (after && name !== 'fsyncSync') real(...args);
      throw error();
    };
  }
  return { fs: wrapped as unknown as FileSystem, state };
}

const set = (key: string) => command('SET', key, 'value');
const torn = set('a') + set('b').slice(0, -3);
const lines = 'file p.1.base.aof seq 1 type b\nfile p.1.incr.aof seq 1 type i\nfile p.2.incr.aof seq 2 type i\n';
const parts: Record<string, string> = {
  'p.manifest': lines.slice(0, -1),
  'p.1.base.aof': `${set('a')}!!${set('b')}`,
  'p.1.incr.aof': set('c') + set('d').slice(0, -2),
  'p.2.incr.aof': set('e'),
};

function folderOf(files: Record<string, string>): string {
  const dir = path.join(temporaryDir(), 'aof');
  fs.mkdirSync(dir);
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), text, 'latin1');
  return dir;
}

/** Each file has its old or its new content; what is new has a backup of the old. */
function expectOldOrNew(dir: string, old: Record<string, string>, whole: Record<string, string>): void {
  for (const [name, text] of Object.entries(old)) {
    const now = fs.readFileSync(path.join(dir, name), 'latin1');
    expect([text, whole[name]]).toContain(now);
    if (now !== text) expect(fs.readFileSync(path.join(dir, `${name}.backup-1`), 'latin1')).toBe(text);
  }
}

describe('repair: killed', () => {
  it.each([false, true])('a file in place, at every call (after it: %s)', async (after) => {
    for (let at = 0; ; at++) {
      const dir = folderOf({ 'a.aof': torn });
      const { fs: dying, state } = mortal(at, after);
      await repair(path.join(dir, 'a.aof'), { inPlace: true, force: true, fileSystem: dying }).catch((error) => {
        if (!state.dead) throw error;
      });
      expectOldOrNew(dir, { 'a.aof': torn }, { 'a.aof': set('a') });
      if (!state.dead) break;
      // The next run finishes, whatever the killed one left behind.
      await repair(path.join(dir, 'a.aof'), { inPlace: true, force: true });
      expect(fs.readFileSync(path.join(dir, 'a.aof'), 'latin1')).toBe(set('a'));
    }
  });
});

/** The parts that a server loads, by the manifest, in its order; undefined where one is not there. */
function loaded(dir: string): string[] | undefined {
  const names = loadOrder(parseManifest(fs.readFileSync(path.join(dir, 'p.manifest')))).map(({ name }) => name);
  if (names.some((name) => !fs.existsSync(path.join(dir, name)))) return undefined;
  return names.map((name) => fs.readFileSync(path.join(dir, name), 'latin1'));
}

/** By content, in the folder or in the quarantine beside it. */
function isKept(dir: string, name: string, text: string): boolean {
  const places = [path.join(dir, name), path.join(dir, `${name}.backup-1`), `${dir}.quarantine/${name}.0.bin`];
  return places.some((place) => fs.existsSync(place) && fs.readFileSync(place, 'latin1') === text);
}

/** The index comes last: where it is, all that it names is. */
function expectWholeQuarantine(dir: string): void {
  const folder = `${dir}.quarantine`;
  const entries = JSON.parse(fs.readFileSync(path.join(folder, 'index.json'), 'utf8'));
  expect(entries.length).toBeGreaterThan(0);
  for (const { file, length } of entries) expect(fs.statSync(path.join(folder, file)).size).toBe(length);
}

const plain = { ...parts, 'p.manifest': lines, 'p.1.base.aof': set('a') };
const cases: [string, Record<string, string>, Partial<RepairOptions>, string[]][] = [
  ['salvage of two parts and a manifest', parts, {}, [set('a') + set('b'), set('c'), set('e')]],
  ['salvage of two parts', { ...parts, 'p.manifest': lines }, {}, [set('a') + set('b'), set('c'), set('e')]],
  ['one part', plain, {}, [set('a'), set('c'), set('e')]],
  ['a cut, and a part behind it', plain, { strategy: 'truncate' }, [set('a'), set('c')]],
  [
    'a cut, and a part that stays',
    plain,
    { strategy: 'truncate', keepLaterParts: true },
    [set('a'), set('c'), set('e')],
  ],
  [
    'a manifest',
    { ...plain, 'p.manifest': lines.slice(0, -1), 'p.1.incr.aof': set('c') },
    {},
    [set('a'), set('c'), set('e')],
  ],
];

describe.each(cases)('repair: killed within %s', (_, files, options, after) => {
  const order = ['p.1.base.aof', 'p.1.incr.aof', 'p.2.incr.aof'].map((name) => files[name]);

  it.each([false, true])(
    'the old set or the new one, and all that was (after the call: %s)',
    { timeout: 60_000 },
    async (late) => {
      for (let at = 0; ; at++) {
        const dir = folderOf(files);
        const { fs: dying, state } = mortal(at, late);
        await repair(dir, { inPlace: true, force: true, fileSystem: dying, ...options }).catch((error) => {
          if (!state.dead) throw error;
        });
        const now = loaded(dir);
        expect([order, after]).toContainEqual(now);
        for (const [name, text] of Object.entries(files))
          expect([at, name, isKept(dir, name, text)]).toEqual([at, name, true]);
        if (isDeepStrictEqual(now, after) && !isDeepStrictEqual(now, order)) expectWholeQuarantine(dir);
        if (!state.dead) {
          expect(now).toEqual(after);
          break;
        }
        if (at % 3 !== 0) continue;
        // The next run finishes, whatever the killed one left behind.
        const next = await repair(dir, {
          inPlace: true,
          force: true,
          adopt: true,
          fileSystem: mortal(-1, false).fs,
          ...options,
        });
        expect(['repaired', 'sound']).toContain(next.outcome);
        expect(loaded(dir)).toEqual(after);
        expect((await check(dir)).ok).toBe(true);
      }
    },
  );
});

describe('repair: cannot write', () => {
  const failure = (code: string) => () => Object.assign(new Error(code), { code });

  it('a full disk, wherever it is met, replaces nothing or says what it did', async () => {
    for (let at = 0; ; at++) {
      const dir = folderOf({ 'a.aof': torn });
      const file = path.join(dir, 'a.aof');
      const { fs: full, state } = mortal(at, false, failure('ENOSPC'));
      const error = await repair(file, { inPlace: true, force: true, fileSystem: full }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!state.dead) break;
      expect([torn, set('a')]).toContain(fs.readFileSync(file, 'latin1'));
      if (error !== undefined) expect(error).toBeInstanceOf(UnwritableError);
    }
  });

  it('a read-only folder', async () => {
    const dir = folderOf({ 'a.aof': torn });
    const readOnly = { ...fs } as unknown as Record<string, unknown>;
    for (const name of ['mkdirSync', 'linkSync', 'renameSync'])
      readOnly[name] = () => {
        throw failure('EROFS')();
      };
    readOnly.openSync = (file: string, flags: string, ...rest: number[]) => {
      if (flags !== 'r') throw failure('EROFS')();
      return fs.openSync(file, flags, ...rest);
    };
    const run = repair(path.join(dir, 'a.aof'), {
      inPlace: true,
      force: true,
      fileSystem: readOnly as unknown as FileSystem,
    });
    await expect(run).rejects.toThrow(/cannot write .*read-only/);
    expect(fs.readdirSync(dir)).toEqual(['a.aof']);
    expect(fs.readFileSync(path.join(dir, 'a.aof'), 'latin1')).toBe(torn);
  });
});
