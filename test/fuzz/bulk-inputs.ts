/*
 * Inputs of the fuzz of up to some hundred KiB that make a reader work: what costs more than its size is worth, if anything does. Each
 * is small enough to be run often; that a multiple of its size costs a multiple of its time is what the limits of the fuzz say.
 */
import { logOf } from '../../fixtures/generate/flaws/inputs.ts';
import type { Random } from '../../fixtures/generate/flaws/random.ts';
import {
  type Bytes,
  int64,
  join,
  length,
  listpack,
  rdbFile,
  streamId,
  string,
} from '../../fixtures/generate/rdb-bytes.ts';

const repeated = (count: number, of: (index: number) => Bytes): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => join(of(index))));
const key = (type: number, name: string, value: Bytes) => join(type, string(name), value);
const rdb = (items: Bytes): Buffer => rdbFile('REDIS0011', [[0xfe, 0], items]);

/** A stream with a group of which `count` entries are pending. */
export function pendingStream(count: number): Buffer {
  const entries = repeated(count, (index) => [streamId(1, index), int64(1700000000000), length(1)]);
  const owned = repeated(count, (index) => streamId(1, index));
  const group = [string('g'), length(1), length(0), length(0), length(count), entries];
  const consumer = [length(1), string('c'), int64(1), int64(1), length(count), owned];
  return join(
    length(0),
    length(0),
    length(9),
    length(0),
    length(0),
    length(0),
    length(0),
    length(0),
    length(9),
    length(1),
    group,
    consumer,
  );
}

/** A list of `count` nodes of a few elements. */
export function longQuicklist(count: number, claimed = count): Buffer {
  return join(
    length(claimed),
    repeated(count, (index) => [2, string(listpack([`element ${index}`, index % 4000, 'x']))]),
  );
}

const lzfBomb = (steps: number) => {
  const stream = join([0, 0x61], Buffer.alloc(3 * steps, Buffer.from([0xe0, 255, 0])));
  return join(0xc3, length(stream.length), length(264 * steps + 1), stream);
};

/** A range of bytes in the middle replaced or taken out, as a damaged disk does. */
function torn(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length);
  const size = random.below(Math.min(5000, bytes.length - at));
  const filler = random.pick([Buffer.alloc(0), Buffer.alloc(size), Buffer.alloc(size, 0xff), Buffer.alloc(size, 'ab')]);
  return Buffer.concat([bytes.subarray(0, at), filler, bytes.subarray(at + size)]);
}

