/*
 * What real servers write: each blob is sound, decodes to what the server says of the key, and encoding the same elements
 * gives the same bytes.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countIntset, decodeIntset, encodeIntset, validateIntset } from '../../src/encodings/intset.ts';
import { backlenThresholdOf, countListpack, decodeListpack, validateListpack } from '../../src/encodings/listpack.ts';
import {
  validateHashExpiryListpack,
  validateHashListpack,
  validateSetListpack,
  validateSortedSetListpack,
} from '../../src/encodings/listpack-aggregates.ts';
import { encodeListpack } from '../../src/encodings/listpack-writer.ts';
import {
  decodeStreamListpack,
  encodeStreamListpack,
  validateStreamListpack,
} from '../../src/encodings/stream-listpack.ts';
import { countZiplist, decodeZiplist, validateZiplist } from '../../src/encodings/ziplist.ts';
import { validateHashZiplist, validateSortedSetZiplist } from '../../src/encodings/ziplist-aggregates.ts';
import { encodeZiplist } from '../../src/encodings/ziplist-writer.ts';
import type { BacklenThreshold } from '../../src/servers/targets.ts';
import { type Server, type ServerName, startServer } from '../support/server-process.ts';
import { describeWithServers } from '../support/servers.ts';
import { binary, boundaryTexts, dump, random, texts } from './payload.ts';

const config = {
  rdbcompression: 'no',
  'hash-max-ziplist-entries': '1000',
  'hash-max-ziplist-value': '100000',
  'zset-max-ziplist-entries': '1000',
  'zset-max-ziplist-value': '100000',
  'set-max-intset-entries': '10000',
  'list-max-ziplist-size': '1000000',
  'stream-node-max-entries': '50',
};
/** Settings that 7.2 brought. */
const newer = { 'set-max-listpack-entries': '1000', 'set-max-listpack-value': '100000' };

function isOld(name: ServerName): boolean {
  return name === 'redis-6.0' || name === 'redis-7.0';
}

let server: Server;
const start = (name: ServerName) => async () => {
  server = await startServer(name, { config: isOld(name) ? config : { ...config, ...newer } });
};
const stop = () => server.stop();

/** The boundary texts in shuffled orders: so each follows another. */
function shuffles(count: number): string[][] {
  const next = random(7);
  return Array.from({ length: count }, () => {
    const all = boundaryTexts();
    for (let i = all.length - 1; i > 0; i--) {
      const j = Math.floor(next() * (i + 1));
      [all[i], all[j]] = [all[j], all[i]];
    }
    return all;
  });
}

