/* jsonl by the kernel and by JavaScript: the same bytes, whatever the file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { goldenDir, goldenNames, readProvenance } from '../../fixtures/generate/golden.ts';
import { applyRecipe, readRecipes } from '../../fixtures/generate/recipe.ts';
import { convert, exportKeys } from '../../src/index.ts';
import { ByteWriter } from '../../src/io/writer.ts';
import { KeyJson } from '../../src/keys/key-json.ts';
import { KeyMaker } from '../../src/keys/key-maker.ts';
import { scanKeys } from '../../src/keys/scan-keys.ts';
import { describeWithCorpus, rdbCorpus } from '../support/corpus.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'aofkit-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = { at: 0, opaque: 'drop' } as const;

async function byKernel(path: string, format: 'jsonl' | 'json' = 'jsonl') {
  const pieces: Buffer[] = [];
  const output = { write: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) };
  const { inputs } = await exportKeys([path], { ...options, format, output });
  const [{ keys, exported, findings, ok }] = inputs;
  return { text: Buffer.concat(pieces).toString('utf8'), keys, exported, findings, ok };
}

async function byJavaScript(path: string) {
  const maker = new KeyMaker({});
  const json = new KeyJson(maker);
  const out = new ByteWriter();
  const { keys, findings, ok } = await scanKeys(path, options, {
    begin: (facts) => maker.begin(facts),
    key: (record) => {
      json.write(record, out);
      out.writeByte(0x0a);
      return undefined;
    },
  });
  return { text: out.view().toString('utf8'), keys, exported: keys, findings, ok };
}

const expectEqual = async (path: string) => expect(await byKernel(path)).toEqual(await byJavaScript(path));

describe('jsonl by the kernel', () => {
  const goldens = goldenNames().map(readProvenance);
  it.each(goldens.map((golden) => [golden.name, golden.path] as const))('golden %s', (name, path) =>
    expectEqual(join(goldenDir(name), path)),
  );

  const damaged = readRecipes().filter(({ golden }) => golden.includes('rdb') || golden.startsWith('built'));
  it('damaged files', { timeout: 120_000 }, async () => {
    expect(damaged.length).toBeGreaterThan(40);
    for (const recipe of damaged) await expectEqual(applyRecipe(recipe, temporaryDir()));
  });

  it('a bit that is wrong anywhere', { timeout: 120_000 }, async () => {
    const bytes = readFileSync(join(goldenDir('redis-8.6-rdb-little'), 'dump.rdb'));
    for (let at = 9; at < bytes.length - 9; at++) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 1 << (at % 8);
      const path = join(folder, 'changed.rdb');
      writeFileSync(path, changed);
      await expectEqual(path);
    }
  });

  it('texts of all kinds, in values of all encodings', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (list) => {
        const log = join(folder, 'log.aof');
        const rdb = join(folder, 'made.rdb');
        writeFileSync(log, Buffer.concat(list.map((command) => encodeCommand(command))));
        await convert(log, { to: 'rdb', output: rdb, force: true, at: 0 });
        await expectEqual(rdb);
        const all = JSON.parse((await byKernel(rdb, 'json')).text) as unknown[];
        expect(all).toEqual(
          (await byKernel(rdb)).text
            .split('\n')
            .slice(0, -1)
            .map((line) => JSON.parse(line)),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('an object that does not fit what is written at a time', async () => {
    const log = join(folder, 'large.aof');
    const words = [
      ['SET', 'a', Buffer.alloc(200_000, 1)],
      ['SET', 'b', Buffer.alloc(200_000, 'ä')],
      ['RPUSH', 'c', ...Array.from({ length: 3000 }, (_, index) => `${index}${'\n'.repeat(100)}`)],
      ['SADD', 'd', ...Array.from({ length: 20_000 }, (_, index) => `member ${index}`)],
    ];
    writeFileSync(log, Buffer.concat(words.map((command) => encodeCommand(command))));
    const rdb = join(folder, 'large.rdb');
    await convert(log, { to: 'rdb', output: rdb, force: true, at: 0 });
    await expectEqual(rdb);
  });
});

const text = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.string({ unit: 'binary', maxLength: 90 }).map((characters) => Buffer.from(characters, 'utf8')),
  },
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.integer().map((number) => Buffer.from(String(number))),
  fc.constantFrom(
    ...['__proto__', '"', '\\', '\n\r\t\b\f\0', '\x7f', '\u2028', '\ud7ff\ue000', '\u{10ffff}'].map((characters) =>
      Buffer.from(characters, 'utf8'),
    ),
  ),
  fc.constantFrom(
    ...['\xc0\xaf', '\xe0\x80\x80', '\xed\xa0\x80', '\xf0\x80\x80\x80', '\xf4\x90\x80\x80', 'a\xe2\x82'].map((bytes) =>
      Buffer.from(bytes, 'latin1'),
    ),
  ),
  fc
    .tuple(fc.constantFrom('a', 'é', '"', '漢'), fc.integer({ min: 1, max: 700 }))
    .map(([character, times]) => Buffer.from(character.repeat(times))),
);
const texts = fc.array(text, { minLength: 1, maxLength: 24 });

const commands = fc.array(
  fc.oneof(
    fc.tuple(text, text).map(([key, value]) => ['SET', Buffer.concat([Buffer.from('s'), key]), value]),
    fc.tuple(text, texts).map(([key, all]) => ['RPUSH', Buffer.concat([Buffer.from('l'), key]), ...all]),
    fc.tuple(text, texts).map(([key, all]) => ['SADD', Buffer.concat([Buffer.from('m'), key]), ...all]),
    fc
      .tuple(text, texts)
      .map(([key, all]) => ['HSET', Buffer.concat([Buffer.from('h'), key]), ...all.flatMap((field) => [field, field])]),
    fc
      .tuple(text, texts)
      .map(([key, all]) => [
        'ZADD',
        Buffer.concat([Buffer.from('z'), key]),
        ...all.flatMap((member, index) => [String(index / 3 - 2), member]),
      ]),
    fc
      .tuple(text, fc.integer({ min: 1, max: 2 ** 42 }))
      .map(([key, at]) => ['PEXPIREAT', Buffer.concat([Buffer.from('s'), key]), String(at)]),
  ),
  { minLength: 1, maxLength: 30 },
);

describeWithCorpus('jsonl of the corpora by the kernel', (dir) => {
  it('is the same', { timeout: 300_000 }, async () => {
    for (const { path } of rdbCorpus(dir)) await expectEqual(path);
  });
});
