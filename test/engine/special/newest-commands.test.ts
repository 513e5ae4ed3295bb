/*
 * Commands of Redis 8.12 and Valkey 9.2. No server that has them is at hand: their effects follow the sources and the documentation. Where an
 * older server has a command that does the same to something else, it is asked: BITOP for BITROAROP, fields of a hash for members of a set.
 */
import { describe, expect, it } from 'vitest';
import { families } from '../../../src/engine/commands/index.ts';
import type { Session } from '../../../src/engine/session.ts';
import { CommandView } from '../../../src/resp/command-view.ts';
import type { Flavor } from '../../../src/servers/flavor.ts';
import type { HashValue } from '../../../src/values/hash.ts';
import type { PathHashValue } from '../../../src/values/path-hash.ts';
import type { BitmapValue } from '../../../src/values/roaring-bitmap.ts';
import type { SetValue } from '../../../src/values/set.ts';
import type { SortedSetValue } from '../../../src/values/sorted-set.ts';
import type { Stream } from '../../../src/values/stream.ts';
import { Kind } from '../../../src/values/value.ts';
import { itWithServer } from '../../support/servers.ts';
import { type Command, loadAof, Random, replay, textOf } from './replay.ts';

const now = 1_700_000_000_000;
const later = String(now + 1e9);

function run(flavor: Flavor, lines: readonly string[]): Session {
  const commands = lines.map((line) => line.split(' ').map((word) => (word === "''" ? '' : word)));
  return replay(commands, families, flavor, now);
}

/** What a key of database 0 (or `database`) holds, in a form that reads well; undefined where there is none. */
function held(session: Session, key: string, database = 0): unknown {
  const keys = session.dataset.database(database);
  const bytes = Buffer.from(key, 'latin1');
  const entry = keys.find(bytes, 0, bytes.length);
  if (entry < 0) return undefined;
  const kind = session.kind(entry);
  if (kind < Kind.List) return session.stringBytes(keys, entry).toString('latin1');
  if (kind === Kind.SortedSet) return Object.fromEntries((keys.object(entry) as SortedSetValue).ordered());
  if (kind === Kind.Set) return membersOf(keys.object(entry) as SetValue);
  if (kind === Kind.Stream) return (keys.object(entry) as Stream).count;
  if (kind === Kind.Bitmap) return (keys.object(entry) as BitmapValue).toBytes().toString('hex');
  const paths = [...(keys.object(entry) as PathHashValue).ordered()];
  return Object.fromEntries(paths.map(([path, fields]) => [path, Object.fromEntries(fields.entries())]));
}

/** Members with their expiry, counted from now; null for none. */
function membersOf(set: SetValue): Record<string, number | null> {
  const expiry = (member: string) => (Number.isNaN(set.expiry(member)) ? null : set.expiry(member) - now);
  return Object.fromEntries([...set.values()].sort().map((member) => [member, expiry(member)]));
}

const errorsOf = (session: Session): string[] => session.errors.map(({ message }) => message);

type Case = readonly [lines: readonly string[], key: string, expected: unknown, error?: string];

function check(flavor: Flavor, cases: readonly Case[]): void {
  for (const [lines, key, expected, error] of cases) {
    const session = run(flavor, lines);
    expect([lines, held(session, key), errorsOf(session)]).toEqual([lines, expected, error ? [error] : []]);
  }
}

const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value';

