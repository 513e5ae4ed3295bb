/* Shards take their places together, or none does. */
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FileSystem } from '../../src/io/open-folder.ts';
import { OutputLock } from '../../src/io/output-lock.ts';
import { privateFile } from '../../src/io/protection.ts';
import { commitTogether, undoInterrupted } from '../../src/output/commit-set.ts';
import { type Destination, streamDestination } from '../../src/output/destination.ts';
import { FileOutput } from '../../src/output/rewrite-output.ts';
import { FaultyFileSystem } from '../support/faulty-file-system.ts';

const names = ['a.0', 'a.1', 'a.2'];

function folder(old: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'aofkit-test-'));
  for (const name of old) writeFileSync(join(dir, name), `old ${name}`);
  return dir;
}

function attempt(dir: string, fs: FileSystem): boolean {
  const paths = names.map((name) => join(dir, name));
  const lock = OutputLock.acquire(paths[0], fs);
  try {
    const destinations = paths.map((path): Destination => {
      const output = new FileOutput(path, lock, privateFile);
      output.main.write(Buffer.from('new'));
      output.finish();
      const commit = () => output.commit();
      const made = { identity: output.main.file };
      return { ...streamDestination(output.main, false), commit, abandon: () => output.abandon(), made };
    });
    return isCommitted(destinations, paths, lock);
  } finally {
    lock.release();
  }
}

function isCommitted(destinations: readonly Destination[], paths: readonly string[], lock: OutputLock): boolean {
  try {
    commitTogether(destinations, paths, lock);
    return true;
  } catch {
    return false;
  }
}

/** What the next run does before anything else. */
function undoNext(dir: string, called: readonly string[] = names): void {
  const paths = called.map((name) => join(dir, name));
  const lock = OutputLock.acquire(paths[0]);
  undoInterrupted(paths, lock);
  lock.release();
}

/** What lies in the places, and whether anything else does. */
function state(dir: string): string {
  const texts = names.map((name) => (existsSync(join(dir, name)) ? readFileSync(join(dir, name), 'utf8') : ''));
  return `${texts.join(',')} ${readdirSync(dir).filter((name) => name.startsWith('.')).length}`;
}

it.each([[[]], [['a.1']], [names]])('all or none, whichever call fails: %j', (old) => {
  let failing = 0;
  for (let isStruck = true; isStruck && failing < 200; failing++) {
    const dir = folder(old);
    const before = state(dir);
    const faulty = new FaultyFileSystem(failing, 'fail');
    try {
      attempt(dir, faulty.fs);
    } catch {
      // Writing failed before anything took its place.
    }
    isStruck = faulty.struck;
    expect([before, 'new,new,new 0'], `call ${failing}`).toContain(state(dir).replace(/ [1-9]$/, ' 0'));
  }
  expect(failing).toBeGreaterThan(20);
});

it.each([[[]], [['a.1']], [names]])('all or none, wherever it is killed: %j', (old) => {
  let seen = '';
  for (let failing = 0; failing < 90; failing++) {
    const dir = folder(old);
    const before = state(dir);
    try {
      attempt(dir, new FaultyFileSystem(failing, 'kill').fs);
    } catch {
      // As above.
    }
    undoNext(dir);
    // Nothing is left beside the places.
    expect(
      readdirSync(dir).filter((name) => name.startsWith('.')),
      `call ${failing}`,
    ).toEqual([]);
    seen = state(dir).replace(/ \d$/, ' 0');
    expect([before, 'new,new,new 0'], `call ${failing}`).toContain(seen);
  }
  expect(seen).toBe('new,new,new 0');
});

const planted = '.a.0.aofkit-0123456789abcdef.journal';
const line = (name: string, entries?: readonly string[]) =>
  JSON.stringify({ name, made: { identity: { device: '1', inode: '1' }, entries } });

it.each([
  ['a path', [line('../victim')]],
  ['another name', [line('a.0'), line('victim')]],
  ['the old form', ['+../victim', '=a.0']],
  ['entries elsewhere', [line('a.0', ['../../victim/precious'])]],
  ['another file of the name', [line('a.0'), line('a.1', ['precious'])]],
])('a journal that was planted removes nothing: %s', (_, lines) => {
  const root = folder([]);
  const dir = mkdtempSync(join(root, 'out-'));
  for (const place of [join(root, 'victim'), join(dir, 'victim'), join(dir, 'a.1')]) {
    mkdirSync(place);
    writeFileSync(join(place, 'precious'), 'precious');
  }
  writeFileSync(join(dir, 'a.0'), 'precious');
  writeFileSync(join(dir, planted), [...lines, '"end"', ''].join('\n'), { mode: 0o600 });
  for (const name of ['.a.0.journal.aofkit-4194999.tmp']) writeFileSync(join(dir, name), '+../victim\n');
  undoNext(dir);
  for (const place of [join(root, 'victim'), join(dir, 'victim'), join(dir, 'a.1')])
    expect(readdirSync(place)).toEqual(['precious']);
  expect(readFileSync(join(dir, 'a.0'), 'utf8')).toBe('precious');
});

it('a journal that is readable by others, a link, or has two names does not count', () => {
  for (const spoil of [
    (path: string) => chmodSync(path, 0o644),
    (path: string) => linkSync(path, `${path}.second`),
    (path: string) => {
      renameSync(path, `${path}.moved`);
      symlinkSync(`${path}.moved`, path);
    },
  ]) {
    const dir = folder(['a.0']);
    const { dev, ino } = statSync(join(dir, 'a.0'), { bigint: true });
    const made = { identity: { device: String(dev), inode: String(ino) } };
    const text = `${JSON.stringify({ name: 'a.0', made })}\n"end"\n`;
    writeFileSync(join(dir, planted), text, { mode: 0o600 });
    spoil(join(dir, planted));
    undoNext(dir);
    expect(readFileSync(join(dir, 'a.0'), 'utf8')).toBe('old a.0');
  }
});
