import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CommandPattern } from '../../src/dataset/point/command-pattern.ts';
import { digest, type PointInTime, restore, rewrite, UsageError } from '../../src/index.ts';
import { CommandView } from '../../src/resp/command-view.ts';
import { aof, writeFolder } from '../boot/folder.ts';
import { temporaryDir } from '../support/servers.ts';

const at = 1_800_000_000_000;
const ofText = (...commands: string[]) => aof(...commands).toString('latin1');

/** Restores a log and gives the digest of the result, or why it was refused. */
async function restored(
  log: string | Buffer | Record<string, string | Buffer>,
  point: PointInTime,
  { force = false } = {},
) {
  const dir = temporaryDir();
  const files = typeof log === 'string' || Buffer.isBuffer(log) ? { 'a.aof': log } : log;
  writeFolder({ name: '', files }, dir);
  const path = 'a.aof' in files ? join(dir, 'a.aof') : dir;
  const output = join(dir, 'out.aof');
  const result = await restore(path, { point, output, format: 'aof', at, target: 'redis-7.0', force });
  for (const [name, bytes] of Object.entries(files))
    expect(readFileSync(join(dir, name)).equals(Buffer.from(bytes as Buffer))).toBe(true);
  return {
    ...result,
    digest: result.rewrite.outcome === 'written' ? (await digest(output, { at, flavor: 'redis-8' })).digest : '',
  };
}

async function digestOf(...commands: string[]): Promise<string | undefined> {
  const path = join(temporaryDir(), 'x.aof');
  writeFileSync(path, aof(...commands));
  return (await digest(path, { at, flavor: 'redis-8' })).digest;
}

const parts = (...files: string[]) => {
  const manifest = files.map((_, index) => `file a.${index + 1}.incr.aof seq ${index + 1} type i\n`).join('');
  return {
    ...Object.fromEntries(files.map((text, index) => [`a.${index + 1}.incr.aof`, text])),
    'a.manifest': manifest,
  };
};

describe('command pattern', () => {
  const matches = (pattern: string, command: string) =>
    new CommandPattern(pattern).matches(CommandView.of(command.split(' ')));
  it.each([
    ['FLUSHALL', 'flushall', true],
    ['flushall', 'FLUSHALL ASYNC', true],
    ['FLUSH*', 'FLUSHDB', true],
    ['FLUSHALL', 'FLUSHDB', false],
    ['DEL user:*', 'DEL user:1', true],
    ['DEL user:*', 'DEL a user:1', false],
    ['DEL user:1', 'DEL user:1 user:2', true],
    ['DEL user:1', 'DEL user:12', false],
    ['*', 'SET a b', true],
    ['* a', 'SET a b', true],
    ['[ds]el k', 'DEL k', true],
    ['[DS]EL k', 'DEL k', true],
  ])('%s on %s: %s', (pattern, command, wanted) => {
    expect(matches(pattern, command)).toBe(wanted);
  });
});