describe('path hashes', () => {
  const base = ['PHSET p / FIELDS 1 a 1', 'PHSET p /img/ FIELDS 2 host h1 port 80'];
  const whole = { '/': { a: '1' }, '/img/': { host: 'h1', port: '80' } };
  it('are set, and lose fields, paths and prefixes', () => {
    check('valkey-9.2', [
      [base, 'p', whole],
      [[...base, 'phset p / fields 1 a 2'], 'p', { ...whole, '/': { a: '2' } }],
      [['PHSET p / FIELDS 2 a 1 a 2'], 'p', { '/': { a: '2' } }],
      [["PHSET p '' FIELDS 1 '' ''"], 'p', { '': { '': '' } }],
      [[...base, 'PHSET p / FNX FIELDS 2 a 9 b 9'], 'p', whole],
      [[...base, 'PHSET p / FXX FIELDS 2 a 9 b 9'], 'p', whole],
      [[...base, 'PHSET p / FXX FIELDS 1 a 9'], 'p', { ...whole, '/': { a: '9' } }],
      [[...base, 'PHSET p /new FNX FIELDS 1 a 9'], 'p', { ...whole, '/new': { a: '9' } }],
      [['PHSET p / FXX FIELDS 1 a 9'], 'p', undefined],
      [['PHMSET p / FIELDS 1 a 1 /img/ FIELDS 2 host h1 port 80'], 'p', whole],
      [['PHMSET p / FIELDS 1 a 1 /img/ FIELDS 2 host h1'], 'p', undefined, 'ERR syntax error'],
      [[...base, 'PHDEL p /img/'], 'p', { '/': { a: '1' } }],
      [[...base, 'PHDEL p /img/ host none'], 'p', { '/': { a: '1' }, '/img/': { port: '80' } }],
      [[...base, 'PHDEL p /img/ host port'], 'p', { '/': { a: '1' } }],
      [[...base, 'PHDELPREFIX p /i'], 'p', { '/': { a: '1' } }],
      [[...base, 'PHDELPREFIX p /img/'], 'p', { '/': { a: '1' } }],
      [[...base, "PHDELPREFIX p ''"], 'p', undefined],
      [['PHDEL none /', 'PHDELPREFIX none /'], 'none', undefined],
    ]);
  });

  it('go with their last path, and their expiry with them', () => {
    const session = run('valkey-9.2', [
      'PHSET p / FIELDS 1 a 1',
      `PEXPIREAT p ${later}`,
      'PHDEL p / a',
      'PHSET p / FIELDS 1 b 2',
    ]);
    expect(held(session, 'p')).toEqual({ '/': { b: '2' } });
    expect(session.keys.expiring).toBe(0);
    // What a release candidate wrote for an empty one.
    expect(held(run('valkey-9.2', ["PHSET p '' FIELDS 1 '' ''", "PHDEL p ''"]), 'p')).toBeUndefined();
  });

  it('refuse other types and counts that do not fit', () => {
    check('valkey-9.2', [
      [['SET s v', 'PHSET s / FIELDS 1 a 1'], 's', 'v', wrongType],
      [['SET s v', 'PHDELPREFIX s /'], 's', 'v', wrongType],
      [['PHSET p / FIELDS 2 a 1'], 'p', undefined, 'ERR syntax error'],
      [['PHSET p / FIELDS 0 a 1'], 'p', undefined, 'ERR value is out of range'],
      [['PHSET p / FIELDS 1 a 1 b 2'], 'p', undefined, 'ERR syntax error'],
      [['PHSET p / FIELDS 99999999999 a 1'], 'p', undefined, 'ERR syntax error'],
    ]);
  });
});

