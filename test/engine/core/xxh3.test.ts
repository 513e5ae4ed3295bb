import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { xxh3Hash128, xxh3Hex64 } from '../../../src/values/xxh3.ts';
import { describeWithServer, type Server, startServer } from '../../support/servers.ts';

// Every branch of the algorithm, and the lengths just before and after each bound.
const lengths = [
  0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 97, 127, 128, 129, 144, 159, 160, 161, 191,
  192, 239, 240, 241, 255, 256, 300, 1023, 1024, 1025, 1088, 1089, 2048, 2049, 5000,
];

function bytesOf(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 131 + length * 7 + (index >> 3)) & 255;
  return bytes;
}

const mask = (1n << 64n) - 1n;
const turn = (value: bigint) => ((value << 1n) | (value >> 63n)) & mask;

/** The id that XADD IDMPAUTO makes of one pair (docs/formats/commands.md, section 5), from the 128-bit hash. */
function autoId(field: string, value: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigInt64LE(BigInt(field.length));
  const { low, high } = xxh3Hash128(Buffer.concat([Buffer.from(field), length, value]));
  const id = Buffer.alloc(16);
  id.writeBigUInt64LE(low ^ turn(high));
  id.writeBigUInt64LE(high ^ turn(low), 8);
  return id;
}

describe('XXH3', () => {
  it('gives the digest that SET IFDEQ compares', () => {
    expect(xxh3Hex64(Buffer.from('hello'))).toBe('9555e8555c62dcfd');
  });
});

describeWithServer('redis-8.6', 'XXH3 against the server', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer('redis-8.6');
  });
  afterAll(async () => server?.stop());

  it('gives the 64 bits of DIGEST at every length', async () => {
    for (const length of lengths) {
      await server.command('SET', 'k', bytesOf(length));
      expect([length, xxh3Hex64(bytesOf(length))]).toEqual([length, String(await server.command('DIGEST', 'k'))]);
    }
  });

  it('gives the 128 bits that IDMPAUTO makes an id of', async () => {
    for (const length of lengths) {
      const value = bytesOf(length);
      await server.command('DEL', 'x');
      const first = await server.command('XADD', 'x', 'IDMPAUTO', 'p', '*', 'f', value);
      // The same id given by hand is a duplicate: the reply is the first entry's id.
      const again = await server.command('XADD', 'x', 'IDMP', 'p', autoId('f', value), '*', 'f', value);
      expect([length, String(again)]).toEqual([length, String(first)]);
    }
  });
});
