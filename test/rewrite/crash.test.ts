/*
 * Every call that an output makes fails in turn, or is the last before the process dies: what is there afterwards is the old
 * dataset or the new one, whole, and the next run succeeds and leaves nothing else behind.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { goldenDir, readProvenance } from '../../fixtures/generate/golden.ts';
import { digest, rewrite } from '../../src/index.ts';
import type { RewriteSettings } from '../../src/operations/rewrite/options.ts';
import { type Fault, FaultyFileSystem, Killed } from '../support/faulty-file-system.ts';
import { temporaryDir } from '../support/server-process.ts';
import { contents, isLong } from './outputs.ts';

const faults: readonly Fault[] = ['fail', 'full', 'kill', 'kill-in-write'];
/** Without AOFKIT_LONG_TESTS=1 each scene takes every third call, the first of them another for each fault. */
const step = isLong ? 1 : 3;
const at = Date.now();

interface Job {
  /** What is rewritten. */
  readonly input: string;
  readonly options: Partial<RewriteSettings>;
  /** Where a dataset is expected, before and after. */
  readonly place: string;
  /** Files that may stand beside the place when all is done. */
  readonly neighbours: readonly string[];
}

type Scene = (dir: string) => Job;

const multiPart = readProvenance('redis-7.0-multipart-rdb-base');
const plain = readProvenance('redis-6.0-aof-plain');

function copyGolden(name: string, dir: string): void {
  mkdirSync(dir, { recursive: true });
  cpSync(goldenDir(name), dir, { recursive: true });
}

const scenes: Record<string, Scene> = {
  'a new file': (dir) => {
    copyGolden(plain.name, join(dir, 'in'));
    mkdirSync(join(dir, 'out'));
    const place = join(dir, 'out', 'compact.aof');
    return { input: join(dir, 'in', plain.path), options: { output: place }, place, neighbours: ['compact.aof'] };
  },
  'a file in place': (dir) => {
    copyGolden(plain.name, join(dir, 'in'));
    const place = join(dir, 'in', plain.path);
    return { input: place, options: { inPlace: true }, place, neighbours: [plain.path, 'provenance.json'] };
  },
  'a new folder': (dir) => {
    copyGolden(plain.name, join(dir, 'in'));
    mkdirSync(join(dir, 'out'));
    const place = join(dir, 'out', 'appendonlydir');
    const options: Partial<RewriteSettings> = { output: place, format: 'multipart' };
    return { input: join(dir, 'in', plain.path), options, place, neighbours: ['appendonlydir'] };
  },
  'a folder in place': (dir) => {
    copyGolden(multiPart.name, join(dir, 'in'));
    const place = join(dir, 'in', multiPart.path);
    return { input: place, options: { inPlace: true }, place, neighbours: [multiPart.path, 'provenance.json'] };
  },
  'a folder in place that keeps its history': (dir) => {
    copyGolden(multiPart.name, join(dir, 'in'));
    const place = join(dir, 'in', multiPart.path);
    const options: Partial<RewriteSettings> = { inPlace: true, keepHistory: true };
    return { input: place, options, place, neighbours: [multiPart.path, 'provenance.json'] };
  },
};

const run = ({ input, options }: Job, more: Partial<RewriteSettings> = {}) =>
  rewrite(input, { at, target: 'redis-7.0', allowLoss: true, ...options, ...more });

const digestAt = async (path: string) => (await digest(path, { at, flavor: 'redis-8' })).digest;

/** What stands in a multi-part folder must be named by its manifest, unless a run was cut off. */
function partsOf(place: string): { named: string[]; there: string[] } | undefined {
  if (!existsSync(place) || !readdirSync(dirname(place)).includes(basename(place))) return undefined;
  const manifest = join(place, 'appendonly.aof.manifest');
  if (!existsSync(manifest)) return undefined;
  const named = [...readFileSync(manifest, 'latin1').matchAll(/^file (\S+)/gm)].map(([, name]) => name);
  const there = readdirSync(place).filter((name) => name !== basename(manifest));
  return { named: named.sort(), there: there.sort() };
}