describe('members of sets that expire', () => {
  it('are added and keep or lose their time as asked', () => {
    check('redis-8', [
      [[`SADDEX s PXAT ${later} MEMBERS 2 a b`], 's', { a: 1e9, b: 1e9 }],
      [['SADD s a', `SADDEX s MNX PXAT ${later} MEMBERS 2 a b`], 's', { a: null }],
      [['SADD s a', `SADDEX s MXX PXAT ${later} MEMBERS 2 a b`], 's', { a: null }],
      [['SADD s a b', `SADDEX s MEMBERS 2 a b MXX PXAT ${later}`], 's', { a: 1e9, b: 1e9 }],
      [[`SADDEX s PXAT ${later} MEMBERS 1 a`, 'SADDEX s MEMBERS 2 a b'], 's', { a: null, b: null }],
      [[`SADDEX s PXAT ${later} MEMBERS 1 a`, 'SADDEX s KEEPTTL MEMBERS 2 a b'], 's', { a: 1e9, b: null }],
      [[`SADDEX s PXAT ${later} MEMBERS 1 a`, 'SADD s a'], 's', { a: 1e9 }],
      [['SADDEX s EX 5 MEMBERS 1 a'], 's', { a: 5000 }],
      [['SADDEX none MXX MEMBERS 1 a'], 'none', undefined],
      [[`SADDEX s PXAT ${later} MEMBERS 1 a`, 'SREM s a', 'SADD s a'], 's', { a: null }],
      [
        ['SADDEX s PXAT 1 KEEPTTL MEMBERS 1 a'],
        's',
        undefined,
        'ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified',
      ],
      [['SADDEX s MEMBERS 3 a b'], 's', undefined, 'ERR wrong number of arguments'],
      [['SADDEX s MEMBERS 1 a b'], 's', undefined, 'ERR unknown argument: b'],
      [['SET s v', 'SADDEX s MEMBERS 1 a'], 's', 'v', wrongType],
    ]);
  });

  it('get and lose their time', () => {
    const at = (offset: number) => String(now + offset);
    check('redis-8', [
      [['SADD s a b', `SPEXPIREAT s ${later} MEMBERS 2 a none`], 's', { a: 1e9, b: null }],
      [['SADD s a', `SEXPIREAT s ${now / 1000 + 60} MEMBERS 1 a`], 's', { a: 60_000 }],
      [['SADD s a', 'SEXPIRE s 60 NX MEMBERS 1 a', 'SPEXPIRE s 5 NX MEMBERS 1 a'], 's', { a: 60_000 }],
      [['SADD s a', `SPEXPIREAT s ${at(9)} XX MEMBERS 1 a`], 's', { a: null }],
      [['SADD s a', `SPEXPIREAT s ${at(9)} GT MEMBERS 1 a`], 's', { a: null }],
      [['SADD s a', `SPEXPIREAT s ${at(9)} MEMBERS 1 a LT`], 's', { a: 9 }],
      [['SADD s a', `SPEXPIREAT s ${at(9)} MEMBERS 1 a`, `SPEXPIREAT s ${at(7)} GT MEMBERS 1 a`], 's', { a: 9 }],
      [['SADD s a', `SPEXPIREAT s ${at(9)} MEMBERS 1 a`, `SPEXPIREAT s ${at(7)} LT MEMBERS 1 a`], 's', { a: 7 }],
      [['SADD s a b', `SPEXPIREAT s ${later} MEMBERS 2 a b`, 'SPERSIST s MEMBERS 1 a'], 's', { a: null, b: 1e9 }],
      [
        ['SADD s a', 'SPERSIST s MEMBERS 2 a'],
        's',
        { a: null },
        'ERR The `nummembers` parameter must match the number of arguments',
      ],
      [['SADD s a', 'SPEXPIREAT s 1 NX XX MEMBERS 1 a'], 's', { a: null }, 'ERR Multiple condition flags specified'],
    ]);
  });

  it('that are past their time stay while loading, and no command finds them', () => {
    const past = ['SADD s a b', 'SPEXPIREAT s 1000 MEMBERS 1 a'];
    check('redis-8', [
      [past, 's', { a: 1000 - now, b: null }],
      [[...past, 'SPERSIST s MEMBERS 1 a'], 's', { a: 1000 - now, b: null }],
      [[...past, `SPEXPIREAT s ${later} MEMBERS 1 a`], 's', { a: 1000 - now, b: null }],
      [[...past, `SADDEX s MNX PXAT ${later} MEMBERS 1 a`], 's', { a: 1e9, b: null }],
      [[...past, 'SMOVE s t a'], 't', undefined],
      [[...past, 'SUNIONSTORE t s'], 't', { b: null }],
      [[...past, 'ZUNIONSTORE t 1 s'], 't', { b: 1 }],
      [[...past, 'SREM s a'], 's', { b: null }],
    ]);
  });

  itWithServer('redis-8.6', 'do as fields of a hash do', async () => {
    const random = new Random(12);
    const members = ['a', 'b', 'c', 'd', 'e'];
    const past = String(Date.now() - 100_000);
    const times = ['4000000000000', '5000000000000', '6000000000000', past];
    const ofSets: Command[] = [];
    const soFar = replay([], families, 'redis-8', Date.now());
    let applied = 0;
    const isPast = (key: string, member: string) => {
      for (; applied < ofSets.length; applied++) soFar.execute(CommandView.of(ofSets[applied]));
      const entry = soFar.keys.find(Buffer.from(key), 0, 2);
      return entry >= 0 && (soFar.keys.object(entry) as SetValue).expiry(member) < Date.now();
    };
    const ofHashes: Command[] = [];
    for (let count = 0; count < 4000; count++) {
      const key = random.pick(['s1', 's2', 's3']);
      const chosen = members.filter(() => random.chance(0.4));
      if (chosen.length === 0) continue;
      const pairs = chosen.flatMap((member) => [member, 'v']);
      const n = String(chosen.length);
      const time = random.pick(times);
      const condition = random.pick([[], ['NX'], ['XX'], ['GT'], ['LT']]);
      const [exists, field] = random.pick([[], ['MNX', 'FNX'], ['MXX', 'FXX']]);
      const keep = random.pick([[], ['KEEPTTL'], ['PXAT', time]]);
      random.pick<() => void>([
        () => {
          ofSets.push(['SADDEX', key, ...(exists ? [exists] : []), ...keep, 'MEMBERS', n, ...chosen]);
          ofHashes.push(['HSETEX', key, ...(field ? [field] : []), ...keep, 'FIELDS', n, ...pairs]);
        },
        () => {
          // HPEXPIREAT finds a field that is past its time, by the sources SPEXPIREAT finds no such member.
          if (chosen.some((member) => isPast(key, member))) return;
          ofSets.push(['SPEXPIREAT', key, time, ...condition, 'MEMBERS', n, ...chosen]);
          ofHashes.push(['HPEXPIREAT', key, time, ...condition, 'FIELDS', n, ...chosen]);
        },
        () => {
          ofSets.push(['SPERSIST', key, 'MEMBERS', n, ...chosen]);
          ofHashes.push(['HPERSIST', key, 'FIELDS', n, ...chosen]);
        },
        () => {
          ofSets.push(['SREM', key, ...chosen]);
          ofHashes.push(['HDEL', key, ...chosen]);
        },
      ])();
    }
    for (const length of [ofSets.length >> 2, ofSets.length >> 1, ofSets.length]) {
      const session = replay(ofSets.slice(0, length), families, 'redis-8', Date.now());
      const hashes = replay(ofHashes.slice(0, length), families, 'redis-8', Date.now());
      const server = await loadAof('redis-8.6', ofHashes.slice(0, length));
      for (const key of ['s1', 's2', 's3']) {
        const reply = (await server.command('HPEXPIRETIME', key, 'FIELDS', '5', ...members)) as number[] | number;
        const theirs = Array.isArray(reply) ? reply : members.map(() => -2);
        const entry = session.keys.find(Buffer.from(key), 0, 2);
        const set = entry < 0 ? undefined : (session.keys.object(entry) as SetValue);
        const ours = members.map((member) => {
          const expiry = set?.expiry(member) ?? Number.NaN;
          return !set?.has(member) || expiry < Date.now() ? -2 : Number.isNaN(expiry) ? -1 : expiry;
        });
        expect([length, key, ours]).toEqual([length, key, theirs]);
        const found = hashes.keys.find(Buffer.from(key), 0, 2);
        const hash = found < 0 ? undefined : (hashes.keys.object(found) as HashValue);
        const ofHash = members.map((field) => {
          const expiry = hash?.expiry(field) ?? Number.NaN;
          return !hash?.has(field) || expiry < Date.now() ? -2 : Number.isNaN(expiry) ? -1 : expiry;
        });
        expect([length, key, ofHash]).toEqual([length, key, theirs]);
      }
      await server.stop();
    }
  });
});

