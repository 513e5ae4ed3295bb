import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir, goldenNames, readProvenance } from '../../fixtures/generate/golden.ts';
import { FileSource } from '../../src/io/source.ts';
import { RdbInput } from '../../src/rdb/input.ts';
import { Item, RdbReader } from '../../src/rdb/reader.ts';
import { ValueCheck } from '../../src/rdb/value-check.ts';
import { checkValue } from '../../src/rdb/value-types.ts';
import { expectStable, rewritten } from './outputs.ts';

/** By database and key: seconds since the last use, and the counter of uses; -1 for not told. */
function usageOf(path: string): Record<string, readonly [idle: number, freq: number]> {
  const source = FileSource.open(path);
  const reader = new RdbReader(new RdbInput(source));
  const values = new ValueCheck(false, reader.templates, 0);
  const usage: Record<string, readonly [number, number]> = {};
  reader.readHeader();
  values.ofFormat(reader);
  for (let item = reader.next(); item !== Item.end; item = reader.next()) {
    if (item !== Item.key) continue;
    usage[`${reader.db} ${reader.key.latin1Slice(0, reader.keyLength)}`] = [reader.idle, reader.freq];
    checkValue(reader.input, reader.type, values);
  }
  source.close();
  return usage;
}

describe('how keys were used', () => {
  it.each(goldenNames().filter((name) => /-rdb-l[rf]u$/.test(name)))('is carried along: %s', async (name) => {
    const { writer, path } = readProvenance(name);
    const source = join(goldenDir(name), path);
    const before = usageOf(source);
    expect(Object.values(before).some(([idle, freq]) => idle >= 0 || freq >= 0)).toBe(true);
    const at = Date.now();
    const same = await rewritten(source, 'rdb', { target: writer, at });
    expect(usageOf(same.path)).toEqual(before);
    await expectStable(same, at);
    // Values in another encoding have it too.
    const older = await rewritten(source, 'rdb', { target: 'redis-5.0', allowLoss: true });
    const after = usageOf(older.path);
    for (const key of Object.keys(after)) expect([key, after[key]]).toEqual([key, before[key]]);
  });

  it('is a small loss where the target does not keep it', async () => {
    const source = join(goldenDir('redis-6.0-rdb-lfu'), 'dump.rdb');
    const { result } = await rewritten(source, 'rdb', { target: 'redis-4.0', allowLoss: true });
    expect(result.losses.map(({ kind }) => kind)).toContain('usage');
  });
});
