/* Random commands of every family, as a live server gets them. */
import { commandRows } from '../../src/servers/commands.generated.ts';
import { hasGeneration } from '../../src/servers/generations.ts';
import { CommandGenerator } from '../engine/collections/command-generator.ts';
import { geoCommand } from '../engine/special/geo-commands.ts';
import { Random } from '../engine/special/replay.ts';
import { streamCommands, streamFeatures } from '../engine/special/stream-commands.ts';
import { bitmapCommand, hllCommand } from '../engine/special/string-commands.ts';
import { vectorCommand } from '../engine/special/vector-set-commands.ts';
import type { ServerName } from '../support/server-process.ts';

function knownTo(name: ServerName): Set<string> {
  return new Set(commandRows.filter((row) => hasGeneration(row[8], name)).map((row) => row[0]));
}

const libraries = ['one', 'two', 'three'];

/** Loading and dropping of function libraries, on servers that have them. */
function functionCommand(random: Random): string[] {
  const name = random.pick(libraries);
  const code = `#!lua name=${name}\nredis.register_function('${name}${random.below(3)}', function() end)`;
  return random.pick<() => string[]>([
    () => ['FUNCTION', 'LOAD', code],
    () => ['FUNCTION', 'LOAD', 'REPLACE', code],
    () => ['function', 'load', 'replace', code],
    () => ['FUNCTION', 'DELETE', name],
    () =>
      random.chance(0.2)
        ? ['FUNCTION', 'FLUSH', ...random.pick([[], ['ASYNC'], ['SYNC']])]
        : ['SCRIPT', 'LOAD', 'return 1'],
  ])();
}

/** Puts a serialized value, from DUMP, into some key. */
export function restoreCommand(random: Random, payload: Buffer): (string | Buffer)[] {
  const name = random.pick(['RESTORE', 'RESTORE', 'RESTORE-ASKING']);
  const [expiry, ...absolute] = random.pick([['0'], ['100000000'], [String(Date.now() + 1e8), 'ABSTTL']]);
  const usage = random.pick([[], ['IDLETIME', '100'], ['FREQ', '7']]);
  const key = Buffer.from(random.pick(['r0', 'r1', 'h0', '\0\xff']), 'latin1');
  return [name, key, expiry, payload, 'REPLACE', ...absolute, ...usage];
}

/** Puts function libraries, from FUNCTION DUMP, over those that are there. */
export function restoreFunctions(random: Random, payload: Buffer): (string | Buffer)[] {
  return ['FUNCTION', 'RESTORE', payload, random.pick(['FLUSH', 'REPLACE', 'APPEND'])];
}

/** A blocking command among others: inside a transaction it does not wait. */
function blocking(random: Random, modern: boolean): string[][] {
  const list = () => random.pick(['l0', 'l1', 'l2', 'none']);
  const set = () => random.pick(['z0', 'z1', 'z2', 'none']);
  const side = () => random.pick(['LEFT', 'right']);
  const command = random.pick<() => string[]>([
    () => [random.pick(['BLPOP', 'BRPOP']), list(), list(), '0'],
    () => ['BRPOPLPUSH', list(), list(), '0'],
    () => [random.pick(['BZPOPMIN', 'BZPOPMAX']), set(), set(), '0'],
    ...(modern
      ? [
          () => ['BLMOVE', list(), list(), side(), side(), '0'],
          () => ['BLMPOP', '0', '2', list(), list(), side(), 'COUNT', '2'],
          () => ['BZMPOP', '0', '2', set(), set(), random.pick(['MIN', 'MAX']), 'COUNT', '2'],
        ]
      : []),
  ])();
  return [['MULTI'], ['RPUSH', list(), 'pushed'], command, ['EXEC']];
}

