/*
 * A dataset that takes every turn of the encoder: each type small and large, around each limit, with binary and integer
 * texts. Built by commands that a server of the generation has, one element a command where the order of nodes depends on it.
 */
import type { Argument } from '../../support/reply.ts';
import type { Server, ServerName } from '../../support/servers.ts';

type Command = readonly Argument[];

const wide = (size: number, seed: number): string => String.fromCharCode(97 + (seed % 26)).repeat(size);
/** Text that LZF cannot shorten. */
function noise(size: number, seed: number): Buffer {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Buffer.from(
    Uint8Array.from({ length: size }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    }),
  );
}
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

function strings(): Command[] {
  const values: Argument[] = [
    '',
    'a',
    '0',
    '-0',
    '007',
    '127',
    '128',
    '-129',
    '32768',
    '2147483647',
    '2147483648',
    '-2147483648',
  ];
  values.push(
    '9223372036854775807',
    '12345678901',
    'a'.repeat(20),
    'a'.repeat(21),
    'a'.repeat(100_000),
    noise(40, 1),
    noise(5000, 2),
  );
  values.push('abcdefghijklmnopqrstuvwxyz'.repeat(4), `${noise(50, 9).toString('latin1')}${'z'.repeat(40)}`);
  const commands: Command[] = values.map((value, index) => ['SET', `s:${index}`, value]);
  commands.push(
    ['SET', '12345', 'key that is an integer'],
    ['SET', 'k'.repeat(300), 'long key'],
    ['SET', noise(30, 7), 'binary key'],
  );
  commands.push(
    ['SET', 's:expires', 'x', 'PX', '100000000000'],
    ['APPEND', 's:appended', '12'],
    ['INCRBY', 's:counter', '4000000000'],
  );
  return commands;
}

function lists(): Command[] {
  const commands: Command[] = [['RPUSH', 'l:one', 'x']];
  for (const index of range(1000)) commands.push(['RPUSH', 'l:integers', String(index * 37 - 5000)]);
  for (const index of range(3000)) commands.push(['RPUSH', 'l:short', `element ${index}`]);
  for (const index of range(300)) commands.push(['RPUSH', 'l:medium', wide(index, index)]);
  for (const index of range(60)) commands.push(['RPUSH', 'l:noise', noise(index * 17, index)]);
  for (const size of [8000, 100, 100, 8191, 5, 8192, 8193, 1, 9000, 4095, 4096, 63, 64, 20_000, 7]) {
    commands.push(['RPUSH', 'l:large', wide(size, size)]);
    commands.push(['RPUSH', 'l:large-first', wide(size + 1000, size)]);
  }
  for (const size of [8170, 9, 8179, 5, 8185, 3, 16377, 16378, 16379, 16383, 16384])
    commands.push(['RPUSH', 'l:edge', wide(size, size)]);
  return commands;
}

function sets(): Command[] {
  const commands: Command[] = [['SADD', 'set:int16', '1', '-5', '300']];
  commands.push(
    ['SADD', 'set:int32', '1', '70000', '-70000'],
    ['SADD', 'set:int64', '5000000000', '-1', '9223372036854775807'],
  );
  for (const index of range(512)) commands.push(['SADD', 'set:512', String(index * 3)]);
  for (const index of range(513)) commands.push(['SADD', 'set:513', String(index * 3)]);
  for (const index of range(128)) commands.push(['SADD', 'set:w128', `w${index}`]);
  for (const index of range(129)) commands.push(['SADD', 'set:w129', `w${index}`]);
  commands.push(
    ['SADD', 'set:mixed', 'a', '1', '2'],
    ['SADD', 'set:64', wide(64, 1), 'b'],
    ['SADD', 'set:65', wide(65, 1), 'b'],
  );
  commands.push(['SADD', 'set:00', '00', '-0', '+1']);
  return commands;
}