describeWithServers(
  'ziplists and intsets',
  (name) => {
    beforeAll(start(name));
    afterAll(stop);

    it('writes ziplists in quicklist nodes', async () => {
      for (const elements of shuffles(8)) await expectZiplistList(elements);
      for (let length = 240; length < 260; length++) {
        await expectZiplistList(Array.from({ length: 8 }, () => 'x'.repeat(length)));
      }
      await expectZiplistList(['a'.repeat(16383), 'b'.repeat(16384), 'c'.repeat(70000), '5']);
    });

    it('writes hashes and sorted sets as ziplists', async () => {
      for (const elements of shuffles(4)) {
        const pairs = elements.slice(0, elements.length & ~1);
        await server.pipeline([
          ['DEL', 'h', 'z'],
          ['HSET', 'h', ...pairs.map(binary)],
        ]);
        const blob = (await dump(server, 'h')).string();
        expect(validateHashZiplist(blob, 0, blob.length)).toBeUndefined();
        expect(decodeZiplist(blob, 0, blob.length)).toEqual(await texts(server, 'HGETALL', 'h'));
        expect(encodeZiplist(pairs).equals(blob)).toBe(true);
        await server.command('ZADD', 'z', ...elements.slice(0, 60).flatMap((text, i) => [i * 1.5 - 9, binary(text)]));
        const scored = (await dump(server, 'z')).string();
        expect(validateSortedSetZiplist(scored, 0, scored.length)).toBeUndefined();
        expect(decodeZiplist(scored, 0, scored.length)).toEqual(
          await texts(server, 'ZRANGE', 'z', 0, -1, 'WITHSCORES'),
        );
      }
    });

    it('leaves long previous lengths behind after inserts and removals in the middle', async () => {
      const next = random(11);
      let long = 0;
      for (let round = 0; round < 20; round++) {
        await server.pipeline([
          ['DEL', 'l'],
          ['RPUSH', 'l', ...Array.from({ length: 12 }, () => 'p'.repeat(250))],
        ]);
        for (let step = 0; step < 10; step++) {
          const index = Math.floor(next() * 10);
          await server.pipeline([
            ['LSET', 'l', index, `pivot${step}`],
            ['LINSERT', 'l', 'BEFORE', `pivot${step}`, 'q'.repeat(240 + Math.floor(next() * 20))],
            ['LREM', 'l', 1, 'p'.repeat(250)],
          ]);
        }
        const reader = await dump(server, 'l');
        expect(reader.length()).toBe(1);
        const blob = reader.string();
        expect(validateZiplist(blob, 0, blob.length)).toBeUndefined();
        const elements = decodeZiplist(blob, 0, blob.length);
        expect(elements).toEqual(await texts(server, 'LRANGE', 'l', 0, -1));
        if (!encodeZiplist(elements).equals(blob)) long++;
      }
      expect(long).toBeGreaterThan(0);
    });

    async function expectZiplistList(elements: string[]): Promise<void> {
      await server.pipeline([
        ['DEL', 'l'],
        ['RPUSH', 'l', ...elements.map(binary)],
      ]);
      const reader = await dump(server, 'l');
      const nodes = reader.length();
      const found: string[] = [];
      for (let node = 0; node < nodes; node++) {
        const blob = reader.string();
        expect(validateZiplist(blob, 0, blob.length)).toBeUndefined();
        const part = decodeZiplist(blob, 0, blob.length);
        expect(countZiplist(blob, 0, blob.length)).toBe(part.length);
        expect(encodeZiplist(part).equals(blob)).toBe(true);
        found.push(...part);
      }
      expect(found).toEqual(elements);
    }
  },
  ['redis-6.0'],
);

