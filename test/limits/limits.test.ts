import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { logOf } from '../../fixtures/generate/flaws/inputs.ts';
import { join, length, rdbFile, string } from '../../fixtures/generate/rdb-bytes.ts';
import { CommandNotes } from '../../src/engine/command-notes.ts';
import { check, defaultLimits, digest, LimitError, rewrite, setLimits } from '../../src/index.ts';
import { CommandView } from '../../src/resp/command-view.ts';
import { runLimited } from '../support/faulty-process.ts';
import { temporaryDir } from '../support/servers.ts';

afterEach(() => setLimits(defaultLimits));

const inFile = (name: string, bytes: Buffer): string => {
  const file = path.join(temporaryDir(), name);
  fs.writeFileSync(file, bytes);
  return file;
};

/** Bytes of heap and buffers that `work` leaves in use at most, looked at whenever it gives way. */
async function growth(work: (pause: () => Promise<void>) => Promise<unknown>): Promise<number> {
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const before = used();
  let most = 0;
  await work(async () => {
    most = Math.max(most, used() - before);
  });
  return most;
}

/** LZF of a byte that comes `264 * steps + 1` times. */
function bomb(steps: number): Buffer {
  const stream = join([0, 0x61], Buffer.alloc(3 * steps, Buffer.from([0xe0, 255, 0])));
  return join(0xc3, length(stream.length), length(264 * steps + 1), stream);
}

describe('a long MULTI', () => {
  const set = logOf([['SET', 'k', 'v']]);
  const multi = logOf([['MULTI']]);

  it('without EXEC costs less memory than its log', async () => {
    const log = join(multi, Buffer.alloc(set.length * 300_000, set));
    const file = inFile('multi.aof', log);
    expect(await growth((pause) => digest(file, { at: 0, pause }))).toBeLessThan(log.length + 16 * 1024 ** 2);
  });

  it('with EXEC gives what the same commands give without', async () => {
    const long = 'x'.repeat(3000);
    const commands = Array.from({ length: 6000 }, (_, index) =>
      index % 3 === 0
        ? ['APPEND', `k${index % 7}`, long]
        : ['RPUSH', `list${index % 5}`, `${index}`, long.slice(index % 99)],
    );
    const plain = await digest(inFile('plain.aof', logOf(commands)), { at: 0 });
    const queued = await digest(inFile('multi.aof', logOf([['MULTI'], ...commands, ['EXEC']])), { at: 0 });
    expect(queued.digest).toBe(plain.digest);
  });

  it('notes places and numbers of every size', () => {
    const reader = { read: (_: number, offset: number, size: number) => Buffer.alloc(size, String(offset % 7)) };
    const notes = new CommandNotes(reader);
    const places = [1, 1000, 20_000, 2 ** 31 - 1, 2 ** 31 + 5000, 2 ** 40 + 5, 2 ** 52].map((start, index) => {
      const frame = CommandView.of(['SET', 'key', 'v'.repeat(index * 50)], index);
      return Object.assign(frame, { start, end: start + frame.bytes.length, base: start, ordinal: start });
    });
    for (const [index, frame] of places.entries()) notes.push(frame, index - 1);
    notes.rewind();
    for (const [index, { start, end, ordinal, source, argc }] of places.entries()) {
      const frame = notes.next();
      expect(frame).toMatchObject({ start, end, ordinal, source, argc });
      expect(notes.id).toBe(index - 1);
      expect(frame.lengths[2]).toBe(index * 50);
      expect(frame.text(1)).toBe(String(start % 7).repeat(3));
    }
  });
});

describe('databases', () => {
  const selects = (count: number, command: string[]) =>
    logOf(Array.from({ length: count }, (_, index) => [['SELECT', String(index)], command]).flat());

  it('more than the limit with keys are refused, and the flag is named', async () => {
    const file = inFile('databases.aof', selects(30, ['SET', 'k', 'v']));
    setLimits({ databases: 20 });
    await expect(digest(file, { at: 0 })).rejects.toThrow(
      /more than 20 databases hold keys; --max-databases raises this limit/,
    );
    await expect(digest(file, { at: 0 })).rejects.toBeInstanceOf(LimitError);
    setLimits({ databases: 30 });
    expect((await digest(file, { at: 0 })).ok).toBe(true);
  });

  it('of an RDB count too, though their keys are not loaded', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => join(0xfe, index, 0, string('k'), string('v')));
    const file = inFile('databases.rdb', rdbFile('REDIS0011', keys));
    setLimits({ databases: 20 });
    await expect(digest(file, { at: 0 })).rejects.toBeInstanceOf(LimitError);
    await expect(rewrite(file, { output: `${file}.out`, at: 0 })).rejects.toBeInstanceOf(LimitError);
    setLimits({ databases: 30 });
    expect((await digest(file, { at: 0 })).databases).toHaveLength(30);
  });

  it('without keys do not count', async () => {
    setLimits({ databases: 20 });
    const file = inFile('selects.aof', join(selects(100, ['DEL', 'k']), logOf([['SET', 'k', 'v']])));
    expect((await digest(file, { at: 0 })).ok).toBe(true);
  });
});

