import zlib from 'node:zlib';
import { flawedInputs, logOf } from '../../fixtures/generate/flaws/inputs.ts';
import { Random } from '../../fixtures/generate/flaws/random.ts';
import { mutate } from './mutation.ts';

/*
 * One input of the fuzz for each number: an RDB, a log, a multi-part AOF or a data folder with its configuration, sound in its structure and
 * flawed somewhere, or with bytes changed. Pure: the same seed and number give the same files.
 */

export interface FuzzInput {
  readonly name: string;
  /** Path of the dataset, relative to the folder of `files`; '' for that folder. */
  readonly path: string;
  readonly files: Readonly<Record<string, Buffer>>;
}

/** Inputs that are made from one round of flawed values. */
const roundLength = 500;
const rounds = new Map<number, readonly { readonly name: string; readonly kind: string; readonly bytes: Buffer }[]>();

function round(seed: number) {
  let made = rounds.get(seed);
  if (made === undefined) {
    rounds.clear();
    made = [...flawedInputs(seed)];
    rounds.set(seed, made);
  }
  return made;
}

export function fuzzInput(seed: number, number: number): FuzzInput {
  const random = new Random(seed ^ Math.imul(number + 1, 0x9e3779b1));
  const flawed = round(seed + Math.floor(number / roundLength));
  const rdbs = flawed.filter(({ kind }) => kind === 'rdb');
  const change = (bytes: Buffer) => (random.once(2) ? mutate(bytes, random) : bytes);
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2: {
      const { name, kind, bytes } = random.pick(flawed);
      return single(name, `data.${kind}`, change(bytes));
    }
    case 3:
      return single('log', 'data.aof', change(randomLog(random)));
    case 4: {
      const { name, bytes } = random.pick(rdbs);
      return single(`hybrid/${name}`, 'data.aof', change(Buffer.concat([bytes, randomLog(random)])));
    }
    case 5: {
      const { name, bytes } = random.pick(flawed);
      return single(`gzip/${name}`, 'data.gz', change(zlib.gzipSync(bytes)));
    }
    case 6:
      return { name: 'multi-part', path: '', files: multiPart(random, random.pick(rdbs).bytes, change) };
    default:
      return { name: 'data folder', path: '', files: dataFolder(random, random.pick(rdbs).bytes, change) };
  }
}

const single = (name: string, file: string, bytes: Buffer): FuzzInput => ({
  name,
  path: file,
  files: { [file]: bytes },
});

const keys = ['k', 'list', 'hash', 'set', 'sorted', 'stream', '', 'a\r\nb', '\u0000', 'constructor'];
const values = [
  '',
  '0',
  '-1',
  '9223372036854775807',
  '1.5',
  'nan',
  'inf',
  '(1',
  '-',
  '+',
  '*',
  '$',
  '1-1',
  'x'.repeat(300),
];
const shapes: readonly (readonly [string, ...string[]])[] = [
  ['SET', 'k', 'v'],
  ['SET', 'k', 'v', 'PXAT', 'v'],
  ['APPEND', 'k', 'v'],
  ['SETRANGE', 'k', 'v', 'v'],
  ['SETBIT', 'k', 'v', 'v'],
  ['INCRBYFLOAT', 'k', 'v'],
  ['DEL', 'k', 'k'],
  ['RENAME', 'k', 'k'],
  ['COPY', 'k', 'k', 'REPLACE'],
  ['EXPIRE', 'k', 'v'],
  ['PEXPIREAT', 'k', 'v', 'NX'],
  ['RPUSH', 'k', 'v', 'v'],
  ['LTRIM', 'k', 'v', 'v'],
  ['LINSERT', 'k', 'BEFORE', 'v', 'v'],
  ['LMOVE', 'k', 'k', 'LEFT', 'RIGHT'],
  ['SADD', 'k', 'v', 'v'],
  ['SUNIONSTORE', 'k', 'k', 'k'],
  ['ZADD', 'k', 'v', 'v'],
  ['ZADD', 'k', 'GT', 'v', 'v'],
  ['ZRANGESTORE', 'k', 'k', 'v', 'v', 'BYSCORE'],
  ['ZREMRANGEBYLEX', 'k', 'v', 'v'],
  ['HSET', 'k', 'v', 'v'],
  ['HPEXPIREAT', 'k', 'v', 'FIELDS', '1', 'v'],
  ['HINCRBY', 'k', 'v', 'v'],
  ['XADD', 'k', 'v', 'v', 'v'],
  ['XADD', 'k', 'MAXLEN', '~', 'v', '*', 'v', 'v'],
  ['XGROUP', 'CREATE', 'k', 'v', 'v', 'MKSTREAM'],
  ['XCLAIM', 'k', 'v', 'v', 'v', 'v', 'FORCE'],
  ['XSETID', 'k', 'v'],
  ['PFADD', 'k', 'v'],
  ['GEOADD', 'k', 'v', 'v', 'v'],
  ['SORT', 'k', 'STORE', 'k'],
  ['BITFIELD', 'k', 'SET', 'u8', 'v', 'v'],
  ['RESTORE', 'k', 'v', 'v'],
  ['SELECT', 'v'],
  ['SWAPDB', 'v', '0'],
  ['MOVE', 'k', 'v'],
  ['FLUSHALL'],
  ['FLUSHDB', 'ASYNC'],
  ['MULTI'],
  ['EXEC'],
  ['EVAL', 'v', 'v', 'k'],
  ['FUNCTION', 'LOAD', 'v'],
  ['NOSUCHCOMMAND', 'k'],
  ['MODULE.CMD', 'k', 'v'],
];

