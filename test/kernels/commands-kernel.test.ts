/* The kernel that makes commands of keys writes what JavaScript writes, or leaves the key to it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AofWriter } from '../../src/aof/writer/aof-writer.ts';
import { MemorySource } from '../../src/io/source.ts';
import { commandsKeysMax, openCommandsKernel } from '../../src/kernels/commands-kernel.ts';
import { RdbInput } from '../../src/rdb/input.ts';
import { Item, RdbReader } from '../../src/rdb/reader.ts';
import { RdbWriter } from '../../src/rdb/writer/rdb-writer.ts';
import { CommandView } from '../../src/resp/command-view.ts';
import { Record, RespScanner } from '../../src/resp/scanner.ts';
import { findTarget, type Target } from '../../src/servers/targets.ts';
import { HashValue } from '../../src/values/hash.ts';
import { ListValue } from '../../src/values/list.ts';
import { SetValue } from '../../src/values/set.ts';
import { SortedSetValue } from '../../src/values/sorted-set.ts';

const target = findTarget('redis-8.6') as Target;
const kernel = openCommandsKernel();

interface Key {
  readonly name: string;
  readonly expire: number;
  readonly value: Buffer | number | HashValue | ListValue | SetValue | SortedSetValue;
}

function rdbOf(keys: readonly Key[], compress: boolean): Buffer {
  const chunks: Buffer[] = [];
  const writer = new RdbWriter({ write: (bytes) => void chunks.push(Buffer.from(bytes)) }, { target, compress });
  writer.writeHeader({ ctime: 0 });
  for (const { name, expire, value } of keys) {
    const key = Buffer.from(name, 'latin1');
    writer.writeKey(key, 0, key.length, expire, value);
  }
  writer.finish();
  return Buffer.concat(chunks);
}

function inJavascript(keys: readonly Key[]): string {
  const chunks: Buffer[] = [];
  const rewriter = new AofWriter({ write: (bytes) => void chunks.push(Buffer.from(bytes)) }, { target });
  for (const { name, expire, value } of keys) {
    const key = Buffer.from(name, 'latin1');
    rewriter.writeKey(key, 0, key.length, expire, value);
  }
  rewriter.finish();
  return Buffer.concat(chunks).latin1Slice();
}

/** What the kernel makes of a whole RDB: its commands, and how many of the keys. */
function inKernel(bytes: Buffer): { text: string; count: number } {
  if (kernel === undefined) throw new Error('no WebAssembly');
  const input = new RdbInput(new MemorySource(bytes), kernel.window.length, kernel.window);
  const reader = new RdbReader(input, { checksum: false });
  reader.readHeader();
  let at = input.offset;
  while (reader.next() === Item.aux) at = input.offset;
  const count = kernel.rewriteKeys(at, bytes.length, commandsKeysMax, 1, 0, 0);
  return { text: kernel.output.latin1Slice(0, kernel.result[1]), count };
}

const binary = (lengthMax: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.uint8Array({ maxLength: lengthMax }).map((bytes) => Buffer.from(bytes).latin1Slice()) },
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    fc.integer({ min: -200, max: 20000 }).map(String),
    fc
      .tuple(fc.string({ minLength: 1, maxLength: 3 }), fc.nat(lengthMax))
      .map(([text, times]) => Buffer.from(text.repeat(times)).latin1Slice()),
  );
const elements = fc.uniqueArray(binary(80), { minLength: 1, maxLength: 200, selector: (text) => text });
const scores = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
  fc.tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.nat(12)).map(([digits, places]) => digits / 10 ** places),
  fc.nat(70).map((power) => 2 ** power),
);
const value = fc.oneof(
  binary(3000).map((text) => Buffer.from(text, 'latin1')),
  fc.integer(),
  elements.map((texts) => {
    const hash = new HashValue(texts.length);
    for (const [index, text] of texts.entries()) hash.set(text, texts[texts.length - 1 - index]);
    return hash;
  }),
  elements.map((texts) => {
    const set = new SetValue();
    for (const text of texts) set.add(text);
    return set;
  }),
  fc.tuple(elements, fc.nat(40)).map(([texts, times]) => {
    const list = new ListValue();
    for (const text of texts) list.pushTail(text.repeat(times));
    return list;
  }),
  fc
    .uniqueArray(fc.tuple(binary(80), scores), { minLength: 1, maxLength: 200, selector: ([text]) => text })
    .map(sorted),
);

function sorted(pairs: readonly (readonly [member: string, score: number])[]): SortedSetValue {
  const set = new SortedSetValue();
  for (const [member, score] of pairs) set.set(member, score);
  return set;
}

const keys = fc.array(
  fc.record({
    name: binary(100),
    expire: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 0, max: 2 ** 42 })),
    value,
  }),
  { minLength: 1, maxLength: 6 },
);

it('writes the same, as far as it goes', () => {
  fc.assert(
    fc.property(keys, fc.boolean(), (list, compress) => {
      const { text, count } = inKernel(rdbOf(list, compress));
      expect(text).toBe(inJavascript(list.slice(0, count)));
    }),
    { numRuns: 400 },
  );
});

