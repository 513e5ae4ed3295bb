import type { Argument } from './reply.ts';
import type { Server, ServerName } from './server-process.ts';

/*
 * Keys of every type, encoding and size for comparing estimates of memory with a server's own. Each key's name begins with its group;
 * its length, its TTL and its value vary with its number, the same in every run.
 */

type Command = readonly Argument[];

/** mulberry32: the same numbers on every machine. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_';

class Workload {
  readonly commands: Command[] = [];
  private readonly random: (below: number) => number;
  private readonly name: ServerName;
  private count = 0;

  constructor(name: ServerName, seed: number) {
    this.name = name;
    this.random = randomNumbers(seed);
  }

  all(): Command[] {
    this.strings();
    this.lists();
    this.sets();
    this.sortedSets();
    this.hashes();
    this.streams();
    if (this.name !== 'redis-6.0' && this.name !== 'redis-7.0' && this.name !== 'valkey-8.1') this.fieldExpiries();
    if (this.name === 'redis-8.0' || this.name === 'redis-8.6') this.vectorSets();
    return this.commands;
  }

  /** Text that does not compress, or that does for one in four. */
  private text(length: number): string {
    if (length > 20 && this.random(4) === 0) return 'compressible '.repeat(length / 13 + 1).slice(0, length);
    let text = '';
    for (let index = 0; index < length; index++) text += letters[this.random(64)];
    return text;
  }

  private between(least: number, most: number): number {
    return least + this.random(most - least + 1);
  }

  /** A name of the group, of some length, for a key. One in three also expires: `expires` follows what makes it. */
  private key(group: string): string {
    const number = this.count++;
    const length = this.random(12) === 0 ? this.between(60, 200) : this.between(0, 40);
    return `${group}:${number}:${this.text(length).replaceAll(' ', '_')}`;
  }

  private make(group: string, build: (key: string) => void): void {
    const key = this.key(group);
    build(key);
    if (this.random(3) === 0) this.commands.push(['PEXPIREAT', key, 4102444800000 + this.random(1e9)]);
  }

  private times(count: number, body: (index: number) => void): void {
    for (let index = 0; index < count; index++) body(index);
  }

  /** A command of many arguments, in pieces. */
  private push(head: Command, elements: Argument[], tuple: number): void {
    const step = 500 * tuple;
    for (let from = 0; from < elements.length; from += step)
      this.commands.push([...head, ...elements.slice(from, from + step)]);
  }

  private strings(): void {
    this.times(120, (index) =>
      this.make('int', (key) =>
        this.commands.push(['SET', key, index < 30 ? index : this.random(2 ** 31) * (index % 3 === 0 ? 1 : 1_000_000)]),
      ),
    );
    for (let length = 0; length <= 140; length++)
      this.make('short', (key) => this.commands.push(['SET', key, this.text(length)]));
    for (const length of [200, 250, 256, 300, 500, 1000, 1500, 4000, 5000, 10000, 16384, 20000, 65000, 70000, 300000])
      this.times(3, () =>
        this.make('long', (key) => this.commands.push(['SET', key, this.text(length + this.random(length >> 3))])),
      );
    this.times(6, () =>
      this.make('hll', (key) =>
        this.push(
          ['PFADD', key],
          Array.from({ length: this.between(1, 3000) }, () => this.text(10)),
          1,
        ),
      ),
    );
    this.times(6, () => this.make('bits', (key) => this.commands.push(['SETBIT', key, this.between(10, 50000), 1])));
  }

  private lists(): void {
    const list = (count: number, least: number, most: number) =>
      this.make('list', (key) =>
        this.push(
          ['RPUSH', key],
          Array.from({ length: count }, () => this.element(least, most)),
          1,
        ),
      );
    for (const count of [1, 2, 3, 5, 10, 20, 50, 100, 128, 129, 200])
      for (const most of [4, 20, 60, 100]) list(count, 1, most);
    for (const count of [300, 600, 1000, 3000, 8000]) for (const most of [6, 30, 200]) list(count, 1, most);
    this.times(6, () => list(this.between(1, 20), 5000, 20000));
    this.times(4, () =>
      this.make('list', (key) =>
        this.push(
          ['RPUSH', key],
          Array.from({ length: this.between(5, 3000) }, () => this.random(100000)),
          1,
        ),
      ),
    );
  }

  /** Text, or in one of six cases an integer. */
  private element(least: number, most: number): Argument {
    return this.random(6) === 0 ? this.random(10 ** Math.min(most, 9)) : this.text(this.between(least, most));
  }

  private sets(): void {
    const integers = (count: number, below: number) =>
      this.make('intset', (key) =>
        this.push(
          ['SADD', key],
          Array.from({ length: count }, () => this.random(below) * (below > 2 ** 31 ? 1000 : 1)),
          1,
        ),
      );
    for (const count of [1, 2, 5, 20, 100, 400, 510])
      for (const below of [30000, 2 ** 31, 2 ** 32]) integers(count, below);
    for (const count of [600, 2000, 9000]) integers(count, 2 ** 31);
    const members = (count: number, least: number, most: number) =>
      this.make('set', (key) =>
        this.push(
          ['SADD', key],
          Array.from({ length: count }, () => this.element(least, most)),
          1,
        ),
      );
    for (const count of [
      1, 2, 3, 4, 6, 10, 20, 50, 100, 127, 128, 129, 150, 200, 300, 400, 500, 520, 700, 1000, 1400, 3000, 9000,
    ])
      for (const most of [8, 30, 60]) members(count, 3, most);
    for (const count of [1, 2, 5, 9, 17, 30, 60, 100, 120]) members(count, 60, 120);
  }

  private sortedSets(): void {
    const scores = [
      () => this.random(1000),
      () => this.random(1e9) / 1000,
      () => this.random(2 ** 31) * 1e6,
      () => -this.random(1e9) / 7,
    ];
    const zset = (count: number, least: number, most: number) =>
      this.make('zset', (key) =>
        this.push(
          ['ZADD', key],
          Array.from({ length: count }, (_, index) => [
            scores[(count + (index % 2)) % 4](),
            this.element(least, most),
          ]).flat(),
          2,
        ),
      );
    for (const count of [1, 2, 3, 5, 10, 20, 50, 100, 127, 128]) for (const most of [8, 30, 60]) zset(count, 3, most);
    for (const count of [129, 150, 200, 300, 520, 700, 1000, 1400, 3000, 9000])
      for (const most of [8, 30, 100]) zset(count, 3, most);
    for (const count of [3, 10, 20, 40, 100]) zset(count, 60, 120);
  }

  private hashes(): void {
    const hash = (count: number, least: number, most: number, valueMost: number) =>
      this.make('hash', (key) =>
        this.push(
          ['HSET', key],
          Array.from({ length: count }, () => [this.element(least, most), this.element(0, valueMost)]).flat(),
          2,
        ),
      );
    for (const count of [1, 2, 3, 5, 10, 20, 50, 100, 200, 400, 500])
      for (const most of [8, 30, 60]) hash(count, 3, most, most);
    for (const count of [530, 700, 1000, 1400, 3000, 9000])
      for (const [most, value] of [
        [8, 8],
        [12, 40],
        [30, 100],
        [60, 300],
      ])
        hash(count, 3, most, value);
    for (const count of [1, 2, 3, 5, 9, 17, 20, 33, 40, 70, 100, 300])
      for (const value of [100, 500]) hash(count, 3, 20, value);
  }

  private streams(): void {
    const stream = (entries: number, fields: number, most: number, alike: boolean) =>
      this.make('stream', (key) => {
        for (let entry = 0; entry < entries; entry++) {
          const pairs = Array.from({ length: fields }, (_, field) => [
            alike ? `field-${field}` : this.text(6),
            this.element(0, most),
          ]).flat();
          this.commands.push(['XADD', key, `${1700000000000 + entry * 13}-${entry % 3}`, ...pairs]);
        }
        for (let group = this.random(3); group > 0; group--) this.group(key, entries, group);
      });
    for (const entries of [1, 2, 10, 50, 99, 101, 300, 1000, 3000]) {
      stream(entries, 1, 20, true);
      stream(entries, 4, 30, true);
      stream(entries, 3, 60, false);
    }
    this.times(3, () => stream(5, 3, 3000, true));
    this.make('stream', (key) => this.commands.push(['XADD', key, '1-1', 'a', 'b'], ['XDEL', key, '1-1']));
  }

  private group(key: string, entries: number, group: number): void {
    this.commands.push(['XGROUP', 'CREATE', key, `group-${group}`, '0']);
    for (let consumer = 1 + this.random(4); consumer > 0; consumer--)
      this.commands.push([
        'XREADGROUP',
        'GROUP',
        `group-${group}`,
        `consumer-${consumer}`,
        'COUNT',
        1 + this.random(entries),
        'STREAMS',
        key,
        '>',
      ]);
  }

  private fieldExpiries(): void {
    const hash = (count: number, most: number, share: number) =>
      this.make('expiring', (key) => {
        const fields = Array.from({ length: count }, (_, index) => `${index}-${this.text(this.between(1, most))}`);
        this.push(
          ['HSET', key],
          fields.flatMap((field) => [field, this.element(0, most)]),
          2,
        );
        const chosen = fields.filter((_, index) => index === 0 || this.random(100) < share);
        for (let from = 0; from < chosen.length; from += 100) {
          const some = chosen.slice(from, from + 100);
          this.commands.push(['HPEXPIREAT', key, 4102444800000 + this.random(1e10), 'FIELDS', some.length, ...some]);
        }
      });
    for (const count of [1, 2, 5, 10, 20, 50, 100, 300, 500]) for (const share of [5, 100]) hash(count, 30, share);
    for (const count of [5, 20, 50, 200, 600, 1000, 3000]) for (const share of [10, 50, 100]) hash(count, 100, share);
  }

  private vectorSets(): void {
    for (const [count, dimension, form] of [
      [1, 3, 'Q8'],
      [5, 8, 'NOQUANT'],
      [20, 64, 'Q8'],
      [50, 100, 'BIN'],
      [200, 16, 'NOQUANT'],
      [300, 128, 'Q8'],
      [1000, 20, 'Q8'],
      [100, 300, 'NOQUANT'],
    ] as const)
      this.make('vector', (key) => {
        for (let index = 0; index < count; index++) {
          const numbers = Array.from({ length: dimension }, () => this.random(1000) / 1000);
          const attributes = this.random(2) === 0 ? ['SETATTR', `{"year":${this.random(3000)}}`] : [];
          this.commands.push([
            'VADD',
            key,
            'VALUES',
            dimension,
            ...numbers,
            this.text(this.between(3, 40)),
            form,
            ...attributes,
          ]);
        }
      });
  }
}

/** Commands that build the workload on a server of that name. */
export function memoryWorkload(name: ServerName, seed = 1): Command[] {
  return new Workload(name, seed).all();
}

/** What a server says of a key that it has loaded. */
export interface MeasuredKey {
  readonly name: string;
  readonly type: string;
  readonly encoding: string;
  /** MEMORY USAGE key SAMPLES 0. */
  readonly usage: number;
}

/** Asks a server about all keys of its database 0. */
export async function measureKeys(server: Server): Promise<MeasuredKey[]> {
  const names = (await server.command('KEYS', '*')) as Buffer[];
  const replies = await server.pipeline(
    names.flatMap((name) => [
      ['TYPE', name],
      ['OBJECT', 'ENCODING', name],
      ['MEMORY', 'USAGE', name, 'SAMPLES', 0],
    ]),
  );
  return names.map((name, index) => ({
    name: name.toString('latin1'),
    type: String(replies[index * 3]),
    encoding: String(replies[index * 3 + 1]),
    usage: Number(replies[index * 3 + 2]),
  }));
}
