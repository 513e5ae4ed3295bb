/* Damaged vector sets: what a server's RESTORE does not take, is not taken, and check says so. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crc64 } from '../../../src/checksum/crc64.ts';
import { check } from '../../../src/index.ts';
import { RdbCodec } from '../../../src/rdb/codec/codec.ts';
import { Random } from '../../engine/special/replay.ts';
import { describeWithServers, type Server, startServer, temporaryDir } from '../../support/servers.ts';

/** Module data of a type: its id, and items as numbers or texts. */
function vectorSet(...items: readonly (number | string)[]): Buffer {
  const id = Buffer.from('8100000000000000', 'hex');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  let number = 0n;
  for (const letter of 'vectorset') number = (number << 6n) | BigInt(alphabet.indexOf(letter));
  const head = Buffer.concat([id.subarray(0, 1), Buffer.alloc(8)]);
  head.writeBigUInt64BE(number << 10n, 1);
  const parts = items.map((item) =>
    typeof item === 'number'
      ? Buffer.from([2, item])
      : Buffer.concat([Buffer.from([5, item.length]), Buffer.from(item, 'latin1')]),
  );
  return Buffer.concat([head, ...parts, Buffer.from([0])]);
}

/** An RDB of one vector set, without a checksum. */
function rdbOf(value: Buffer): string {
  const path = join(temporaryDir(), 'dump.rdb');
  const parts = [Buffer.from('REDIS0012'), Buffer.from([7, 1, 0x6b]), value, Buffer.from([0xff]), Buffer.alloc(8)];
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

const codesOf = async (value: Buffer) =>
  (await check(rdbOf(value))).findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);

const node = (element: string, id: number, ...links: number[]) => [
  ...[element, 'aaaabbbb', 5 + links.length, id, 0],
  ...[links.length, 32, ...links, 1],
];

describe('a vector set', () => {
  const head = [2, 2, 0, 0];

  it('is sound as a server writes it', async () => {
    expect(await codesOf(vectorSet(...head, ...node('a', 1, 2), ...node('b', 2, 1)))).toEqual([]);
  });

  it.each([
    ['ends early', [...head, ...node('a', 1)]],
    ['goes on behind its elements', [2, 1, 0, 0, ...node('a', 1), 7]],
    ['has text where a number must be', [2, 1, 0, 0, 'a', 'aaaabbbb', 'five']],
    ['has a vector of another length', [3, 1, 0, 0, ...node('a', 1)]],
    ['has an unknown quantization', [2, 0, 3, 0]],
    ['has too few numbers in a node', [2, 1, 0, 0, 'a', 'aaaabbbb', 2, 1, 0]],
    ['has a link that leads nowhere', [...head, ...node('a', 1, 9), ...node('b', 2)]],
    ['has a link without the one back', [...head, ...node('a', 1, 2), ...node('b', 2)]],
    ['has a link to itself', [2, 1, 0, 0, ...node('a', 1, 1)]],
  ] as const)('that %s is damaged', async (_, items) => {
    expect(await codesOf(vectorSet(...items))).toEqual(['rdb.module.vector-set']);
  });

  // 8.0 loads it, 8.6 does not.
  it('that has no dimension is damaged in its own way', async () => {
    expect(await codesOf(vectorSet(0, 0, 0, 0))).toEqual(['rdb.module.vector-set.dimension']);
  });

  it('with an element twice is damaged', async () => {
    expect(await codesOf(vectorSet(...head, ...node('a', 1, 2), ...node('a', 2, 1)))).toEqual(['rdb.value.duplicate']);
  });
});

const forms = [['NOQUANT'], ['Q8'], ['BIN'], ['NOQUANT', 'SETATTR', '{"a":1}']];

async function dumpOf(server: Server, key: string, form: readonly string[], random: Random): Promise<Buffer> {
  for (let element = 0; element < 12; element++) {
    const vector = Array.from({ length: 5 }, () => String(random.next()));
    await server.command('VADD', key, 'VALUES', '5', ...vector, `e${element}`, ...form);
  }
  return (await server.command('DUMP', key)) as Buffer;
}

/** The payload with one bit turned, and a checksum that fits again. */
function damaged(dump: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(dump);
  const end = bytes.length - 8;
  bytes[10 + random.below(end - 12)] ^= 1 << random.below(8);
  bytes.writeBigUInt64LE(crc64(bytes, 0, end), end);
  return bytes;
}

describeWithServers(
  'a vector set in a payload',
  (name) => {
    it('is refused where the server refuses it', async () => {
      const random = new Random(11);
      const server = await startServer(name);
      const codec = new RdbCodec();
      let refused = 0;
      for (const form of forms) {
        const dump = await dumpOf(server, form.join(), form, random);
        expect(codec.restorePayload(dump)).toHaveProperty('rdbType', 7);
        for (let index = 0; index < 80; index++) {
          const bytes = damaged(dump, random);
          const reply = await server.attempt('RESTORE', `${form.join()}${index}`, '0', bytes);
          if (reply === 'OK') continue;
          refused++;
          expect([form, bytes.toString('hex'), typeof codec.restorePayload(bytes)]).toContain('string');
        }
      }
      expect(refused).toBeGreaterThan(100);
      await server.stop();
    });
  },
  ['redis-8.0', 'redis-8.6'],
);