it('takes strings and collections, small and large', () => {
  const hash = new HashValue(1);
  hash.set('field', 'value');
  const list = [
    { name: 'k', expire: Number.NaN, value: Buffer.from('v') },
    { name: 'long', expire: 5, value: Buffer.from('abc'.repeat(1000)) },
    { name: 'n', expire: Number.NaN, value: -42 },
    { name: 'h', expire: 7, value: hash },
    ...[1, 7, 8, 64, 65, 72, 200, 3000].flatMap((count) => [
      { name: `s${count}`, expire: Number.NaN, value: made(new SetValue(), count, (set, text) => set.add(text)) },
      { name: `l${count}`, expire: 9, value: made(new ListValue(), count, (list, text) => list.pushTail(text)) },
      {
        name: `z${count}`,
        expire: Number.NaN,
        value: made(new SortedSetValue(), count, (set, text, n) => set.set(text, n / 8)),
      },
    ]),
  ];
  const { text, count } = inKernel(rdbOf(list, true));
  expect(count).toBe(list.length);
  expect(text).toBe(inJavascript(list));
});

function made<T>(value: T, count: number, add: (value: T, text: string, index: number) => void): T {
  for (let index = 0; index < count; index++) add(value, `member:${index}`, index);
  return value;
}

it('prints scores as JavaScript does', () => {
  fc.assert(
    fc.property(fc.uniqueArray(scores, { minLength: 130, maxLength: 300 }), (list) => {
      const ordinary = list.filter((score) => !Object.is(score, -0));
      const keys = [{ name: 'z', expire: Number.NaN, value: sorted(ordinary.map((score, n) => [`m${n}`, score])) }];
      const { text, count } = inKernel(rdbOf(keys, false));
      expect(count).toBe(1);
      expect(text).toBe(inJavascript(keys));
    }),
    { numRuns: 300 },
  );
});

it('never writes what is no command, whatever the bytes are', () => {
  fc.assert(
    fc.property(keys, fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 4 }), (list, damage) => {
      const bytes = rdbOf(list, true);
      for (const [position, byte] of damage) bytes[9 + (position % (bytes.length - 9))] = byte;
      if (kernel === undefined) return;
      kernel.window.fill(0);
      bytes.copy(kernel.window);
      kernel.rewriteKeys(9, bytes.length, commandsKeysMax, 1, 0, 0);
      const text = Buffer.from(kernel.output.subarray(0, kernel.result[1]));
      const scanner = new RespScanner(new RdbInput(new MemorySource(text)), true);
      const frame = new CommandView();
      let record: Record;
      while ((record = scanner.next(frame)) === Record.command);
      expect(record).toBe(Record.end);
    }),
    { numRuns: 200 },
  );
});

/** A listpack of short texts. */
function listpack(...texts: readonly string[]): Buffer {
  const elements = texts.map((text) => Buffer.from([0x80 | text.length, ...Buffer.from(text), text.length + 1]));
  const body = Buffer.concat(elements);
  const head = Buffer.alloc(6);
  head.writeUInt32LE(body.length + 7);
  head.writeUInt16LE(texts.length, 4);
  return Buffer.concat([head, body, Buffer.from([0xff])]);
}

const stringOf = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([bytes.length]), bytes]);
const texts = (...all: readonly string[]): Buffer => Buffer.concat(all.map((text) => stringOf(Buffer.from(text))));
const half = Buffer.alloc(8);
half.writeDoubleLE(0.5);
const one = Buffer.alloc(8);
one.writeDoubleLE(1);

const refused: readonly (readonly [name: string, type: number, value: Buffer])[] = [
  ['a set of texts', 2, Buffer.concat([Buffer.from([2]), texts('a', 'a')])],
  ['a hash of texts', 4, Buffer.concat([Buffer.from([2]), texts('f', '1', 'f', '2')])],
  ['a sorted set of texts', 5, Buffer.concat([Buffer.from([2]), texts('m'), one, texts('m'), half])],
  ['a set in a listpack', 20, stringOf(listpack('a', 'a'))],
  ['a hash in a listpack', 16, stringOf(listpack('f', 'x', 'f', 'y'))],
  ['a sorted set in a listpack', 17, stringOf(listpack('m', '0.5', 'm', '1.5'))],
  ['a list with a node of nothing', 18, Buffer.from([1, 1, 0])],
];

it.each(refused)(
  'leaves what stands twice, or is nothing, to JavaScript where values are checked: %s',
  (_, type, value) => {
    if (kernel === undefined) throw new Error('no WebAssembly');
    const bytes = Buffer.concat([Buffer.from([type]), texts('key'), value]);
    const count = (flags: number): number => {
      bytes.copy(kernel.window);
      return kernel.rewriteKeys(0, bytes.length, commandsKeysMax, flags, 0, 0);
    };
    expect(count(1)).toBe(1);
    expect(count(3)).toBe(0);
  },
);