describe('ZMOVE, BZMOVE and ZMOVEMEMBER', () => {
  const base = ['ZADD a 1 x 2 y 2 w 3 z', 'ZADD b 9 x'];
  it('move members with their scores', () => {
    const both = (lines: readonly string[]) => {
      const session = run('redis-8', [...base, ...lines]);
      return [held(session, 'a'), held(session, 'b'), errorsOf(session)];
    };
    expect(both(['ZMOVE a b MIN'])).toEqual([{ w: 2, y: 2, z: 3 }, { x: 1 }, []]);
    expect(both(['ZMOVE a b MAX COUNT 2'])).toEqual([{ x: 1, w: 2 }, { x: 9, y: 2, z: 3 }, []]);
    expect(both(['ZMOVE a b MIN COUNT 99'])).toEqual([undefined, { x: 1, w: 2, y: 2, z: 3 }, []]);
    expect(both(['ZMOVE a b BYSCORE (1 2'])).toEqual([{ x: 1, z: 3 }, { x: 9, w: 2, y: 2 }, []]);
    expect(both(['zmove a b byscore -inf +inf count 3'])).toEqual([{ z: 3 }, { x: 1, w: 2, y: 2 }, []]);
    expect(both(['BZMOVE a b MIN 0.5 COUNT 2'])).toEqual([{ y: 2, z: 3 }, { x: 1, w: 2 }, []]);
    expect(both(['ZMOVEMEMBER a b MEMBERS 3 z none z'])).toEqual([{ x: 1, w: 2, y: 2 }, { x: 9, z: 3 }, []]);
    expect(both(['ZMOVEMEMBER a b NX MEMBERS 2 x z'])).toEqual([{ x: 1, w: 2, y: 2 }, { x: 9, z: 3 }, []]);
    expect(both(['ZMOVEMEMBER a b XX MEMBERS 2 x z'])).toEqual([{ w: 2, y: 2, z: 3 }, { x: 1 }, []]);
    expect(both(['ZMOVE a a MIN', 'ZMOVEMEMBER a a MEMBERS 1 x', 'ZMOVE none b MIN'])).toEqual([
      { x: 1, w: 2, y: 2, z: 3 },
      { x: 9 },
      [],
    ]);
    expect(both(['ZMOVE a b MIN COUNT 0', 'BZMOVE a b BYSCORE 1 2 0', 'ZMOVEMEMBER a b MEMBERS 2 x'])[2]).toEqual([
      'ERR count should be greater than 0',
      'ERR syntax error',
      'ERR syntax error',
    ]);
  });

  it('make the destination, keep both expiries, and move nothing where a type is wrong', () => {
    const session = run('redis-8', [
      ...base,
      `PEXPIREAT a ${later}`,
      'ZMOVE a c MIN COUNT 2',
      'SET s v',
      'ZMOVE a s MIN',
    ]);
    expect([held(session, 'a'), held(session, 'c')]).toEqual([
      { y: 2, z: 3 },
      { x: 1, w: 2 },
    ]);
    expect([session.keys.expiring, errorsOf(session)]).toEqual([1, [wrongType]]);
  });
});

