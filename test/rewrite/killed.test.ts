/*
 * A rewrite in place on two threads, the built product: killed in either thread at calls of the file system, killed at random moments,
 * and without room on the disk. A real server loads what is left, which has the digest of before, and the next run leaves nothing
 * behind.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { loadOrder, parseManifest } from '../../src/aof/manifest.ts';
import { aofkit } from '../cli/run.ts';
import { killAfter, runFaulty, runLimited, sampleCalls, threads } from '../support/faulty-process.ts';
import { encodeCommand } from '../support/reply.ts';
import { describeWithServer, type ServerName, startServer, temporaryDir } from '../support/servers.ts';
import { isLong, sameContents } from './outputs.ts';

/** Two threads from here on. */
const bytesMin = 32 * 1024 * 1024;
const seed = Number(process.env.AOFKIT_SEED ?? Date.now() % 1000);
/** Calls that are tried of each thread and fault, and moments. */
const tries = isLong ? 40 : 2;
const moments = isLong ? 25 : 1;

interface Scene {
  readonly server: ServerName;
  /** Makes the dataset in this folder; what to rewrite. */
  readonly make: (dir: string) => string;
}

const log = Buffer.concat(
  Array.from({ length: 2500 }, (_, index) => [
    encodeCommand(['SET', `string:${index % 250}`, `${index} `.repeat(4000).slice(0, 14_000)]),
    encodeCommand(['RPUSH', `list:${index % 30}`, `element ${index}`]),
    encodeCommand(['PEXPIREAT', `string:${index % 9}`, '4000000000000']),
  ]).flat(),
);

const scenes: Record<string, Scene> = {
  'a file': {
    server: 'redis-6.0',
    make: (dir) => {
      const path = join(dir, 'appendonly.aof');
      writeFileSync(path, log);
      return path;
    },
  },
  'a set of parts': {
    server: 'redis-8.6',
    make: (dir) => {
      const path = join(dir, 'appendonlydir');
      mkdirSync(path);
      const select = encodeCommand(['SELECT', '0']);
      const add = encodeCommand(['SADD', 'set', 'a', 'b']);
      writeFileSync(join(path, 'appendonly.aof.1.base.aof'), Buffer.concat([select, add]));
      writeFileSync(join(path, 'appendonly.aof.1.incr.aof'), Buffer.concat([select, log]));
      writeFileSync(join(path, 'appendonly.aof.2.incr.aof'), Buffer.concat([select, add]));
      const lines = ['1.base.aof seq 1 type b', '1.incr.aof seq 1 type i', '2.incr.aof seq 2 type i'];
      writeFileSync(
        join(path, 'appendonly.aof.manifest'),
        lines.map((line) => `file appendonly.aof.${line}\n`).join(''),
      );
      return path;
    },
  },
};

const rewriting = (path: string) => ['rewrite', path, '--in-place', '--force', '--json', '--no-progress'];

/** Everything in the folder must be what a server would load. */
function expectNoStaleFiles(path: string, what: string): void {
  const beside = readdirSync(dirname(path));
  expect(beside, what).toEqual([basename(path)]);
  if (!statSync(path).isDirectory()) return;
  const names = loadOrder(parseManifest(readFileSync(join(path, 'appendonly.aof.manifest')))).map(({ name }) => name);
  expect(readdirSync(path).sort(), what).toEqual([...names, 'appendonly.aof.manifest'].sort());
}

for (const [title, { server, make }] of Object.entries(scenes)) {
  describeWithServer(server, `a rewrite of ${title} on two threads`, () => {
    const whole = make(temporaryDir());

    function fresh(): string {
      const path = join(temporaryDir(), basename(whole));
      cpSync(whole, path, { recursive: true });
      return path;
    }

    /** What a server says that has loaded a copy. */
    async function serverDigest(path: string): Promise<string> {
      const dir = temporaryDir();
      cpSync(path, join(dir, basename(path)), { recursive: true });
      const started = await startServer(server, { dir, config: { appendonly: 'yes', 'aof-load-truncated': 'no' } });
      const digest = await started.digest();
      await started.kill();
      return digest;
    }

    async function expectOldOrNew(path: string, what: string): Promise<void> {
      expect(await serverDigest(path), what).toBe(await expected);
      const { status, stderr } = aofkit(rewriting(path));
      expect(status, `${what}: ${stderr}`).toBe(0);
      expectNoStaleFiles(path, what);
    }

    const expected = serverDigest(whole);
    const sound = runFaulty(rewriting(fresh()));

    it('uses both threads, and goes well', async () => {
      const path = fresh();
      expect(sound).toMatchObject({ status: 0, stderr: '' });
      for (const thread of threads)
        expect(sound.calls[thread].filter((name) => name === 'writeSync').length).toBeGreaterThan(4);
      expect(JSON.parse(sound.stdout).results[0].before.bytes).toBeGreaterThan(bytesMin);
      expect(aofkit(rewriting(path)).status).toBe(0);
      expectNoStaleFiles(path, 'undisturbed');
      expect(await serverDigest(path)).toBe(await expected);
    });

    for (const thread of threads) {
      it(`killed in the ${thread} thread`, { timeout: 3_600_000 }, async () => {
        for (const at of sampleCalls(sound.calls[thread].length, tries, seed)) {
          const path = fresh();
          const run = runFaulty(rewriting(path), 'kill', thread, at);
          const what = `killed in the ${thread} thread at call ${at}, ${run.calls[thread][at]} (AOFKIT_SEED=${seed})`;
          expect(run.signal, what).toBe('SIGKILL');
          await expectOldOrNew(path, what);
        }
      });

      it(`a disk that becomes full in the ${thread} thread`, { timeout: 3_600_000 }, async () => {
        for (const at of sampleCalls(sound.calls[thread].length, tries, seed + 1)) {
          const path = fresh();
          const run = runFaulty(rewriting(path), 'full', thread, at);
          const what = `full from call ${at} of the ${thread} thread, ${run.calls[thread][at]} (AOFKIT_SEED=${seed})`;
          // The first thread's last calls want no room.
          if (run.status === 0) expect(at, what).toBeGreaterThan(sound.calls[thread].lastIndexOf('writeSync'));
          else
            expect([run.status, run.stderr], what).toEqual([
              3,
              expect.stringMatching(/^aofkit: cannot write .*the disk is full/),
            ]);
          if (run.stderr.includes('nothing was replaced')) {
            expect(sameContents(path, whole), what).toBe(true);
            expectNoStaleFiles(path, what);
          } else await expectOldOrNew(path, what);
        }
      });
    }

    it('killed at any moment', { timeout: 3_600_000 }, async () => {
      const path = fresh();
      const begun = performance.now();
      expect(aofkit(rewriting(path)).status).toBe(0);
      const longest = performance.now() - begun;
      for (let count = 0; count < moments; count++) {
        const victim = fresh();
        const moment = Math.random() * longest;
        await killAfter(rewriting(victim), moment);
        await expectOldOrNew(victim, `killed after ${moment} ms`);
      }
    });

    it('no file may grow beyond 1 MiB', () => {
      const path = fresh();
      const { status, stderr } = runLimited(rewriting(path), 1024);
      expect([status, stderr]).toEqual([3, expect.stringContaining('nothing was replaced')]);
      expect(sameContents(path, whole)).toBe(true);
      expectNoStaleFiles(path, 'limited');
    });
  });
}
