/* Random stream commands on few keys, groups and ids, so that they meet. */
import type { ServerName } from '../../support/server-process.ts';
import { type Command, Random } from './replay.ts';

export type StreamFeatures = {
  readonly since62: boolean;
  readonly since70: boolean;
  readonly since82: boolean;
  readonly since86: boolean /** Follows rules of which the flavor knows only a newer form. */;
  readonly boundsRead: boolean;
};

export function streamFeatures(name: ServerName): StreamFeatures {
  return {
    since62: name !== 'redis-6.0',
    since70: name !== 'redis-6.0',
    since82: name === 'redis-8.6',
    since86: name === 'redis-8.6',
    boundsRead: name.startsWith('redis-8'),
  };
}

const longAgo = 1_600_000_000_000;

/** `count` commands for a server with these features; ids of messages begin at the moment `base`, ms since 1970. */
export function streamCommands(seed: number, count: number, features: StreamFeatures, base = longAgo): Command[] {
  return new StreamCommands(seed, features, base).make(count);
}

class StreamCommands {
  private readonly random: Random;
  private readonly features: StreamFeatures;
  private readonly base: number;
  private clock = 0;

  constructor(seed: number, features: StreamFeatures, base: number) {
    this.random = new Random(seed);
    this.features = features;
    this.base = base;
  }

  make(count: number): Command[] {
    const out: Command[] = [];
    while (out.length < count) out.push(this.one());
    return out;
  }

