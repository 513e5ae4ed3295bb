import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesUnder, goldenDir, goldenNames } from '../../fixtures/generate/golden.ts';
import { check, verify } from '../../src/index.ts';
import { temporaryDir } from '../support/servers.ts';
import { mutate, Random } from './mutation.ts';

/*
 * Any bytes at all give findings, never a crash, a hang or much memory. Seeded: the same run again with AOFKIT_FUZZ_SEED; long runs
 * with AOFKIT_FUZZ_ROUNDS (docs/testing.md).
 */
const rounds = Number(process.env.AOFKIT_FUZZ_ROUNDS ?? 600);
const seed = Number(process.env.AOFKIT_FUZZ_SEED ?? 20261120);

const inputs = goldenNames()
  .flatMap((name) => filesUnder(goldenDir(name)).map((file) => path.join(goldenDir(name), file)))
  .filter((file) => !file.endsWith('provenance.json'));

describe('fuzz: check and verify', () => {
  it(`survive ${rounds} mutations of goldens (seed ${seed})`, { timeout: 60_000 + rounds * 200 }, async () => {
    const random = new Random(seed);
    const dir = temporaryDir();
    const memory = process.memoryUsage().rss;
    for (let round = 0; round < rounds; round++) {
      const source = inputs[random.below(inputs.length)];
      const bytes = mutate(fs.readFileSync(source), random);
      const file = path.join(dir, path.basename(source));
      fs.writeFileSync(file, bytes);
      const begun = performance.now();
      try {
        const result = await check(file, { limit: 20 });
        for (const finding of result.findings) {
          expect(finding.offset).toBeGreaterThanOrEqual(0);
          if (finding.file === file) expect(finding.offset).toBeLessThanOrEqual(bytes.length);
        }
        await verify(file);
      } catch (error) {
        const kept = path.join(dir, `crash-${round}`);
        fs.writeFileSync(kept, bytes);
        throw new Error(`round ${round} of seed ${seed} on ${source}`, { cause: error });
      }
      expect(performance.now() - begun).toBeLessThan(10_000);
    }
    expect(process.memoryUsage().rss - memory).toBeLessThan(400 * 1024 * 1024);
  });

  it('survive random bytes of every kind of beginning', async () => {
    const random = new Random(seed + 1);
    const file = path.join(temporaryDir(), 'noise');
    const heads = ['', 'REDIS0011', 'REDIS0015', 'VALKEY080', '*3\r\n$3\r\nSET\r\n', '#TS:', 'file ', '\x1f\x8b'];
    for (let round = 0; round < 200; round++) {
      const noise = Buffer.from(Array.from({ length: random.below(400) }, () => random.below(256)));
      fs.writeFileSync(file, Buffer.concat([Buffer.from(heads[round % heads.length], 'latin1'), noise]));
      await check(file);
    }
  });
});
