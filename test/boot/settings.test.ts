import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boot, UnreadableError, UsageError } from '../../src/index.ts';
import { parseConfiguration, readConfiguration, unknownDirective } from '../../src/operations/boot/directives.ts';
import { settingsOf } from '../../src/operations/boot/settings.ts';
import { temporaryDir } from '../support/servers.ts';
import { aof, writeFolder } from './folder.ts';

const settings = (text: string) => settingsOf(parseConfiguration(text), false);

describe('boot: settings', () => {
  it('reads words as a server does, the last line of a name winning', () => {
    const found = settings(
      '# no\n  APPENDONLY no\nappendonly yes\r\nappendfilename "my log\\x2eaof"\nappenddirname \'a b\'\nauto-aof-rewrite-min-size 1gb\n',
    );
    expect(found).toMatchObject({
      appendonly: true,
      appendfilename: 'my log.aof',
      appenddirname: 'a b',
      rewriteMinSize: 2 ** 30,
    });
  });

  it('adds save points up, and clears them', () => {
    expect(settings('').save).toEqual([
      [3600, 1],
      [300, 100],
      [60, 10000],
    ]);
    expect(settings('save 10 1\nsave 20 2 30 3').save).toEqual([
      [10, 1],
      [20, 2],
      [30, 3],
    ]);
    expect(settings('save 10 1\nsave ""').save).toEqual([]);
  });

  it('follows include lines, with globs, and refuses a circle', () => {
    const dir = temporaryDir();
    mkdirSync(join(dir, 'd'));
    writeFileSync(join(dir, 'a.conf'), `appendonly no\ninclude ${dir}/d/*.conf\ndbfilename last.rdb\n`);
    writeFileSync(join(dir, 'd', '1.conf'), 'appendonly yes\ndbfilename first.rdb\n');
    writeFileSync(join(dir, 'd', '2.txt'), 'appendonly no\n');
    const found = settingsOf(readConfiguration(join(dir, 'a.conf')), false);
    expect([found.appendonly, found.dbfilename]).toEqual([true, 'last.rdb']);
    writeFileSync(join(dir, 'b.conf'), `include ${dir}/b.conf\n`);
    expect(() => readConfiguration(join(dir, 'b.conf'))).toThrow(UsageError);
    expect(() => readConfiguration(join(dir, 'none.conf'))).toThrow(UnreadableError);
  });

  it.each(['appendonly maybe', 'databases x', 'appendfsync never', 'dir "open'])('refuses %s', (line) => {
    expect(() => settings(line)).toThrow(UsageError);
  });

  it.each([
    ['appenddirname x', 'redis-6.2', true],
    ['appenddirname x', 'redis-7.0', false],
    ['aof-load-corrupt-tail-max-size 1', 'redis-8.2', true],
    ['aof-load-corrupt-tail-max-size 1', 'redis-8.10', false],
    ['aof-load-corrupt-tail-max-size 1', 'valkey-9.1', true],
    ['rdb-version-check strict', 'valkey-9.0', false],
    ['rdb-version-check strict', 'redis-8.6', true],
  ])('%s to %s: unknown %s', (line, server, unknown) => {
    expect(unknownDirective(parseConfiguration(line), server) !== undefined).toBe(unknown);
  });
});

describe('boot: what it is told', () => {
  const at = 1_800_000_000_000;

  it('refuses what it cannot look at', async () => {
    const dir = temporaryDir();
    await expect(boot(join(dir, 'none'), { server: 'redis-8.6', at })).rejects.toBeInstanceOf(UnreadableError);
    await expect(boot(dir, { server: 'redis-1.3', at })).rejects.toBeInstanceOf(UsageError);
  });

  it('tells of data that is not loaded', async () => {
    const dir = temporaryDir();
    writeFolder({ name: '', files: { 'appendonly.aof': aof('SET a 1') } }, dir);
    const off = await boot(dir, { server: 'redis-8.6', at });
    expect([off.starts, off.ok, off.unused.map(({ path }) => path)]).toEqual([true, false, ['appendonly.aof']]);
    const on = await boot(dir, { server: 'redis-8.6', settings: ['appendonly yes'], at });
    expect([on.ok, on.databases]).toEqual([true, [{ database: 0, keys: 1, expired: 0 }]]);
    expect(on.changes.map(({ action }) => action)).toEqual(['move', 'create', 'create']);
  });

  it('knows generations between those that are compared', async () => {
    const dir = temporaryDir();
    writeFolder({ name: '', files: { 'appendonly.aof': aof('HSETEX h FIELDS 1 f v') } }, dir);
    const starts = async (server: string) => (await boot(dir, { server, settings: ['appendonly yes'], at })).starts;
    expect([
      await starts('redis-7.4'),
      await starts('redis-8.2'),
      await starts('valkey-8.0'),
      await starts('valkey-9'),
    ]).toEqual([false, true, false, true]);
  });
});
