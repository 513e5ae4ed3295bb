/* Every value of every golden, exported as jsonl and read back, is what the server answers that has loaded the files. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { goldenDir, goldenNames, readProvenance } from '../../fixtures/generate/golden.ts';
import { flavorOfName } from '../../src/dataset/flavor-choice.ts';
import { exportKeys } from '../../src/index.ts';
import {
  describeWithServers,
  type Reply,
  ReplyError,
  type Server,
  startServer,
  temporaryDir,
} from '../support/servers.ts';

type Text = string | { readonly base64: string };
type Json = Readonly<Record<string, never>> & {
  readonly db: number;
  readonly key: Text;
  readonly type: string;
  readonly expiry?: number;
  readonly value: never;
};

const bytesOf = (text: Text): string =>
  (typeof text === 'string' ? Buffer.from(text, 'utf8') : Buffer.from(text.base64, 'base64')).toString('latin1');

/** An object, or the list of pairs that stands for one whose names are not UTF-8: as pairs of binary strings. */
function pairsOf(value: Record<string, Text> | { field: Text; value: Text }[]): [string, string][] {
  if (Array.isArray(value)) return value.map(({ field, value: content }) => [bytesOf(field), bytesOf(content)]);
  return Object.entries(value).map(([field, content]) => [bytesOf(field), bytesOf(content)]);
}

const latin1 = (reply: Reply): string =>
  Buffer.isBuffer(reply) ? reply.toString('latin1') : Buffer.from(String(reply), 'utf8').toString('latin1');
const texts = (reply: Reply): string[] => (reply as Reply[]).map(latin1);
const sorted = <T>(items: T[]): T[] =>
  items
    .map((item) => [JSON.stringify(item), item] as const)
    .sort()
    .map(([, item]) => item);
const pairs = (flat: string[]): [string, string][] =>
  Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index], flat[2 * index + 1]]);

async function exported(path: string, name: string): Promise<Json[]> {
  const pieces: Buffer[] = [];
  const sink = { write: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) };
  const options = { format: 'jsonl', output: sink, at: 0, opaque: 'drop', flavor: flavorOfName(name) } as const;
  const result = await exportKeys([path], options);
  expect(result.ok).toBe(true);
  return Buffer.concat(pieces)
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

async function compare(server: Server, json: Json): Promise<void> {
  const key = Buffer.from(bytesOf(json.key), 'latin1');
  const value = json.value as never;
  const expiry = Number(await server.attempt('PEXPIRETIME', key));
  if (!Number.isNaN(expiry)) expect(expiry).toBe(json.expiry ?? -1);
  switch (json.type) {
    case 'string':
      expect(bytesOf(value)).toBe(latin1(await server.command('GET', key)));
      return;
    case 'list':
      expect((value as Text[]).map(bytesOf)).toEqual(texts(await server.command('LRANGE', key, '0', '-1')));
      return;
    case 'set':
      expect(sorted((value as Text[]).map(bytesOf))).toEqual(sorted(texts(await server.command('SMEMBERS', key))));
      return;
    case 'zset': {
      const members = (value as { member: Text; score: number | string }[]).map(({ member, score }) => [
        bytesOf(member),
        typeof score === 'number' ? score : Number(score.replace('inf', 'Infinity')),
      ]);
      const replies = pairs(texts(await server.command('ZRANGE', key, '0', '-1', 'WITHSCORES')));
      expect(members).toEqual(replies.map(([member, score]) => [member, Number(score.replace('inf', 'Infinity'))]));
      return;
    }
    case 'hash':
      await compareHash(server, key, json);
      return;
    case 'stream':
      await compareStream(server, key, json);
  }
}

async function compareHash(server: Server, key: Buffer, json: Json): Promise<void> {
  const fields = pairsOf(json.value as never);
  expect(sorted(fields)).toEqual(sorted(pairs(texts(await server.command('HGETALL', key)))));
  const expiries = new Map(Object.entries((json as { fieldExpiry?: Record<string, number> }).fieldExpiry ?? {}));
  for (const [field] of fields) {
    const reply = await server.attempt('HPEXPIRETIME', key, 'FIELDS', '1', Buffer.from(field, 'latin1'));
    if (reply instanceof ReplyError) return;
    expect((reply as number[])[0]).toBe(expiries.get(Buffer.from(field, 'latin1').toString('utf8')) ?? -1);
  }
}

interface StreamJson {
  readonly value: { id: string; fields: Text[] }[];
  readonly lastId: string;
  readonly groups: {
    name: Text;
    lastId: string;
    consumers: { name: Text }[];
    pending: { id: string; consumer?: Text; deliveryCount: number }[];
  }[];
}

async function compareStream(server: Server, key: Buffer, json: Json): Promise<void> {
  const { value, lastId, groups } = json as unknown as StreamJson;
  const entries = (await server.command('XRANGE', key, '-', '+')) as [Reply, Reply][];
  expect(value.map(({ id, fields }) => [id, fields.map(bytesOf)])).toEqual(
    entries.map(([id, fields]) => [latin1(id), texts(fields)]),
  );
  const facts = new Map(pairsOfReply((await server.command('XINFO', 'STREAM', key)) as Reply[]));
  expect(lastId).toBe(latin1(facts.get('last-generated-id') as Reply));
  const replies = ((await server.command('XINFO', 'GROUPS', key)) as Reply[][]).map(
    (group) => new Map(pairsOfReply(group)),
  );
  expect(
    sorted(groups.map((group) => [bytesOf(group.name), group.lastId, group.consumers.length, group.pending.length])),
  ).toEqual(
    sorted(
      replies.map((group) => [
        latin1(group.get('name') as Reply),
        latin1(group.get('last-delivered-id') as Reply),
        group.get('consumers'),
        group.get('pending'),
      ]),
    ),
  );
  for (const { name, pending } of groups) {
    const group = Buffer.from(bytesOf(name), 'latin1');
    const owned = (await server.command('XPENDING', key, group, '-', '+', '100000')) as [
      Reply,
      Reply,
      number,
      number,
    ][];
    expect(pending.map(({ id, consumer = '', deliveryCount }) => [id, bytesOf(consumer), deliveryCount])).toEqual(
      owned.map(([id, consumer, , count]) => [latin1(id), latin1(consumer), count]),
    );
  }
}

const pairsOfReply = (flat: Reply[]): [string, Reply][] =>
  Array.from({ length: flat.length / 2 }, (_, index) => [latin1(flat[2 * index]), flat[2 * index + 1]]);

describeWithServers('exported values are the server’s', (name) => {
  const own = goldenNames()
    .map(readProvenance)
    .filter(({ writer, digest }) => writer === name && digest !== undefined);
  it.each(own.map((golden) => [golden.name, golden] as const))('%s', async (_, golden) => {
    const dir = temporaryDir();
    cpSync(goldenDir(golden.name), dir, { recursive: true });
    const isAof = golden.layout !== 'rdb';
    const config: Record<string, string> = isAof
      ? { appendonly: 'yes', ...(golden.layout === 'aof' && { appendfilename: golden.path }) }
      : {};
    const server = await startServer(name, { dir, config });
    try {
      expect(await server.digest()).toBe(golden.digest);
      let selected = 0;
      const keys = await exported(join(goldenDir(golden.name), golden.path), name);
      for (const json of keys) {
        if (json.db !== selected) await server.command('SELECT', String(json.db));
        selected = json.db;
        await compare(server, json);
      }
    } finally {
      await server.kill();
    }
  });
});
