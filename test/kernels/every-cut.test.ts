/*
 * Each kernel module against the JavaScript reader, with the window cut at every place of random files, sound and damaged: a kernel stops
 * where a record begins that JavaScript knows, says of the records before what JavaScript says, and never traps. AOFKIT_LONG_TESTS=1
 * takes many more files, AOFKIT_SEED others.
 */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AofWriter } from '../../src/aof/writer/aof-writer.ts';
import { Crc64 } from '../../src/checksum/crc64.ts';
import { crc64Javascript, crc64Result } from '../../src/checksum/crc64-javascript.ts';
import { FrameBatch } from '../../src/dataset/frame-batch.ts';
import { defaultRegistry } from '../../src/engine/commands/index.ts';
import { Digester } from '../../src/engine/digest.ts';
import { MemorySource } from '../../src/io/source.ts';
import { Window } from '../../src/io/window.ts';
import { batchKeysMax, batchPlacesMax, batchUntouchedMax, CheckKernel } from '../../src/kernels/check-kernel.ts';
import { CommandsKernel, commandsKeysMax } from '../../src/kernels/commands-kernel.ts';
import { DigestKernel } from '../../src/kernels/digest-kernel.ts';
import { FramesKernel } from '../../src/kernels/frames-kernel.ts';
import { LogKernel } from '../../src/kernels/log-kernel.ts';
import { sha1Lanes } from '../../src/kernels/sha1-lanes.ts';
import { StatisticsKernel } from '../../src/kernels/statistics-kernel.ts';
import { lzfCompress } from '../../src/lzf/compress.ts';
import { lzfCompressJavascript } from '../../src/lzf/compress-javascript.ts';
import { lzfDecompress } from '../../src/lzf/decompress.ts';
import { lzfDecompressJavascript } from '../../src/lzf/decompress-javascript.ts';
import { StatisticsBatch } from '../../src/operations/log/statistics-batch.ts';
import { RdbCodec } from '../../src/rdb/codec/codec.ts';
import { RdbInput } from '../../src/rdb/input.ts';
import { Item, RdbReader } from '../../src/rdb/reader.ts';
import { ValueCheck } from '../../src/rdb/value-check.ts';
import { checkValue } from '../../src/rdb/value-types.ts';
import { RdbWriter } from '../../src/rdb/writer/rdb-writer.ts';
import { CommandBatch } from '../../src/resp/command-batch.ts';
import { CommandView } from '../../src/resp/command-view.ts';
import { Record, RespScanner } from '../../src/resp/scanner.ts';
import { findTarget, type Target } from '../../src/servers/targets.ts';
import { HashValue } from '../../src/values/hash.ts';
import { ListValue } from '../../src/values/list.ts';
import { SetValue } from '../../src/values/set.ts';
import { SortedSetValue } from '../../src/values/sorted-set.ts';
import { damaged, random } from './damage.ts';
import { type Traps, watchTraps } from './traps.ts';

type Next = (below: number) => number;

const seed = Number(process.env.AOFKIT_SEED ?? 1);
const rounds = process.env.AOFKIT_LONG_TESTS === '1' ? 200 : 6;
const target = findTarget('redis-8.6') as Target;
const noTable = new Uint8Array(256);

afterEach(() => {
  vi.restoreAllMocks();
});

// ---- RDBs

interface Key {
  readonly start: number;
  readonly end: number;
  readonly name: Buffer;
  readonly type: number;
  readonly value: number;
  readonly expire: number;
}

const texts = (next: Next) => {
  const kinds = [
    `${next(100_000) - 500}`,
    'x'.repeat(next(90)),
    `member:${next(1e6)}`,
    'ab'.repeat(next(200)),
    '',
    `${next(9)}.5`,
  ];
  return kinds[next(kinds.length)];
};