describe('BLESS', () => {
  const marked = (session: Session, key: string, database = 0) => {
    const keys = session.dataset.database(database);
    const entry = keys.find(Buffer.from(key), 0, key.length);
    return entry >= 0 && keys.noEvict(entry);
  };
  it('marks keys, and the mark stays with the key', () => {
    const of = (...lines: string[]) => run('redis-8', ['SET k v', 'BLESS SET k NO-EVICT', ...lines]);
    expect(marked(of(), 'k')).toBe(true);
    expect(marked(of('SET k w', 'APPEND k x'), 'k')).toBe(true);
    expect(marked(of('BLESS CLEAR k NO-EVICT'), 'k')).toBe(false);
    expect(marked(of('DEL k', 'SET k v'), 'k')).toBe(false);
    expect(marked(of('RENAME k l'), 'l')).toBe(true);
    expect(marked(of('SET l w', 'RENAME l k'), 'k')).toBe(false);
    expect(marked(of('COPY k l'), 'l') && marked(of('COPY k l'), 'k')).toBe(true);
    expect(marked(of('MOVE k 1'), 'k', 1)).toBe(true);
    expect(marked(of('SWAPDB 0 1'), 'k', 1)).toBe(true);
    expect(marked(of('FLUSHALL', 'SET k v'), 'k')).toBe(false);
    // What a draft wrote.
    expect(marked(run('redis-8', ['SET k v', 'bless set k']), 'k')).toBe(true);
    expect(marked(of('BLESS SET k NONE'), 'k')).toBe(false);
    expect(errorsOf(of('BLESS SET none NO-EVICT', 'BLESS SET k OTHER'))).toEqual([
      'ERR no such key',
      'ERR syntax error',
    ]);
  });
});

