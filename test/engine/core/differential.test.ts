import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Digester } from '../../../src/engine/digest.ts';
import type { Session } from '../../../src/engine/session.ts';
import type { Flavor } from '../../../src/servers/flavor.ts';
import { xxh3Hex64 } from '../../../src/values/xxh3.ts';
import { describeWithServer, type ServerName, startServer, temporaryDir } from '../../support/servers.ts';
import { replay, sessionOf } from './replayed.ts';

/*
 * Random commands on few keys, as an AOF that a real server loads and that the engine replays. No value is expected here:
 * the digests of every key and the error replies, which a server logs while it loads, must be the same.
 */

type Args = string[];
type Pick = <T>(choices: readonly T[]) => T;

function picker(seed: number): Pick {
  let state = seed;
  return (choices) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return choices[Math.floor((state / 2 ** 32) * choices.length)];
  };
}

const keys = ['k', 'a{t}', 'b{t}', 'long:key:of:some:thirty:bytes:x', '', 'k\xff\0\r\n', 'l', 's'];
const integers = [
  '0',
  '1',
  '-1',
  '7',
  '9007199254740991',
  '9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
];
const notIntegers = [
  '01',
  '+1',
  ' 1',
  '1 ',
  '-0',
  '',
  'x',
  '1.5',
  '9223372036854775808',
  '-9223372036854775809',
  '1e3',
];
const floats = ['0.1', '3.0e3', '-1.5', '1e20', '0x1p-3', '.5', '5.', '1e-17', '3.141592653589793238', '1e400', '-0'];
const notFloats = ['abc', '', ' 1', '1 ', 'nan', '1e5000', '--1', '0x', 'inf', '-inf', 'infinity', '1e'];
const texts = ['', 'hello', 'x'.repeat(70), '\0\xff\r\n*3', 'a value', '12345678901234567890'];
const values = [...integers, ...notIntegers, ...floats, ...texts];
const expiries = [
  ['EX', '100000'],
  ['px', '100000000'],
  ['EXAT', '4102444800'],
  ['PXAT', '4102444800123'],
  ['EX', '0'],
  ['PX', 'x'],
  ['EX', '9223372036854775807'],
  ['PXAT', '-1'],
  ['EX'],
];
const flags = [[], [], ['NX'], ['XX'], ['GT'], ['LT'], ['nx', 'xx'], ['GT', 'LT'], ['XX', 'GT'], ['WHAT']];

function setOptions(pick: Pick): Args {
  return [
    ...pick([[], ['NX'], ['xx'], [], [], ['NX', 'XX']]),
    ...pick([[], [], ['GET']]),
    ...pick([[], [], ['KEEPTTL'], ['KEEPTTL'], pick(expiries), pick(expiries)]),
  ];
}

/** Commands that every generation from 7.0 on has. */
const common: ((pick: Pick) => Args)[] = [
  (pick) => ['SET', pick(keys), pick(values)],
  (pick) => ['set', pick(keys), pick(values), ...setOptions(pick)],
  (pick) => ['SETNX', pick(keys), pick(values)],
  (pick) => ['SETEX', pick(keys), pick(['100000', '0', 'x', '9223372036854775']), pick(values)],
  (pick) => ['PSETEX', pick(keys), pick(['100000000', '-1', '']), pick(values)],
  (pick) => ['GETSET', pick(keys), pick(values)],
  (pick) => ['GETDEL', pick(keys)],
  (pick) => ['GETEX', pick(keys), ...pick([[], ['PERSIST'], pick(expiries), ['PERSIST', 'EX', '1'], ['KEEPTTL']])],
  (pick) => ['MSET', pick(keys), pick(values), pick(keys), pick(values)],
  (pick) => ['MSETNX', pick(keys), pick(values), pick(keys), pick(values)],
  (pick) => ['APPEND', pick(keys), pick(values)],
  (pick) => ['SETRANGE', pick(keys), pick(['0', '3', '100', '-1', 'x']), pick(values)],
  (pick) => [pick(['INCR', 'DECR', 'incr']), pick(keys)],
  (pick) => [pick(['INCRBY', 'DECRBY']), pick(keys), pick([...integers, ...integers, ...notIntegers])],
  (pick) => ['INCRBYFLOAT', pick(keys), pick([...floats, ...floats, ...integers, ...notFloats])],
  (pick) => ['INCRBYFLOAT', pick(keys), pick(floats)],
  (pick) => [pick(['DEL', 'UNLINK']), pick(keys), pick(keys)],
  (pick) => [pick(['RENAME', 'RENAMENX']), pick(keys), pick(keys)],
  (pick) => ['MOVE', pick(keys), pick(['0', '1', '2', '99', '-1', 'x'])],
  (pick) => [
    'COPY',
    pick(keys),
    pick(keys),
    ...pick([[], ['REPLACE'], ['DB', '1'], ['DB', '99'], ['db', '2', 'replace'], ['DB']]),
  ],
  (pick) => [pick(['EXPIRE', 'PEXPIRE']), pick(keys), pick(['1000000000', 'x', '9223372036854775807']), ...pick(flags)],
  (pick) => ['EXPIREAT', pick(keys), '4102444800', ...pick(flags)],
  (pick) => ['PEXPIREAT', pick(keys), pick(['4102444800000', '4102444800001', '4102444799999']), ...pick(flags)],
  (pick) => ['PERSIST', pick(keys)],
  (pick) => ['RPUSH', pick(['l', 'k']), pick(values)],
  (pick) => ['SADD', pick(['s', 'k']), pick(values)],
  (pick) => ['SELECT', pick(['0', '1', '2', '16', '-1', 'x', '1'])],
  (pick) => ['SWAPDB', pick(['0', '1', 'x']), pick(['1', '2', '16', '-1', 'y'])],
  (pick) => pick([['MULTI'], ['EXEC'], ['EXEC'], ['PING']]),
  (pick) => pick([['FLUSHDB'], ['SELECT', '1'], ['SELECT', '0'], ['FLUSHDB', 'ASYNC'], ['FLUSHDB', 'what']]),
];