function randomValue(next: Next): Buffer | number | HashValue | ListValue | SetValue | SortedSetValue {
  const count = 1 + next(next(4) === 0 ? 150 : 12);
  const members = [...new Set(Array.from({ length: count }, () => texts(next)))];
  switch (next(6)) {
    case 0:
      return Buffer.from(texts(next));
    case 1:
      return next(100_000) - 50_000;
    case 2: {
      const hash = new HashValue(count);
      for (const member of members) hash.set(member, texts(next));
      return hash;
    }
    case 3: {
      const set = new SetValue();
      for (const member of members) set.add(next(2) === 0 ? `${next(1000)}` : member);
      return set;
    }
    case 4: {
      const list = new ListValue();
      for (const member of members) list.pushTail(member);
      return list;
    }
    default: {
      const sorted = new SortedSetValue();
      for (const member of members) sorted.set(member, next(2) === 0 ? next(1000) : next(1000) / 8);
      return sorted;
    }
  }
}

function rdbOf(next: Next, keys = 1 + next(8)): Buffer {
  const chunks: Buffer[] = [];
  const sink = { write: (bytes: Uint8Array) => void chunks.push(Buffer.from(bytes)) };
  const writer = new RdbWriter(sink, { target, compress: next(2) === 0 });
  writer.writeHeader({ ctime: 0 });
  for (let index = 0; index < keys; index++) {
    const name = Buffer.from(`${index}:${texts(next)}`);
    writer.writeKey(name, 0, name.length, next(3) === 0 ? 4e12 : Number.NaN, randomValue(next));
  }
  writer.finish();
  return Buffer.concat(chunks);
}

/** The keys that JavaScript reads, up to the first that it does not. */
function keysOf(bytes: Buffer, deep: boolean): Key[] {
  const reader = new RdbReader(new RdbInput(new MemorySource(bytes)), { checksum: false });
  const check = new ValueCheck(deep, reader.templates, 0);
  const keys: Key[] = [];
  try {
    reader.readHeader();
    for (let item = reader.next(); item !== Item.end; item = reader.next()) {
      if (item !== Item.key) continue;
      const { itemOffset: start, type, expire } = reader;
      const value = reader.input.offset;
      const name = Buffer.from(reader.key.subarray(0, reader.keyLength));
      check.begin();
      checkValue(reader.input, type, check);
      if (check.notes.length > 0) break;
      keys.push({ start, end: reader.input.offset, name, type, value, expire });
    }
  } catch {
    // What is not whole has no end.
  }
  return keys;
}

/** Every place of a short file; of a long one those around each key's ends. */
function cutsOf(bytes: Buffer, ends: readonly number[]): number[] {
  if (bytes.length < 1500) return Array.from({ length: bytes.length + 1 }, (_, cut) => cut);
  const near = ends.flatMap((end) => Array.from({ length: 21 }, (_, index) => end - 10 + index));
  const spread = Array.from({ length: 300 }, (_, index) => Math.floor((bytes.length * index) / 300));
  return [...new Set([...near, ...spread])].filter((cut) => cut >= 0 && cut <= bytes.length);
}

/** Calls a kernel with the window cut at every place, and has it start at the first key. */
function eachCut(
  bytes: Buffer,
  window: Buffer,
  deep: boolean,
  check: (from: number, cut: number, keys: readonly Key[], whole: number) => void,
): void {
  const keys = keysOf(bytes, deep);
  if (keys.length === 0) return;
  window.fill(0);
  bytes.copy(window);
  const from = keys[0].start;
  // The kernels leave out what stands between keys, such as the number of another database.
  const run = keys.filter((_key, index) => keys.slice(0, index).every((one, at) => one.end === keys[at + 1].start));
  for (const cut of cutsOf(
    bytes,
    run.map(({ end }) => end),
  )) {
    if (cut > from) check(from, cut, run, run.filter(({ end }) => end <= cut).length);
  }
}

/** Of a sound file a kernel takes a number of whole keys; it may leave one to JavaScript. */
function isBoundary(keys: readonly Key[], position: number, from: number): number {
  return position === from ? 0 : keys.findIndex(({ end }) => end === position) + 1;
}