describe('native bitmaps', () => {
  it('are made of strings by BITCONVERT', () => {
    check('redis-8', [
      [['BITCONVERT k'], 'k', ''],
      [['SETBIT k 7 1', 'SETBIT k 30 0', 'BITCONVERT k'], 'k', '01000000'],
      [['BITCONVERT k ROARING', 'BITCONVERT k', 'SETBIT k 10 1', 'SETBIT k 23 0'], 'k', '002000'],
      [['BITCONVERT k', 'BITFIELD k SET u8 #1 255 INCRBY i5 20 1 OVERFLOW FAIL SET u2 40 9'], 'k', '00ff00800000'],
      [['LPUSH l a', 'BITCONVERT l', 'DEL l', 'BITCONVERT l'], 'l', '', wrongType],
      [['BITCONVERT k', 'APPEND k x'], 'k', '', wrongType],
      [['BITCONVERT k', 'SET k x'], 'k', 'x'],
      [['BITCONVERT k', 'SETBIT k 9223372036854775807 1'], 'k', '', 'ERR bit offset is not an integer or out of range'],
    ]);
    const session = run('redis-8', ['SET k a', `PEXPIREAT k ${later}`, 'BITCONVERT k']);
    expect(session.keys.expiring).toBe(1);
  });

  it('have bits where no string has', () => {
    const session = run('redis-8', [
      'BITCONVERT k',
      'SETBIT k 1099511627776 1',
      'BITFIELD k INCRBY u8 9007199254740993 3',
    ]);
    const bitmap = session.keys.object(session.find(CommandView.of(['GET', 'k']), 1)) as BitmapValue;
    expect([...bitmap.runs()]).toEqual([
      [1099511627776, 1099511627777],
      [9007199254740999n, 9007199254741001n],
    ]);
    expect(errorsOf(session)).toEqual([]);
    const inverted = replay(
      [
        ['BITCONVERT', 'k'],
        ['SETBIT', 'k', '9007199254740993', '1'],
        ['BITROAROP', 'NOT', 'd', 'k'],
      ],
      families,
      'redis-8',
      now,
    );
    expect(errorsOf(inverted)).toEqual(["ERR unknown command 'BITROAROP'"]);
  });

  itWithServer('redis-8.6', 'change as strings do', async () => {
    const random = new Random(33);
    const keys = ['k1', 'k2', 'k3', 'k4'];
    const offset = () =>
      String(random.pick([random.below(40), random.below(70_000), 65_536 * random.below(4) + random.below(9)]));
    const native: Command[] = keys.slice(0, 2).map((key) => ['BITCONVERT', key]);
    const plain: Command[] = [];
    for (let count = 0; count < 1500; count++) {
      const key = random.pick(keys);
      const operation = random.pick(['AND', 'OR', 'XOR', 'NOT', 'DIFF', 'DIFF1', 'ANDOR', 'ONE']);
      const sources = Array.from({ length: operation === 'NOT' ? 1 : 2 + random.below(2) }, () => random.pick(keys));
      const both = (command: Command) => {
        native.push(command);
        plain.push(command);
      };
      random.pick<() => void>([
        () => both(['SETBIT', key, offset(), String(random.below(2))]),
        () => both(['SETBIT', key, offset(), '1']),
        () =>
          both([
            'BITFIELD',
            key,
            'OVERFLOW',
            random.pick(['WRAP', 'SAT', 'FAIL']),
            'INCRBY',
            random.pick(['u7', 'i33', 'i64']),
            offset(),
            '77',
          ]),
        () =>
          both(['BITFIELD', key, 'SET', random.pick(['u1', 'i12']), `#${random.below(2000)}`, '-1', 'GET', 'u8', '0']),
        () => both(['BITOP', operation, key, ...sources]),
        () => {
          plain.push(['BITOP', operation, key, ...sources]);
          native.push(['BITROAROP', operation, key, ...sources]);
        },
      ])();
    }
    const session = replay(native, families, 'redis-8', now);
    expect(errorsOf(session)).toEqual([]);
    const server = await loadAof('redis-8.6', plain);
    let natives = 0;
    for (const key of keys) {
      const entry = session.find(CommandView.of(['GET', key]), 1);
      const isNative = entry >= 0 && session.kind(entry) === Kind.Bitmap;
      natives += Number(isNative);
      const ours =
        entry < 0
          ? null
          : isNative
            ? (session.keys.object(entry) as BitmapValue).toBytes()
            : session.stringBytes(session.keys, entry);
      expect([key, ours?.toString('latin1') ?? null]).toEqual([key, textOf(await server.command('GET', key))]);
    }
    expect(natives).toBeGreaterThan(0);
    await server.stop();
  });
});

