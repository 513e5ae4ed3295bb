import { expect, it } from 'vitest';
import { arrayFamily } from '../../../src/engine/commands/array.ts';
import { streamFamily } from '../../../src/engine/commands/stream.ts';
import { Digester } from '../../../src/engine/digest.ts';
import type { Session } from '../../../src/engine/session.ts';
import { type GroupParts, Stream } from '../../../src/values/stream.ts';
import { formatId, parseId } from '../../../src/values/stream-id.ts';
import { replay } from './replay.ts';
import { streamCommands } from './stream-commands.ts';

const features = { since62: true, since70: true, since82: true, since86: true, boundsRead: true };

function streamOf(session: Session, key: string): Stream {
  return session.keys.object(session.keys.find(Buffer.from(key), 0, key.length)) as Stream;
}

function summary(stream: Stream): unknown {
  return {
    nodes: Array.from(stream.nodes(), (node) => [
      formatId(node),
      node.count,
      node.deleted,
      node.encode().toString('hex'),
    ]),
    entries: Array.from(stream.entries(), (entry) => [formatId(entry), entry.fields()]),
    ids: [stream.lastId, stream.firstId, stream.maxDeletedId].map(formatId),
    counts: [stream.length, stream.entriesAdded],
    groups: [...(stream.groups?.values() ?? [])].map(groupParts),
    producers: stream.idempotency?.producers,
  };
}

function groupParts(group: NonNullable<Stream['groups']> extends Map<string, infer G> ? G : never): GroupParts {
  const pending = [...group.pending];
  const idOf = ({ ms, seq }: { ms: number | bigint; seq: number | bigint }) => ({ ms, seq });
  return {
    name: group.name,
    lastId: group.lastId,
    entriesRead: group.entriesRead,
    pending: pending.map((entry) => ({
      id: idOf(entry),
      deliveryTime: entry.deliveryTime,
      deliveryCount: entry.deliveryCount,
    })),
    consumers: [...group.consumers.values()].map((consumer) => ({
      name: consumer.name,
      seenTime: consumer.seenTime,
      activeTime: consumer.activeTime,
      pending: pending.filter((entry) => entry.consumer === consumer).map(idOf),
    })),
    nacked: [...group.nackZone].map(idOf),
  };
}

it('is the same after it was taken apart and built again, and after a copy', () => {
  for (const seed of [11, 12, 13]) {
    const session = replay(streamCommands(seed, 1500, features), [streamFamily], 'redis-8', 1_700_000_000_000);
    for (const key of ['a', 'b', 'c']) {
      const stream = streamOf(session, key);
      const nodes = Array.from(stream.nodes(), (node) => ({ ms: node.ms, seq: node.seq, listpack: node.encode() }));
      const groups = [...(stream.groups?.values() ?? [])].map(groupParts);
      const { length, lastId, maxDeletedId, entriesAdded, idempotency } = stream;
      const built = Stream.build({ nodes, length, lastId, maxDeletedId, entriesAdded, groups, idempotency });
      expect(summary(built)).toEqual(summary(stream));
      const copy = stream.copy();
      expect(summary(copy)).toEqual(summary(stream));
      const before = summary(copy);
      stream.trim({ maxLength: 0, approximate: false, limit: 0, references: 'delete' });
      expect(summary(copy)).toEqual(before);
    }
  }
});

it('gives entries back to the NACK zone and takes them from it', () => {
  const session = replay(
    [
      ['XGROUP', 'CREATE', 's', 'g', '0', 'MKSTREAM'],
      ['XADD', 's', '1-0', 'f', 'v'],
      ['XADD', 's', '2-0', 'f', 'v'],
      ['XADD', 's', '3-0', 'f', 'v'],
      ['XCLAIM', 's', 'g', 'c', '0', '1-0', '2-0', 'TIME', '5', 'RETRYCOUNT', '4', 'FORCE', 'JUSTID'],
      ['XNACK', 's', 'g', 'SILENT', 'IDS', '2', '2-0', '1-0'],
      ['XNACK', 's', 'g', 'FAIL', 'IDS', '2', '3-0', '9-0', 'RETRYCOUNT', '7', 'FORCE'],
      ['XCLAIM', 's', 'g', 'd', '0', '1-0', 'TIME', '6', 'JUSTID'],
      ['XNACK', 's', 'g', 'FATAL', 'IDS', '1', '1-0'],
    ],
    [streamFamily],
    'redis-8',
    100,
  );
  expect(session.errors).toEqual([]);
  const group = streamOf(session, 's').groups!.get('g')!;
  expect(
    [...group.nackZone].map((entry) => [formatId(entry), entry.deliveryTime, String(entry.deliveryCount)]),
  ).toEqual([
    ['2-0', 0, '3'],
    ['3-0', 0, '7'],
    ['1-0', 0, '9223372036854775807'],
  ]);
  expect([...group.consumers.values()].map(({ name, pending }) => [name, pending])).toEqual([
    ['c', 0],
    ['d', 0],
  ]);
});

it('parses ids as strtoull does', () => {
  const texts = ['1-2', '5', '007-01', '18446744073709551615-18446744073709551615', '9007199254740993', ' 7'];
  expect(texts.map((text) => formatId(parseId(text)!))).toEqual([
    '1-2',
    '5-0',
    '7-1',
    '18446744073709551615-18446744073709551615',
    '9007199254740993-0',
    '7-0',
  ]);
  for (const text of ['', '-', '+', '-1', '1-', '1-2-3', 'a', '18446744073709551616', '1-*', `${'0'.repeat(127)}1`]) {
    expect(parseId(text)).toBeUndefined();
  }
});

it('has the digests that servers gave', () => {
  const stream = [
    ['XADD', 'x', '1-0', 'f', 'v'],
    ['XADD', 'x', '2-5', 'g', 'w'],
  ];
  const array = [
    ['ARSET', 'ar', '0', 'a', '1'],
    ['ARSET', 'ar', '3', '1.5'],
  ];
  const digester = new Digester({ at: 0 });
  expect(digester.dataset(replay(stream, [streamFamily], 'redis-8', 0).dataset)).toBe(
    '9e9cb7873e0b9a0a9253c265a4574bf06c69e99a',
  );
  expect(digester.dataset(replay(array, [arrayFamily], 'redis-8', 0).dataset)).toBe(
    '53d355d45762da93a802ed3c88cfdc6834c98bed',
  );
});
