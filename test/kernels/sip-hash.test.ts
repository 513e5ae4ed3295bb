/* SipHash-1-3: the JavaScript version against the test vectors' key and an independent reading of the algorithm, the kernel's against both. */
import { describe, expect, it } from 'vitest';
import { borrowCheckKernel } from '../../src/kernels/check-kernel.ts';
import { SipHash } from '../../src/kernels/sip-hash.ts';
import { FingerprintSet } from '../../src/rdb/fingerprints.ts';
import { random } from './damage.ts';

const mask = (1n << 64n) - 1n;
const rotate = (value: bigint, bits: bigint) => ((value << bits) | (value >> (64n - bits))) & mask;

/** With big integers, `c` rounds a word and `d` at the end. */
function reference(key: Buffer, message: Buffer, c: number, d: number): bigint {
  const [k0, k1] = [key.readBigUInt64LE(0), key.readBigUInt64LE(8)];
  const v = [0x736f6d6570736575n ^ k0, 0x646f72616e646f6dn ^ k1, 0x6c7967656e657261n ^ k0, 0x7465646279746573n ^ k1];
  const half = (a: number, b: number, s: bigint, t: bigint) => {
    v[a] = (v[a] + v[b]) & mask;
    v[b] = rotate(v[b], s) ^ v[a];
    v[a] = rotate(v[a], t);
  };
  const round = () => {
    half(0, 1, 13n, 32n);
    half(2, 3, 16n, 0n);
    half(0, 3, 21n, 0n);
    half(2, 1, 17n, 32n);
  };
  const padded = Buffer.alloc((message.length & ~7) + 8);
  message.copy(padded);
  padded[padded.length - 1] = message.length & 255;
  for (let at = 0; at < padded.length; at += 8) {
    const word = padded.readBigUInt64LE(at);
    v[3] ^= word;
    for (let count = c; count > 0; count--) round();
    v[0] ^= word;
  }
  v[2] ^= 0xffn;
  for (let count = d; count > 0; count--) round();
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

describe('SipHash-1-3', () => {
  const next = random(3);
  const messages = Array.from({ length: 200 }, (_, length) => Buffer.from(Array.from({ length }, () => next(256))));

  it('is computed alike everywhere', () => {
    // The reference with 2 and 4 rounds gives the published vector of SipHash-2-4 for fifteen bytes.
    const counting = Buffer.from(Array.from({ length: 16 }, (_, index) => index));
    expect(reference(counting, counting.subarray(0, 15), 2, 4)).toBe(0xa129ca6149be45e5n);
    const words = new Uint32Array(4).map(() => next(2 ** 32));
    const key = Buffer.from(words.buffer);
    const hasher = new SipHash(words);
    for (const message of messages) {
      hasher.hash(message, 0, message.length);
      expect((BigInt(hasher.high) << 32n) | BigInt(hasher.low)).toBe(reference(key, message, 1, 3));
    }
  });

  it('makes the fingerprints of the kernels', () => {
    const checkKernel = borrowCheckKernel();
    if (checkKernel === undefined) throw new Error('no WebAssembly');
    for (const [seed, db] of [
      [0, 0],
      [0xdeadbeef, 3],
      [7, 2 ** 31],
    ]) {
      for (const message of messages.filter(({ length }) => length > 0 && length < 64)) {
        const record = Buffer.concat([Buffer.from([0, message.length]), message, Buffer.from([1, 0x78])]);
        record.copy(checkKernel.window());
        expect(checkKernel.passKeys(0, record.length, 1, 0, seed, db, Number.NaN)).toBe(1);
        const set = new FingerprintSet(seed);
        set.hash(message, 0, message.length, db);
        expect([set.high, set.low]).toEqual(Array.from(checkKernel.prints.subarray(0, 2)));
      }
    }
  });
});
