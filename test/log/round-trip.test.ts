import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aofCorpus, describeWithCorpus } from '../support/corpus.ts';
import { collect, fileOf, resp } from './collect.ts';
import { filesOf } from './records.ts';

const goldens = join(dirname(fileURLToPath(import.meta.url)), '../../fixtures/golden');

async function expectSameBytes(path: string, directory = dirname(path)): Promise<void> {
  const { text } = await collect(path, { format: 'json', full: true });
  const files = filesOf(text, (name) => join(directory, name));
  for (const [name, bytes] of files) expect(bytes.equals(fs.readFileSync(join(directory, name))), name).toBe(true);
}

describeWithCorpus('log --full --json parses back to the same bytes', (dir) => {
  it('for every AOF of the corpora', async () => {
    const corpus = aofCorpus(dir);
    expect(corpus.length).toBeGreaterThan(300);
    for (const { path } of corpus) await expectSameBytes(path);
  });

  it('for an AOF with an RDB preamble', () => expectSameBytes(join(dir, 'rdb-preamble.aof')));
});

describe('log --full --json parses back to the same bytes', () => {
  const names = fs.readdirSync(goldens).filter((name) => /-(aof|multipart)-/.test(name));

  it('for every golden AOF, all of its parts', async () => {
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      const folder = join(goldens, name);
      const directory = fs.existsSync(join(folder, 'appendonlydir')) ? join(folder, 'appendonlydir') : folder;
      await expectSameBytes(folder, directory);
    }
  });

  it('for headers that are not as everybody writes them, annotations and damage', async () => {
    const content = `#TS:1700000000\r\n*02\r\n$3\r\nGET\r\n$+1\r\nx\r\nrubbish\0\0${resp('SET', 'a', '\x00\xff"\\\n')}#other\n*3\r\n$3`;
    await expectSameBytes(fileOf(content));
  });

  it('for damaged regions of any length, in the middle and at the end', async () => {
    for (const length of [65_535, 65_536, 65_537, 131_072, 3_000_001]) {
      const rubbish = Buffer.alloc(length, 'rubbish \xff\0').toString('latin1');
      const content = `${resp('SET', 'a', '1')}${rubbish}${resp('SET', 'b', '2')}${rubbish}`;
      await expectSameBytes(fileOf(content));
      await expectSameBytes(fileOf(`${rubbish}*3\r\n$3`));
    }
  });

  it('for any arguments', async () => {
    const binary = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => Buffer.from(text).toString('latin1'));
    const command = fc.array(fc.oneof(binary, text), { minLength: 1, maxLength: 6 });
    const property = fc.asyncProperty(fc.array(command, { maxLength: 10 }), (commands) =>
      expectSameBytes(fileOf(commands.map((args) => resp(...args)).join(''))),
    );
    await fc.assert(property, { numRuns: 60 });
  });
});
