/* Valkey 9.2's compressed envelope: its frames, and what every command makes of a file in one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  envelope,
  envelopedRdb,
  type Lz4Options,
  lz4Frame,
  storedZstdFrame,
  xxh32,
  zstdFrame,
} from '../../fixtures/generate/envelope.ts';
import { FrameFault, type FrameReader } from '../../src/io/envelope/frame.ts';
import { Lz4Frame } from '../../src/io/envelope/lz4-frame.ts';
import { xxh32 as ourXxh32, Xxh64, xxh64Javascript } from '../../src/io/envelope/xxhash.ts';
import { ZstdFrame } from '../../src/io/envelope/zstd-frame.ts';
import { MemorySource } from '../../src/io/source.ts';
import { Window } from '../../src/io/window.ts';
import { check } from '../../src/operations/check/check.ts';
import { convert } from '../../src/operations/convert/convert.ts';
import { digest } from '../../src/operations/digest/digest.ts';
import { temporaryDir } from '../support/server-process.ts';
import { warnOfSkip } from '../support/servers.ts';

type FrameClass = new (window: Window) => FrameReader;

function decoded(CommandView: FrameClass, bytes: Buffer, chunk?: number): Buffer {
  const frame = new CommandView(new Window(new MemorySource(bytes, 'frame', chunk), 1024));
  const blocks: Buffer[] = [];
  for (let block = frame.next(); block !== undefined; block = frame.next()) blocks.push(Buffer.from(block));
  return Buffer.concat(blocks);
}

function fault(CommandView: FrameClass, bytes: Buffer): string {
  try {
    decoded(CommandView, bytes);
    return 'none';
  } catch (error) {
    if (error instanceof FrameFault) return error.kind;
    throw error;
  }
}

const at = Date.UTC(2026, 10, 30);
const content = envelopedRdb();
const small = envelopedRdb(120);
const lz4Options: Lz4Options[] = [false, true].flatMap((independent) =>
  [4, 5, 7].flatMap((blockSize) =>
    [false, true].map((checks) => ({
      independent,
      blockSize,
      blockChecksums: checks,
      contentChecksum: !checks,
      contentSize: checks,
    })),
  ),
);

/** Pseudorandom numbers below 1, the same for each run. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

describe('hashes', () => {
  it('are those of the specification', () => {
    expect(ourXxh32(Buffer.alloc(0))).toBe(0x02cc5d05);
    expect(new Xxh64().low()).toBe(0x51d8e999);
  });

  it('do not depend on the pieces, nor on the kernel', () => {
    for (const length of [1, 3, 15, 16, 17, 31, 32, 33, 63, 200, 70_000]) {
      const bytes = content.subarray(0, length);
      expect(ourXxh32(bytes)).toBe(xxh32(bytes));
      const [whole, pieces, javascript] = [new Xxh64(), new Xxh64(), new Xxh64(xxh64Javascript())];
      whole.update(bytes);
      for (let from = 0; from < length; from += 13) pieces.update(bytes, from, Math.min(from + 13, length));
      javascript.update(bytes);
      const hash = whole.low();
      expect([pieces.low(), javascript.low()]).toEqual([hash, hash]);
    }
  });
});

describe('LZ4 frames', () => {
  it.each(lz4Options)('are decoded: %o', (options) => {
    const frame = lz4Frame(content, options);
    expect(decoded(Lz4Frame, frame).equals(content)).toBe(true);
    expect(decoded(Lz4Frame, frame, 7).equals(content)).toBe(true);
  });

  it('of nothing, of zeros and of noise are decoded', () => {
    const random = randoms(1);
    const noise = Buffer.from(Array.from({ length: 100_000 }, () => random() * 256));
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(300_000), noise]) {
      expect(decoded(Lz4Frame, lz4Frame(bytes)).equals(bytes)).toBe(true);
    }
  });

  it('are refused with a dictionary, reserved bits or a wrong header checksum', () => {
    const frame = lz4Frame(content);
    for (const [place, byte] of [
      [4, 0x51],
      [4, 0x52],
      [4, 0x90],
      [5, 0x30],
      [5, 0xc0],
      [6, frame[6] ^ 1],
      [0, 5],
    ]) {
      expect(fault(Lz4Frame, Object.assign(Buffer.from(frame), { [place]: byte }) as Buffer)).toBe('corrupt');
    }
  });

  it('that are cut anywhere are truncated', () => {
    const frame = lz4Frame(content.subarray(0, 300), { contentChecksum: true });
    for (let length = 0; length < frame.length; length++) {
      expect(fault(Lz4Frame, frame.subarray(0, length))).toBe('truncated');
    }
  });

  it('with a block checksum show every flip', () => {
    const frame = lz4Frame(content);
    const random = randoms(2);
    for (let round = 0; round < 300; round++) {
      const place = Math.floor(random() * (frame.length - 8));
      const flipped = Buffer.from(frame);
      flipped[place] ^= 1 << Math.floor(random() * 8);
      expect(['corrupt', 'truncated']).toContain(fault(Lz4Frame, flipped));
    }
  });
});

describe('Zstandard frames', () => {
  it.each(['level3', 'level19'] as const)('of the tool are decoded: %s', (level) => {
    expect(decoded(ZstdFrame, zstdFrame(level)).equals(small)).toBe(true);
    expect(decoded(ZstdFrame, zstdFrame(level), 5).equals(small)).toBe(true);
  });

  it('of stored and repeated blocks are decoded', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(300_000, 9), content]) {
      expect(decoded(ZstdFrame, storedZstdFrame(bytes)).equals(bytes)).toBe(true);
    }
  });

  it('of small blocks cost no more than large ones, whatever window they claim', () => {
    // 128 MiB, of which one byte a block is used: a decoder that moves its window for each block would take minutes.
    const block = Buffer.of(0x0a, 0, 0, 7);
    const last = Buffer.of(0x0b, 0, 0, 7);
    const frame = Buffer.concat([
      storedZstdFrame(Buffer.alloc(0), 0x88).subarray(0, 6),
      ...Array<Buffer>(200_000).fill(block),
      last,
    ]);
    expect(decoded(ZstdFrame, frame).length).toBe(200_001);
  });

  it('with a window beyond the limit are refused for that', () => {
    expect(fault(ZstdFrame, storedZstdFrame(small, 0x89))).toBe('limit');
    expect(fault(ZstdFrame, storedZstdFrame(small, 0xff))).toBe('limit');
  });

  it('that are cut anywhere are truncated, and a flip is corrupt or truncated', () => {
    const frame = zstdFrame('level3');
    for (let length = 0; length < frame.length; length++) {
      expect(fault(ZstdFrame, frame.subarray(0, length))).toBe('truncated');
    }
    const random = randoms(3);
    for (let round = 0; round < 2000; round++) {
      const flipped = Buffer.from(frame);
      // Some bits of the header change nothing, or switch the checksum off.
      flipped[6 + Math.floor(random() * (frame.length - 6))] ^= 1 << Math.floor(random() * 8);
      // Unused bits before the end of a bit stream may change and mean the same.
      if (fault(ZstdFrame, flipped) === 'none') expect(decoded(ZstdFrame, flipped).equals(small)).toBe(true);
      else expect(['corrupt', 'truncated']).toContain(fault(ZstdFrame, flipped));
    }
  });

  it('without a checksum never crash, whatever their bytes', () => {
    const frame = zstdFrame('level19');
    const random = randoms(4);
    for (let round = 0; round < 3000; round++) {
      const changed = Buffer.from(frame);
      for (let changes = 1 + random() * 4; changes > 0; changes--)
        changed[Math.floor(random() * frame.length)] = random() * 256;
      expect(['none', 'corrupt', 'truncated', 'limit']).toContain(fault(ZstdFrame, changed));
    }
  });
});

describe('what the tools make', () => {
  const random = randoms(5);
  const source = readdirSync('src/rdb')
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join('src/rdb', name)));
  const contents: Record<string, Buffer> = {
    rdb: content,
    nothing: Buffer.alloc(0),
    zeros: Buffer.alloc(3_000_000),
    noise: Buffer.from(Array.from({ length: 300_000 }, () => random() * 256)),
    skewed: Buffer.from(Array.from({ length: 400_000 }, () => 256 * random() ** 4)),
    'two bytes': Buffer.from(Array.from({ length: 100_000 }, () => (random() < 0.03 ? 1 : 0))),
    source: Buffer.concat(source),
  };
  const tools: readonly [string, FrameClass, readonly string[]][] = [
    ['lz4', Lz4Frame, ['-1', '-9', '-B4 -BD -BX --no-frame-crc', '-B5 -BD', '-B7', '-B6 -BX', '-B4 -BI -12']],
    [
      'zstd',
      ZstdFrame,
      ['--fast=22', '-1', '-3', '-7', '-12', '-19', '--ultra -22', '--no-check', '-3 --long=27', '-9 --zstd=wlog=10'],
    ],
  ];
  for (const [tool, CommandView, settings] of tools) {
    const isThere = spawnSync(tool, ['--version']).status === 0;
    if (!isThere) warnOfSkip(`no ${tool}: install it to have its frames compared`);
    it.skipIf(!isThere)(
      `is decoded: ${tool}`,
      () => {
        for (const input of Object.values(contents)) {
          for (const options of settings) {
            const frame = execFileSync(tool, [...options.split(' '), '-q', '-c', '-'], {
              input,
              maxBuffer: 1 << 28,
              stdio: ['pipe', 'pipe', 'ignore'],
            });
            expect(decoded(CommandView, frame).equals(input)).toBe(true);
          }
        }
      },
      120_000,
    );
  }
});

const folder = temporaryDir();

function written(bytes: Buffer): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.rdb`);
  writeFileSync(path, bytes);
  return path;
}

async function errorsOf(bytes: Buffer): Promise<string[]> {
  const { findings } = await check(written(bytes));
  return findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);
}

describe('an RDB in an envelope', () => {
  const enveloped: readonly [string, Buffer, Buffer][] = [
    ['lz4', envelope(1, lz4Frame(content)), content],
    ['lz4, independent', envelope(1, lz4Frame(content, { independent: true })), content],
    ['zstd', envelope(2, zstdFrame('level3')), small],
    ['zstd without checksum', envelope(2, zstdFrame('level19')), small],
    ['bytes behind the frame', Buffer.concat([envelope(1, lz4Frame(content)), Buffer.from('trailing')]), content],
  ];

  it.each(enveloped)('is as sound as the RDB: %s', async (_, bytes, plain) => {
    const { files, findings } = await check(written(bytes));
    expect(findings).toEqual([]);
    expect(files[0]).toMatchObject({
      format: 'rdb',
      size: plain.length,
      rdb: { version: 81, checksum: { state: 'skipped' } },
    });
    expect((await digest(written(bytes), { at })).digest).toBe((await digest(written(plain), { at })).digest);
  });

  it.each(enveloped)('is written plain, with a checksum: %s', async (_, bytes, plain) => {
    for (const to of ['rdb', 'hybrid'] as const) {
      const output = join(folder, `${Math.random().toString(36).slice(2)}.${to}`);
      expect((await convert([written(bytes)], { to, output, at })).outcome).toBe('written');
      const { files } = await check(output);
      expect(files[0].rdb).toMatchObject({ version: 81, checksum: { state: 'ok' } });
      expect((await digest(output, { at })).digest).toBe((await digest(written(plain), { at })).digest);
    }
  });

  it('has whatever checksum it likes', async () => {
    const other = Buffer.from(small);
    other.fill(7, other.length - 8);
    expect(await errorsOf(envelope(1, lz4Frame(other)))).toEqual([]);
    expect(await errorsOf(envelope(1, lz4Frame(other.subarray(0, -8))))).toEqual(['rdb.truncated']);
  });

  it('may be the base of an AOF, with commands behind its frame', async () => {
    const tail = Buffer.from('*3\r\n$3\r\nSET\r\n$3\r\nnew\r\n$1\r\n1\r\n');
    const bytes = Buffer.concat([envelope(1, lz4Frame(content)), tail]);
    const { files, findings } = await check(written(bytes));
    expect([findings, files[0].format, files[0].commands]).toEqual([[], 'hybrid', 1]);
    const plain = await digest(written(Buffer.concat([content, tail])), { at });
    expect((await digest(written(bytes), { at })).digest).toBe(plain.digest);
  });

  it.each([
    ['version 2', envelope(1, lz4Frame(content), 2)],
    ['codec 3', envelope(3, lz4Frame(content))],
    ['reserved byte', envelope(1, lz4Frame(content), 1, 1)],
    ['replication stream', envelope(1, lz4Frame(content), 1, 0, 2)],
    ['cut header', envelope(1, Buffer.alloc(0)).subarray(0, 5)],
  ])('is not known to this build: %s', async (_, bytes) => {
    const { findings } = await check(written(bytes));
    expect(findings.map(({ code, repairable }) => [code, repairable])).toEqual([['rdb.unsupported.envelope', false]]);
    expect((await digest(written(bytes), { at })).ok).toBe(false);
  });

  it.each([
    ['without its end mark', envelope(1, lz4Frame(content)).subarray(0, -4), 'rdb.envelope.truncated'],
    ['cut in the middle', envelope(1, lz4Frame(content)).subarray(0, 12_000), 'rdb.envelope.truncated'],
    [
      'with a flip',
      Object.assign(Buffer.from(envelope(1, lz4Frame(content))), { 9000: 1, 9001: 2 }) as Buffer,
      'rdb.envelope.corrupt',
    ],
    ['of nothing', envelope(2, Buffer.alloc(0)), 'rdb.envelope.truncated'],
  ])('is damaged: %s', async (_, bytes, code) => {
    expect(await errorsOf(bytes)).toEqual([code]);
    const result = await digest(written(bytes), { at });
    expect([result.ok, result.findings.map((one) => one.code)]).toEqual([false, [code]]);
    const output = join(folder, `${Math.random().toString(36).slice(2)}.rdb`);
    expect((await convert([written(bytes)], { to: 'rdb', output, at })).outcome).toBe('refused');
  });
});
