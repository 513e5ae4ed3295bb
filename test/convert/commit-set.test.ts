/* Shards take their places together, or none does. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FileSystem } from '../../src/bytes/open-folder.ts';
import { OutputLock } from '../../src/bytes/output-lock.ts';
import { privateFile } from '../../src/bytes/protection.ts';
import { commitTogether, undoInterrupted } from '../../src/operations/convert/commit-set.ts';
import { type Destination, streamDestination } from '../../src/operations/convert/destination.ts';
import { FileOutput } from '../../src/operations/rewrite/output.ts';
import { FaultyFileSystem } from '../faulty-file-system.ts';

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
