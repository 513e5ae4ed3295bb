/* What a server says of all that it holds, by its own commands: also what DEBUG DIGEST leaves out. */
import type { Reply } from '../support/reply.ts';
import type { Server, ServerName } from '../support/server-process.ts';

/** Servers that keep an expiry of a hash's fields. */
const withFieldExpiry: readonly ServerName[] = ['redis-8.0', 'redis-8.6', 'valkey-9.1'];
/** How many keys' expiries may differ, milliseconds, where the server tells only the time left (6.0). */
const momentTolerance = 500;
/** How a stream is dealt out over nodes is not data. */
const layoutOfStream = ['radix-tree-nodes', 'radix-tree-keys'];
/** No command of BGREWRITEAOF carries these. */
const lostInCommands = ['seen-time', 'active-time', 'idle', 'inactive', 'iids-added', 'iids-duplicates'];

export interface Facts {
  readonly digest: string;
  readonly libraries: unknown;
  /** By database and key: digest, type, expiry, and what only the type's own commands tell. */
  readonly keys: Readonly<Record<string, unknown>>;
}

/** `inCommands`: without the details that commands do not carry. */
export async function factsOf(server: Server, inCommands: boolean): Promise<Facts> {
  const keys: Record<string, unknown> = {};
  const info = String(await server.command('INFO', 'keyspace'));
  for (const [, database] of info.matchAll(/^db(\d+):/gm)) {
    await server.command('SELECT', database);
    const names = (await server.command('KEYS', '*')) as Buffer[];
    for (const name of names.sort(Buffer.compare))
      keys[`${database} ${name.latin1Slice(0, name.length)}`] = await keyFacts(server, name, inCommands);
  }
  await server.command('SELECT', 0);
  const hasFunctions = server.name !== 'redis-6.0';
  const libraries = hasFunctions ? plain(await server.command('FUNCTION', 'LIST', 'WITHCODE')) : [];
  return { digest: await server.digest(), libraries: byText(libraries as unknown[]), keys };
}

async function keyFacts(server: Server, key: Buffer, inCommands: boolean): Promise<Record<string, unknown>> {
  const type = String(await server.command('TYPE', key));
  const [digest] = await server.digestValues([key]);
  const facts: Record<string, unknown> = { type, digest, expiry: await expiryOf(server, key) };
  if (type === 'string') facts.value = plain(await server.command('GET', key));
  if (type === 'stream') {
    if (inCommands) await acknowledgeDeleted(server, key);
    const info = withoutForgotten(plain(await server.command('XINFO', 'STREAM', key, 'FULL', 'COUNT', '0')));
    facts.stream = without(info, inCommands ? [...layoutOfStream, ...lostInCommands] : layoutOfStream);
    facts.pending = await pendingOf(server, key);
  }
  if (type === 'hash' && withFieldExpiry.includes(server.name)) facts.fields = await fieldExpiries(server, key);
  return facts;
}

/** When a key expires, milliseconds since 1970, rounded where it is told as a time left; -1 for never. */
async function expiryOf(server: Server, key: Buffer): Promise<number> {
  if (server.name !== 'redis-6.0') return Number(await server.command('PEXPIRETIME', key));
  const left = Number(await server.command('PTTL', key));
  return left < 0 ? left : Math.round((Date.now() + left) / 10_000 / momentTolerance);
}

/** XPENDING of every group, in full, without the time since a delivery. */
async function pendingOf(server: Server, key: Buffer): Promise<[group: string, rows: unknown[][]][]> {
  const groups = plain(await server.command('XINFO', 'GROUPS', key)) as string[][];
  const pending: [string, unknown[][]][] = [];
  for (const group of groups) {
    const name = group[group.indexOf('name') + 1];
    const reply = await server.command('XPENDING', key, Buffer.from(name, 'latin1'), '-', '+', '1000000');
    const rows = plain(reply) as unknown[][];
    pending.push([name, rows.map(([id, consumer, , count]) => [id, consumer, count])]);
  }
  return pending;
}

/** Pending entries of messages that are gone: no command of a rewrite makes them. */
async function acknowledgeDeleted(server: Server, key: Buffer): Promise<void> {
  for (const [group, rows] of await pendingOf(server, key)) {
    for (const [id] of rows as string[][]) {
      const found = (await server.command('XRANGE', key, id, id)) as unknown[];
      if (found.length === 0) await server.command('XACK', key, Buffer.from(group, 'latin1'), id);
    }
  }
}

async function fieldExpiries(server: Server, key: Buffer): Promise<unknown> {
  const fields = ((await server.command('HKEYS', key)) as Buffer[]).sort(Buffer.compare);
  return plain(await server.command('HPEXPIRETIME', key, 'FIELDS', fields.length, ...fields));
}

function byText(list: unknown[]): unknown[] {
  return list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/**
 * XINFO STREAM without the number of messages of idempotent producers where all are past `idmp-duration`: a server that has loaded an
 * AOF drops them a moment later, and does not say when it has.
 */
function withoutForgotten(info: unknown): unknown {
  const fields = info as unknown[];
  const duration = fields.indexOf('idmp-duration');
  if (duration < 0) return info;
  const lastMoment = Number(String(fields[fields.indexOf('last-generated-id') + 1]).split('-')[0]);
  const isPast = lastMoment + Number(fields[duration + 1]) * 1000 < Date.now();
  return isPast ? without(info, ['pids-tracked', 'iids-tracked', 'producers']) : info;
}

/** Leaves pairs of these names out of every list of a reply. */
function without(reply: unknown, names: readonly string[]): unknown {
  if (!Array.isArray(reply)) return reply;
  const kept = reply.filter((item, index) => !names.includes(item) && !(index > 0 && names.includes(reply[index - 1])));
  return kept.map((item) => without(item, names));
}

/** A reply with bulk strings as binary strings. */
function plain(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(plain);
  return Buffer.isBuffer(reply) ? reply.latin1Slice(0, reply.length) : reply;
}