const digests = ['hello', '1', '', '01'].map((text) => xxh3Hex64(Buffer.from(text)));
const conditions = (pick: Pick): Args =>
  pick([
    ['IFEQ', pick(values)],
    ['IFNE', pick(values)],
    ['ifdeq', pick(digests)],
    ['IFDNE', pick(digests)],
    ['IFDEQ', 'abc'],
  ]);

const redisOnly: ((pick: Pick) => Args)[] = [
  (pick) => [
    'SET',
    pick(keys),
    pick(values),
    ...conditions(pick),
    ...pick([[], ['KEEPTTL'], ['EX', '1000000'], ['GET']]),
  ],
  (pick) => ['DELEX', pick(keys), ...pick([[], conditions(pick)])],
  (pick) => [
    ...['MSETEX', pick(['1', '2', '0', 'x']), pick(keys), pick(values), pick(keys), pick(values)],
    ...pick([[], ['NX'], ['XX'], ['KEEPTTL'], ['EX', '1000000'], ['NX', 'PXAT', '4102444800123']]),
  ],
];

const valkeyOnly: ((pick: Pick) => Args)[] = [
  (pick) => ['SET', pick(keys), pick(values), 'IFEQ', pick(values), ...pick([[], ['KEEPTTL'], ['EX', '1000000']])],
  (pick) => ['DELIFEQ', pick(keys), pick(values)],
];

function encode(args: Args): Buffer {
  const text = `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
  return Buffer.from(text, 'latin1');
}

function sequence(seed: number, extra: ((pick: Pick) => Args)[]): Args[] {
  const pick = picker(seed);
  const makers = [...common, ...extra, ...extra];
  return Array.from({ length: 4000 }, () => pick(makers)(pick));
}

/** Error texts without their code: a server logs `-CODE text` or `text`, by the function that made the reply. */
function bare(message: string): string {
  return message.replace(/^-/, '').replace(/^ERR /, '');
}

/** The error replies that a server logged while loading, in order. */
function loggedErrors(log: string): string[] {
  const pattern = /error to its AOF-loading-client: '(.*?)' after processing the command '[^']*'/gs;
  return [...log.matchAll(pattern)].map(([, reply]) => bare(reply));
}

/** The first error on which the two disagree, with the commands before it; undefined where there is none. */
function firstDifference(session: Session, theirs: readonly string[], commands: readonly Args[]): unknown {
  const ours = session.errors.map(({ message }) => bare(message));
  const index = ours.findIndex((message, at) => message !== theirs[at]);
  if (index < 0 && theirs.length === ours.length) return undefined;
  const ordinal = session.errors[index]?.ordinal ?? commands.length;
  return {
    index,
    ours: ours[index],
    theirs: theirs[index],
    command: commands[ordinal],
    before: commands.slice(ordinal - 3, ordinal),
  };
}

const generations: [ServerName, Flavor, ((pick: Pick) => Args)[]][] = [
  ['redis-7.0', 'redis-7.0', []],
  ['redis-8.0', 'redis-8', []],
  ['redis-8.6', 'redis-8', redisOnly],
  ['valkey-8.1', 'valkey-8', []],
  ['valkey-9.1', 'valkey-9', valkeyOnly],
];

for (const [name, flavor, extra] of generations) {
  describeWithServer(name, `core commands, loaded by ${name}`, () => {
    for (const seed of [1, 2, 4, 7]) {
      it(`leave the same keys and give the same errors, seed ${seed}`, async () => {
        const commands = sequence(seed, extra);
        const bytes = Buffer.concat(commands.map(encode));
        const dir = temporaryDir();
        mkdirSync(join(dir, 'appendonlydir'));
        writeFileSync(join(dir, 'appendonlydir', 'appendonly.aof.1.incr.aof'), bytes);
        writeFileSync(
          join(dir, 'appendonlydir', 'appendonly.aof.manifest'),
          'file appendonly.aof.1.incr.aof seq 1 type i\n',
        );
        const server = await startServer(name, { dir, config: { appendonly: 'yes' } });
        const session = sessionOf(bytes, flavor, Date.now());
        replay(session, bytes, 0);
        session.endFile();
        expect(firstDifference(session, loggedErrors(server.log()), commands)).toBeUndefined();
        const digester = new Digester({ flavor, at: Date.now(), reader: session.reader });
        for (const database of session.dataset.occupied()) {
          await server.command('SELECT', String(database));
          const keyspace = session.dataset.database(database);
          for (let entry = keyspace.next(-1); entry >= 0; entry = keyspace.next(entry)) {
            const [theirs] = await server.digestValues([Buffer.from(keyspace.keyView(entry))]);
            expect([database, keyspace.keyText(entry), digester.entry(keyspace, entry)]).toEqual([
              database,
              keyspace.keyText(entry),
              theirs,
            ]);
          }
        }
        expect(digester.dataset(session.dataset)).toBe(await server.digest());
        await server.stop();
      });
    }
  });
}
