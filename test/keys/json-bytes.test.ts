import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goldenDir, goldenNames, readProvenance } from '../../fixtures/generate/golden.ts';
import { ByteWriter } from '../../src/io/writer.ts';
import { jsonBytesOf } from '../../src/keys/json-bytes.ts';
import { jsonTextOf, type TextEncoding, valueProperties } from '../../src/keys/json-text.ts';
import { KeyJson } from '../../src/keys/key-json.ts';
import { KeyMaker } from '../../src/keys/key-maker.ts';
import { keyValueOf } from '../../src/keys/key-value.ts';
import { scanKeys } from '../../src/keys/scan-keys.ts';

const encodings: readonly TextEncoding[] = ['utf8', 'base64', 'latin1'];

function bytesJson(encoding: TextEncoding, bytes: Buffer): string {
  const out = new ByteWriter();
  jsonBytesOf(encoding)(out, bytes, 0, bytes.length);
  return out.view().toString('utf8');
}

const text = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary', maxLength: 60 }).map((characters) => Buffer.from(characters, 'utf8')),
  fc.string({ unit: 'binary', maxLength: 60 }).map((characters) => Buffer.from(characters, 'utf8').subarray(1)),
);

describe.each(encodings)('texts as JSON from bytes and from binary strings, %s', (encoding) => {
  it('are equal', () => {
    fc.assert(
      fc.property(text, (bytes) => {
        expect(bytesJson(encoding, bytes)).toBe(jsonTextOf(encoding)(bytes.latin1Slice()));
      }),
      { numRuns: 2000 },
    );
  });

  it('are equal beyond one piece', () => {
    const long = Buffer.alloc(100_000, 'ä"\n-');
    for (const bytes of [long, Buffer.concat([long, Buffer.from([0xff])]), long.subarray(0, 49_153)])
      expect(bytesJson(encoding, bytes)).toBe(jsonTextOf(encoding)(bytes.latin1Slice()));
  });
});

const goldens = goldenNames().map(readProvenance);

describe.each(encodings)('keys as JSON from bytes and from decoded values, %s', (encoding) => {
  it.each(goldens.map((golden) => [golden.name, golden] as const))('%s', async (name, golden) => {
    const maker = new KeyMaker({ encoded: true });
    const lines = new KeyJson(maker, { encoding });
    const out = new ByteWriter();
    await scanKeys(
      join(goldenDir(name), golden.path),
      { at: 0, opaque: 'drop' },
      {
        begin: (facts) => maker.begin(facts),
        key: (record) => {
          const value = valueProperties(keyValueOf(record.decoded(), jsonTextOf(encoding)));
          out.reset();
          lines.write(record, out);
          const line = out.view().toString('utf8');
          expect(line.slice(line.indexOf(',"value":') + 1)).toBe(`${value}}`);
          return undefined;
        },
      },
    );
  });
});