function eachFile(body: (bytes: Buffer, isSound: boolean) => void): void {
  for (let round = 0; round < rounds; round++) {
    const next = random(seed * 1000 + round);
    const bytes = rdbOf(next);
    body(bytes, true);
    for (let copy = 0; copy < 4; copy++) body(damaged(Buffer.from(bytes), next), false);
  }
}

function noTraps(traps: Traps): void {
  expect(traps.seen).toEqual([]);
}

describe('keys of an RDB, cut anywhere', () => {
  it('are passed by the lanes', () => {
    const traps = watchTraps();
    const checkKernel = new CheckKernel();
    const window = checkKernel.window();
    eachFile((bytes, isSound) => {
      for (const flags of [0, 1, 2, 4, 5, 7]) {
        eachCut(bytes, window, (flags & 1) !== 0, (from, cut, keys, whole) => {
          const count = checkKernel.passKeys(from, cut, batchKeysMax, flags, 7, 0, Number.NaN);
          const end = checkKernel.result[0];
          expect(end).toBeLessThanOrEqual(cut);
          if (!isSound) return;
          expect(isBoundary(keys, end, from)).toBe(count);
          expect(count).toBeLessThanOrEqual(whole);
        });
      }
      eachCut(bytes, window, false, (from, cut, keys, whole) => {
        const count = checkKernel.placeKeys(from, cut, batchPlacesMax, 0);
        expect(checkKernel.result[0]).toBeLessThanOrEqual(cut);
        for (let index = 0; isSound && index < count; index++) {
          const [name, length, type, value, end] = checkKernel.places.subarray(index * 8);
          const key = keys[index];
          expect({ name: window.latin1Slice(name, name + length), type, value, end }).toEqual({
            name: key.name.latin1Slice(),
            type: key.type,
            value: key.value,
            end: key.end,
          });
        }
        if (isSound) expect(count).toBeLessThanOrEqual(whole);
        const kept = checkKernel.keepKeys(from, cut, batchUntouchedMax, 7, 0, Number.NaN);
        expect(checkKernel.result[0]).toBeLessThanOrEqual(cut);
        if (isSound) expect(isBoundary(keys, checkKernel.result[0], from)).toBe(kept + checkKernel.result[1]);
      });
    });
    noTraps(traps);
  }, 120_000);

  it('become the commands that JavaScript makes of them', () => {
    const traps = watchTraps();
    const kernel = new CommandsKernel();
    const codec = new RdbCodec();
    eachFile((bytes, isSound) => {
      const made = new Map<number, string>();
      eachCut(bytes, kernel.window, true, (from, cut, keys, whole) => {
        const count = kernel.rewriteKeys(from, cut, commandsKeysMax, 1, 7, 0);
        if (!isSound) return;
        expect(count).toBeLessThanOrEqual(whole);
        expect(isBoundary(keys, kernel.result[0], from)).toBe(count);
        if (!made.has(count)) made.set(count, inJavascript(bytes, keys.slice(0, count), codec));
        expect(kernel.output.latin1Slice(0, kernel.result[1])).toBe(made.get(count));
      });
    });
    noTraps(traps);
  }, 120_000);

  it('add to a digest what JavaScript adds', () => {
    const traps = watchTraps();
    const codec = new RdbCodec();
    eachFile((bytes, isSound) => {
      const kernel = new DigestKernel();
      const digester = new Digester({ flavor: 'redis-8', at: 0 });
      kernel.hashes.set(digester.knownHashes());
      eachCut(bytes, kernel.window, true, (from, cut, keys, whole) => {
        const count = kernel.digestKeys(from, cut, 1, Number.NaN);
        kernel.digestRun();
        const sum = kernel.total.slice();
        kernel.total.fill(0);
        kernel.keyPlace(kernel.result[0], cut);
        if (!isSound) return;
        expect(count).toBeLessThanOrEqual(whole);
        for (const key of keys.slice(0, count)) {
          const value = codec.decode(key.type, bytes, key.value, key.end);
          digester.addKey(key.name, 0, key.name.length, value, !Number.isNaN(key.expire));
        }
        expect(digester.takeSum()).toEqual(sum);
      });
    });
    noTraps(traps);
  }, 120_000);
});

