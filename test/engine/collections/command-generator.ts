/** Random commands on few keys, so that they collide: binary members, numbers at their edges, now and then a wrong type. */

import { Random } from '../special/replay.ts';

export interface GeneratorOptions {
  readonly seed: number;
  readonly count: number;
  /** Names that the server knows; a command outside them is not made. */
  readonly known: ReadonlySet<string>;
  /** False for 6.0: options that came with 6.2 and later are left out. */
  readonly modern: boolean;
  /** Moments of expiry, milliseconds since 1970, as decimal text. */
  readonly moments: readonly string[];
}

const members = [
  'a',
  'b',
  'c',
  'B',
  '10',
  '9',
  '-3',
  '1.5',
  '',
  '\0\xff',
  '\xe9',
  'a\r\nb',
  'long'.repeat(18),
  'd',
  'e',
  'f',
];
const integers = [
  '1',
  '2',
  '3',
  '0',
  '-1',
  '-2',
  '5',
  '100',
  '-100',
  '9223372036854775807',
  '-9223372036854775808',
  'x',
  '1.0',
  '01',
];
// Nothing out of a double's range: it leaves ERANGE in errno, and SORT of older servers takes that for its own.
const scores = [
  ...['1', '2', '3', '2.5', '-0', '0', 'inf', '-inf', '+inf', '1e3', 'nan', 'abc', '', '3.0000001', '0.1', '0.2', '.5'],
  ...['5.', '-1e-7', '9007199254740993', '1.7976931348623157e308', '12345678.90123', '-.25', 'infinity'],
];
const bounds = ['-inf', '+inf', '(1', '(2.5', '1', '3', '0', '(inf', '(-inf', '2', '100', 'x', '', '(', '(0x2'];
const lexBounds = ['-', '+', '[a', '(a', '[', '(c', '[b', '[z', '(\xff', 'a', '', '+x', '[10'];
const floats = [
  '1',
  '0.1',
  '-0.1',
  '1e10',
  '3.14159265358979323846',
  '1e-17',
  'inf',
  'nan',
  '0x1p-3',
  '',
  'abc',
  '-5',
  '0.0000001',
];

export class CommandGenerator {
  private readonly random: Random;
  private readonly options: GeneratorOptions;

  constructor(options: GeneratorOptions) {
    this.options = options;
    this.random = new Random(options.seed);
  }

  /** `count` commands, each an array of binary strings. */
  commands(): string[][] {
    const made: string[][] = [];
    while (made.length < this.options.count) {
      const command = this.pick(this.families).call(this);
      if (this.options.known.has(command[0].toUpperCase())) made.push(command);
    }
    return made;
  }

  private readonly families = [
    this.list,
    this.set,
    this.sortedSet,
    this.lexical,
    this.hash,
    this.hashExpiry,
    this.sort,
    this.generic,
  ];

  private pick<T>(choices: readonly T[]): T {
    return this.random.pick(choices);
  }

  private chance(probability: number): boolean {
    return this.random.chance(probability);
  }

  private some(choices: readonly string[], most: number): string[] {
    return Array.from({ length: 1 + Math.floor(this.random.next() * most) }, () => this.pick(choices));
  }

  /** A key of the type that starts with `letter`, seldom another's. */
  private key(letter: string): string {
    return (this.chance(0.03) ? this.pick(['l', 's', 'z', 'h', 't']) : letter) + this.pick(['0', '1', '2']);
  }

  /** A whole number, mostly small. */
  private integer(): string {
    return this.chance(0.8) ? this.pick(integers.slice(0, 9)) : this.pick(integers);
  }

  private score(): string {
    // The ziplist of 6.0 keeps the sign of a zero; the engine follows the listpack that came after it.
    const picked = this.chance(0.9) ? this.pick(scores.slice(0, 6).concat(scores.slice(13))) : this.pick(scores);
    return picked === '-0' && !this.options.modern ? '0' : picked;
  }

  /** A sorted set whose scores are all 0: only over such is a range of members defined. */
  private lexical(): string[] {
    const key = this.pick(['y0', 'y1']);
    const bounds = [this.pick(lexBounds), this.pick(lexBounds)];
    const reverse = this.chance(0.4) ? ['REV'] : [];
    const limit = this.chance(0.4) ? ['LIMIT', this.pick(['0', '1']), this.pick(['0', '2', '-1'])] : [];
    return this.pick<() => string[]>([
      () => ['ZADD', key, ...this.some(members, 5).flatMap((member) => ['0', member])],
      () => ['ZADD', key, ...this.some(members, 9).flatMap((member) => ['0', member])],
      () => ['ZREMRANGEBYLEX', key, ...bounds],
      () => ['ZRANGESTORE', this.pick(['y0', 'y1']), key, ...bounds, 'bylex', ...limit, ...reverse],
    ])();
  }

