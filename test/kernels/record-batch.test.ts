import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { crc64 } from '../../src/checksum/crc64.ts';
import { encodeIntset } from '../../src/encodings/intset.ts';
import { encodeListpack } from '../../src/encodings/listpack-writer.ts';
import { encodeZiplist } from '../../src/encodings/ziplist-writer.ts';
import { MemorySource } from '../../src/io/source.ts';
import { batchWindowBytes, borrowCheckKernel, returnCheckKernel } from '../../src/kernels/check-kernel.ts';
import { lzfCompress } from '../../src/lzf/compress.ts';
import { FingerprintSet } from '../../src/rdb/fingerprints.ts';
import { RdbInput } from '../../src/rdb/input.ts';
import { Item, RdbReader } from '../../src/rdb/reader.ts';
import { RecordBatch } from '../../src/rdb/record-batch.ts';
import { ValueCheck } from '../../src/rdb/value-check.ts';
import { checkValue } from '../../src/rdb/value-types.ts';
import { describeWithCorpus, rdbCorpus } from '../support/corpus.ts';
import { damaged, random } from './damage.ts';
import { outcomeOf } from './outcome.ts';

type Next = (below: number) => number;

const length = (count: number) => {
  if (count < 64) return Buffer.from([count]);
  if (count < 16384) return Buffer.from([0x40 | (count >> 8), count & 255]);
  return Buffer.from([0x80, count >>> 24, (count >> 16) & 255, (count >> 8) & 255, count & 255]);
};
const raw = (text: string | Buffer) => {
  const bytes = Buffer.from(text as string, 'latin1');
  return Buffer.concat([length(bytes.length), bytes]);
};

/** A string in one of its forms. */
function string(text: string | Buffer, next: Next): Buffer {
  const bytes = Buffer.from(text as string, 'latin1');
  const out = Buffer.alloc(bytes.length + 40);
  const made: number = next(2) === 0 ? 0 : lzfCompress(bytes, 0, bytes.length, out, 0, bytes.length);
  if (made > 0) return Buffer.concat([Buffer.from([0xc3]), length(made), length(bytes.length), out.subarray(0, made)]);
  if (/^(0|-?[1-9]\d?)$/.test(bytes.latin1Slice()) && next(2) === 0) return Buffer.from([0xc0, Number(text) & 255]);
  return raw(bytes);
}

const element = (next: Next) =>
  [
    'x'.repeat(next(200)),
    `member:${next(100000)}`,
    `${next(1000) - 500}`,
    `0${next(9)}`,
    '-',
    '',
    `${next(9) + 1}`.repeat(18),
  ][next(7)];
const elements = (next: Next, count: number) =>
  next(6) === 0
    ? Array.from({ length: count }, () => element(next))
    : [...new Set(Array.from({ length: count }, () => element(next)))];
const pairs = (next: Next) => elements(next, 1 + next(60)).flatMap((field) => [field, element(next)]);
const double = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};

/** Values of the types that the lane knows and of one that it does not. */
const values: [number, (next: Next) => Buffer][] = [
  [0, (next) => string(element(next), next)],
  [0, (next) => string('abc '.repeat(next(500)), next)],
  [1, (next) => list(elements(next, next(9)), next)],
  [2, (next) => list(elements(next, next(200)), next)],
  [4, (next) => hash(elements(next, next(50)), next, () => string(element(next), next))],
  [5, (next) => hash(elements(next, next(50)), next, () => double(next(40) === 0 ? Number.NaN : next(1000) / 7))],
  [10, (next) => string(encodeZiplist(elements(next, next(50))), next)],
  [11, (next) => string(intset(next), next)],
  [12, (next) => string(encodeZiplist(pairs(next)), next)],
  [13, (next) => string(encodeZiplist(pairs(next)), next)],
  [14, (next) => nodes(next, (part) => string(encodeZiplist(part), next))],
  [16, (next) => string(encodeListpack(pairs(next)), next)],
  [17, (next) => string(encodeListpack(pairs(next)), next)],
  [18, (next) => nodes(next, (part) => node(part, next))],
  [20, (next) => string(encodeListpack(elements(next, next(60))), next)],
];