describe('compressed strings', () => {
  const file = () =>
    inFile(
      'bomb.rdb',
      rdbFile('REDIS0011', [[0xfe, 0], join(1, string('list'), length(2), bomb(20_000), bomb(20_000))]),
    );

  it('that come to more than the limit are refused before room is made for them', async () => {
    setLimits({ decompressedBytes: 8 * 1024 ** 2 });
    await expect(digest(file(), { at: 0 })).rejects.toThrow(/--max-decompressed/);
    expect((await check(file())).ok).toBe(true);
    setLimits({ decompressedBytes: 16 * 1024 ** 2 });
    expect((await digest(file(), { at: 0 })).ok).toBe(true);
  });

  it('of many values that commands change are bounded together', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `b${index}`);
    const values = keys.map((key) => join(4, string(key), length(1), string('f'), bomb(4000)));
    const rdb = rdbFile('REDIS0011', [[0xfe, 0], ...values]);
    const touched = inFile('bombs.aof', Buffer.concat([rdb, logOf(keys.map((key) => ['HSET', key, 'g', 'x']))]));
    setLimits({ decompressedBytes: 8 * 1024 ** 2 });
    for (const run of [
      () => digest(touched, { at: 0 }),
      () => rewrite(touched, { output: path.join(temporaryDir(), 'out'), at: 0 }),
    ])
      await expect(run()).rejects.toThrow(/--max-decompressed raises this limit/);
    // One after the other they take no more memory than one.
    expect((await digest(inFile('bombs.rdb', rdb), { at: 0 })).ok).toBe(true);
    setLimits({ decompressedBytes: 64 * 1024 ** 2 });
    expect((await digest(touched, { at: 0 })).ok).toBe(true);
  });

  it('that are no longer than text may be count as sound, whatever they come to', async () => {
    setLimits({ decompressedBytes: 1000 });
    const text = Array.from({ length: 900 }, (_, index) => `word${(index * 7919) % 1000}`).join(' ');
    const aof = inFile(
      'text.aof',
      logOf(Array.from({ length: 50 }, (_, index) => ['RPUSH', 'list', `${index} ${text}`])),
    );
    const rdb = path.join(temporaryDir(), 'text.rdb');
    await rewrite(aof, { output: rdb, format: 'rdb', at: 0 });
    await expect(digest(rdb, { at: 0 })).resolves.toBeTruthy();
  });
});

describe('spooled input', () => {
  it('is refused beyond the limit, and the flag is named', async () => {
    const log = Buffer.alloc(4 * 1024 ** 2, logOf([['SET', 'k', 'v']]));
    const file = inFile('log.aof.gz', zlib.gzipSync(log));
    setLimits({ spooledBytes: 1024 ** 2 });
    await expect(digest(file, { at: 0 })).rejects.toThrow(/--max-spool raises this limit/);
  });
});

describe('a folder for temporary files without room', () => {
  it.each(['digest', 'rewrite', 'convert', 'repair'])('%s: exit 3, what to do, and nothing left', (command) => {
    const folder = temporaryDir();
    const file = path.join(folder, 'log.aof.gz');
    const value = crypto.randomBytes(1024).toString('hex');
    fs.writeFileSync(
      file,
      zlib.gzipSync(logOf(Array.from({ length: 1000 }, (_, index) => ['SET', `k${index}`, value]))),
    );
    const out = command === 'digest' ? [] : ['-o', path.join(folder, 'out')];
    const { status, stderr } = runLimited(
      [command, file, ...(command === 'convert' ? ['--to', 'rdb'] : []), ...out],
      64,
    );
    expect([status, stderr]).toEqual([3, expect.stringMatching(/^aofkit: cannot write .*; set TMPDIR to a folder/)]);
    expect(fs.readdirSync(folder)).toEqual(['log.aof.gz']);
  });
});

describe('findings', () => {
  it('beyond the limit cost no more than their number', async () => {
    const file = inFile('nul.rdb', rdbFile('REDIS0011', [[0xfe, 0], Buffer.alloc(3 * 100_000)]));
    const before = process.cpuUsage();
    const result = await check(file, { limit: 5 });
    const { user } = process.cpuUsage(before);
    expect(result.findings.length).toBe(5);
    expect(user).toBeLessThan(1_000_000);
  });
});
