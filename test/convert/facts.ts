/* What a dataset holds, as our loader says of the source and as a real server says of what was made of it. */
import { detectLayout } from '../../src/aof/layout.ts';
import { flavorOf } from '../../src/dataset/flavor-choice.ts';
import { loadDataset } from '../../src/dataset/load.ts';
import { Digester } from '../../src/engine/digest.ts';
import type { Flavor } from '../../src/servers/flavor.ts';
import type { HashValue } from '../../src/values/hash.ts';
import type { Stream } from '../../src/values/stream.ts';
import { formatId } from '../../src/values/stream-id.ts';
import { Kind } from '../../src/values/value.ts';
import type { Reply } from '../support/reply.ts';
import type { Server, ServerName } from '../support/server-process.ts';

export interface KeyFacts {
  readonly digest: string;
  /** Milliseconds since 1970; -1 for never. */
  readonly expiry: number;
  /** Of a stream: each group with its last id, consumers and pending entries. */
  readonly groups?: readonly string[];
}

export interface Facts {
  /** By database and key. */
  readonly keys: ReadonlyMap<string, KeyFacts>;
  readonly libraries: readonly string[];
}

/** The digest's rules of each server. */
const flavorOfServer: Readonly<Record<ServerName, Flavor>> = {
  'redis-6.0': 'redis-6.2',
  'redis-7.0': 'redis-7.0',
  'redis-8.0': 'redis-8',
  'redis-8.6': 'redis-8',
  'valkey-8.1': 'valkey-8',
  'valkey-9.1': 'valkey-9',
};

/** What lies at `path`, less what is past: keys that have expired, and hashes with fields that have. */
export async function factsOfPath(path: string, server: ServerName, at: number): Promise<Facts> {
  const loaded = await loadDataset(path, { flavor: flavorOf(detectLayout(path)), at, expired: 'keep', opaque: 'drop' });
  try {
    const { codec, sources: reader, dataset } = loaded;
    const digester = new Digester({ flavor: flavorOfServer[server], at, codec, reader });
    const keys = new Map<string, KeyFacts>();
    for (const database of dataset.occupied()) {
      const keyspace = dataset.database(database);
      for (let entry = keyspace.next(-1); entry >= 0; entry = keyspace.next(entry)) {
        const expiry = keyspace.expiry(entry);
        loaded.session.select(database);
        const kind = loaded.session.kind(entry);
        if (expiry <= at + 60_000) continue;
        if (kind === Kind.Hash && hasPast(keyspace.object(entry) as HashValue, at)) continue;
        const groups = kind === Kind.Stream ? groupsOf(keyspace.object(entry) as Stream) : undefined;
        const facts = { digest: digester.entry(keyspace, entry), expiry: Number.isNaN(expiry) ? -1 : expiry };
        keys.set(`${database} ${keyspace.keyText(entry)}`, groups === undefined ? facts : { ...facts, groups });
      }
    }
    return { keys, libraries: [...dataset.libraries.keys()].sort() };
  } finally {
    loaded.close();
  }
}

function hasPast(hash: HashValue, at: number): boolean {
  return hash.hasExpiries && [...hash.entries()].some(([field]) => hash.expiry(field) <= at + 60_000);
}

function groupsOf(stream: Stream): string[] {
  const texts = [...(stream.groups ?? [])].map(([name, group]) => {
    const pending = [...group.consumers].map(([, consumer]) => consumer.name).sort();
    return `${name} ${formatId(group.lastId)} ${pending.join(',')}`;
  });
  return texts.sort();
}

/** What a server holds, of the keys that `wanted` names. */
export async function factsOfServer(server: Server, wanted: ReadonlyMap<string, KeyFacts>): Promise<Facts> {
  const keys = new Map<string, KeyFacts>();
  const info = String(await server.command('INFO', 'keyspace'));
  for (const [, database] of info.matchAll(/^db(\d+):/gm)) {
    await server.command('SELECT', database);
    const names = (await server.command('KEYS', '*')) as Buffer[];
    const known = names.filter((name) => wanted.has(`${database} ${name.latin1Slice()}`));
    const digests = await server.digestValues(known);
    const expiries = await expiriesOf(server, known);
    for (const [index, name] of known.entries()) {
      const id = `${database} ${name.latin1Slice()}`;
      const groups = wanted.get(id)?.groups === undefined ? undefined : await serverGroups(server, name);
      const facts = { digest: digests[index], expiry: expiries[index] };
      keys.set(id, groups === undefined ? facts : { ...facts, groups });
    }
    for (const name of names) {
      const id = `${database} ${name.latin1Slice()}`;
      const isPast = !wanted.has(id) && Number(await server.command('PTTL', name)) < 0;
      if (isPast && String(await server.command('TYPE', name)) !== 'hash')
        keys.set(id, { digest: 'unexpected', expiry: -1 });
    }
  }
  await server.command('SELECT', 0);
  if (server.name === 'redis-6.0') return { keys, libraries: [] };
  const libraries = (await server.command('FUNCTION', 'LIST')) as Reply[][];
  return { keys, libraries: libraries.map((library) => String(library[1])).sort() };
}

async function expiriesOf(server: Server, names: readonly Buffer[]): Promise<number[]> {
  const isOld = server.name === 'redis-6.0';
  const replies = await server.pipeline(names.map((name) => [isOld ? 'PTTL' : 'PEXPIRETIME', name]));
  const now = Date.now();
  // 6.0 tells only the time left: rounded, as it passes meanwhile.
  return replies.map((reply) => (isOld && Number(reply) >= 0 ? now + Number(reply) : Number(reply)));
}

async function serverGroups(server: Server, name: Buffer): Promise<string[]> {
  const groups = (await server.command('XINFO', 'GROUPS', name)) as Reply[][];
  const texts = groups.map(async (group) => {
    const pairs = new Map<string, Reply>();
    for (let index = 0; index < group.length; index += 2) pairs.set(String(group[index]), group[index + 1]);
    const groupName = pairs.get('name') as Buffer;
    const consumers = (await server.command('XINFO', 'CONSUMERS', name, groupName)) as Reply[][];
    const names = consumers.map((consumer) => (consumer[1] as Buffer).latin1Slice()).sort();
    return `${groupName.latin1Slice()} ${String(pairs.get('last-delivered-id'))} ${names.join(',')}`;
  });
  return (await Promise.all(texts)).sort();
}