function inJavascript(bytes: Buffer, keys: readonly Key[], codec: RdbCodec): string {
  const chunks: Buffer[] = [];
  const rewriter = new AofWriter({ write: (part) => void chunks.push(Buffer.from(part)) }, { target });
  for (const { name, expire, type, value, end } of keys)
    rewriter.writeKey(name, 0, name.length, expire, codec.decode(type, bytes, value, end));
  rewriter.finish();
  return Buffer.concat(chunks).latin1Slice();
}

// ---- logs

function logOf(next: Next): Buffer {
  const parts: string[] = [];
  for (let count = 1 + next(12); count > 0; count--) {
    const names = ['SET', 'hset', 'DEL', 'MULTI', 'EXEC', 'SELECT', 'FLUSHALL', 'MSET', 'unknown', 'SADD'];
    const args = [names[next(names.length)]];
    if (args[0] === 'SELECT') args.push(`${next(12)}`);
    else for (let more = next(next(9) === 0 ? 70 : 5); more > 0; more--) args.push(texts(next).repeat(1 + next(3)));
    parts.push(`*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`);
  }
  return Buffer.from(parts.join(''), 'latin1');
}

/** Where each command ends that the scanner reads. */
function endsOf(bytes: Buffer): number[] {
  const scanner = new RespScanner(new Window(new MemorySource(bytes)), true);
  const frame = new CommandView();
  const ends: number[] = [];
  for (let record = scanner.next(frame); record === Record.command; record = scanner.next(frame)) ends.push(frame.end);
  return ends;
}

function eachLogCut(window: Buffer, check: (cut: number, ends: readonly number[]) => void): void {
  for (let round = 0; round < rounds; round++) {
    const next = random(seed * 1000 + round);
    const sound = logOf(next);
    for (const bytes of [sound, damaged(Buffer.from(sound), next), damaged(Buffer.from(sound), next)]) {
      window.fill(0);
      bytes.copy(window);
      const ends = endsOf(bytes);
      for (const cut of cutsOf(bytes, ends)) check(cut, ends);
    }
  }
}

/** A kernel took `count` whole commands, and they end where the scanner says. */
function expectCommands(count: number, end: number, cut: number, ends: readonly number[]): void {
  expect(end).toBeLessThanOrEqual(cut);
  expect(count === 0 ? 0 : ends[count - 1]).toBe(end);
}

describe('commands of a log, cut anywhere', () => {
  it('are passed by the lanes', () => {
    const traps = watchTraps();
    const checkKernel = new CheckKernel();
    const batch = new CommandBatch(new Window(new MemorySource(Buffer.alloc(0)), 0, checkKernel.window()), checkKernel);
    expect(batch.count).toBe(0);
    eachLogCut(checkKernel.window(), (cut, ends) => {
      for (const open of [0, 1])
        expectCommands(checkKernel.passCommands(0, cut, open), checkKernel.result[0], cut, ends);
    });
    noTraps(traps);
  }, 60_000);

  it('are framed', () => {
    const traps = watchTraps();
    const kernel = new FramesKernel();
    const batch = new FrameBatch(kernel, defaultRegistry());
    eachLogCut(kernel.window, (cut, ends) => {
      const count = kernel.frameCommands(0, cut, 64, 0);
      expectCommands(count, kernel.result[0], cut, ends);
      for (let index = 0; index < count; index++) {
        const [from, to, argc] = kernel.heads.subarray(index * 8);
        const scanned = new CommandView();
        new RespScanner(new Window(new MemorySource(Buffer.from(kernel.window.subarray(from, to)))), true).next(
          scanned,
        );
        const args = Array.from({ length: argc }, (_, arg) => {
          const start = batch.frames[index].starts[arg];
          return kernel.window.latin1Slice(start, start + batch.frames[index].lengths[arg]);
        });
        expect(args).toEqual(Array.from({ length: scanned.argc }, (_, arg) => scanned.text(arg)));
      }
    });
    noTraps(traps);
  }, 60_000);

  it('become lines, or are passed over', () => {
    const traps = watchTraps();
    const kernel = new LogKernel(noTable, noTable);
    kernel.settle(Buffer.from('log:'), Buffer.from(' - db'), 0, 0);
    eachLogCut(kernel.window(), (cut, ends) => {
      for (const flags of [0, 1, 2, 3, 4]) {
        kernel.result[3] = 0;
        const count = kernel.writeLines(0, cut, cut, 1e6, 0, 0, 0, 0x3fffffff, flags);
        expectCommands(count, kernel.result[0], cut, ends);
      }
      expectCommands(kernel.passLog(0, cut, cut), kernel.result[0], cut, ends);
      expectCommands(kernel.passUnwanted(0, cut, cut, 0), kernel.result[0], cut, ends);
    });
    noTraps(traps);
  }, 60_000);

  it('are counted', () => {
    const traps = watchTraps();
    const kernel = new StatisticsKernel(100);
    expect(new StatisticsBatch(kernel).keys).toBeDefined();
    eachLogCut(kernel.window, (cut, ends) => {
      for (const mask of [-1, 0, 3]) {
        const count = kernel.countCommands(0, cut, cut, mask);
        expectCommands(count, kernel.result[0], cut, ends);
        expect(kernel.result[3]).toBe(count);
      }
    });
    noTraps(traps);
  }, 60_000);
});

