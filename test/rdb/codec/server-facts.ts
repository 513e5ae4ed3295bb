/* What a server says of its dataset beyond DEBUG DIGEST, which leaves out groups, expiries and functions. */
import type { Reply, Server } from '../../support/servers.ts';

/** The digest, and of each key its expiry, its fields' expiries, and its stream with everything in it. */
export async function serverFacts(server: Server): Promise<Record<string, unknown>> {
  const facts: Record<string, unknown> = { digest: await server.digest() };
  if (server.name !== 'redis-6.0') facts.libraries = textOf(await server.command('FUNCTION', 'LIST', 'WITHCODE'));
  for (const db of [0, 5]) {
    await server.command('SELECT', db);
    const keys = (await server.command('KEYS', '*')) as Buffer[];
    keys.sort(Buffer.compare);
    for (const key of keys) facts[`${db} ${key.toString('latin1')}`] = await keyFacts(server, key);
  }
  await server.command('SELECT', 0);
  return facts;
}

async function keyFacts(server: Server, key: Buffer): Promise<unknown> {
  const expire = server.name === 'redis-6.0' ? null : await server.command('PEXPIRETIME', key);
  const type = String(await server.command('TYPE', key));
  if (type === 'stream') {
    const info = withoutLayout(textOf(await server.command('XINFO', 'STREAM', key, 'FULL', 'COUNT', '0')) as unknown[]);
    return { expire, type, info };
  }
  if (type === 'hash' && ['redis-8.0', 'redis-8.6', 'valkey-9.1'].includes(server.name)) {
    const fields = (await server.command('HKEYS', key)) as Buffer[];
    fields.sort(Buffer.compare);
    const expiries = textOf(await server.command('HPEXPIRETIME', key, 'FIELDS', fields.length, ...fields));
    return { expire, type, expiries };
  }
  return { expire, type };
}

/** Nodes of the radix tree, and how many allocations they took, are not data. */
function withoutLayout(info: unknown[]): unknown[] {
  const index = info.indexOf('radix-tree-nodes');
  return index < 0 ? info : [...info.slice(0, index), ...info.slice(index + 2)];
}

function textOf(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(textOf);
  return reply instanceof Uint8Array ? Buffer.from(reply).toString('latin1') : reply;
}