describe('what Valkey 9.2 added to commands', () => {
  it('MOVE REPLACE, EXEC with conditions, SET IFNE, DELEX, XDELEX and XACKDEL', () => {
    const moved = run('valkey-9.2', [
      'SET k old',
      'SELECT 1',
      'SET k new',
      `PEXPIREAT k ${later}`,
      'MOVE k 0 REPLACE',
      'SELECT 0',
    ]);
    expect([held(moved, 'k'), held(moved, 'k', 1), moved.keys.expiring, errorsOf(moved)]).toEqual([
      'new',
      undefined,
      1,
      [],
    ]);
    check('valkey-9.2', [
      [['SET k 1', 'MOVE k 0 REPLACE'], 'k', '1', 'ERR source and destination objects are the same'],
      [['MULTI', 'SET k 1', 'EXEC IFEQ k 0'], 'k', '1'],
      [['SET k 1', 'SET k 2 IFNE 1'], 'k', '1'],
      [['SET k 1', 'SET k 2 IFNE 3'], 'k', '2'],
      [['SET k 2 IFNE 3'], 'k', '2'],
      [['SET k 1', 'DELEX k IFEQ 2'], 'k', '1'],
      [['SET k 1', 'DELEX k IFEQ 1'], 'k', undefined],
      [['SET k 1', 'DELEX k IFNE 2'], 'k', undefined],
      [['SET k 1', 'DELEX k'], 'k', undefined],
      [['SADD k m', 'DELEX k IFEQ 1'], 'k', { m: null }, wrongType],
      [['SET k 1', 'DELEX k IFDEQ 9555e8555c62dcfd'], 'k', '1', 'ERR syntax error'],
      [['XADD x 1-1 f v', 'XADD x 2-1 f v', 'XDELEX x IDS 1 1-1'], 'x', 1],
      [['XADD x 1-1 f v', 'XGROUP CREATE x g 0', 'XACKDEL x g IDS 1 1-1'], 'x', 1],
    ]);
  });

  it('ZRANGESTORE takes no empty bound any more', () => {
    const log = ['ZADD a -1 x 0 y 1 z', 'ZRANGESTORE b a ( 5 BYSCORE', "ZRANGESTORE c a '' 5 BYSCORE"];
    const old = run('valkey-9', log);
    expect([held(old, 'b'), held(old, 'c'), errorsOf(old)]).toEqual([{ z: 1 }, { y: 0, z: 1 }, []]);
    const newest = run('valkey-9.2', log);
    const error = 'ERR min or max is not a float';
    expect([held(newest, 'b'), held(newest, 'c'), errorsOf(newest)]).toEqual([undefined, undefined, [error, error]]);
  });

  itWithServer('valkey-9.1', 'ZRANGESTORE took them before', async () => {
    const log = [
      ['ZADD', 'a', '-1', 'x', '0', 'y', '1', 'z'],
      ['ZRANGESTORE', 'b', 'a', '(', '5', 'BYSCORE'],
      ['ZRANGESTORE', 'c', 'a', '', '5', 'BYSCORE'],
    ];
    const server = await loadAof('valkey-9.1', log);
    const session = replay(log, families, 'valkey-9', now);
    for (const key of ['b', 'c']) {
      expect(textOf(await server.command('ZRANGE', key, '0', '-1'))).toEqual(Object.keys(held(session, key) as object));
    }
    await server.stop();
  });
});