function sortedSets(): Command[] {
  const scores = [
    '1',
    '-1',
    '0',
    '0.1',
    '1.5',
    '1e20',
    '-1e20',
    '4611686018427387904',
    '4611686018427387905',
    '9007199254740993',
  ];
  scores.push(
    'inf',
    '-inf',
    '1e-5',
    '123456789.125',
    '3.0000000000000004',
    '1e300',
    '4.9e-324',
    '4503599627370495',
    '4503599627370496',
  );
  const commands: Command[] = scores.map((score, index) => ['ZADD', 'z:scores', score, `m${index}`]);
  for (const index of range(128)) commands.push(['ZADD', 'z:128', String(index % 7), `m${index}`]);
  for (const index of range(129)) commands.push(['ZADD', 'z:129', String((index % 7) / 3), `m${index}`]);
  commands.push(
    ['ZADD', 'z:64', '1', wide(64, 1)],
    ['ZADD', 'z:65', '1', wide(65, 1), '2', 'b'],
    ['ZADD', 'z:ints', '5', '17', '4', '-3'],
  );
  return commands;
}

function hashes(): Command[] {
  const commands: Command[] = [['HSET', 'h:small', 'f', 'v', 'g', '12', '13', 'x'.repeat(64)]];
  for (const index of range(512)) commands.push(['HSET', 'h:512', `field${index}`, String(index)]);
  for (const index of range(513)) commands.push(['HSET', 'h:513', `field${index}`, `value ${index}`]);
  commands.push(['HSET', 'h:65', 'f', wide(65, 3)], ['HSET', 'h:f65', wide(65, 3), 'v'], ['HSET', 'h:empty', '', '']);
  return commands;
}

function streams(name: ServerName): Command[] {
  const commands: Command[] = [];
  for (const index of range(250)) {
    const fields =
      index % 10 === 0 ? ['other', 'x', 'more', String(index)] : ['a', String(index), 'b', wide(index % 90, index)];
    commands.push(['XADD', 'x:many', `${1000 + index}-${index % 3}`, ...fields]);
  }
  for (const index of range(250))
    if (index % 7 === 0) commands.push(['XDEL', 'x:many', `${1000 + index}-${index % 3}`]);
  commands.push(['XTRIM', 'x:many', 'MAXLEN', '200']);
  commands.push(['XADD', 'x:empty', '5-5', 'a', 'b'], ['XDEL', 'x:empty', '5-5']);
  // An entry of exactly 16383 bytes: the families give it backlens of different widths.
  commands.push(
    ['XADD', 'x:edge', '1-1', 'f', noise(16_378, 5)],
    ['XADD', 'x:edge', '1-2', 'f', wide(16_378, 5), 'g', 'h'],
  );
  commands.push(['XADD', 'x:big', '1-1', 'f', noise(17_000, 3)], ['XADD', 'x:big', '18446744073709551615-1', 'f', 'v']);
  commands.push(['XGROUP', 'CREATE', 'x:new', 'g', '$', 'MKSTREAM']);
  commands.push(['XGROUP', 'CREATE', 'x:many', 'zeta', '0'], ['XGROUP', 'CREATE', 'x:many', 'alpha', '1100']);
  commands.push(['XREADGROUP', 'GROUP', 'zeta', 'carol', 'COUNT', '30', 'STREAMS', 'x:many', '>']);
  commands.push(['XREADGROUP', 'GROUP', 'zeta', 'alice', 'COUNT', '30', 'STREAMS', 'x:many', '>']);
  commands.push(['XREADGROUP', 'GROUP', 'alpha', 'dave', 'COUNT', '5', 'STREAMS', 'x:many', '>']);
  commands.push(['XACK', 'x:many', 'zeta', '1060-0', '1064-1']);
  if (name !== 'redis-6.0') commands.push(['XGROUP', 'CREATECONSUMER', 'x:many', 'alpha', 'idle']);
  if (name === 'redis-8.6') {
    for (const index of range(5))
      commands.push(['XADD', 'x:idmp', 'IDMP', `p${index % 2}`, `i${index}`, '*', 'f', String(index)]);
    commands.push(
      ['XADD', 'x:idmp', 'IDMP', 'p0', 'i0', '*', 'f', '0'],
      ['XCFGSET', 'x:cfg', 'IDMP-DURATION', '500'],
      ['XADD', 'x:cfg', '1-1', 'a', 'b'],
    );
    commands.push(['XCFGSET', 'x:cfg', 'IDMP-DURATION', '500', 'IDMP-MAXSIZE', '7']);
    commands.push(['XADD', 'x:cfg', 'IDMP', 'prod', 'id', '*', 'f', 'v']);
  }
  return commands;
}

