/* Real files of every version: decoded, they have the digest that a server recorded; written for a target and read again, too. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir, goldenNames, readProvenance } from '../../../fixtures/generate/golden.ts';
import type { Flavor } from '../../../src/servers/flavor.ts';
import { findTarget, type Target, targets } from '../../../src/servers/targets.ts';
import { describeWithCorpus, rdbCorpus } from '../../support/corpus.ts';
import { digestOf } from './decoded.ts';
import { type RawKey, type RdbFile, readRdb } from './rdb-file.ts';
import { rewriteRdb } from './whole-file.ts';

/** Fields and keys past their time are gone when a server loads: all files of the corpora were loaded after this. */
const now = Date.UTC(2026, 10, 1);

describeWithCorpus('RDB corpus', (dir) => {
  const files = rdbCorpus(dir).filter(({ digest }) => digest !== undefined);

  it.each(files.map(({ name, path, digest }) => [name, path, digest] as const))('%s', (_name, path, digest) => {
    const file = readRdb(path);
    expect(digestOf(file, 'redis-8', now)).toBe(digest);
    for (const way of ['encode', 'copy'] as const) {
      const written = rewriteRdb(file, findTarget('redis-8') as Target, way);
      expect(written.losses).toEqual([]);
      expect(digestOf(written.file, 'redis-8', now)).toBe(digest);
    }
  });
});

const flavors: readonly (readonly [prefix: string, flavor: Flavor])[] = [
  ['redis-6.0', 'redis-6.2'],
  ['redis-7.0', 'redis-7.0'],
  ['redis-8', 'redis-8'],
  ['valkey-8', 'valkey-8'],
  ['valkey-9', 'valkey-9'],
];

// The forms of release candidates cannot be read, except for their hashes: built-v12-pre-release-hashes.
describe('goldens', () => {
  const names = goldenNames().filter((name) => readProvenance(name).layout === 'rdb' && !name.endsWith('pre-release'));

  it.each(names)('%s', (name) => {
    const file = readRdb(
      join(goldenDir(name), readdirSync(goldenDir(name)).find((path) => path.endsWith('.rdb')) as string),
    );
    const { digest } = readProvenance(name);
    const flavor = flavors.find(([prefix]) => name.startsWith(prefix))?.[1];
    if (digest !== undefined && flavor !== undefined) expect(digestOf(file, flavor, now)).toBe(digest);
    // For every target: what it can hold comes back as it was.
    const whole = digestOf(file, 'redis-8', 0);
    for (const target of targets) expectSame(file, target, whole);
  });
});

/** Idle times, counters of use and modules' metadata of each key, where the target has them. */
function expectBeside(written: RdbFile, file: RdbFile, target: Target): void {
  const before = new Map(file.keys.map((key) => [`${key.db} ${key.key.toString('latin1')}`, key]));
  for (const key of written.keys) {
    const { idle, freq, metadata, expire } = before.get(`${key.db} ${key.key.toString('latin1')}`) as RawKey;
    const isSame =
      Object.is(key.expire, expire) &&
      (!target.hasUsage || (key.idle === idle && key.freq === freq)) &&
      (!target.hasKeyMetadata || key.metadata.equals(metadata));
    if (!isSame) expect(key).toEqual({ ...key, expire, idle, freq, metadata });
  }
}

/** Writes the file for the target and reads it: apart from what was reported, each key is as before. */
function expectSame(file: RdbFile, target: Target, whole: string): void {
  for (const way of ['encode', 'copy'] as const) {
    const { file: written, losses } = rewriteRdb(file, target, way);
    const lost = new Set(losses.map(({ db, key }) => `${db} ${key}`));
    const expected = lost.size === 0 ? whole : digestOf(without(file, lost), 'redis-8', 0);
    expect(digestOf(without(written, lost), 'redis-8', 0), `${target.name} ${way}`).toBe(expected);
    expect(written.version).toBe(target.rdbVersion);
    expectBeside(written, file, target);
    for (const { type } of written.keys) expect(target.reads.has(type), `type ${type} for ${target.name}`).toBe(true);
  }
}

function without(file: RdbFile, lost: ReadonlySet<string>): RdbFile {
  return { ...file, keys: file.keys.filter(({ db, key }) => !lost.has(`${db} ${key.toString('latin1')}`)) };
}