// ---- the small kernels

describe('the small kernels', () => {
  it('compress and decompress as JavaScript does, whatever the bytes and wherever they end', () => {
    for (let round = 0; round < rounds * 5; round++) {
      const next = random(seed * 1000 + round);
      const plain = Buffer.from(
        Array.from({ length: 30 }, () => texts(next))
          .join('')
          .repeat(1 + next(4)),
      );
      const [packed, other] = [Buffer.alloc(plain.length + 64), Buffer.alloc(plain.length + 64)];
      const length = lzfCompress(plain, 0, plain.length, packed, 0, plain.length);
      expect(lzfCompressJavascript(plain, 0, plain.length, other, 0, plain.length)).toBe(length);
      expect(packed.equals(other)).toBe(true);
      for (const bytes of [packed.subarray(0, length), damaged(Buffer.from(packed.subarray(0, length)), next)]) {
        for (let cut = 0; cut <= bytes.length; cut += 1 + (bytes.length >> 8)) {
          for (const size of [plain.length, plain.length - 1]) {
            const [a, b] = [Buffer.alloc(size), Buffer.alloc(size)];
            const result = lzfDecompress(bytes, 0, cut, a, 0, size);
            expect(lzfDecompressJavascript(bytes, 0, cut, b, 0, size)).toBe(result);
            if (result >= 0) expect(a.equals(b)).toBe(true);
          }
        }
      }
    }
  }, 60_000);

  it('sum as JavaScript does, whatever the length', () => {
    const next = random(seed);
    const bytes = Buffer.from(Array.from({ length: 40_000 }, () => next(256)));
    for (let length = 0; length < 40_000; length += length < 300 ? 1 : 617) {
      const crc = new Crc64();
      crc.update(bytes, 0, length);
      crc64Javascript(0, 0, bytes, 0, length);
      const expected = (BigInt(crc64Result[1] >>> 0) << 32n) | BigInt(crc64Result[0] >>> 0);
      expect(crc.value()).toBe(expected);
    }
  });

  it('hash messages of any length', () => {
    const checkKernel = sha1Lanes();
    if (checkKernel === undefined) throw new Error('no WebAssembly');
    const next = random(seed);
    for (let length = 0; length < 300; length++) {
      const message = Buffer.from(Array.from({ length }, () => next(256)));
      checkKernel.messages.set(message);
      checkKernel.records.set([0, length, 0]);
      checkKernel.slots.fill(0, 0, 5);
      checkKernel.hashMessages(0, 1);
      const hash = createHash('sha1').update(message).digest();
      expect(Array.from(checkKernel.slots.subarray(0, 5))).toEqual([0, 4, 8, 12, 16].map((at) => hash.readInt32BE(at)));
    }
  });
});