const list = (items: string[], next: Next) =>
  Buffer.concat([length(items.length), ...items.map((item) => string(item, next))]);
const hash = (items: string[], next: Next, second: () => Buffer) =>
  Buffer.concat([length(items.length), ...items.flatMap((item) => [string(item, next), second()])]);
const node = (part: string[], next: Next) =>
  next(4) === 0
    ? Buffer.concat([Buffer.from([1]), string(element(next), next)])
    : Buffer.concat([Buffer.from([2]), string(encodeListpack(part), next)]);
function nodes(next: Next, make: (part: string[]) => Buffer): Buffer {
  const count = next(4);
  return Buffer.concat([length(count), ...Array.from({ length: count }, () => make(elements(next, next(30))))]);
}
function intset(next: Next): Buffer {
  const wide = [1, 70_000, 2 ** 33][next(3)];
  return encodeIntset([
    ...new Set<string>(Array.from({ length: 1 + next(40) }, () => String((next(2000) - 1000) * wide))),
  ]);
}

const prefixes: ((next: Next) => Buffer)[] = [
  () => Buffer.alloc(0),
  () => Buffer.alloc(0),
  (next) => Buffer.concat([Buffer.from([0xfc]), double(next(1000))]),
  (next) => Buffer.from([0xf9, next(256)]),
  (next) => Buffer.concat([Buffer.from([0xf8]), length(next(100_000))]),
];

function generated(seed: number): Buffer {
  const next = random(seed);
  const sizes = [length(next(300)), length(next(300))];
  const parts: Buffer[] = [Buffer.from('REDIS0011'), Buffer.from([0xfe, next(3), 0xfb]), ...sizes];
  for (let count = next(60); count > 0; count--) {
    const [type, value] = values[next(values.length)];
    const key = next(4) === 0 ? element(next) : `key:${next(100_000)}`;
    parts.push(prefixes[next(5)](next), Buffer.from([type]), string(key, next), value(next));
    if (next(40) === 0) parts.push(Buffer.from([0xfe, next(20)]));
  }
  const body = Buffer.concat([...parts, Buffer.from([0xff])]);
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64LE(crc64(body));
  return Buffer.concat([body, sum]);
}

async function expectSame(bytes: Buffer, next: Next, path?: string): Promise<void> {
  const slow = await outcomeOf(bytes, { fast: false, window: 4096, reopen: path });
  const window = [64, 100 + next(900), 4096, batchWindowBytes][next(4)];
  const chunk = next(2) === 0 ? undefined : 1 + next(500);
  expect(await outcomeOf(bytes, { fast: true, window, chunk, reopen: path })).toBe(slow);
}