  private list(): string[] {
    const key = this.key('l');
    const sides = ['LEFT', 'right', 'LEFT', 'RIGHT', 'UP'];
    const popCount = this.options.modern ? this.pick([[], ['2'], ['0'], ['-1'], ['1', '2']]) : [];
    return this.pick<() => string[]>([
      () => [this.pick(['LPUSH', 'RPUSH', 'lpush', 'RPUSHX', 'LPUSHX']), key, ...this.some(members, 5)],
      () => [this.pick(['LPUSH', 'RPUSH']), key, ...this.some(members, 8)],
      () => [this.pick(['LPOP', 'RPOP']), key, ...popCount],
      () => ['LINSERT', key, this.pick(['BEFORE', 'after', 'x']), this.pick(members), this.pick(members)],
      () => ['LREM', key, this.integer(), this.pick(members)],
      () => ['LSET', key, this.integer(), this.pick(members)],
      () => ['LTRIM', key, this.pick(['0', '1', '-5', this.integer()]), this.pick(['-1', '4', this.integer()])],
      () => ['RPOPLPUSH', key, this.key('l')],
      () => ['LMOVE', key, this.key('l'), this.pick(sides), this.pick(sides)],
      () => ['BLPOP', key, this.key('l'), this.pick(['0.01', '1', 'x', '-1'])],
      () => ['BRPOPLPUSH', key, this.key('l'), '0.01'],
      () => ['BLMOVE', key, this.key('l'), this.pick(sides), this.pick(sides), '0.01'],
      () => [
        'LMPOP',
        this.pick(['1', '2', '0']),
        key,
        this.key('l'),
        'LEFT',
        ...this.pick([[], ['COUNT', '2'], ['COUNT', '0']]),
      ],
      () => ['BLMPOP', '0.01', '2', key, this.key('l'), 'RIGHT', 'COUNT', '3'],
    ])();
  }

  private set(): string[] {
    const key = this.key('s');
    const stores = ['SUNIONSTORE', 'SINTERSTORE', 'SDIFFSTORE'];
    return this.pick<() => string[]>([
      () => ['SADD', key, ...this.some(members, 6)],
      () => ['SADD', key, ...this.some(members, 20)],
      () => ['SREM', key, ...this.some(members, 4)],
      () => ['SMOVE', key, this.key('s'), this.pick(members)],
      () => ['SPOP', key, this.pick(['100', '0', '-1'])],
      () => [this.pick(stores), this.key('s'), this.key('s')],
      () => [this.pick(stores), this.key('s'), this.key('s'), this.key('s')],
    ])();
  }

  private sortedSet(): string[] {
    const key = this.key('z');
    const pair = () => [this.score(), this.pick(members)];
    const options = this.options.modern ? ['NX', 'xx', 'GT', 'LT', 'CH', 'INCR'] : ['NX', 'xx', 'CH', 'INCR'];
    const count = this.pick([[], ['2'], ['0'], ['5']]);
    return this.pick<() => string[]>([
      () => ['ZADD', key, ...pair()],
      () => ['ZADD', key, ...pair(), ...pair(), ...pair()],
      () => ['ZADD', key, ...this.some(options, 2), ...pair(), ...(this.chance(0.2) ? ['1'] : [])],
      () => ['ZADD', key, this.pick(options), ...pair(), ...pair()],
      () => ['ZINCRBY', key, ...pair()],
      () => ['ZREM', key, ...this.some(members, 4)],
      () => ['ZREMRANGEBYRANK', key, this.integer(), this.integer()],
      () => ['ZREMRANGEBYSCORE', key, this.pick(bounds), this.pick(bounds)],
      () => [this.pick(['ZPOPMIN', 'ZPOPMAX']), key, ...count],
      () => [this.pick(['BZPOPMIN', 'BZPOPMAX']), key, this.key('z'), '0.01'],
      () => ['ZMPOP', '2', key, this.key('z'), this.pick(['MIN', 'max', 'x']), ...this.pick([[], ['COUNT', '2']])],
      () => ['BZMPOP', '0.01', '1', key, 'MIN', 'COUNT', '2'],
      () => this.sortedSetStore(),
      () => this.sortedSetStore(),
      () => this.rangeStore(),
      () => this.rangeStore(),
    ])();
  }

  private sortedSetStore(): string[] {
    const sources = Array.from({ length: 1 + Math.floor(this.random.next() * 3) }, () =>
      this.key(this.chance(0.2) ? 's' : 'z'),
    );
    const weights = this.chance(0.5) ? ['WEIGHTS', ...sources.map(() => this.score())] : [];
    const aggregate = this.chance(0.5) ? ['AGGREGATE', this.pick(['sum', 'MIN', 'MAX', 'AVG'])] : [];
    const name = this.pick(['ZUNIONSTORE', 'ZINTERSTORE', 'ZDIFFSTORE']);
    const options = name === 'ZDIFFSTORE' && this.chance(0.9) ? [] : [...weights, ...aggregate];
    const count = this.chance(0.95) ? String(sources.length) : this.pick(['0', '9', 'x', '-1']);
    return [name, this.key('z'), count, ...sources, ...options];
  }