describe('restore: where a log ends', () => {
  const log = ['SELECT 0', 'SET a 1', 'SET b 2', 'MULTI', 'SET c 3', 'FLUSHALL', 'SET d 4', 'EXEC', 'SET e 5'];
  const upTo = (count: number) => digestOf(...log.slice(0, count));

  it.each([
    [2, 2],
    [3, 3],
    [4, 3],
    [5, 3],
    [7, 3],
    [8, 8],
    [9, 9],
    [99, 9],
  ])('after %i commands, with whole transactions only', async (number, count) => {
    expect((await restored(aof(...log), { toCommand: { number } })).digest).toBe(await upTo(count));
  });

  it('before the last command of a name, in a transaction', async () => {
    const { digest: found, preview } = await restored(aof(...log), { beforeLast: { pattern: 'FLUSHALL', minus: 0 } });
    expect(found).toBe(await upTo(3));
    expect(preview?.selection.commands).toBe(3);
    expect(preview?.difference).toMatchObject([{ database: 0, keys: 2, keysAtEnd: 2, added: 2, gone: 2, changed: 0 }]);
  });

  it('at an offset: what ends there or before counts', async () => {
    const offset = ofText(...log.slice(0, 2)).length;
    for (const [at, count] of [
      [offset, 2],
      [offset - 1, 1],
      [offset + 1, 2],
    ] as const)
      expect((await restored(aof(...log), { toOffset: { file: 'a.aof', offset: at } })).digest).toBe(await upTo(count));
  });

  it('in a part of several', async () => {
    const files = parts(ofText('SET a 1'), ofText('SET b 2', 'DEL a'), ofText('SET c 3'));
    const points: [PointInTime, string[]][] = [
      [{ toOffset: { file: 'a.1.incr.aof', offset: 1000 } }, ['SET a 1']],
      [{ toCommand: { number: 2 } }, ['SET a 1', 'SET b 2']],
      [{ toCommand: { file: 'a.2.incr.aof', number: 1 } }, ['SET a 1', 'SET b 2']],
      [{ before: 'DEL' }, ['SET a 1', 'SET b 2']],
      [{ without: ['DEL a'] }, ['SET a 1', 'SET b 2', 'SET c 3']],
      [{ without: [{ from: 2, to: 3 }] }, ['SET a 1', 'SET c 3']],
      [{ without: [{ file: 'a.2.incr.aof', from: 1, to: 1 }] }, ['SET c 3']],
    ];
    for (const [point, commands] of points)
      expect([point, (await restored(files, point)).digest]).toEqual([point, await digestOf(...commands)]);
  });

  it('before damage that lies behind the point', async () => {
    const files = { ...parts(ofText('SET a 1'), `${ofText('SET b 2')}garbage\r\n`, ofText('SET c 3')) };
    const { digest: found, preview } = await restored(files, { toCommand: { number: 2 } });
    expect(found).toBe(await digestOf('SET a 1', 'SET b 2'));
    expect(preview?.difference).toBeUndefined();
    expect((await restored(files, { toCommand: { number: 3 } })).rewrite.outcome).toBe('refused');
    expect((await restored(files, { beforeLast: { pattern: 'SET', minus: 0 } })).rewrite.outcome).toBe('refused');
  });

  it('leaves SELECT and MULTI in what it leaves out', async () => {
    const commands = ['SELECT 0', 'SET a 1', 'SELECT 1', 'MULTI', 'SET b 1', 'SET c 1', 'EXEC', 'SET d 1'];
    const { digest: found, preview } = await restored(aof(...commands), { without: [{ from: 2, to: 5 }] });
    expect(found).toBe(await digestOf('SELECT 1', 'SET c 1', 'SET d 1'));
    expect(preview?.selection.leftOut).toBe(2);
  });

  it('at a time: what stands before the first later annotation', async () => {
    const log = `#TS:100\r\n${ofText('SET a 1')}#TS:200\r\n${ofText('MULTI', 'SET b 2')}#TS:300\r\n${ofText('EXEC', 'SET c 3')}#TS:900\r\n${ofText('FLUSHALL')}`;
    const points: [PointInTime, string[]][] = [
      [{ toTimestamp: 100 }, ['SET a 1']],
      [{ toTimestamp: 199 }, ['SET a 1']],
      [{ toTimestamp: 299 }, ['SET a 1']],
      [{ toTimestamp: 300 }, ['SET a 1', 'SET b 2', 'SET c 3']],
      [{ beforeLast: { pattern: 'FLUSHALL', minus: 300 } }, ['SET a 1', 'SET b 2', 'SET c 3']],
      [{ beforeLast: { pattern: 'FLUSHALL', minus: 700 } }, ['SET a 1']],
    ];
    for (const [point, commands] of points)
      expect([point, (await restored(log, point)).digest]).toEqual([point, await digestOf(...commands)]);
    expect((await restored(log, { toTimestamp: 99 })).rewrite.outcome).toBe('refused');
    expect((await restored(ofText('SET a 1'), { toTimestamp: 99 })).rewrite.outcome).toBe('refused');
  });

  it('at a time that the log does not reach only by force', async () => {
    const log = `${ofText('SET z 1')}#TS:200\r\n${ofText('SET a 1')}`;
    for (const [toTimestamp, commands] of [
      [201, ['SET z 1', 'SET a 1']],
      [199, ['SET z 1']],
    ] as const) {
      const refused = await restored(log, { toTimestamp });
      expect([refused.rewrite.outcome, refused.rewrite.reason]).toEqual([
        'refused',
        expect.stringContaining('--force'),
      ]);
      expect((await restored(log, { toTimestamp }, { force: true })).digest).toBe(await digestOf(...commands));
    }
  });

  it('refuses what the log does not have', async () => {
    const log = ofText('SET a 1');
    for (const point of [
      { before: 'FLUSHALL' },
      { beforeLast: { pattern: 'FLUSHALL', minus: 0 } },
      { toOffset: { file: 'b.aof', offset: 1 } },
    ])
      expect((await restored(log, point)).rewrite.outcome).toBe('refused');
    await expect(restored(log, {})).rejects.toBeInstanceOf(UsageError);
    await expect(restored(log, { before: 'X', toCommand: { number: 1 } })).rejects.toBeInstanceOf(UsageError);
    const path = join(temporaryDir(), 'x.aof');
    writeFileSync(path, log);
    await expect(rewrite(path, { inPlace: true, at, point: { toCommand: { number: 1 } } })).rejects.toBeInstanceOf(
      UsageError,
    );
  });

  it('writes nothing for a dry run', async () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'x.aof'), aof('SET a 1', 'DEL a'));
    const result = await restore(join(dir, 'x.aof'), { point: { before: 'DEL' }, dryRun: true, at });
    expect([result.ok, result.rewrite.outcome, result.preview?.databases[0].keys]).toEqual([true, 'reviewed', 1]);
    expect(result.preview?.difference).toMatchObject([{ added: 1, firstAdded: ['a'] }]);
  });
});
