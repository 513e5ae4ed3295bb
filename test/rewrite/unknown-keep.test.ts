/*
 * --unknown keep: what stands before the first command of unknown effect is rewritten, the rest is copied. Random logs with scripts in
 * random places, in transactions too, have on every real server the same digest before and after.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { convert, digest, type OutputFormat, rewrite } from '../../src/index.ts';
import { Random } from '../engine/special/replay.ts';
import { encodeCommand } from '../support/reply.ts';
import { describeWithServers, type ServerName, temporaryDir } from '../support/servers.ts';
import { LoadingServer } from './loader.ts';
import { isLong, newPath } from './outputs.ts';
import { shaOf } from './script-logs.ts';

const at = Date.now();
const append = "return redis.call('APPEND', KEYS[1], 'x')";
const countUp = "redis.call('SADD', KEYS[1], redis.call('DBSIZE')) return 1";
const firstSeed = Number(process.env.AOFKIT_SEED ?? 1);
const logsEach = isLong ? 40 : 8;

function plainCommand(random: Random): string[] {
  const key = `k${random.below(5)}`;
  const choices = [
    ['SET', key, `${random.below(100)}`],
    ['DEL', key],
    ['RPUSH', `l${random.below(3)}`, 'a', 'b'],
    ['SELECT', `${random.below(3)}`],
    ['FLUSHDB'],
    ['HSET', `h${random.below(3)}`, `f${random.below(3)}`, 'v'],
    ['PEXPIREAT', key, '4000000000000'],
    ['SCRIPT', 'LOAD', append],
  ];
  return choices[random.below(choices.length)];
}

/** Commands, scripts among them from a random place on. */
function randomLog(random: Random): string[][] {
  const commands: string[][] = [['SCRIPT', 'LOAD', append]];
  const quiet = random.below(30);
  for (let index = 0; index < 50; index++) {
    const isScript = index >= quiet && random.chance(0.15);
    const script = random.chance(0.5)
      ? ['EVAL', random.chance(0.5) ? append : countUp, '1', `s${random.below(4)}`]
      : ['EVALSHA', shaOf(append), '1', `k${random.below(5)}`];
    const one = isScript ? script : plainCommand(random);
    if (random.chance(0.1)) commands.push(['MULTI'], plainCommand(random), one, plainCommand(random), ['EXEC']);
    else commands.push(one);
  }
  return commands;
}

const bytesOf = (commands: readonly string[][]) => Buffer.concat(commands.map((command) => encodeCommand(command)));

function asFile(commands: readonly string[][]): string {
  const path = join(temporaryDir(), 'appendonly.aof');
  writeFileSync(path, bytesOf(commands));
  return path;
}

/** The same in three parts, each of which begins in database 0, and with annotations. */
function asParts(commands: readonly string[][], random: Random): string {
  const dir = join(temporaryDir(), 'appendonlydir');
  mkdirSync(dir);
  const names = ['appendonly.aof.1.base.aof', 'appendonly.aof.1.incr.aof', 'appendonly.aof.2.incr.aof'];
  let isInside = false;
  const cuts = commands.flatMap(([word], index) => {
    const isApart = !isInside;
    if (word === 'MULTI' || word === 'EXEC') isInside = word === 'MULTI';
    return isApart ? [index] : [];
  });
  const first = cuts[random.below(cuts.length)];
  const second = cuts.filter((cut) => cut >= first)[random.below(2)] ?? first;
  const parts = [commands.slice(0, first), commands.slice(first, second), commands.slice(second)];
  for (const [index, name] of names.entries()) {
    const annotated = parts[index].map((command) =>
      Buffer.concat([Buffer.from('#TS:1700000000\r\n'), encodeCommand(command)]),
    );
    const hasMulti = parts[index].some(([word]) => word === 'MULTI');
    writeFileSync(join(dir, name), hasMulti ? bytesOf(parts[index]) : Buffer.concat(annotated));
  }
  const lines = names.map((name, index) => `file ${name} seq ${Math.max(index, 1)} type ${index === 0 ? 'b' : 'i'}\n`);
  writeFileSync(join(dir, 'appendonly.aof.manifest'), lines.join(''));
  return dir;
}

const layouts = (name: ServerName): OutputFormat[] =>
  name === 'redis-6.0' ? ['aof', 'hybrid'] : ['aof', 'hybrid', 'multipart'];

describeWithServers('random logs with scripts', (name) => {
  it('hold the same when what follows the first script is copied', async () => {
    const loader = await LoadingServer.start(name);
    for (let seed = firstSeed; seed < firstSeed + logsEach; seed++) {
      const random = new Random(seed);
      const log = randomLog(random);
      const inParts = name !== 'redis-6.0' && random.chance(0.5);
      const path = inParts ? asParts(log, random) : asFile(log);
      const expected = await loader.digestOf(path, inParts ? 'multipart' : 'aof');
      for (const format of layouts(name)) {
        const options = { opaque: 'keep', target: name, at, verify: true } as const;
        const output = newPath();
        const result = await rewrite(path, { ...options, output, format });
        expect([seed, format, result.reason, result.verified]).toEqual([seed, format, '', true]);
        expect([seed, format, await loader.digestOf(output, format)]).toEqual([seed, format, expected]);
        const other = newPath();
        const converted = await convert(path, {
          ...options,
          output: other,
          to: format,
          compact: true,
          allowLoss: true,
        });
        expect([seed, format, converted.reason, converted.copied]).toEqual([seed, format, '', result.copied]);
        expect([seed, format, await loader.digestOf(other, format)]).toEqual([seed, format, expected]);
      }
    }
    await loader.stop();
  }, 120_000);
});

const lines = (...texts: string[]) => asFile(texts.map((text) => text.split(' ')));

it('copies the rest of the log byte for byte, with the annotation before it, and not its torn tail', async () => {
  const path = lines('SELECT 2', 'SET a 1', 'SET a 2');
  const rest = Buffer.concat([
    Buffer.from('#TS:1700000000\r\n'),
    bytesOf([['MULTI'], ['BF.ADD', 'b', 'x'], ['EXEC'], ['SET', 'c', '3']]),
  ]);
  writeFileSync(path, Buffer.concat([readFileSync(path), rest, Buffer.from('*3\r\n$3\r\nSE')]));
  const output = newPath();
  const result = await rewrite(path, { output, opaque: 'keep', at });
  const head = bytesOf([
    ['SELECT', '2'],
    ['SET', 'a', '2'],
    ['SELECT', '2'],
  ]);
  expect(readFileSync(output, 'latin1')).toBe(Buffer.concat([head, rest]).latin1Slice());
  expect([result.copied?.bytes, result.copied?.commands, result.commands.read]).toEqual([rest.length, 4, 7]);
  expect(result.digest).toBe('');
});

it('leaves a log without such commands as it was', async () => {
  const output = newPath();
  const path = lines('SET a 1', 'SET a 2');
  const result = await rewrite(path, { output, opaque: 'keep', at });
  expect([result.copied, result.digest]).toEqual([undefined, (await digest(path, { at })).digest]);
});