  private rangeStore(): string[] {
    const reverse = this.chance(0.4) ? ['REV'] : [];
    const limit = this.chance(0.4) ? ['LIMIT', this.pick(['0', '1', '2']), this.pick(['0', '1', '3', '-1'])] : [];
    const target = ['ZRANGESTORE', this.key('z'), this.key('z')];
    return this.pick<() => string[]>([
      () => [...target, this.integer(), this.integer(), ...reverse, ...(this.chance(0.1) ? limit : [])],
      () => [...target, this.pick(bounds), this.pick(bounds), 'BYSCORE', ...reverse, ...limit],
    ])();
  }

  private hash(): string[] {
    const key = this.key('h');
    const field = () => this.pick(members);
    const pair = () => [field(), this.pick([...members, ...integers])];
    return this.pick<() => string[]>([
      () => [this.pick(['HSET', 'HMSET']), key, ...pair(), ...(this.chance(0.05) ? ['odd'] : [])],
      () => ['HSET', key, ...pair(), ...pair(), ...pair()],
      () => ['HSET', key, ...Array.from({ length: 12 }, pair).flat()],
      () => ['HSETNX', key, ...pair()],
      () => ['HDEL', key, ...this.some(members, 4)],
      () => ['HINCRBY', key, field(), this.integer()],
      () => ['HINCRBYFLOAT', key, field(), this.chance(0.8) ? this.pick(floats.slice(0, 6)) : this.pick(floats)],
    ])();
  }

  private hashExpiry(): string[] {
    const key = this.key('h');
    const fields = this.some(members, 3);
    const counted = ['FIELDS', String(fields.length), ...fields];
    // A field named twice ends Redis 8.6 with a failed assertion (t_hash.c, expireMeta.trash).
    const distinct = [...new Set(fields)];
    const pairs = ['FIELDS', String(distinct.length), ...distinct.flatMap((field) => [field, this.pick(members)])];
    const condition = this.chance(0.5) ? [this.pick(['NX', 'xx', 'GT', 'LT'])] : [];
    const moment = ['PXAT', this.pick(this.options.moments)];
    return this.pick<() => string[]>([
      () => ['HPEXPIREAT', key, this.pick(this.options.moments), ...condition, ...counted],
      () => ['HPEXPIREAT', key, this.pick(this.options.moments), ...counted],
      () => [
        'HEXPIREAT',
        key,
        String(Math.max(1, Math.floor(Number(this.pick(this.options.moments)) / 1000))),
        ...counted,
      ],
      () => ['HPERSIST', key, ...counted],
      () => ['HSETEX', key, ...moment, ...pairs],
      () => ['HSETEX', key, ...this.pick([[], ['KEEPTTL'], moment]), ...this.pick([[], ['FNX'], ['FXX']]), ...pairs],
      () => ['HGETEX', key, ...this.pick([moment, ['PERSIST'], []]), ...counted],
      () => ['HGETDEL', key, ...counted],
    ])();
  }

  private sort(): string[] {
    const source = this.key(this.pick(['l', 's', 'z']));
    // Weights that are equal leave the order to the server's quicksort, so BY with ALPHA goes by the element itself.
    const by = this.pick([[], ['BY', 'nosort'], ['BY', 't*'], ['BY', 'h0->*'], ['BY', 'h*->10']]);
    const alpha = this.chance(0.6) && (by.length === 0 || by[1] === 'nosort') ? ['ALPHA'] : [];
    const limit = this.chance(0.3)
      ? ['LIMIT', this.pick(['0', '1', '-1', '5']), this.pick(['0', '2', '-1', '100'])]
      : [];
    const get = this.pick([[], ['GET', '#'], ['GET', 't*', 'GET', '#'], ['GET', 'h*->a'], ['GET', 'nostar']]);
    const direction = this.pick([[], ['DESC'], ['asc']]);
    return ['SORT', source, ...by, ...limit, ...get, ...direction, ...alpha, 'STORE', this.key('l')];
  }

  private generic(): string[] {
    return this.pick<() => string[]>([
      () => ['SET', 't' + this.pick(['0', '1', '2', '10', 'a']), this.pick([...members, ...integers])],
      () => ['PEXPIREAT', this.key(this.pick(['l', 's', 'z', 'h'])), '4000000000000'],
      () => ['DEL', this.key(this.pick(['l', 's', 'z', 'h', 't']))],
    ])();
  }
}
