/* The keys that the lane finds are those that the reader finds, in the same places: in the goldens and the corpora, and by shard. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesUnder, goldenDir, goldenNames } from '../../fixtures/generate/golden.ts';
import { FindingList } from '../../src/aof/report.ts';
import { RdbLoad } from '../../src/dataset/load-rdb.ts';
import { defaultRegistry } from '../../src/engine/commands/index.ts';
import { Dataset } from '../../src/engine/dataset.ts';
import { freeOwners, Partition } from '../../src/engine/partition.ts';
import { MemorySource } from '../../src/io/source.ts';
import { borrowCheckKernel, type CheckKernel, returnCheckKernel } from '../../src/kernels/check-kernel.ts';
import { RdbInput } from '../../src/rdb/input.ts';
import { describeWithCorpus, rdbCorpus } from '../support/corpus.ts';

/** Everything that loading tells, and how many calls of the reader it took. */
async function load(
  bytes: Buffer,
  checkKernel: CheckKernel | undefined,
  shard: Partition | undefined,
  windowBytes: number,
) {
  const input = new RdbInput(new MemorySource(bytes, 'file', 8192), 0, checkKernel?.window(windowBytes));
  const dataset = new Dataset(2 ** 31);
  const findings = new FindingList();
  const pause = async () => {};
  const options = {
    path: 'file',
    source: 3,
    dataset,
    findings,
    dropExpiredBefore: Number.NaN,
    pause,
    shard,
    checkKernel,
  };
  const loader = new RdbLoad(input, options);
  let read = 0;
  const next = loader.reader.next.bind(loader.reader);
  loader.reader.next = () => {
    read++;
    return next();
  };
  const sound = await loader.run();
  const keys = dataset.occupied().map((index) => {
    const keyspace = dataset.database(index);
    const entries: unknown[] = [];
    for (let entry = keyspace.next(-1); entry >= 0; entry = keyspace.next(entry)) {
      const place = [keyspace.rdbType(entry), keyspace.source(entry), keyspace.offset(entry), keyspace.length(entry)];
      entries.push([keyspace.keyText(entry), ...place, keyspace.expiry(entry)]);
    }
    return { index, entries, expiring: keyspace.expiring };
  });
  return { told: { sound, keys, count: loader.keys, findings: findings.findings }, read };
}

async function compare(path: string): Promise<number> {
  const bytes = readFileSync(path);
  const registry = defaultRegistry();
  const shards = [undefined, ...[0, 1].map((index) => new Partition(index, freeOwners(), registry))];
  const checkKernel = borrowCheckKernel();
  if (checkKernel === undefined) throw new Error('no WebAssembly here');
  let saved = 0;
  try {
    for (const shard of shards) {
      const plain = await load(bytes, undefined, shard, 0);
      for (const windowBytes of [1000, 1 << 19]) {
        const found = await load(bytes, checkKernel, shard, windowBytes);
        expect(found.told, path).toEqual(plain.told);
        saved += plain.read - found.read;
      }
    }
  } finally {
    returnCheckKernel(checkKernel);
  }
  return saved;
}

it('finds the keys of the goldens where the reader does', async () => {
  let saved = 0;
  for (const name of goldenNames())
    for (const file of filesUnder(goldenDir(name)))
      if (file.endsWith('.rdb')) saved += await compare(join(goldenDir(name), file));
  expect(saved).toBeGreaterThan(1000);
});

describeWithCorpus('the corpora', (dir) => {
  it('finds their keys where the reader does', async () => {
    for (const { path } of rdbCorpus(dir)) await compare(path);
  });
});
