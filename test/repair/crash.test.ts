import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadOrder, parseManifest } from '../../src/aof/manifest.ts';
import { UnwritableError } from '../../src/errors.ts';
import type { FileSystem } from '../../src/io/atomic-file.ts';
import { check } from '../../src/operations/check/check.ts';
import type { RepairOptions } from '../../src/operations/repair/options.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { command } from '../compat/comparison.ts';
import { type Fault, FaultyFileSystem, Killed } from '../support/faulty-file-system.ts';
import { temporaryDir } from '../support/servers.ts';
import { hastyFs } from './property.ts';

/*
 * A repair in place is killed at each call of the file system that changes something: the call itself may have happened or not, and
 * no later one does. What is found then is the old file or the new one, and whatever was replaced has its backup.
 */
const kills: readonly Fault[] = ['kill', 'kill-in-write', 'kill-after'];
const faults: readonly Fault[] = [...kills, 'fail', 'full'];

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

/** Temporary files that nobody took away. */
const staleFilesIn = (dir: string) => fs.readdirSync(dir).filter((name) => name.startsWith('.'));

/** Each file has its old or its new content; what is new has a backup of the old. */
function expectOldOrNew(dir: string, old: Record<string, string>, whole: Record<string, string>): void {
  for (const [name, text] of Object.entries(old)) {
    const now = fs.readFileSync(path.join(dir, name), 'latin1');
    expect([text, whole[name]]).toContain(now);
    if (now !== text) expect(fs.readFileSync(path.join(dir, `${name}.backup-1`), 'latin1')).toBe(text);
  }
}

describe('repair: killed', () => {
  it.each(kills)('a file in place, at every call: %s', async (fault) => {
    for (let at = 0; ; at++) {
      const dir = folderOf({ 'a.aof': torn });
      const dying = new FaultyFileSystem(at, fault);
      await repair(path.join(dir, 'a.aof'), { inPlace: true, force: true, fileSystem: dying.fs }).catch((error) => {
        if (!dying.struck) throw error;
      });
      expectOldOrNew(dir, { 'a.aof': torn }, { 'a.aof': set('a') });
      if (!dying.struck) break;
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

const isAsBefore = (dir: string, files: Record<string, string>) =>
  Object.entries(files).every(([name, text]) => {
    const file = path.join(dir, name);
    return fs.existsSync(file) && fs.readFileSync(file, 'latin1') === text;
  });

/** The next run has another number than the one that is gone. */
function letDie(dir: string): void {
  for (const name of fs.readdirSync(dir)) {
    const dead = name.replace(`aofkit-${process.pid}.`, 'aofkit-4194999.');
    if (dead !== name) fs.renameSync(path.join(dir, name), path.join(dir, dead));
  }
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

  it.each(faults)('the old set or the new one, and all that was: %s', { timeout: 60_000 }, async (fault) => {
    for (let at = 0; ; at++) {
      const dir = folderOf(files);
      const dying = new FaultyFileSystem(at, fault);
      const run = repair(dir, { inPlace: true, force: true, fileSystem: dying.fs, ...options });
      const ended = await run.catch((error) => {
        if (!dying.struck || !(error instanceof Killed || error instanceof UnwritableError)) throw error;
        return error as Error;
      });
      if (!kills.includes(fault)) {
        const what = `${fault} at ${dying.calls[at]}`;
        expect(staleFilesIn(dir), what).toEqual([]);
        if (ended instanceof UnwritableError) {
          const isAsOld = isAsBefore(dir, files);
          expect(ended.message.includes('nothing was replaced'), `${what}: ${ended.message}`).toBe(isAsOld);
          // A call that failed may have been one that takes something away.
          const left = [...fs.readdirSync(dir), ...fs.readdirSync(path.dirname(dir))].sort();
          if (isAsOld && fault === 'full') expect(left, what).toEqual(['aof', ...Object.keys(files)].sort());
        }
      }
      const now = loaded(dir);
      expect([order, after]).toContainEqual(now);
      for (const [name, text] of Object.entries(files))
        expect([at, name, isKept(dir, name, text)]).toEqual([at, name, true]);
      if (isDeepStrictEqual(now, after) && !isDeepStrictEqual(now, order)) expectWholeQuarantine(dir);
      if (!dying.struck) {
        expect(now).toEqual(after);
        break;
      }
      if (at % 3 !== 0) continue;
      // The next run finishes, whatever the killed one left behind.
      const next = await repair(dir, {
        inPlace: true,
        force: true,
        adopt: true,
        fileSystem: hastyFs,
        ...options,
      });
      expect(['repaired', 'sound']).toContain(next.outcome);
      expect(loaded(dir)).toEqual(after);
      expect((await check(dir)).ok).toBe(true);
    }
  });
});

describe('repair: killed on its way to a new folder', () => {
  it.each(faults)(
    'the input is as it was, the new folder whole or not there: %s',
    { timeout: 60_000 },
    async (fault) => {
      for (let at = 0; ; at++) {
        const dir = folderOf(parts);
        const output = path.join(path.dirname(dir), 'out');
        const dying = new FaultyFileSystem(at, fault);
        const error = await repair(dir, { output, fileSystem: dying.fs }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        const what = `${fault} at ${dying.calls[at]}`;
        expect(isAsBefore(dir, parts)).toBe(true);
        const isThere = fs.existsSync(output);
        if (isThere) expect((await check(output)).ok, what).toBe(true);
        if (error === undefined) expect(isThere).toBe(true);
        if (!dying.struck) break;
        const beside = fs.readdirSync(path.dirname(dir)).sort();
        if (error instanceof UnwritableError && !kills.includes(fault)) {
          expect(error.message.includes('nothing was replaced'), `${what}: ${error.message}`).toBe(!isThere);
          if (!isThere && fault === 'full') expect(beside, what).toEqual(['aof']);
        }
        if (isThere) continue;
        // Just before the end the quarantine has its name: then it is whole, and stays.
        const quarantines = beside.filter((name) => name === 'out.quarantine');
        if (quarantines.length > 0) expectWholeQuarantine(output);
        letDie(path.dirname(dir));
        expect((await repair(dir, { output, fileSystem: hastyFs })).outcome, what).toBe('repaired');
        expect(fs.readdirSync(path.dirname(dir)).sort(), what).toEqual([
          'aof',
          'out',
          'out.quarantine',
          ...quarantines.map((name) => `${name}-2`),
        ]);
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
      const full = new FaultyFileSystem(at, 'full');
      const error = await repair(file, { inPlace: true, force: true, fileSystem: full.fs }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!full.struck) break;
      expect([torn, set('a')]).toContain(fs.readFileSync(file, 'latin1'));
      if (error !== undefined) expect(error).toBeInstanceOf(UnwritableError);
      expect(staleFilesIn(dir)).toEqual([]);
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