  private one(): Command {
    const { random, features } = this;
    const kinds: [number, () => Command][] = [
      [30, () => this.add()],
      [3, () => this.trim()],
      [6, () => ['XDEL', this.key(), ...this.ids()]],
      [6, () => this.group()],
      [14, () => this.claim()],
      [5, () => ['XACK', this.key(), this.groupName(), ...this.ids()]],
      [2, () => this.setId()],
      [features.boundsRead && !features.since86 ? 0 : 3, () => this.readGroup()],
      [features.since62 ? 2 : 0, () => this.autoClaim()],
      [features.since82 ? 4 : 0, () => ['XDELEX', this.key(), ...this.references(), ...this.idList()]],
      [
        features.since82 ? 4 : 0,
        () => ['XACKDEL', this.key(), this.groupName(), ...this.references(), ...this.idList()],
      ],
      [features.since86 ? 1 : 0, () => this.configure()],
      [
        features.since86 ? 2 : 0,
        () => ['XIDMPRECORD', this.key(), random.pick(['p', 'q']), random.pick(['1', '2']), this.id()],
      ],
    ];
    let roll = random.next() * kinds.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, make] of kinds) if ((roll -= weight) < 0) return make();
    return this.add();
  }

  private key(): string {
    return this.random.pick(['a', 'b', 'c']);
  }

  private groupName(): string {
    return this.random.pick(['g', 'h']);
  }

  private consumer(): string {
    return this.random.pick(['alice', 'bob', 'c\xff\x00']);
  }

  /** An id that may exist: the clock counts the entries that were added. */
  private id(): string {
    const at = Math.max(0, this.clock - this.random.below(60));
    return this.random.pick([`${this.base + at}-0`, `${this.base + at}-0`, `${this.base + at}-1`, `${this.base + at}`]);
  }

  private ids(): string[] {
    return Array.from({ length: 1 + this.random.below(4) }, () => this.id());
  }

  private idList(): string[] {
    const ids = this.ids();
    return ['IDS', String(ids.length), ...ids];
  }

  private references(): string[] {
    return this.random.pick([[], ['KEEPREF'], ['DELREF'], ['ACKED']]);
  }

  private add(): Command {
    const { random, features } = this;
    const options: string[] = [];
    if (features.since62 && random.chance(0.05)) options.push('NOMKSTREAM');
    if (features.since82 && random.chance(0.1)) options.push(...this.references());
    const idempotent = features.since86 && random.chance(0.15);
    if (idempotent)
      options.push(
        ...random.pick([
          ['IDMP', 'p', '1'],
          ['IDMP', 'q', String(random.below(9))],
          ['idmpauto', 'p'],
        ]),
      );
    if (random.chance(0.1)) options.push(...this.trimming());
    return ['XADD', this.key(), ...options, this.newId(), ...this.pairs()];
  }

  private newId(): string {
    const { random } = this;
    if (random.chance(0.03)) return this.id();
    if (random.chance(0.01)) return random.pick(['0-0', 'x', '1-1-1', '-', '007-1']);
    this.clock++;
    if (this.features.since70 && random.chance(0.05)) return `${this.base + this.clock}-*`;
    return random.pick([`${this.base + this.clock}-0`, `${this.base + this.clock}-1`, `${this.base + this.clock}`]);
  }

  private pairs(): string[] {
    const { random } = this;
    if (random.chance(0.8)) return ['temp', String(random.below(1e6)), 'unit', random.pick(['C', 'F'])];
    const out: string[] = [];
    for (let i = random.below(3); i >= 0; i--) out.push(this.text(), this.text());
    return out;
  }

  private text(): string {
    const { random } = this;
    return random.pick(
      ['', '0', '-1', '12', '127', '128', '-4096', '4096', '32768', '-8388609', '2147483648', '01', '-0'].concat([
        '9223372036854775807',
        '-9223372036854775808',
        '9223372036854775808',
        '9007199254740993',
        '\x00\xff',
        'x'.repeat(random.below(300)),
      ]),
    );
  }

  private trimming(): string[] {
    const { random, features } = this;
    const mark = random.pick([[], ['='], features.since62 ? ['~'] : ['=']]);
    if (features.since62 && random.chance(0.4)) return ['MINID', ...mark, this.id()];
    const limit = features.since62 && random.chance(0.2) ? ['LIMIT', String(random.below(100))] : [];
    return ['MAXLEN', ...mark, String(random.below(400)), ...limit];
  }

  private trim(): Command {
    const references = this.features.since82 && this.random.chance(0.3) ? this.references() : [];
    return ['XTRIM', this.key(), ...this.trimming(), ...references];
  }

  private group(): Command {
    const { random, features } = this;
    const read =
      features.since70 && random.chance(0.5)
        ? ['ENTRIESREAD', random.pick(features.since86 || !features.boundsRead ? ['-1', '0', '1', '100'] : ['-1', '0'])]
        : [];
    const id = random.pick(['$', '0', this.id()]);
    switch (random.below(features.since62 ? 9 : 8)) {
      case 0:
        return ['XGROUP', 'SETID', this.key(), this.groupName(), id, ...read];
      case 1:
        return ['XGROUP', 'DELCONSUMER', this.key(), this.groupName(), this.consumer()];
      case 2:
        return random.chance(0.3) ? ['XGROUP', 'DESTROY', this.key(), this.groupName()] : this.claim();
      case 8:
        return ['XGROUP', 'CREATECONSUMER', this.key(), this.groupName(), this.consumer()];
      default:
        return [
          'XGROUP',
          'CREATE',
          this.key(),
          this.groupName(),
          id,
          ...(random.chance(0.8) ? ['MKSTREAM'] : []),
          ...read,
        ];
    }
  }

  private claim(): Command {
    const { random } = this;
    const head = ['XCLAIM', this.key(), this.groupName(), this.consumer(), '0'];
    const time = ['TIME', String(this.base + random.below(1e9))];
    const last = this.id();
    const options = random.pick([
      [...time, 'RETRYCOUNT', String(random.below(5)), 'FORCE', 'JUSTID', 'LASTID', last],
      [...time, 'RETRYCOUNT', String(random.below(5)), 'JUSTID', 'FORCE'],
      [...time, 'FORCE', 'LASTID', last],
      [...time, 'JUSTID'],
      ['IDLE', '1000', 'FORCE'],
      ['TIME', '99999999999999', 'RETRYCOUNT', '3', 'force'],
      [],
    ]);
    if (random.chance(0.05)) head[4] = '100000';
    return [...head, ...this.ids(), ...options];
  }

  private setId(): Command {
    const { random, features } = this;
    const id = `${this.base + this.clock + random.below(3) - 1}-0`;
    if (!features.since70 || random.chance(0.4)) return ['XSETID', this.key(), id];
    return ['XSETID', this.key(), id, 'ENTRIESADDED', String(this.clock), 'MAXDELETEDID', this.id()];
  }

  private readGroup(): Command {
    const { random } = this;
    const options = [
      ...(random.chance(0.5) ? ['COUNT', String(random.below(8))] : []),
      ...(random.chance(0.3) ? ['NOACK'] : []),
    ];
    const id = random.chance(0.8) ? '>' : this.id();
    return ['XREADGROUP', 'GROUP', this.groupName(), this.consumer(), ...options, 'STREAMS', this.key(), id];
  }

  private autoClaim(): Command {
    const { random } = this;
    const start = random.pick(['-', '0', this.id(), `(${this.id()}`]);
    const options = [
      ...(random.chance(0.5) ? ['COUNT', String(1 + random.below(4))] : []),
      ...(random.chance(0.5) ? ['JUSTID'] : []),
    ];
    return [
      'XAUTOCLAIM',
      this.key(),
      this.groupName(),
      this.consumer(),
      random.pick(['0', '50000']),
      start,
      ...options,
    ];
  }

  private configure(): Command {
    const { random } = this;
    return [
      'XCFGSET',
      this.key(),
      ...random.pick([
        ['IDMP-MAXSIZE', random.pick(['2', '3'])],
        ['IDMP-DURATION', random.pick(['0', '100', '86400'])],
      ]),
    ];
  }
}
