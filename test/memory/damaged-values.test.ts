import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { LimitError } from '../../src/errors.ts';
import { EncodingError, FormatError } from '../../src/faults.ts';
import { scanKeys } from '../../src/keys/scan-keys.ts';
import { memoryRules, memoryServers } from '../../src/memory/rules.ts';
import { KeySizer } from '../../src/memory/value-size.ts';
import { randomNumbers } from '../support/memory-workload.ts';

/** The RDBs of the goldens. */
function files(): string[] {
  const folder = join(goldenDir('redis-8.6-rdb'), '..');
  return readdirSync(folder).flatMap((name) =>
    readdirSync(join(folder, name))
      .filter((file) => file.endsWith('.rdb'))
      .map((file) => join(folder, name, file)),
  );
}

describe('the size of a damaged value', () => {
  it('is a fault of the data or some size, never anything else', async () => {
    const random = randomNumbers(11);
    const sizers = memoryServers.map((server) => new KeySizer(memoryRules(server)));
    let faults = 0;
    let sizes = 0;
    for (const file of files()) {
      await scanKeys(
        file,
        { at: 0 },
        {
          key(record) {
            const value = Buffer.from(record.raw.subarray(record.rawFrom, record.rawTo));
            for (let round = 0; round < 12; round++) {
              const bytes = Buffer.from(value.subarray(0, round % 3 === 0 ? random(value.length + 1) : value.length));
              for (let edit = random(4); edit > 0 && bytes.length > 0; edit--)
                bytes[random(Math.min(bytes.length, round % 2 === 0 ? 24 : bytes.length))] = random(256);
              const sizer = sizers[random(sizers.length)];
              try {
                sizer.measureValue(record.type, bytes, 0, bytes.length, 10, false);
                expect(Number.isFinite(sizer.bytes)).toBe(true);
                sizes++;
              } catch (error) {
                const isFault =
                  error instanceof FormatError || error instanceof EncodingError || error instanceof LimitError;
                if (!isFault) throw error;
                faults++;
              }
            }
            return undefined;
          },
        },
      );
    }
    expect(faults).toBeGreaterThan(100);
    expect(sizes).toBeGreaterThan(100);
  }, 60_000);
});
