/*
 * What is said of a key (expiry, idle time, counter of use) stays said until the key comes, whatever items stand between: the servers keep
 * it until then. KeyDB writes an AUX field there.
 */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { type Bytes, int64, join, length, string } from '../../fixtures/generate/rdb-bytes.ts';
import { check } from '../../src/operations/check/check.ts';
import { convert } from '../../src/operations/convert/convert.ts';
import { digest } from '../../src/operations/digest/digest.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { rewrite } from '../../src/operations/rewrite/rewrite.ts';
import { command, runOurs, runTheirs } from '../compat/comparison.ts';
import { Random } from '../fuzz/mutation.ts';
import { describeWithServers, type ServerName, startServer, temporaryDir } from '../support/servers.ts';
import { aux, key, rdbOf } from './rdb-file.ts';

const years = 4_102_444_800_000;
const expiry = (random: Random) => join(0xfc, int64(years + random.below(1e9)));
const seconds = (random: Random) => {
  const bytes = Buffer.alloc(5, 0xfd);
  bytes.writeInt32LE(2_000_000_000 + random.below(1e6), 1);
  return bytes;
};

/** Items that a server takes between what is said of a key and the key. */
function between(random: Random, functions: boolean): Bytes {
  const kinds = [
    () => aux('mvcc-tstamp', '1645954001566433280'),
    () => aux('x', 'y'),
    () => join(0xfb, length(3), length(1)),
    () => join(0xfe, random.below(3)),
  ];
  if (functions) kinds.push(() => library(random));
  return kinds[random.below(kinds.length)]();
}

let libraries = 0;
const library = (random: Random) => {
  const name = `l${libraries++}_${random.below(1000)}`;
  return join(0xf5, string(`#!lua name=${name}\nredis.register_function('${name}', function() return 1 end)`));
};

/** Keys with all that can be said of them, some of it before other items. */
function items(random: Random, functions: boolean): Bytes[] {
  const made: Bytes[] = [join(0xfe, 0)];
  for (let index = 0; index < 40; index++) {
    for (let count = random.below(4); count > 0; count--) {
      const kind = random.below(5);
      if (kind === 0) made.push(expiry(random));
      else if (kind === 1) made.push(seconds(random));
      else if (kind === 2) made.push(join(0xf8, length(random.below(100))));
      else if (kind === 3) made.push(join(0xf9, random.below(255)));
      if (random.below(2) === 0) made.push(between(random, functions));
    }
    if (random.below(3) === 0) made.push(between(random, functions));
    made.push(random.below(2) === 0 ? key(`k${index}`, 'value') : join(2, string(`s${index}`), length(1), string('m')));
  }
  // Nothing comes that this would be said of.
  if (random.below(2) === 0) made.push(expiry(random));
  return made;
}

async function theirDigest(name: ServerName, bytes: Uint8Array, asLog: boolean): Promise<string> {
  const dir = temporaryDir();
  const multi = asLog && name !== 'redis-6.0';
  const folder = multi ? path.join(dir, 'appendonlydir') : dir;
  if (multi) fs.mkdirSync(folder);
  const file = asLog ? (multi ? 'appendonly.aof.1.base.rdb' : 'appendonly.aof') : 'dump.rdb';
  fs.writeFileSync(path.join(folder, file), bytes);
  if (multi) fs.writeFileSync(path.join(folder, 'appendonly.aof.manifest'), `file ${file} seq 1 type b\n`);
  const server = await startServer(name, { dir, config: asLog ? { appendonly: 'yes' } : {} });
  const sum = String(await server.command('DEBUG', 'DIGEST'));
  await server.kill();
  return sum;
}