/** Moves between databases, whole transactions, scripts, expiries: what surrounds the families. */
function around(random: Random, modern: boolean): string[][] {
  const names = ['a', 'b', 'k', 'l0', 's1', 'z0', 'h1', 'd1', '\0\xff'];
  const key = () => random.pick([...names, 'y0']);
  // Nothing comes into y0: where scores differ, what a range of members finds depends on a skiplist's random levels.
  const target = () => random.pick(names);
  return random.pick<() => string[][]>([
    () => [['SELECT', random.pick(['0', '0', '1', '9'])]],
    () => [['MOVE', key(), random.pick(['0', '1', '9'])]],
    () => [['RENAME', key(), target()]],
    () => [['SET', key(), random.pick(['12', '', '\0\xfe', 'x'.repeat(100)]), 'PX', '100000000']],
    () => [['PEXPIRE', key(), random.pick(['100000000', '5'])]],
    () => [['PERSIST', key()]],
    () => [
      ['INCRBY', 'counter', '7'],
      ['INCRBYFLOAT', 'float', '0.1'],
      ['APPEND', 'text', 'more'],
    ],
    () => [['MULTI'], ['SET', 'in', 'a'], ['LPUSH', 'l0', 'in'], ['SELECT', '1'], ['INCR', 'in'], ['EXEC']],
    () => [['MULTI'], ['SET', 'in', 'b'], ['DISCARD']],
    () => [['EVAL', "redis.call('SET', KEYS[1], ARGV[1]); redis.call('SADD', 's1', 'x', ARGV[1])", '1', 'eval', 'v\0']],
    () => (random.chance(0.1) ? [['FLUSHDB']] : [['DEL', key(), key()]]),
    () => (random.chance(0.05) ? [['FLUSHALL', ...random.pick([[], ['ASYNC']])]] : [['UNLINK', key(), key()]]),
    () => (modern ? [functionCommand(random)] : [['SCRIPT', 'FLUSH']]),
    () => blocking(random, modern),
    () => [['PUBLISH', 'channel', 'message']],
    () => (modern ? [['COPY', key(), target(), 'DB', '1', 'REPLACE']] : [['SWAPDB', '0', '1']]),
    () => [
      ['SPOP', 's0'],
      ['SPOP', 's1', '2'],
    ],
    () => [
      ['XADD', 'now', '*', 'f', 'v'],
      ['XADD', 'now', 'MAXLEN', '~', '10', '*', 'f', 'w'],
    ],
  ])();
}

/** On vector sets of their own, or on keys that others use. */
function vectorSetCommand(random: Random): string[] {
  const [command, key, ...rest] = vectorCommand(random);
  return [command, random.chance(0.8) ? `v${key}` : key, ...rest];
}

/** Expiry from now on, which a server writes as a moment: of a hash's fields, or of a whole key. */
function relativeExpiry(random: Random): string[] {
  const fields = Array.from({ length: 1 + random.below(3) }, () => random.pick(['a', 'b', '10', '', '\0\xff']));
  const condition = random.pick([[], [], ['NX'], ['XX'], ['GT'], ['LT']]);
  const key = `h${random.below(3)}`;
  const time = random.pick(['100000', '7000000', '0']);
  return random.pick<() => string[]>([
    () => ['HEXPIRE', key, time, ...condition, 'FIELDS', String(fields.length), ...fields],
    () => ['HPEXPIRE', key, `${time}000`, ...condition, 'FIELDS', String(fields.length), ...fields],
    () => ['EXPIRE', key, random.pick(['100000', '7000000'])],
  ])();
}

/** Whether a live server takes it within a test: no waiting, no distance whose last bits the C library decides. */
function isWanted(command: readonly string[], known: ReadonlySet<string>, modern: boolean): boolean {
  const name = command[0].toUpperCase();
  // It leaves a hash without fields in 6.0, which that server saves and loads, and no later one.
  if (!modern && name === 'HINCRBYFLOAT' && command[3] === 'inf') return false;
  const waits = name.startsWith('B') && !name.startsWith('BIT');
  return known.has(name) && !waits && !command.includes('STOREDIST');
}

/** Some moments of expiry come so soon after the commands are made, milliseconds: for files to be loaded alike, let them pass. */
export const soonest = 50;

/** About `count` commands that the server knows. */
export function randomCommands(name: ServerName, seed: number, count: number): string[][] {
  const random = new Random(seed);
  const modern = name !== 'redis-6.0';
  const known = knownTo(name);
  const soon = String(Date.now() + soonest);
  const moments = ['1', soon, '4000000000000', '5000000000000'];
  const collections = new CommandGenerator({ seed, count: count, known, modern, moments }).commands();
  // Of messages with an id of the producer's own a server remembers those of the last 100 seconds.
  const streams = streamCommands(seed, count, streamFeatures(name), Date.now() - 20_000) as string[][];
  const made: string[][] = [];
  for (let index = 0; index < count; index++) {
    if (random.chance(0.15)) made.push(...around(random, modern));
    const next = random.pick<() => readonly string[]>([
      () => collections[index],
      () => collections[index],
      () => streams[index],
      () => bitmapCommand(random, name === 'redis-8.6'),
      () => hllCommand(random),
      () => geoCommand(random, name),
      () => relativeExpiry(random),
      ...(name.startsWith('redis-8') ? [() => vectorSetCommand(random)] : []),
    ])();
    if (isWanted(next, known, modern)) made.push([...next]);
  }
  return made;
}
