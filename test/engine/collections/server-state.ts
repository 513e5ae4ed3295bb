/** What a server, and what the engine, holds at a key, in one shape that can be compared. */
import type { Session } from '../../../src/engine/session.ts';
import type { HashValue } from '../../../src/values/hash.ts';
import type { ListValue } from '../../../src/values/list.ts';
import type { SetValue } from '../../../src/values/set.ts';
import type { SortedSetValue } from '../../../src/values/sorted-set.ts';
import { Kind, objectKindMin } from '../../../src/values/value.ts';
import type { Server } from '../../support/server-process.ts';
import { textOf } from '../special/replay.ts';

export interface KeyState {
  readonly type: string;
  /** Milliseconds since 1970, -1 for none. */
  readonly expiry: number;
  readonly content: unknown;
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Keys of the server, sorted, with what each of them holds. `withFieldExpiry`: the server knows HPEXPIRETIME. */
export async function serverState(server: Server, withFieldExpiry: boolean): Promise<Map<string, KeyState>> {
  const keys = (textOf(await server.command('KEYS', '*')) as string[]).sort();
  const state = new Map<string, KeyState>();
  for (const key of keys) {
    const type = String(await server.command('TYPE', bytesOf(key)));
    const left = Number(await server.command('PTTL', bytesOf(key)));
    const content = await contentOf(server, key, type, withFieldExpiry);
    state.set(key, { type, expiry: left < 0 ? -1 : 1, content });
  }
  return state;
}

async function contentOf(server: Server, key: string, type: string, withFieldExpiry: boolean): Promise<unknown> {
  const name = bytesOf(key);
  if (type === 'string') return textOf(await server.command('GET', name));
  if (type === 'list') return textOf(await server.command('LRANGE', name, '0', '-1'));
  if (type === 'set') return (textOf(await server.command('SMEMBERS', name)) as string[]).sort();
  if (type === 'zset') {
    const flat = textOf(await server.command('ZRANGE', name, '0', '-1', 'WITHSCORES')) as string[];
    return flat.map((text, index) => (index % 2 === 0 ? text : scoreName(text.replace('inf', 'Infinity'))));
  }
  return hashContent(server, name, withFieldExpiry);
}

/** A double's name that tells 0 from -0. */
function scoreName(text: string): string {
  return Object.is(Number(text), -0) ? '-0' : String(Number(text));
}

async function hashContent(server: Server, name: Buffer, withFieldExpiry: boolean): Promise<unknown> {
  const flat = textOf(await server.command('HGETALL', name)) as string[];
  const fields = flat.filter((_, index) => index % 2 === 0);
  const expiries =
    withFieldExpiry && fields.length > 0
      ? ((await server.command(
          'HPEXPIRETIME',
          name,
          'FIELDS',
          String(fields.length),
          ...fields.map(bytesOf),
        )) as number[])
      : fields.map(() => -1);
  return fields.map((field, index) => [field, flat[2 * index + 1], expiries[index]]).sort(byName);
}

function byName(a: unknown[], b: unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}

/** The same of the engine's database 0. Fields that are past their time are left out: a server hides them, and Redis soon removes them. */
export function engineState(session: Session): Map<string, KeyState> {
  const { keys } = session;
  const state: [string, KeyState][] = [];
  for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) {
    const kind = session.kind(entry);
    if (kind === Kind.Hash && (keys.object(entry) as HashValue).isPast(session.now)) continue;
    const type = ['list', 'set', 'zset', 'hash'][kind - Kind.List] ?? 'string';
    const content =
      kind < objectKindMin ? session.stringBytes(keys, entry).latin1Slice() : objectContent(session, entry);
    state.push([keys.keyText(entry), { type, expiry: keys.hasExpiry(entry) ? 1 : -1, content }]);
  }
  return new Map(state.sort(byName));
}

function objectContent(session: Session, entry: number): unknown {
  const value = session.keys.object(entry);
  if (value.kind === Kind.List) return [...(value as ListValue).values()];
  if (value.kind === Kind.Set) return [...(value as SetValue).values()].sort();
  if (value.kind === Kind.SortedSet) {
    return [...(value as SortedSetValue).ordered()].flatMap(([member, score]) => [
      member,
      Object.is(score, -0) ? '-0' : String(score),
    ]);
  }
  const hash = value as HashValue;
  const rows: unknown[][] = [];
  for (const [field, text] of hash.entries()) {
    const expiry = hash.expiry(field);
    if (expiry < session.now) continue;
    rows.push([field, text, Number.isNaN(expiry) ? -1 : expiry]);
  }
  return rows.sort(byName);
}