describeWithServers('an item between what is said of a key and the key', (name) => {
  const functions = name !== 'redis-6.0';
  const at = Date.now();
  it.each([1, 2, 3])('as the server loads it, seed %i', { timeout: 120_000 }, async (seed) => {
    const random = new Random(seed * 7919);
    const bytes = rdbOf(functions ? 'REDIS0010' : 'REDIS0009', items(random, functions));
    const file = path.join(temporaryDir(), 'dump.rdb');
    fs.writeFileSync(file, bytes);
    const theirs = await theirDigest(name, bytes, false);
    expect((await digest(file, { at })).digest).toBe(theirs);

    for (const to of ['rdb', 'aof'] as const) {
      const output = `${file}.${to}`;
      const result = await convert(file, { to, output, target: name, at, verify: true, allowLoss: true } as never);
      expect([result.outcome, result.reason]).toEqual(['written', '']);
      expect((await digest(output, { at })).digest).toBe(theirs);
    }
    if (!name.startsWith('valkey')) {
      const run = { tool: 'rdb', args: [file] } as const;
      expect(runOurs(run).stdout.match(/\[info\].* (already )?expire[sd]/g)).toEqual(
        runTheirs(run, name).stdout.match(/\[info\].* (already )?expire[sd]/g),
      );
    }
    const [report] = (await check(file)).files;
    const expires = / (\d+) expires/.exec(runTheirs({ tool: 'rdb', args: [file] }, name).stdout)?.[1];
    if (expires !== undefined) expect(String(report.rdb?.expires)).toBe(expires);
  });

  it.each([4, 5])('in front of a log that touches some of the keys, seed %i', { timeout: 120_000 }, async (seed) => {
    const random = new Random(seed * 7919);
    const body = rdbOf(functions ? 'REDIS0010' : 'REDIS0009', items(random, functions));
    const commands = command('SELECT', '0') + command('APPEND', 'k1', 'x') + command('SADD', 's3', 'n');
    const bytes = Buffer.concat([body, Buffer.from(commands)]);
    const file = path.join(temporaryDir(), 'appendonly.aof');
    fs.writeFileSync(file, bytes);
    const theirs = await theirDigest(name, bytes, true);
    expect((await digest(file, { at })).digest).toBe(theirs);
    for (const format of ['rdb', 'aof'] as const) {
      const output = `${file}.${format}`;
      const result = await rewrite(file, { output, target: name, format, at, verify: true } as never);
      expect(result.ok).toBe(true);
      expect((await digest(output, { at })).digest).toBe(theirs);
      // A second rewrite has nothing to change.
      await rewrite(output, { output: `${output}.2`, target: name, format, at } as never);
      expect((await digest(`${output}.2`, { at })).digest).toBe(theirs);
    }
  });

  it('what goes with a key that repair takes out goes too', { timeout: 120_000 }, async () => {
    const pair = (value: string) => [join(0xfc, int64(years)), aux('mvcc-tstamp', '1'), key('twice', value)];
    const file = path.join(temporaryDir(), 'dump.rdb');
    const all = [join(0xfe, 0), ...pair('one'), key('other'), ...pair('two'), key('last')];
    fs.writeFileSync(file, rdbOf('REDIS0009', all));
    for (const duplicates of ['first', 'last'] as const) {
      const output = `${file}.${duplicates}`;
      expect((await repair(file, { output, duplicates })).ok).toBe(true);
      const wanted = [join(0xfe, 0), ...pair(duplicates === 'first' ? 'one' : 'two'), key('other'), key('last')];
      expect((await digest(output, { at })).digest).toBe(await theirDigest(name, rdbOf('REDIS0009', wanted), false));
    }
  });

  it('and with one that is damaged', { timeout: 120_000 }, async () => {
    const file = path.join(temporaryDir(), 'dump.rdb');
    const bad = join(0, string('bad'), 0x82, 0x82, 0x82);
    const before = [join(0xfe, 0), ...Array.from({ length: 8 }, (_, index) => key(`before${index}`, 'some value'))];
    const after = Array.from({ length: 8 }, (_, index) => key(`after${index}`, 'some value'));
    const damaged = rdbOf(
      'REDIS0009',
      [...before, join(0xfc, int64(years)), aux('mvcc-tstamp', '1'), bad, ...after],
      'wrong',
    );
    fs.writeFileSync(file, damaged);
    const output = `${file}.out`;
    // The database does not say how many keys it has: nothing tells that only this one is missing.
    expect(await repair(file, { output })).toMatchObject({ outcome: 'repaired', ok: false });
    const wanted = rdbOf('REDIS0009', [...before, ...after]);
    expect((await digest(output, { at })).digest).toBe(await theirDigest(name, wanted, false));
  });
});
