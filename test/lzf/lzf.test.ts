import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lzfCompress, lzfLengthMin, lzfSaving } from '../../src/lzf/compress.ts';
import { lzfCompressJavascript } from '../../src/lzf/compress-javascript.ts';
import { lzfDecompress, lzfValidate } from '../../src/lzf/decompress.ts';
import { lzfDecompressJavascript } from '../../src/lzf/decompress-javascript.ts';
import { describeWithServers } from '../support/servers.ts';
import { generator, lzfSamples, payloadDigest, serverPayloads } from './server-payloads.ts';

type Compress = typeof lzfCompress;
type Decompress = typeof lzfDecompress;

const decompressors: [string, Decompress][] = [
  ['the one in use', lzfDecompress],
  ['JavaScript', lzfDecompressJavascript],
];

function compressed(bytes: Uint8Array, compress: Compress = lzfCompress, outMax = bytes.length - lzfSaving): Buffer {
  const output = Buffer.alloc(Math.max(0, outMax));
  return output.subarray(0, compress(bytes, 0, bytes.length, output, 0, outMax));
}

const untouched = Buffer.alloc(20, 0xa5);

/** Compares without the cost of a diff that nobody will see. */
function expectSame(actual: Buffer | undefined, expected: Buffer | undefined, what = ''): void {
  const same = actual && expected ? actual.equals(expected) : actual === expected;
  if (!same) expect(actual, what).toEqual(expected);
}

/** What comes out, or undefined; the bytes around the output must stay as they were. */
function decompressed(input: Uint8Array, length: number, decompress: Decompress): Buffer | undefined {
  const output = Buffer.alloc(length + 20, 0xa5);
  const result = decompress(input, 0, input.length, output, 10, length);
  const margins = Buffer.concat([output.subarray(0, 10), output.subarray(10 + length)]);
  if (!margins.equals(untouched)) expect(margins).toEqual(untouched);
  return result === length ? output.subarray(10, 10 + length) : undefined;
}

const samples = lzfSamples();
const recorded = JSON.parse(readFileSync(new URL('server-payloads.json', import.meta.url), 'utf8')) as {
  digests: Record<string, string>;
  whole: Record<string, string>;
};

describe('the payloads of a real server', () => {
  it.each([
    ['the one in use', lzfCompress],
    ['JavaScript', lzfCompressJavascript],
  ] as [string, Compress][])('are what we compress to: %s', (_, compress) => {
    const own: Record<string, string> = {};
    for (const { name, bytes } of samples) {
      const payload = compressed(bytes, compress);
      own[name] = payload.length > 0 ? payloadDigest(payload) : '';
    }
    expect(own).toEqual(recorded.digests);
  });

  it.each(decompressors)('give the string back: %s', (_, decompress) => {
    expect(Object.keys(recorded.whole).length).toBeGreaterThan(50);
    for (const { name, bytes } of samples) {
      const payload = name in recorded.whole ? Buffer.from(recorded.whole[name], 'base64') : compressed(bytes);
      if (payload.length === 0) continue;
      expectSame(decompressed(payload, bytes.length, decompress), bytes, name);
      expect(lzfValidate(payload, 0, payload.length, bytes.length), name).toBe(-1);
    }
  });
});

describeWithServers('strings saved now', (name) => {
  it('are compressed to the same bytes', async () => {
    const own = lzfSamples(2);
    const payloads = await serverPayloads(name, own);
    for (const sample of own) {
      expect(payloads.has(sample.name)).toBe(true);
      expectSame(compressed(sample.bytes), payloads.get(sample.name) ?? Buffer.alloc(0), sample.name);
    }
  });
});

describe('compressing', () => {
  it('leaves short strings to the caller and takes any length', () => {
    expect(lzfLengthMin).toBe(21);
    expect(compressed(Buffer.alloc(0)).length).toBe(0);
    expect(compressed(Buffer.alloc(1)).length).toBe(0);
    expect(compressed(Buffer.alloc(20)).length).toBeGreaterThan(0);
  });

  it('never writes beyond the room it has, and gives the same wherever that suffices', () => {
    for (const { bytes } of samples.filter((sample) => sample.bytes.length < 120)) {
      const best = compressed(bytes, lzfCompress, bytes.length + 10);
      for (let room = 1; room < best.length + 6; room++) {
        const output = Buffer.alloc(bytes.length + 40, 0xa5);
        const length = lzfCompress(bytes, 0, bytes.length, output, 5, room);
        expect(length).toBeLessThanOrEqual(room);
        if (length > 0) expectSame(output.subarray(5, 5 + length), best);
        if (output.subarray(5 + room).some((byte) => byte !== 0xa5)) expect.fail(`wrote beyond ${room}`);
      }
    }
  });

  it('does not depend on what was compressed before', () => {
    const [first, second] = [Buffer.alloc(5000, 'abcdefg'), Buffer.alloc(3000, 'efgabcd')];
    for (const compress of [lzfCompress, lzfCompressJavascript]) {
      const before = Buffer.from(compressed(second, compress));
      for (let round = 0; round < 20; round++) compressed(first, compress);
      expect(compressed(second, compress)).toEqual(before);
    }
  });

  it('is the same in WebAssembly and JavaScript, and comes back', () => {
    const letters = fc.tuple(fc.integer({ min: 0, max: 2 ** 31 }), fc.nat(6000), fc.integer({ min: 1, max: 256 }));
    fc.assert(
      fc.property(letters, ([seed, length, kinds]) => {
        const random = generator(seed);
        const bytes = Buffer.from(Array.from({ length }, () => random() * kinds));
        const payload = compressed(bytes);
        expectSame(payload, compressed(bytes, lzfCompressJavascript));
        if (payload.length === 0) return;
        for (const [, decompress] of decompressors) expectSame(decompressed(payload, length, decompress), bytes);
      }),
      { numRuns: 300 },
    );
  });
});