type Maker = (random: Random, count: number) => Buffer;
/** By file name. `count` is between some hundred and some thousand. */
const makers: Readonly<Record<string, readonly (readonly [name: string, Maker])[]>> = {
  'data.rdb': [
    ['nul', (_, count) => rdb([key(0, 'a', string('1')), Buffer.alloc(count * 40), key(0, 'b', string('2'))])],
    ['ff', (_, count) => rdb(Buffer.alloc(count * 20, 0xff))],
    ['same-byte', (random, count) => rdb(Buffer.alloc(count * 20, random.below(256)))],
    ['noise', (random, count) => rdb(repeated(count * 4, () => [random.below(256), random.below(256)]))],
    ['databases', (_, count) => rdb(repeated(count, (index) => [0xfe, length(index), key(0, 'k', string('v'))]))],
    ['empty-databases', (_, count) => rdb(repeated(count * 4, (index) => [0xfe, length(index)]))],
    ['aux', (_, count) => rdb(repeated(count * 2, (index) => [0xfa, string(`a${index}`), string('v')]))],
    ['duplicates', (_, count) => rdb(repeated(count * 3, () => key(0, 'k', string('v'))))],
    ['keys', (_, count) => rdb(repeated(count * 3, (index) => key(0, `key:${index}`, string('v'))))],
    ['quicklist', (random, count) => torn(random, rdb(key(18, 'list', longQuicklist(count))))],
    ['quicklist-claims', (_, count) => rdb(key(18, 'list', longQuicklist(count, count * 1000)))],
    ['pending', (random, count) => torn(random, rdb(key(21, 'stream', pendingStream(count))))],
    ['bomb', (_, count) => rdb(key(1, 'list', [length(2), lzfBomb(count), lzfBomb(count)]))],
    ['bombs', (_, count) => rdb(repeated(Math.ceil(count / 9), (index) => key(0, `b${index}`, lzfBomb(40))))],
    ['empty-values', (_, count) => rdb(repeated(count * 3, (index) => key(1, `e${index}`, length(0))))],
    ['bad-values', (_, count) => rdb(repeated(count, (index) => key(16, `h${index}`, string(listpack(['a'])))))],
    ['expiries', (_, count) => rdb(repeated(count * 4, (index) => [0xfc, int64(index)]))],
  ],
  'data.aof': [
    ['multi', (_, count) => Buffer.concat([logOf([['MULTI']]), Buffer.alloc(count * 60, logOf([['SET', 'k', 'v']]))])],
    ['multis', (_, count) => Buffer.alloc(count * 45, logOf([['MULTI']]))],
    ['selects', (_, count) => logOf(Array.from({ length: count * 2 }, (_, index) => ['SELECT', String(index)]))],
    ['unknown', (_, count) => logOf(Array.from({ length: count * 2 }, (_, index) => [`CMD${index}`, 'k']))],
    [
      'nul',
      (_, count) => Buffer.concat([logOf([['SET', 'a', '1']]), Buffer.alloc(count * 60), logOf([['SET', 'b', '1']])]),
    ],
    [
      'stars',
      (random, count) =>
        Buffer.alloc(count * 60, random.pick(['*', '*1\r\n', '$1\r\n', '\r\n', '*2\r\n$', '#TS:1\r\n'])),
    ],
    [
      'damaged',
      (random, count) => repeated(count, () => [logOf([['SET', 'k', random.word()]]), random.once(4) ? '\0*' : '']),
    ],
    [
      'torn',
      (random, count) => torn(random, logOf(Array.from({ length: count }, (_, index) => ['RPUSH', 'l', `v${index}`]))),
    ],
    [
      'many-arguments',
      (_, count) => logOf([['SADD', 's', ...Array.from({ length: count * 8 }, (_, index) => String(index))]]),
    ],
    [
      'errors',
      (_, count) =>
        logOf(
          Array.from({ length: count * 2 }, (_, index) => [index ? 'INCR' : 'SADD', 'k', '1'].slice(0, index ? 2 : 3)),
        ),
    ],
    [
      'renames',
      (_, count) => logOf(Array.from({ length: count * 2 }, (_, index) => [index % 2 ? 'RENAME' : 'SET', 'k', 'l'])),
    ],
    [
      'list-ends',
      (_, count) => logOf(Array.from({ length: count * 2 }, (_, index) => ['LINSERT', 'l', 'BEFORE', 'x', `${index}`])),
    ],
    [
      'stream',
      (_, count) => logOf(Array.from({ length: count * 2 }, (_, index) => ['XADD', 'x', `${index + 1}-1`, 'f', 'v'])),
    ],
  ],
  'data.manifest': [
    ['lines', (_, count) => repeated(count * 2, (index) => `file a.${index}.incr.aof seq ${index} type i\n`)],
    ['bad-lines', (_, count) => repeated(count * 4, () => 'file\n')],
  ],
};
const choices = Object.entries(makers).flatMap(([file, list]) => list.map(([name, make]) => ({ file, name, make })));

export function bulkInput(random: Random): { readonly name: string; readonly file: string; readonly bytes: Buffer } {
  const { file, name, make } = random.pick(choices);
  return { name: `bulk/${name}`, file, bytes: make(random, 200 + random.below(random.once(4) ? 6000 : 1500)) };
}
