import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Crc64, crc64, crc64Combine } from '../../src/checksum/crc64.ts';
import { crc64Javascript, crc64Result, crc64TableEntry } from '../../src/checksum/crc64-javascript.ts';
import { describeWithCorpus, rdbCorpus } from '../support/corpus.ts';

/** A bit at a time, from the definition alone. */
function definition(bytes: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
  }
  return crc;
}

function javascript(bytes: Uint8Array, start = 0n): bigint {
  crc64Javascript(Number(start & 0xffffffffn), Number(start >> 32n), bytes, 0, bytes.length);
  return (BigInt(crc64Result[1] >>> 0) << 32n) | BigInt(crc64Result[0] >>> 0);
}

function noise(length: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let at = 0; at < words.length; at++)
    words[at] = state = (Math.imul(state, 1664525) + 1013904223) ^ (state >>> 13);
  return Buffer.from(words.buffer, 0, length);
}

const check = Buffer.from('123456789');

describe('vectors', () => {
  it('the check value and the table', () => {
    expect(crc64(check)).toBe(0xe9c6d914c4b8d9can);
    expect(javascript(check)).toBe(0xe9c6d914c4b8d9can);
    expect(definition(check)).toBe(0xe9c6d914c4b8d9can);
    expect(crc64TableEntry(1)).toBe(0x7ad870c830358979n);
    expect(crc64TableEntry(255)).toBe(0x29b7d047efec8728n);
  });

  it('nothing', () => {
    expect(crc64(Buffer.alloc(0))).toBe(0n);
    expect(crc64(check, 4, 4)).toBe(0n);
    const crc = new Crc64(5n);
    crc.update(check, 3, 3);
    expect(crc.value()).toBe(5n);
  });

  // 128: the kernel starts; 7168: folding starts; 262144: the kernel's buffer is full
  it.each([1, 7, 8, 9, 127, 128, 129, 4171, 4172, 4173, 7167, 7168, 7169, 7231, 7232, 8000, 20_011])(
    '%i bytes',
    (length) => {
      const bytes = noise(length);
      expect(crc64(bytes)).toBe(definition(bytes));
      expect(javascript(bytes)).toBe(definition(bytes));
    },
  );

  it.each([262_143, 262_144, 262_145, 262_144 + 7168, 1_000_003])('%i bytes, against JavaScript', (length) => {
    const bytes = noise(length);
    const before = Buffer.from(bytes);
    expect(crc64(bytes)).toBe(javascript(bytes));
    expect(bytes.equals(before)).toBe(true);
  });

  it('a single bit anywhere changes it', () => {
    const bytes = Buffer.alloc(9000);
    for (let at = 0; at < bytes.length; at += 7) {
      bytes[at] = 1 << (at & 7);
      expect(crc64(bytes)).toBe(javascript(bytes));
      bytes[at] = 0;
    }
  });
});

describe('in pieces', () => {
  it('WebAssembly, JavaScript and any split give one value', () => {
    const cuts = fc.array(fc.nat(60_000), { maxLength: 6 });
    fc.assert(
      fc.property(fc.nat(60_000), fc.integer(), cuts, (length, seed, places) => {
        const bytes = noise(length, seed);
        const whole = javascript(bytes);
        const crc = new Crc64();
        let from = 0;
        for (const to of [...places.filter((place) => place < length).sort((a, b) => a - b), length]) {
          crc.update(bytes, from, to);
          from = to;
        }
        expect(crc.value()).toBe(whole);
        expect(crc.clone().value()).toBe(whole);
        crc.reset();
        expect(crc.value()).toBe(0n);
      }),
      { numRuns: 200 },
    );
  });

  it('combines: crc(AB) from crc(A), crc(B) and the length of B', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20_000), fc.integer(), (a, length, seed) => {
        const b = noise(length, seed);
        expect(crc64Combine(crc64(a), crc64(b), length)).toBe(crc64(Buffer.concat([a, b])));
      }),
    );
  });

  it('combines any length: moving by n and then by m is moving by n + m', () => {
    const half = 2 ** 52 - 1;
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.nat(half), fc.nat(half), (crc, n, m) => {
        expect(crc64Combine(crc64Combine(crc, 0n, n), 0n, m)).toBe(crc64Combine(crc, 0n, n + m));
      }),
    );
    expect(crc64Combine(5n, 7n, 0)).toBe(2n);
    for (const length of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => crc64Combine(1n, 1n, length)).toThrow(RangeError);
  });
});

describe('the sparse multiple that the kernel folds with', () => {
  it('is a multiple: x^(8 reach) + the sum of x^(8 (reach - d)) is 0', () => {
    const source = readFileSync(new URL('../../src/kernels/assembly/crc64.ts', import.meta.url), 'utf8');
    const distances = [...source.matchAll(/^const d\d: usize = (\d+);/gm)].map((match) => Number(match[1]));
    expect(distances.length).toBe(8);
    const reach = Math.max(...distances);
    const power = (bytes: number) => crc64Combine(1n << 63n, 0n, bytes);
    expect(distances.reduce((sum, distance) => sum ^ power(reach - distance), power(reach))).toBe(0n);
  });
});

describeWithCorpus('RDB files of real servers', (dir) => {
  it('end with the checksum of what is before', () => {
    let checked = 0;
    for (const { name, path, digest } of rdbCorpus(dir)) {
      const bytes = readFileSync(path);
      const version = Number(bytes.toString('latin1', 5, 9));
      const stored = bytes.length > 17 ? bytes.readBigUInt64LE(bytes.length - 8) : 0n;
      if (digest === undefined || !(version >= 5) || stored === 0n) continue;
      expect(crc64(bytes, 0, bytes.length - 8), name).toBe(stored);
      checked++;
    }
    expect(checked).toBeGreaterThan(5);
  });
});