describe('strings longer than the kernel holds at once', () => {
  const parts = samples.filter(({ name }) => /^(text|mixed|runs|zero|period)/.test(name)).map(({ bytes }) => bytes);
  const long = Buffer.concat([...parts, ...parts]);
  const payload = compressed(long);

  it.each(decompressors)('come back whole: %s', (_, decompress) => {
    expect(payload.length).toBeGreaterThan(256 * 1024);
    expect(decompressed(payload, long.length, decompress)?.equals(long)).toBe(true);
    expect(decompressed(payload, long.length - 1, decompress)).toBeUndefined();
    expect(decompressed(payload, long.length + 1, decompress)).toBeUndefined();
    expect(lzfValidate(payload, 0, payload.length, long.length)).toBe(-1);
  });

  it('that compress extremely well come back, too', () => {
    const zeros = Buffer.alloc(20_000_000);
    const small = compressed(zeros);
    expect(small.length).toBeLessThan(300_000);
    expect(decompressed(small, zeros.length, lzfDecompress)?.equals(zeros)).toBe(true);
  });
});

describe('hostile input', () => {
  // position of the flaw: the control byte at fault, or the end where the stream yields too little
  it.each([
    ['nothing', '', 0, 0],
    ['nothing, though bytes are promised', '', 5, 0],
    ['a match before anything', '2000', 3, 0],
    ['a match one byte too far back', '0061 2001', 4, 2],
    ['a literal run longer than the input', '05 616263', 6, 0],
    ['a match without its distance', '0061 20', 4, 2],
    ['a long match without its length', '0061 e0', 10, 2],
    ['a long match without its distance', '0061 e000', 10, 2],
    ['more than promised, by literals', '02616263', 2, 0],
    ['more than promised, by a match', '0061 2000', 3, 2],
    ['less than promised', '02616263', 4, 4],
    ['bytes after the promised end', '02616263 0061', 3, 4],
    ['a bomb', `0061 ${'e0ff00'.repeat(1000)}`, 100, 2],
  ])('%s', (_, hex, length, position) => {
    const input = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    for (const [, decompress] of decompressors) expect(decompressed(input, length, decompress)).toBeUndefined();
    expect(lzfValidate(input, 0, input.length, length)).toBe(position);
  });

  it('a bomb of 2^53 bytes is refused without room for it', () => {
    expect(lzfValidate(Buffer.from('0061e0ff00', 'hex'), 0, 5, 2 ** 53)).toBe(5);
  });

  it('an output without room is the caller’s fault', () => {
    expect(() => lzfDecompress(Buffer.from('0061', 'hex'), 0, 2, Buffer.alloc(3), 3, 1)).toThrow(RangeError);
  });

  it('every truncation is refused by all', () => {
    const bytes = samples.find(({ name }) => name === 'mixed-1000')!.bytes;
    const payload = compressed(bytes);
    for (let length = 0; length < payload.length; length++) {
      const cut = payload.subarray(0, length);
      for (const [, decompress] of decompressors) expect(decompressed(cut, bytes.length, decompress)).toBeUndefined();
      expect(lzfValidate(cut, 0, length, bytes.length)).toBeGreaterThanOrEqual(0);
    }
  });

  it('all three agree on any bytes, and on damaged payloads', () => {
    const random = generator(7);
    const bytes = samples.find(({ name }) => name === 'records-600')!.bytes;
    const payload = compressed(bytes);
    for (let round = 0; round < 20_000; round++) {
      const input =
        round % 2 ? Buffer.from(payload) : Buffer.from(Array.from({ length: random() * 12 }, () => random() * 256));
      if (round % 2) input[Math.floor(random() * input.length)] = random() * 256;
      const length = round % 2 ? bytes.length : Math.floor(random() * 40);
      expectAgreement(input, length);
    }
  });
});

/** The kernel is only used for longer outputs: literals in front make any stream long enough. */
function expectAgreement(input: Buffer, length: number): void {
  const front = Buffer.concat(Array.from({ length: 4 }, () => Buffer.from([31, ...Buffer.alloc(32, 'x')])));
  const stream = Buffer.concat([front, input]);
  const results = decompressors.map(([, decompress]) => decompressed(stream, 128 + length, decompress));
  expectSame(results[0], results[1], stream.toString('hex'));
  const sound = lzfValidate(stream, 0, stream.length, 128 + length) === -1;
  if (sound !== (results[0] !== undefined)) expect.fail(`the validator says ${sound} of ${stream.toString('hex')}`);
}