describeWithServers(
  'listpacks and intsets',
  (name) => {
    const threshold: BacklenThreshold = name === 'valkey-9.1' ? 'inclusive' : 'exclusive';
    beforeAll(start(name));
    afterAll(stop);

    it('writes lists', async () => {
      for (const elements of shuffles(6)) await expectList(elements);
    });

    it('writes the backlen of threshold lengths in its own width', async () => {
      // An entry of 16383 bytes: 5 of encoding, 16378 of data.
      for (const length of [16377, 16378, 16379, 2097145, 2097146, 2097147]) {
        await server.pipeline([
          ['DEL', 'h'],
          ['HSET', 'h', 'f', 'x'.repeat(length), 'g', 'y'],
        ]);
        const reader = await dump(server, 'h');
        if (reader.type === 4) continue;
        const blob = reader.string();
        expect(validateListpack(blob, 0, blob.length)).toBeUndefined();
        expect(encodeListpack(decodeListpack(blob, 0, blob.length), threshold).equals(blob)).toBe(true);
        const isEdge = length === 16378 || length === 2097146;
        expect(backlenThresholdOf(blob, 0, blob.length)).toBe(isEdge ? threshold : undefined);
      }
    });

    it('writes hashes', async () => {
      for (const elements of shuffles(4)) {
        const pairs = elements.slice(0, elements.length & ~1);
        await server.pipeline([
          ['DEL', 'h'],
          ['HSET', 'h', ...pairs.map(binary)],
        ]);
        const blob = (await dump(server, 'h')).string();
        expect(validateHashListpack(blob, 0, blob.length)).toBeUndefined();
        expect(decodeListpack(blob, 0, blob.length)).toEqual(await texts(server, 'HGETALL', 'h'));
        expect(encodeListpack(pairs, threshold).equals(blob)).toBe(true);
        await server.command('HDEL', 'h', ...pairs.filter((_, i) => i % 6 === 0).map(binary));
        const shrunk = (await dump(server, 'h')).string();
        expect(validateHashListpack(shrunk, 0, shrunk.length)).toBeUndefined();
        const left = await texts(server, 'HGETALL', 'h');
        expect(decodeListpack(shrunk, 0, shrunk.length)).toEqual(left);
        expect(encodeListpack(left, threshold).equals(shrunk)).toBe(true);
      }
    });

    it('writes sorted sets', async () => {
      const scores = [
        '1',
        '-0',
        '1.5',
        'inf',
        '-inf',
        '3e100',
        '1e-7',
        '4611686018427387904',
        '9007199254740993',
        '0.1',
      ];
      for (const elements of shuffles(4)) {
        const pairs = elements.slice(0, 100).flatMap((text, i) => [scores[i % scores.length], binary(text)]);
        await server.pipeline([
          ['DEL', 'z'],
          ['ZADD', 'z', ...pairs],
        ]);
        const blob = (await dump(server, 'z')).string();
        expect(validateSortedSetListpack(blob, 0, blob.length)).toBeUndefined();
        const decoded = decodeListpack(blob, 0, blob.length);
        const told = await texts(server, 'ZRANGE', 'z', 0, -1, 'WITHSCORES');
        expect(decoded.filter((_, i) => i % 2 === 0)).toEqual(told.filter((_, i) => i % 2 === 0));
        expect(decoded.map((text, i) => (i % 2 ? Number(text.replace('inf', 'Infinity')) : 0))).toEqual(
          told.map((text, i) => (i % 2 ? Number(text.replace('inf', 'Infinity')) + 0 : 0)),
        );
        expect(encodeListpack(decoded, threshold).equals(blob)).toBe(true);
      }
    });

    if (!isOld(name))
      it('writes sets', async () => {
        for (const elements of shuffles(3)) {
          await server.pipeline([
            ['DEL', 's'],
            ['SADD', 's', ...elements.map(binary)],
          ]);
          const reader = await dump(server, 's');
          expect(reader.type).toBe(20);
          const blob = reader.string();
          expect(validateSetListpack(blob, 0, blob.length)).toBeUndefined();
          const members = decodeListpack(blob, 0, blob.length);
          expect(members.slice().sort()).toEqual(elements.slice().sort());
          expect(encodeListpack(members, threshold).equals(blob)).toBe(true);
        }
      });

    if (/redis-8/.test(name))
      it('writes hashes with field expiry', async () => {
        await server.command('HSET', 'e', 'a', '1', 'b', '2', 'c', '3', 'd', '4');
        await server.command('HPEXPIREAT', 'e', '4000000000000', 'FIELDS', '2', 'b', 'd');
        await server.command('HPEXPIREAT', 'e', '3000000000000', 'FIELDS', '1', 'c');
        const reader = await dump(server, 'e');
        expect(reader.type).toBe(25);
        reader.skip(8);
        const blob = reader.string();
        expect(validateHashExpiryListpack(blob, 0, blob.length)).toBeUndefined();
        const elements = decodeListpack(blob, 0, blob.length);
        expect(elements.filter((_, i) => i % 3 === 2)).toEqual([
          '3000000000000',
          '4000000000000',
          '4000000000000',
          '0',
        ]);
        expect(encodeListpack(elements, threshold).equals(blob)).toBe(true);
      });

    it('writes stream nodes', async () => {
      const all = boundaryTexts();
      let ms = 100;
      const adds = all.slice(0, 120).map((text, i) => {
        // The second half of an id may fall where the first rises.
        if (i % 3 === 0) ms += 2 ** (i % 40);
        return {
          id: `${ms}-${(i % 3 === 0 ? 500 - i : 500) + (i % 3)}`,
          fields: i % 4 ? [all[0], text] : [text, text, 'x', String(i)],
        };
      });
      for (const { id, fields } of adds) await server.command('XADD', 'st', id, ...fields.map(binary));
      const before = (await server.command('XRANGE', 'st', '-', '+')) as unknown as [Buffer, Buffer[]][];
      await server.command('XDEL', 'st', ...before.filter((_, i) => i % 5 === 2).map(([id]) => id));
      const told = (await server.command('XRANGE', 'st', '-', '+')) as unknown as [Buffer, Buffer[]][];
      const reader = await dump(server, 'st');
      const found: [string, string[]][] = [];
      for (let nodes = reader.length(); nodes > 0; nodes--) {
        const master = reader.string();
        const blob = reader.string();
        expect(validateStreamListpack(blob, 0, blob.length)).toBeUndefined();
        const node = decodeStreamListpack(blob, 0, blob.length);
        expect(encodeStreamListpack(node, threshold).equals(blob)).toBe(true);
        const live = node.entries.filter((entry) => !(entry.flags & 1));
        expect([live.length, node.entries.length - live.length]).toEqual([node.count, node.deleted]);
        for (const { msDelta, seqDelta, items } of live) {
          const ms = BigInt.asUintN(64, master.readBigUInt64BE(0) + msDelta);
          found.push([`${ms}-${BigInt.asUintN(64, master.readBigUInt64BE(8) + seqDelta)}`, [...items]]);
        }
      }
      expect(found).toEqual(told.map(([id, items]) => [String(id), items.map((item) => item.toString('latin1'))]));
      expect(found.length).toBeGreaterThan(60);
    });

    async function expectList(elements: string[]): Promise<void> {
      await server.pipeline([
        ['DEL', 'l'],
        ['RPUSH', 'l', ...elements.map(binary)],
      ]);
      const reader = await dump(server, 'l');
      const nodes = reader.length();
      const found: string[] = [];
      for (let node = 0; node < nodes; node++) {
        const isPlain = reader.length() === 1;
        const blob = reader.string();
        if (isPlain) {
          found.push(blob.toString('latin1'));
          continue;
        }
        expect(validateListpack(blob, 0, blob.length)).toBeUndefined();
        const part = decodeListpack(blob, 0, blob.length);
        expect(countListpack(blob, 0, blob.length)).toBe(part.length);
        expect(encodeListpack(part, threshold).equals(blob)).toBe(true);
        found.push(...part);
      }
      expect(found).toEqual(elements);
    }
  },
  ['redis-7.0', 'redis-8.0', 'redis-8.6', 'valkey-8.1', 'valkey-9.1'],
);

describeWithServers(
  'intsets',
  (name) => {
    beforeAll(start(name));
    afterAll(stop);

    it('writes intsets of each width', async () => {
      for (const bits of [3n, 15n, 16n, 31n, 32n, 52n, 53n, 62n, 63n]) {
        const edge = 2n ** bits;
        const members = [-edge, -edge + 1n, -1n, 0n, 1n, edge - 1n].map(String);
        await server.pipeline([
          ['DEL', 's'],
          ['SADD', 's', ...members],
        ]);
        const reader = await dump(server, 's');
        expect(reader.type).toBe(11);
        const blob = reader.string();
        expect(validateIntset(blob, 0, blob.length)).toBeUndefined();
        expect(decodeIntset(blob, 0, blob.length)).toEqual(members);
        expect(countIntset(blob, 0, blob.length)).toBe(members.length);
        expect(encodeIntset(members.toReversed()).equals(blob)).toBe(true);
      }
    });
  },
  ['redis-6.0', 'redis-8.6', 'valkey-9.1'],
);
