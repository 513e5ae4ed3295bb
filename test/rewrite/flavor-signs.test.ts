/* Whose rules were followed, why, and what in the files speaks against them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir, goldenNames, readProvenance } from '../../fixtures/generate/golden.ts';
import { flavorsThatKnow } from '../../src/dataset/version-hints.ts';
import { digest, rewrite } from '../../src/index.ts';
import { commandRows } from '../../src/servers/commands.generated.ts';
import { hasGeneration } from '../../src/servers/generations.ts';
import { aofkit } from '../cli/run.ts';
import { flavorOfServer } from '../digest/flavors.ts';
import { encodeCommand } from '../support/reply.ts';
import { type ServerName, serverNames, temporaryDir } from '../support/server-process.ts';
import { newPath } from './outputs.ts';

const at = Date.now();
const log = (...lines: string[]): string => {
  const path = join(temporaryDir(), 'appendonly.aof');
  writeFileSync(path, Buffer.concat(lines.map((line) => encodeCommand(line.split(' ')))));
  return path;
};
const ofValkey = () => log('SET a 1', 'DELIFEQ a 1', 'HSETEX h PXAT 1000 FIELDS 1 f v', 'HSET h g w');

describe('commands that only some servers know', () => {
  it('are those that the servers at hand name', () => {
    for (const row of commandRows.filter(([, , , flags]) => flags.includes('w'))) {
      for (const server of serverNames) {
        const isThere = hasGeneration(row[8], server);
        // 6.0 stands for 6.2 and lists no subcommands; a generation of 8 for all of them.
        if (server === 'redis-6.0' && !isThere) continue;
        if (server.startsWith('redis-8') && !isThere) continue;
        expect([row[0], server, flavorsThatKnow(row).includes(flavorOfServer[server])]).toEqual([
          row[0],
          server,
          isThere,
        ]);
      }
    }
  });

  it.each([
    ['HEXPIRE', ['redis-7.4', 'redis-8', 'valkey-9', 'valkey-9.2']],
    ['DELIFEQ', ['valkey-9', 'valkey-9.2']],
    ['PHSET', ['valkey-9.2']],
    ['ZMOVE', ['redis-8']],
    ['XACKDEL', ['redis-8', 'valkey-9.2']],
    ['LMPOP', ['redis-7.0', 'redis-7.2', 'redis-7.4', 'redis-8', 'valkey-8', 'valkey-9', 'valkey-9.2']],
    [
      'XAUTOCLAIM',
      ['redis-6.2', 'redis-7.0', 'redis-7.2', 'redis-7.4', 'redis-8', 'valkey-8', 'valkey-9', 'valkey-9.2'],
    ],
  ])('%s', (name, known) => {
    const row = commandRows.find((one) => one[0] === name);
    expect(row && flavorsThatKnow(row)).toEqual(known);
  });

  it('are told by digest, which follows the flavor that it was given', async () => {
    const path = ofValkey();
    const [redis, valkey] = [await digest(path, { at }), await digest(path, { at, flavor: 'valkey-9' })];
    expect([redis.flavor, redis.foreign]).toEqual([
      'redis-8',
      [{ name: 'DELIFEQ', count: 1, known: ['valkey-9', 'valkey-9.2'] }],
    ]);
    expect([valkey.flavor, valkey.foreign]).toEqual(['valkey-9', []]);
    expect(redis.digest).not.toBe(valkey.digest);
    const old = await digest(log('HSET h f v', 'HPEXPIREAT h 4000000000000 FIELDS 1 f'), { at, flavor: 'redis-7.2' });
    expect(old.foreign.map(({ name }) => name)).toEqual(['HPEXPIREAT']);
  });

  it('tell rewrite whose rules and which target they are', async () => {
    const path = ofValkey();
    const result = await rewrite(path, { output: newPath(), at, verify: true });
    expect(result).toMatchObject({
      outcome: 'written',
      rules: { flavor: 'valkey-9', because: 'commands' },
      target: 'valkey-9.0',
      foreign: [],
    });
    expect(result.digest).toBe((await digest(path, { at, flavor: 'valkey-9' })).digest);
    const wanted = await rewrite(path, { output: newPath(), at, target: 'redis-8.0' });
    expect(wanted).toMatchObject({ target: 'redis-8.0', rules: { flavor: 'valkey-9', because: 'commands' } });
  });
});

describe('rewrite says whose rules it followed', () => {
  const rulesOf = async (path: string, target?: string) =>
    (await rewrite(path, { output: newPath(), at, target })).rules;

  it('of a log without an RDB: the default, or the target', async () => {
    const path = log('SET a 1');
    expect(await rulesOf(path)).toEqual({ flavor: 'redis-8', because: 'default' });
    expect(await rulesOf(path, 'valkey-9.1')).toEqual({ flavor: 'valkey-9', because: 'target' });
    expect(await rulesOf(path, 'redis-7.0')).toEqual({ flavor: 'redis-7.0', because: 'target' });
  });

  const written = goldenNames()
    .map(readProvenance)
    .filter(({ name, writer }) => name.endsWith('-rdb-little') && (serverNames as readonly string[]).includes(writer));

  it.each(written.map(({ name }) => name))('of an RDB: its server, %s', async (name) => {
    const { path, writer } = readProvenance(name);
    const flavor = flavorOfServer[writer as ServerName];
    expect(await rulesOf(join(goldenDir(name), path))).toEqual({ flavor, because: 'rdb' });
    const { writer: found } = await digest(join(goldenDir(name), path), { at });
    expect(found).toBe(flavor);
  });
});

describe('aofkit digest', () => {
  const golden = (name: string) => join(goldenDir(name), readProvenance(name).path);

  it('follows the writer that the file names, or the server that was asked for, by every name of a target', () => {
    const path = golden('valkey-9.1-rdb-little');
    const flavor = (...flags: string[]) => JSON.parse(aofkit(['digest', path, '--json', ...flags]).stdout).results[0];
    expect(flavor()).toMatchObject({ flavor: 'valkey-9', writer: 'valkey-9', differsForWriter: false, foreign: [] });
    expect(flavor('--server', 'valkey-9.1')).toEqual(flavor());
    expect(flavor('--server', 'redis-8.6')).toMatchObject({ flavor: 'redis-8', differsForWriter: true });
    expect(flavor('--flavor', 'redis-8')).toEqual(flavor('--server', 'redis-8'));
    expect(aofkit(['digest', path, '--server', 'redis-8']).stderr).toBe('');
  });

  it('is silent where the rules count alike', () => {
    expect(aofkit(['digest', golden('redis-8.6-rdb-little')]).stderr).toBe('');
    expect(aofkit(['digest', golden('valkey-9.1-rdb-empty')]).stderr).toBe('');
  });
});
