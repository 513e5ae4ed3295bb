/*
 * The probes of the newest formats that the corpora hold (folder newest), and their vectors.json: what check, digest, repair and convert
 * answer to each file. Made by hand from the servers' sources: no such server is at hand.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { check } from '../../src/operations/check/check.ts';
import { convert } from '../../src/operations/convert/convert.ts';
import { digest } from '../../src/operations/digest/digest.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { describeWithCorpus } from '../support/corpus.ts';
import { temporaryDir } from '../support/server-process.ts';

const at = Date.UTC(2026, 10, 30);
const pathHash = { ph: 'DIGEST-VALUE pathhash P' };
const expiringSet = { s: 'DIGEST-VALUE set {a,b,c}, TTL or not' };

interface Sound {
  /** Codes of errors and warnings. */
  readonly codes?: readonly string[];
  readonly keys: number;
  /** The names of keys, and of their digests in vectors.json. */
  readonly values?: Readonly<Record<string, string>>;
  /** Of the whole dataset. */
  readonly digest?: string;
}

const sound: Readonly<Record<string, Sound>> = {
  'vk81-pathhash.rdb': { keys: 2, values: pathHash },
  'vk81-pathhash-ttl.rdb': { keys: 1, values: { ph: 'DIGEST-VALUE pathhash P with TTL' } },
  'vk81-pathhash-emptypath.rdb': { keys: 1, values: { ph: 'DIGEST-VALUE pathhash {"":{"":""}}' } },
  'vk81-pathhash-unsorted-ok.rdb': { keys: 1, values: pathHash, digest: 'DIGEST pathhash ph=P alone db0' },
  'vk81-pathhash-zero-paths.rdb': {
    codes: ['path-hash.empty'],
    keys: 1,
    values: { ph: 'DIGEST-VALUE pathhash no paths' },
  },
  'vk81-vcs-lz4.rdb': { keys: 1502 },
  'vk81-vcs-lz4-independent.rdb': { keys: 1502 },
  'vk81-vcs-lz4-trailing-ok.rdb': { keys: 1502 },
  'vk81-vcs-zstd.rdb': { keys: 1502 },
  'vk81-vcs-zstd-nocheck.rdb': { keys: 1502 },
  'vk81-inner-plain-zero-crc.rdb': { keys: 1502 },
  'vk81-update242.rdb': { keys: 2 },
  'redis16-bitmap33.rdb': { keys: 2 },
  'redis16-bitmap33-zeros.rdb': { keys: 1, values: { bm: 'DIGEST-VALUE bitmap 100 zero bytes' } },
  'redis16-noevict241.rdb': { keys: 1 },
  'redis17-set34-lpex.rdb': { keys: 1, values: expiringSet },
  'redis17-set35-meta.rdb': { keys: 1, values: expiringSet },
};

/** The error, and whether repair has an answer: to cut out a value, to keep what comes out of an envelope, or to leave all as it is. */
const refused: Readonly<Record<string, readonly [code: string, repair: 'planned' | 'partial' | 'left']>> = {
  'bad-vk81-pathhash-dup-path.rdb': ['path-hash.path.duplicate', 'partial'],
  'bad-vk81-pathhash-dup-field.rdb': ['path-hash.field.duplicate', 'partial'],
  'bad-vk81-pathhash-no-fields.rdb': ['path-hash.path.empty', 'partial'],
  'bad-vk81-vcs-version2.rdb': ['rdb.unsupported.envelope', 'left'],
  'bad-vk81-vcs-codec3.rdb': ['rdb.unsupported.envelope', 'left'],
  'bad-vk81-vcs-reserved.rdb': ['rdb.unsupported.envelope', 'left'],
  'bad-vk81-vcs-kind2.rdb': ['rdb.unsupported.envelope', 'left'],
  'bad-vk81-vcs-header-cut.rdb': ['rdb.unsupported.envelope', 'left'],
  'bad-vk81-vcs-lz4-cut-endmark.rdb': ['rdb.envelope.truncated', 'planned'],
  'bad-vk81-vcs-lz4-cut-mid.rdb': ['rdb.envelope.truncated', 'planned'],
  // The flip is in the first block: nothing comes before it.
  'bad-vk81-vcs-lz4-flip.rdb': ['rdb.envelope.corrupt', 'left'],
  'bad-redis16-bitmap33-beyond-length.rdb': ['bitmap.length', 'left'],
  'bad-redis16-bitmap33-trailing.rdb': ['bitmap.trailing', 'left'],
  'bad-redis17-set34-order.rdb': ['set.expiry.order', 'left'],
  'bad-redis17-set34-after-zero.rdb': ['set.expiry.order', 'left'],
  'bad-redis17-set35-dup.rdb': ['set.expiry.duplicate', 'left'],
};

