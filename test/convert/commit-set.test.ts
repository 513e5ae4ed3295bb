/* Shards take their places together, or none does. */
import nodeFs, { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FileSystem } from '../../src/bytes/sink.ts';
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
  const destinations = paths.map((path): Destination => {
    const output = new FileOutput(path, fs);
    output.main.write(Buffer.from('new'));
    output.finish();
    const commit = () => output.commit();
    return { ...streamDestination(output.main, false), commit, abandon: () => output.abandon() };
  });
  try {
    commitTogether(destinations, paths, fs);
    return true;
  } catch {
    return false;
  }
}

/** What lies in the places, and whether anything else does. */
function state(dir: string): string {
  const texts = names.map((name) => (existsSync(join(dir, name)) ? readFileSync(join(dir, name), 'utf8') : ''));
  return `${texts.join(',')} ${readdirSync(dir).filter((name) => name.startsWith('.')).length}`;
}

it.each([[[]], [['a.1']], [names]])('all or none, whichever call fails: %j', (old) => {
  let failing = 0;
  for (let isDone = false; !isDone && failing < 200; failing++) {
    const dir = folder(old);
    const before = state(dir);
    try {
      isDone = attempt(dir, new FaultyFileSystem(failing, 'fail').fs);
    } catch {
      // Writing failed before anything took its place.
      continue;
    }
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
    // The next run has another number.
    for (const name of readdirSync(dir)) {
      if (name.includes(`aofkit-${process.pid}.`))
        nodeFs.renameSync(join(dir, name), join(dir, name.replace(`aofkit-${process.pid}.`, 'aofkit-4000000.')));
    }
    undoInterrupted(names.map((name) => join(dir, name)));
    seen = state(dir).replace(/ \d$/, ' 0');
    expect([before, 'new,new,new 0'], `call ${failing}`).toContain(seen);
  }
  expect(seen).toBe('new,new,new 0');
});
