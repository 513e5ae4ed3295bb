/*
 * A repair that writes on another thread, while it still reads (draft.ts), the built product: killed in either thread at calls of
 * the file system, killed at random moments, and without room on the disk. What is left is the old file or the new one, byte for byte,
 * with the backup of the old; the next run leaves nothing else behind.
 */
import { linkSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { draftBytesMin } from '../../src/operations/repair/file-scan.ts';
import { aofkit } from '../cli/run.ts';
import { command } from '../compat/comparison.ts';
import { isLong } from '../rewrite/outputs.ts';
import { killAfter, runFaulty, runLimited, sampleCalls, threads } from '../support/faulty-process.ts';
import { describeWithServer, startServer, temporaryDir } from '../support/servers.ts';

const seed = Number(process.env.AOFKIT_SEED ?? Date.now() % 1000);
/** Calls that are tried of each thread, and moments. */
const tries = isLong ? 40 : 2;
const moments = isLong ? 25 : 1;

const record = (number: number) => command('SET', `key:${number}`, `${number} `.repeat(2300));
const block = (from: number) => Array.from({ length: 700 }, (_, index) => record(from + index)).join('');
const blocks = [0, 700, 1400, 2100, 2800].map(block);
/** So much that another thread writes, with damage between the blocks. */
const damaged = Buffer.from(blocks.join('\0\0\0 no command \0\0\0'), 'latin1');
const mended = Buffer.from(blocks.join(''), 'latin1');
const source = join(temporaryDir(), 'a.aof');
writeFileSync(source, damaged);
expect(damaged.length).toBeGreaterThan(draftBytesMin);

const isMended = (path: string) => readFileSync(path).equals(mended);
const isDamaged = (path: string) => readFileSync(path).equals(damaged);

interface Scene {
  readonly arguments: (path: string) => string[];
  /** What is beside the file when all is done. */
  readonly after: readonly string[];
  readonly output: string;
}

const scenes: Record<string, Scene> = {
  'in place': {
    arguments: (path) => [path, '--in-place'],
    after: ['a.aof', 'a.aof.backup-1', 'a.aof.quarantine'],
    output: 'a.aof',
  },
  'to a new file': {
    arguments: (path) => [path, '-o', join(dirname(path), 'b.aof')],
    after: ['a.aof', 'b.aof', 'b.aof.quarantine'],
    output: 'b.aof',
  },
};

describe.each(Object.entries(scenes))('a large repair %s', (_, { arguments: place, after, output }) => {
  const repairing = (path: string) => ['repair', ...place(path), '--yes', '--force', '--json', '--no-progress'];

  /** Nothing writes into a file that is there, so that one is enough for all. */
  function fresh(): string {
    const path = join(temporaryDir(), 'a.aof');
    linkSync(source, path);
    return path;
  }

  function expectOldOrNew(path: string, what: string): void {
    const dir = dirname(path);
    expect(isDamaged(source), what).toBe(true);
    const there = readdirSync(dir);
    expect(there, what).toContain('a.aof');
    const isDone = there.includes(output) && isMended(join(dir, output));
    if (isDone) expect(there, what).toEqual(expect.arrayContaining([...after]));
    else expect(isDamaged(path) && (output === 'a.aof' || !there.includes(output)), what).toBe(true);
    if (there.includes('a.aof.backup-1')) expect(isDamaged(join(dir, 'a.aof.backup-1')), what).toBe(true);
    const { status, stderr } = aofkit(repairing(path));
    expect(status, `${what}: ${stderr}`).toBe(0);
    expect(isMended(join(dir, output)), what).toBe(true);
    // Killed when its quarantine had a name already, a run leaves that one too.
    const left = readdirSync(dir).filter((name) => !/quarantine-2$/.test(name) || there.includes(name.slice(0, -2)));
    expect(left.filter((name) => !name.endsWith('-2')).sort(), what).toEqual([...after]);
  }

  const sound = runFaulty(repairing(fresh()));

  it('uses both threads', () => {
    expect(sound).toMatchObject({ status: 0, stderr: '' });
    expect(sound.calls.second.filter((name) => name === 'writeSync').length).toBeGreaterThan(50);
    const { results } = JSON.parse(sound.stdout);
    expect(results[0]).toMatchObject({ outcome: 'repaired', written: [{ bytes: mended.length }] });
  });

  for (const thread of threads) {
    it(`killed in the ${thread} thread`, { timeout: 3_600_000 }, () => {
      for (const at of sampleCalls(sound.calls[thread].length, tries, seed)) {
        const path = fresh();
        const run = runFaulty(repairing(path), 'kill', thread, at);
        const what = `killed in the ${thread} thread at call ${at}, ${run.calls[thread][at]} (AOFKIT_SEED=${seed})`;
        expect(run.signal, what).toBe('SIGKILL');
        expectOldOrNew(path, what);
      }
    });

    it(`a disk that becomes full in the ${thread} thread`, { timeout: 3_600_000 }, () => {
      for (const at of sampleCalls(sound.calls[thread].length, tries, seed + 1)) {
        const path = fresh();
        const run = runFaulty(repairing(path), 'full', thread, at);
        const what = `full from call ${at} of the ${thread} thread, ${run.calls[thread][at]} (AOFKIT_SEED=${seed})`;
        const { status, stderr } = run;
        if (status !== 0)
          expect([status, stderr], what).toEqual([
            3,
            expect.stringMatching(/^aofkit: cannot write .*the disk is full/),
          ]);
        if (stderr.includes('nothing was replaced')) {
          expect(readdirSync(dirname(path)), what).toEqual(['a.aof']);
          expect(isDamaged(path), what).toBe(true);
        } else expectOldOrNew(path, what);
      }
    });
  }

  it('killed at any moment', { timeout: 3_600_000 }, async () => {
    const begun = performance.now();
    expect(aofkit(repairing(fresh())).status).toBe(0);
    const longest = performance.now() - begun;
    for (let count = 0; count < moments; count++) {
      const path = fresh();
      const moment = Math.random() * longest;
      await killAfter(repairing(path), moment);
      expectOldOrNew(path, `killed after ${moment} ms`);
    }
  });

  it('no file may grow beyond 1 MiB', () => {
    const path = fresh();
    const { status, stderr } = runLimited(repairing(path), 1024);
    expect([status, stderr]).toEqual([3, expect.stringContaining('nothing was replaced')]);
    expect(readdirSync(dirname(path))).toEqual(['a.aof']);
  });
});

describeWithServer('redis-6.0', 'a large repair', () => {
  it('gives what a server loads', async () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'appendonly.aof'), damaged);
    expect(aofkit(['repair', join(dir, 'appendonly.aof'), '--in-place', '--yes']).status).toBe(0);
    expect(isMended(join(dir, 'appendonly.aof'))).toBe(true);
    const server = await startServer('redis-6.0', { dir, config: { appendonly: 'yes', 'aof-load-truncated': 'no' } });
    expect(await server.command('DBSIZE')).toBe(3500);
    await server.kill();
  });
});