/** Temporary files and folders, beside it and in it. */
function staleFilesBeside(place: string): string[] {
  const folders = [dirname(place), place].filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
  return folders.flatMap((folder) => readdirSync(folder)).filter((name) => name.startsWith('.'));
}

async function breakAt(scene: Scene, call: number, fault: Fault, expected: string): Promise<boolean> {
  const job = scene(temporaryDir());
  const before = existsSync(job.place);
  const old = before ? contents(job.place) : undefined;
  const faulty = new FaultyFileSystem(call, fault);
  const error = await run(job, { fileSystem: faulty.fs }).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  const what = `${fault} at call ${call}, ${faulty.calls[call]}`;
  if (!faulty.struck) return false;
  if (error !== undefined && !(error instanceof Killed)) {
    expect(error.name, what).toBe('UnwritableError');
    if (fault === 'fail' || fault === 'full') {
      expect(staleFilesBeside(job.place), what).toEqual([]);
      const now = existsSync(job.place) ? contents(job.place) : undefined;
      expect(error.message.includes('nothing was replaced'), `${what}: ${error.message}`).toBe(
        isDeepStrictEqual(now, old),
      );
    }
  }
  // The old dataset or the new one, never a half; where none was, there may be none.
  if (before || existsSync(job.place)) expect(await digestAt(job.place), what).toBe(expected);
  const isThere = !before && existsSync(job.place);
  const again = await run(job, { force: isThere && job.options.format !== 'multipart' }).catch(
    (thrown: Error) => thrown,
  );
  if (!(isThere && job.options.format === 'multipart')) expect(again, what).toMatchObject({ outcome: 'written' });
  expect(await digestAt(job.place), what).toBe(expected);
  expect(readdirSync(dirname(job.place)).sort(), what).toEqual([...job.neighbours].sort());
  const parts = partsOf(job.place);
  expect(parts?.there, what).toEqual(parts?.named);
  return true;
}

describe('an output whose every call fails or is the last', () => {
  for (const [title, scene] of Object.entries(scenes)) {
    for (const fault of faults) {
      it(`${title}, ${fault}`, async () => {
        const whole = scene(temporaryDir());
        const expected = (await digestAt(whole.input)) as string;
        let call = isLong ? 0 : faults.indexOf(fault);
        while (await breakAt(scene, call, fault, expected)) call += step;
        expect(call).toBeGreaterThan(5);
      });
    }
  }

  it('removes nothing because of its name', async () => {
    const dir = temporaryDir();
    const job = scenes['a new folder'](dir);
    const out = dirname(job.place);
    const planted = ['.appendonlydir.aofkit-4194999.tmp', '.appendonlydir.aofkit-0123456789abcdef.tmp'];
    for (const name of planted) {
      mkdirSync(join(out, name));
      writeFileSync(join(out, name, 'appendonly.aof.1.base.rdb'), 'REDIS');
    }
    expect(await run(job)).toMatchObject({ outcome: 'written' });
    expect(readdirSync(out).sort()).toEqual([...planted, 'appendonlydir'].sort());
    for (const name of planted) expect(readdirSync(join(out, name))).toEqual(['appendonly.aof.1.base.rdb']);
  });

  it('removes temporary files that are a day old, and no others', async () => {
    const dir = temporaryDir();
    const job = scenes['a new file'](dir);
    const out = dirname(job.place);
    const [old, young] = ['.compact.aof.aofkit-4194999.tmp', '.compact.aof.aofkit-0123456789abcdef.tmp'];
    for (const name of [old, young]) writeFileSync(join(out, name), 'SET');
    utimesSync(join(out, old), at / 1000 - 90_000, at / 1000 - 90_000);
    expect(await run(job)).toMatchObject({ outcome: 'written' });
    expect(readdirSync(out).sort()).toEqual([young, 'compact.aof'].sort());
  });
});
