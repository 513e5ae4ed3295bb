import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesUnder, goldenDir, goldenNames } from '../../fixtures/generate/golden.ts';
import { runCheckAof } from '../../src/compat/check-aof.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { describeWithServer, findServer, temporaryDir } from '../support/servers.ts';
import { hastyFs } from './property.ts';

/*
 * A torn tail: what is left is byte for byte what `redis-check-aof --fix` leaves. Every cut of the little goldens is compared with the
 * drop-in tool, whose outcome is compared with the real one in test/drop-in; some with the real one here. AOFKIT_REPAIR_GOLDENS names
 * others.
 */
const pattern = new RegExp(process.env.AOFKIT_REPAIR_GOLDENS ?? 'little|aof-plain');
const cutsMax = Number(process.env.AOFKIT_REPAIR_CUTS ?? 400);

const logs = goldenNames()
  .filter((name) => pattern.test(name))
  .flatMap((name) => filesUnder(goldenDir(name)).map((file) => path.join(goldenDir(name), file)))
  .filter((file) => file.endsWith('.aof'))
  .map((file) => ({ file, bytes: fs.readFileSync(file) }))
  .filter(({ bytes }) => bytes.length > 0 && bytes[0] !== 0x52 && bytes[0] !== 0x56);

function cuts(length: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(length / most));
  return Array.from({ length: Math.floor((length - 1) / step) }, (_, index) => 1 + index * step);
}

/** How many bytes the drop-in tool leaves. */
function leftByTool(file: string): number {
  const sink = { write: () => {} };
  const now = () => 0;
  runCheckAof(['redis-check-aof', '--fix', file], {
    stdout: sink,
    stderr: sink,
    answer: () => 0x79,
    now,
    pid: 1,
    version: '1.2.3',
    seed: 1,
  });
  return fs.statSync(file).size;
}

/** How many bytes a repair keeps, by its plan; they are the file's front, or the plan is wrong. */
async function leftByPlan(file: string): Promise<number> {
  const { plan } = await repair(file);
  const { regions, size } = plan.files[0];
  if (regions.length === 0) return size;
  const [{ offset, length, replacement }, ...more] = regions;
  expect({ more, replacement, end: offset + length }).toEqual({ more: [], replacement: undefined, end: size });
  return offset;
}

describe('repair: a torn tail, beside the drop-in redis-check-aof', () => {
  it.each(logs)('$file', { timeout: 120_000 + Math.min(cutsMax, 100_000) * 10 }, async ({ bytes }) => {
    const file = path.join(temporaryDir(), 'a.aof');
    for (const cut of cuts(bytes.length, cutsMax)) {
      fs.writeFileSync(file, bytes.subarray(0, cut));
      const planned = await leftByPlan(file);
      expect([cut, planned]).toEqual([cut, leftByTool(file)]);
    }
  });
});

describeWithServer('redis-8.6', 'repair: a torn tail, beside the real redis-check-aof', () => {
  it('some cuts of each log', { timeout: 120_000 }, async () => {
    const tool = findServer('redis-8.6')?.checkAof ?? '';
    for (const { bytes } of logs) {
      const file = path.join(temporaryDir(), 'a.aof');
      for (const cut of cuts(bytes.length, 8)) {
        fs.writeFileSync(file, bytes.subarray(0, cut));
        const ours = `${file}.ours`;
        const { outcome } = await repair(file, { output: ours, force: true, fileSystem: hastyFs });
        spawnSync(tool, ['--fix', file], { input: 'y\n' });
        const theirs = fs.readFileSync(file);
        // A repair that keeps nothing is refused; the tool leaves an empty file.
        if (outcome === 'failed') expect([fs.existsSync(ours), theirs.length]).toEqual([false, 0]);
        else expect(fs.readFileSync(ours).equals(theirs)).toBe(true);
      }
    }
  });
});