const folder = temporaryDir();
const output = (name: string, kind: string): string => join(folder, `${name}.${kind}`);

async function codesOf(path: string): Promise<string[]> {
  const { findings } = await check(path);
  return findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
}

async function digestOf(path: string) {
  const keys: Record<string, string> = {};
  const onKey = (db: number, key: string, value: string) => {
    keys[db === 0 ? key : `${db}:${key}`] = value;
  };
  const result = await digest(path, { at, onKey });
  return { ...result, keys };
}

/** Whether what a file holds is written: a refusal is a result or an error. */
async function isConverted(path: string, to: 'rdb' | 'aof', name: string): Promise<boolean> {
  const options = { to, output: output(name, to), at, allowLoss: true };
  const result = await convert([path], options).catch((error: Error) => error);
  return !(result instanceof Error) && result.outcome === 'written';
}

describeWithCorpus('the probes of the newest formats', (corpora) => {
  const dir = join(corpora, 'newest');
  const vectors = JSON.parse(readFileSync(join(dir, 'vectors.json'), 'utf8')) as Record<string, string>;

  it('are all in the tables', () => {
    const names = readdirSync(dir).filter((name) => name.endsWith('.rdb'));
    expect(Object.keys({ ...sound, ...refused }).sort()).toEqual(names.sort());
  });

  it.each(Object.entries(sound))('%s is read', async (name, { codes = [], keys, values = {}, digest: whole }) => {
    const path = join(dir, name);
    expect(await codesOf(path)).toEqual(codes);
    const found = await digestOf(path);
    expect([found.ok, Object.keys(found.keys).length]).toEqual([true, keys]);
    for (const [key, vector] of Object.entries(values)) expect(found.keys[key], key).toBe(vectors[vector]);
    if (whole !== undefined) expect(found.digest).toBe(vectors[whole]);
    expect((await repair(path, { dryRun: true })).outcome).toBe('sound');
    expect(await isConverted(path, 'rdb', name)).toBe(true);
    expect(await codesOf(output(name, 'rdb'))).toEqual(codes);
  });

  it.each(Object.entries(refused))('%s is refused', async (name, [code, answer]) => {
    const path = join(dir, name);
    expect(await codesOf(path)).toEqual([code]);
    const found = await digestOf(path).catch((error: Error) => error);
    expect(found instanceof Error || !found.ok).toBe(true);
    const { outcome, ok, plan } = await repair(path, { dryRun: true });
    expect([ok, plan.sound]).toEqual([answer === 'planned', answer === 'left']);
    expect(outcome).not.toBe(answer === 'left' ? 'planned' : 'sound');
    for (const to of ['rdb', 'aof'] as const) expect(await isConverted(path, to, name)).toBe(false);
  });

  it('hold the bitmaps of the vectors', async () => {
    const { keys } = await digestOf(join(dir, 'redis16-bitmap33.rdb'));
    const found = Object.values(keys);
    expect(found).toContain(vectors['DIGEST-VALUE bitmap len 3 bits 7,10-19']);
    expect(found).toContain(vectors['DIGEST-VALUE bitmap empty']);
  });
});