describe('the fast batch of an RDB', () => {
  it('changes nothing of what a check says, sound or damaged', async () => {
    const next = random(3);
    for (let round = 0; round < 1500; round++) {
      const bytes = generated(round);
      await expectSame(round % 4 === 0 ? bytes : damaged(bytes, next), next);
    }
  });

  it('sees each byte that differs by one in strings of every form', async () => {
    const packed = () => 0;
    const compressing = (below: number) => (below === 2 ? 1 : 0);
    const text = 'abcabcabcabcabd'.repeat(3);
    const pair = ['field', 'value value value value value'];
    const body = Buffer.concat([
      Buffer.from('REDIS0011'),
      ...[packed, compressing].flatMap((next) => [
        Buffer.concat([Buffer.from([0]), string(`${text}${next(2)}`, next), string(text, next)]),
        Buffer.concat([Buffer.from([4]), raw(`h${next(2)}`), hash([text], next, () => string(text, next))]),
        Buffer.concat([Buffer.from([16]), raw(`l${next(2)}`), string(encodeListpack([...pair, text, text]), next)]),
        Buffer.concat([Buffer.from([13]), raw(`z${next(2)}`), string(encodeZiplist([...pair, text, text]), next)]),
      ]),
      Buffer.from([0xff]),
      Buffer.alloc(8),
    ]);
    const reading = { window: batchWindowBytes };
    for (let at = 9; at < body.length; at++) {
      for (const step of [-2, -1, 1, 2]) {
        const bytes = Buffer.from(body);
        bytes[at] += step;
        expect(await outcomeOf(bytes, { ...reading, fast: true })).toBe(
          await outcomeOf(bytes, { ...reading, fast: false }),
        );
      }
    }
  });

  it('gives keys the fingerprints that JavaScript gives them', () => {
    const checkKernel = borrowCheckKernel()!;
    const bytes = readFileSync(fileURLToPath(new URL('../../fixtures/golden/redis-8.6-rdb/dump.rdb', import.meta.url)));
    const reader = new RdbReader(new RdbInput(new MemorySource(bytes), batchWindowBytes, checkKernel.window()));
    const slow = new RdbReader(new RdbInput(new MemorySource(bytes)));
    const batch = new RecordBatch(reader, checkKernel, { deep: false, seed: 99 });
    const hasher = new FingerprintSet(99);
    const skip = new ValueCheck(false, slow.templates, 0);
    reader.readHeader();
    slow.readHeader();
    slow.input.trusting = reader.input.trusting = true;
    let passed = 0;
    while (reader.next() !== Item.key) slow.next();
    slow.next();
    reader.input.seek(reader.itemOffset);
    slow.input.seek(slow.itemOffset);
    while (batch.pass()) {
      for (let index = 0; index < batch.count; index++) {
        expect(slow.next()).toBe(Item.key);
        hasher.hash(slow.key, 0, slow.keyLength, slow.db);
        expect([...batch.prints.subarray(index * 2, index * 2 + 2)]).toEqual([hasher.high, hasher.low]);
        checkValue(slow.input, slow.type, skip);
      }
      passed += batch.count;
      expect(reader.input.offset).toBe(slow.input.offset);
    }
    expect(passed).toBeGreaterThan(0);
    returnCheckKernel(checkKernel);
  });
});

describe('the fast batch on the golden RDBs', () => {
  const folder = fileURLToPath(new URL('../../fixtures/golden', import.meta.url));
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.rdb'))
    .map((entry) => join(entry.parentPath, entry.name));

  it('changes nothing of what a check says', async () => {
    const next = random(4);
    for (const path of paths) {
      const bytes = readFileSync(path);
      if (bytes.length > 300_000) continue;
      await expectSame(bytes, next, path);
      for (let variant = 0; variant < 15; variant++) await expectSame(damaged(bytes, next), next);
    }
  });
});

describeWithCorpus('the fast batch on the corpus of RDBs', (dir) => {
  it('changes nothing of what a check says', async () => {
    const next = random(5);
    for (const { path } of rdbCorpus(dir)) {
      const bytes = readFileSync(path);
      if (bytes.length > 300_000) continue;
      await expectSame(bytes, next, path);
      for (let variant = 0; variant < 8; variant++) await expectSame(damaged(bytes, next), next);
    }
  });
});

describe('the checksum of a window', () => {
  it('is that of JavaScript, in pieces of any length', () => {
    const checkKernel = borrowCheckKernel()!;
    const next = random(6);
    const window = checkKernel.window();
    for (let index = 0; index < window.length; index++) window[index] = next(256);
    for (let round = 0; round < 40; round++) {
      const from = next(1000);
      const middle = from + next(round % 2 ? 20_000 : 200_000);
      const to = middle + next(round % 3 ? 9_000 : 300_000);
      checkKernel.crc64(0, 0, from, middle);
      checkKernel.crc64(checkKernel.result[0], checkKernel.result[1], middle, to);
      const sum = (BigInt(checkKernel.result[1] >>> 0) << 32n) | BigInt(checkKernel.result[0] >>> 0);
      expect(sum).toBe(crc64(window, from, to));
    }
    returnCheckKernel(checkKernel);
  });
});