/** A log of commands that servers know with arguments at their edges, and annotations. */
function randomLog(random: Random): Buffer {
  const parts: Buffer[] = [logOf([['SELECT', '0']])];
  for (let count = random.below(60); count > 0; count--) {
    if (random.once(15))
      parts.push(Buffer.from(`#TS:${random.pick(['1700000000', '0', '-1', 'x', '99999999999999'])}\r\n`));
    const words = random.pick(shapes).map((word) => {
      if (word === 'k') return random.pick(keys);
      if (word === 'v') return random.once(2) ? random.pick(values) : random.word();
      return word;
    });
    if (random.once(40)) words.pop();
    if (words.length > 0) parts.push(logOf([words]));
  }
  return Buffer.concat(parts);
}

type Change = (bytes: Buffer) => Buffer;

function multiPart(random: Random, base: Buffer, change: Change): Record<string, Buffer> {
  const lines = [
    'file a.aof.1.base.rdb seq 1 type b',
    'file a.aof.1.incr.aof seq 1 type i',
    'file a.aof.2.incr.aof seq 2 type i',
  ];
  const flaws = [
    'file',
    'file "a b\\x00" seq 1 type i',
    'file ../x seq 3 type i',
    'file a seq -1 type z',
    'seq seq',
    '',
    '#',
    '"',
  ];
  if (random.once(3)) lines.splice(random.below(lines.length + 1), random.below(2), random.pick(flaws));
  return {
    'a.aof.manifest': change(Buffer.from(`${lines.join(random.once(9) ? '\r\n' : '\n')}\n`)),
    'a.aof.1.base.rdb': change(base),
    'a.aof.1.incr.aof': change(randomLog(random)),
    'a.aof.2.incr.aof': change(randomLog(random)),
  };
}

function dataFolder(random: Random, rdb: Buffer, change: Change): Record<string, Buffer> {
  const lines = ['appendonly yes', 'appendfilename a.aof', 'appenddirname parts', 'dbfilename dump.rdb', 'databases 4'];
  const flaws = [
    'include *',
    'include redis.conf',
    'databases 0',
    'databases 2147483648',
    'save "',
    'appenddirname ..',
    '"',
    'rename-command SET ""',
  ];
  for (let count = random.below(3); count > 0; count--)
    lines.splice(random.below(lines.length + 1), random.below(2), random.pick(flaws));
  const parts = Object.entries(multiPart(random, rdb, change)).map(
    ([name, bytes]) => [`parts/${name}`, bytes] as const,
  );
  return {
    'redis.conf': change(Buffer.from(`${lines.join('\n')}\n`)),
    'dump.rdb': change(rdb),
    ...(random.once(3) ? {} : Object.fromEntries(parts)),
  };
}