function fieldExpiries(name: ServerName): Command[] {
  if (!['redis-8.0', 'redis-8.6', 'valkey-9.1'].includes(name)) return [];
  const commands: Command[] = [['HSET', 'h:ttl', 'a', '1', 'b', '2', 'c', '3', 'd', '4']];
  commands.push(
    ['HPEXPIREAT', 'h:ttl', '9999999999999', 'FIELDS', '1', 'c'],
    ['HPEXPIREAT', 'h:ttl', '8888888888888', 'FIELDS', '1', 'b'],
  );
  for (const index of range(600)) commands.push(['HSET', 'h:ttl-many', `f${index}`, `v${index}`]);
  for (const index of range(100))
    commands.push(['HPEXPIREAT', 'h:ttl-many', String(7_000_000_000_000 + index * 1000), 'FIELDS', '1', `f${index}`]);
  commands.push(
    ['HSET', 'h:ttl-long', 'f', wide(70, 2)],
    ['HPEXPIREAT', 'h:ttl-long', '9999999999999', 'FIELDS', '1', 'f'],
  );
  return commands;
}

const library = `#!lua name=aofkit\nredis.register_function('one', function() return 1 end)\n-- ${'x'.repeat(50)}\n`;

/** Every command of the dataset for this generation; vector sets only on request: they end the server's BGREWRITEAOF. */
function datasetCommands(name: ServerName, hasVectors = true): Command[] {
  const commands = [
    ...strings(),
    ...lists(),
    ...sets(),
    ...sortedSets(),
    ...hashes(),
    ...streams(name),
    ...fieldExpiries(name),
  ];
  if (name !== 'redis-6.0') commands.push(['FUNCTION', 'LOAD', library]);
  if (hasVectors && name.startsWith('redis-8')) {
    commands.push(
      ['VADD', 'v:set', 'VALUES', '3', '1', '2', '3', 'element'],
      ['VADD', 'v:set', 'VALUES', '3', '1', '0', '-3', 'b', 'SETATTR', '{"a":1}'],
    );
    commands.push(
      ['VADD', 'v:floats', 'VALUES', '3', '1', '2', '3', 'e', 'NOQUANT'],
      ['VADD', 'v:bits', 'VALUES', '3', '1', '-2', '3', 'e', 'BIN'],
    );
    commands.push(['VADD', 'v:reduced', 'REDUCE', '2', 'VALUES', '3', '1', '-2', '3', 'e']);
  }
  commands.push(['SELECT', '5'], ['SET', 'in-five', '1'], ['PEXPIRE', 'in-five', '100000000000'], ['SELECT', '0']);
  return commands;
}

/** Builds the dataset in a server; an error reply is thrown. */
export async function buildDataset(server: Server, hasVectors = true): Promise<void> {
  const commands = datasetCommands(server.name, hasVectors);
  const replies = await server.pipeline(commands);
  for (const [index, reply] of replies.entries()) {
    // The first XCFGSET is of a key that is not there yet.
    if (reply instanceof Error && !/no such key/i.test(reply.message)) {
      throw new Error(`${String(commands[index][0])} ${String(commands[index][1])}: ${reply.message}`);
    }
  }
}
