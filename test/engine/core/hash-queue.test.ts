import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ScalarSha1Lanes } from '../../../src/checksum/scalar-sha1.ts';
import { HashQueue } from '../../../src/checksum/sha1-queue.ts';
import { type Sha1Lanes, sha1Lanes } from '../../../src/kernels/sha1-lanes.ts';

const sha1 = (data: Uint8Array) => createHash('sha1').update(data).digest();
const xor = (a: Uint8Array, b: Uint8Array) => Buffer.from(a.map((byte, index) => byte ^ b[index]));
const bytesOf = (words: Int32Array) => {
  const bytes = Buffer.alloc(20);
  for (let index = 0; index < 5; index++) bytes.writeInt32BE(words[index], index * 4);
  return bytes;
};

function sample(length: number, salt: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 151 + salt * 89 + (index >> 3)) & 255));
}

describe.each([
  ['with vectors', () => sha1Lanes() as Sha1Lanes],
  ['one by one', () => new ScalarSha1Lanes()],
])('SHA-1 %s', (_, make) => {
  it('of messages of every length up to some blocks is that of node:crypto', () => {
    const checkKernel = make();
    let filled = 0;
    const lengths = Array.from({ length: 300 }, (_, index) => (index * 7) % 300);
    lengths.forEach((length, index) => {
      checkKernel.messages.set(sample(length, index), filled);
      checkKernel.records.set([filled, length, index], index * 3);
      filled += (length + 72) & ~63;
    });
    checkKernel.hashMessages(0, lengths.length);
    lengths.forEach((length, index) => {
      expect([length, bytesOf(checkKernel.slots.subarray(index * 5, index * 5 + 5))]).toEqual([
        length,
        sha1(sample(length, index)),
      ]);
    });
  });

  it('of chains takes slot after slot', () => {
    const checkKernel = make();
    const slots = Array.from({ length: 60 }, (_, index) => sha1(sample(5, index)));
    slots.forEach((slot, index) => {
      for (let word = 0; word < 5; word++) checkKernel.slots[index * 5 + word] = slot.readInt32BE(word * 4);
    });
    const chains = [3, 1, 9, 4, 1, 2, 20, 7, 1, 1].map((count, index) => ({
      first: index * 3,
      count,
      target: 100 + index,
    }));
    checkKernel.records.set(chains.flatMap(({ first, count, target }) => [first, count, target]));
    checkKernel.runChains(0, chains.length);
    for (const { first, count, target } of chains) {
      let state: Buffer = Buffer.alloc(20);
      for (const slot of slots.slice(first, first + count)) state = sha1(xor(state, slot));
      expect(bytesOf(checkKernel.slots.subarray(target * 5, target * 5 + 5))).toEqual(state);
    }
  });
});

describe('queue of hashes', () => {
  it('carries a key and an element over from one batch to the next', () => {
    const queue = new HashQueue();
    let key: Buffer = Buffer.alloc(20);
    for (let index = 0; index < 30_000; index++) {
      const data = sample(index % 90, index);
      if (index % 3 === 0) {
        queue.mixText(data.latin1Slice());
        key = sha1(xor(key, sha1(data)));
      } else if (index % 3 === 1) {
        queue.xorText(data.latin1Slice());
        key = xor(key, sha1(data));
      } else {
        let element: Buffer = Buffer.alloc(20);
        for (let part = 0; part < index % 40; part++) {
          queue.elementMixBytes(data, 0, data.length);
          element = sha1(xor(element, sha1(data)));
        }
        queue.endElement();
        key = xor(key, sha1(element));
      }
    }
    const long = sample(40_000, 1);
    queue.mixBytes(long, 1, 30_000);
    key = sha1(xor(key, sha1(long.subarray(1, 30_001))));
    expect(bytesOf(queue.takeKey())).toEqual(key);
  });

  it('sums keys up', () => {
    const queue = new HashQueue();
    let total: Buffer = Buffer.alloc(20);
    for (let index = 0; index < 20_000; index++) {
      const data = sample(index % 70, index);
      queue.mixBytes(data, 0, data.length);
      queue.endKey();
      total = xor(total, sha1(sha1(sha1(data))));
    }
    expect(bytesOf(queue.takeTotal())).toEqual(total);
    expect(bytesOf(queue.takeTotal())).toEqual(Buffer.alloc(20));
  });
});
