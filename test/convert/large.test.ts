/* Inputs so large that other threads write and sum up, and RDBs that one reading does not settle. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { crc64 } from '../../src/checksum/crc64.ts';
import { type ConvertOptions, convert, UnwritableError } from '../../src/index.ts';
import type { AtomicFile } from '../../src/io/atomic-file.ts';
import { BackgroundWriter } from '../../src/io/background-writer.ts';
import { temporaryDir } from '../support/servers.ts';

const at = Date.UTC(2026, 10, 20);
const dir = temporaryDir();
const log = join(dir, 'log.aof');
const dump = join(dir, 'dump.rdb');

function command(...args: string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

/** 16 MB that do not compress, of strings, hashes, lists and sorted sets. */
beforeAll(async () => {
  let state = 1;
  const text = (length: number): string => {
    let made = '';
    while (made.length < length) made += (state = (Math.imul(state, 1103515245) + 12345) >>> 0).toString(36);
    return made.slice(0, length);
  };
  const commands: string[] = [];
  for (let index = 0; index < 3000; index++) {
    commands.push(command('SET', `s${index}`, text(3000)));
    commands.push(command('HSET', `h${index}`, 'f', text(60), 'g', text(60)));
    commands.push(command('RPUSH', `l${index % 100}`, text(1000), text(20)));
    commands.push(command('ZADD', `z${index % 5}`, String(index / 7), text(100)));
  }
  writeFileSync(log, commands.join(''));
  const made = await convert(log, { to: 'rdb', output: dump, target: 'redis-8.6', at });
  expect(made.reason).toBe('');
});

/** What comes of a conversion to a file, and of the same one to a stream, which this thread alone makes. */
async function bothWays(path: string, options: Partial<ConvertOptions>): Promise<[Buffer, Buffer]> {
  const output = join(temporaryDir(), 'out');
  const result = await convert(path, { to: 'rdb', at, ...options, output });
  expect(result.reason).toBe('');
  const chunks: Buffer[] = [];
  const sink = { write: (bytes: Uint8Array) => void chunks.push(Buffer.from(bytes)) };
  await convert(path, { to: 'rdb', at, ...options, output: sink });
  return [readFileSync(output), Buffer.concat(chunks)];
}

describe('a large input', () => {
  it.each<[string, Partial<ConvertOptions>]>([
    ['RDB to another version', { target: 'redis-8.8' }],
    ['RDB to an older version, recoded', { target: 'redis-6.2' }],
    ['RDB to commands', { to: 'aof' }],
    ['RDB to commands with other scores', { to: 'aof', target: 'redis-7.0' }],
    ['RDB to hybrid', { to: 'hybrid', target: 'redis-8.8' }],
  ])('%s is the same with and without help', async (_, options) => {
    const [file, stream] = await bothWays(dump, options);
    expect(file.length).toBeGreaterThan(8 * 1024 * 1024);
    expect(file.equals(stream)).toBe(true);
    if (options.to === undefined) expect(file.readBigUInt64LE(file.length - 8)).toBe(crc64(file, 0, file.length - 8));
  });

  it('becomes a folder and a file again', async () => {
    const parts = join(temporaryDir(), 'parts');
    await convert(log, { to: 'multipart', output: parts, at });
    expect((await convert(parts, { to: 'aof', output: join(dir, 'again.aof'), at })).reason).toBe('');
    expect(readFileSync(join(dir, 'again.aof')).equals(readFileSync(log))).toBe(true);
  });

  it('whose checksum is wrong leaves nothing', async () => {
    const bytes = readFileSync(dump);
    bytes[bytes.length >> 1] ^= 1;
    const damaged = join(temporaryDir(), 'dump.rdb');
    writeFileSync(damaged, bytes);
    for (const to of ['rdb', 'aof'] as const) {
      const output = join(temporaryDir(), 'out');
      const result = await convert(damaged, { to, target: 'redis-8.8', output, at });
      expect(result.outcome).toBe('refused');
      expect(result.findings.map(({ code }) => code)).toContain('rdb.checksum.mismatch');
      expect(readdirSync(dirname(output))).toEqual([]);
    }
  });
});

describe('an RDB that one reading does not settle', () => {
  const small = join(goldenDir('redis-8.6-rdb'), 'dump.rdb');

  it('is inspected where commands follow it', async () => {
    const path = join(temporaryDir(), 'dump.rdb');
    // What follows ends as an RDB does.
    const tail = Buffer.concat([
      Buffer.from(command('SET', 'after', 'x'.repeat(9))),
      Buffer.from('\xff12345678', 'latin1'),
    ]);
    writeFileSync(path, Buffer.concat([readFileSync(small), tail]));
    const result = await convert(path, { to: 'rdb', target: 'redis-8.8', output: join(dirname(path), 'out'), at });
    expect(result.layout).toBe('hybrid');
  });

  it('is refused where its values are damaged, whatever the checksum says', async () => {
    const bytes = readFileSync(small);
    // A listpack that declares another length than it has.
    const found = bytes.indexOf(Buffer.from([0x10]), 200);
    for (let position = found; position < bytes.length - 9; position += 1499) {
      const path = join(temporaryDir(), 'dump.rdb');
      const copy = Buffer.from(bytes);
      copy[position] ^= 0x41;
      copy.writeBigUInt64LE(crc64(copy, 0, copy.length - 8), copy.length - 8);
      writeFileSync(path, copy);
      for (const to of ['aof', 'rdb'] as const) {
        const output = join(dirname(path), `out-${to}`);
        const result = await convert(path, { to, target: 'redis-6.2', output, allowLoss: true, at });
        if (result.outcome === 'refused') expect(result.findings.length, String(position)).toBeGreaterThan(0);
        expect(existsSync(output)).toBe(result.outcome === 'written');
      }
    }
  });
});

describe('a writer behind', () => {
  it('says what kept it from writing', async () => {
    const behind = new BackgroundWriter();
    const descriptor = openSync('/dev/full', 'w');
    const file = { path: '/dev/full', descriptor, length: 0, abandon: () => {} } as unknown as AtomicFile;
    const sink = behind.sink(file, true);
    const fill = () => {
      for (let count = 0; count < 100; count++) sink.write(Buffer.alloc(1 << 20));
      behind.finish();
    };
    expect(fill).toThrow(UnwritableError);
    try {
      fill();
    } catch (error) {
      expect((error as UnwritableError).code).toBe('ENOSPC');
    }
    await behind.close();
    closeSync(descriptor);
  });
});
