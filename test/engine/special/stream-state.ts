/* A stream's whole state, as the engine has it and as XINFO STREAM FULL tells it. */
import type { Session } from '../../../src/engine/session.ts';
import type { Stream } from '../../../src/values/stream.ts';
import { formatId } from '../../../src/values/stream-id.ts';
import type { Group, Pending } from '../../../src/values/stream-pending.ts';
import type { Reply } from '../../support/reply.ts';
import type { Server } from '../../support/server-process.ts';
import { textOf } from './replay.ts';

/** Moments of the load itself differ by how long it took; the others are far from now. */
function moment(time: number, now: number): number | 'now' {
  return Math.abs(time - now) < 60_000 ? 'now' : time;
}

function describePending(entry: Pending, now: number): unknown[] {
  return [formatId(entry), entry.consumer?.name ?? '', moment(entry.deliveryTime, now), Number(entry.deliveryCount)];
}

function describeGroup(group: Group, now: number): unknown {
  const consumers = [...group.consumers.values()].map(({ name, pending }) => [name, pending]);
  return {
    name: group.name,
    last: formatId(group.lastId),
    read: group.entriesRead === -1 ? null : group.entriesRead,
    pending: [...group.pending].map((entry) => describePending(entry, now)),
    consumers: consumers.sort(),
  };
}

function describeOurs(stream: Stream, now: number): Record<string, unknown> {
  const groups = [...(stream.groups?.values() ?? [])].map((group) => describeGroup(group, now));
  return {
    length: stream.length,
    nodes: stream.nodeCount,
    last: formatId(stream.lastId),
    first: formatId(stream.firstId),
    maxDeleted: formatId(stream.maxDeletedId),
    added: stream.entriesAdded,
    entries: Array.from(stream.entries(), (entry) => [formatId(entry), entry.fields()]),
    groups: groups.sort((a, b) => ((a as { name: string }).name < (b as { name: string }).name ? -1 : 1)),
    iids: [
      stream.idempotency?.duration ?? 100,
      stream.idempotency?.maxEntries ?? 100,
      stream.idempotency?.iidsAdded ?? 0,
      stream.idempotency?.iidsDuplicates ?? 0,
    ],
  };
}

function asMap(reply: unknown): Map<string, unknown> {
  const list = reply as unknown[];
  return new Map(list.flatMap((_, i) => (i % 2 === 0 ? [[list[i] as string, list[i + 1]] as const] : [])));
}

function describeTheirs(reply: Reply, now: number): Record<string, unknown> {
  const info = asMap(textOf(reply));
  const groups = (info.get('groups') as unknown[]).map((group) => {
    const map = asMap(group);
    const pending = (map.get('pending') ?? map.get('pel')) as [string, string, number, number][];
    const consumers = (map.get('consumers') as unknown[]).map(asMap);
    return {
      name: map.get('name'),
      last: map.get('last-delivered-id'),
      read: map.get('entries-read'),
      pending: pending.map(([id, owner, time, count]) => [id, owner, moment(time, now), count]),
      consumers: consumers.map((one) => [one.get('name'), one.get('pel-count')]).sort(),
    };
  });
  return {
    length: info.get('length'),
    nodes: info.get('radix-tree-keys'),
    last: info.get('last-generated-id'),
    first: info.get('recorded-first-entry-id'),
    maxDeleted: info.get('max-deleted-entry-id'),
    added: info.get('entries-added'),
    entries: info.get('entries'),
    groups,
    iids: [info.get('idmp-duration'), info.get('idmp-maxsize'), info.get('iids-added'), info.get('iids-duplicates')],
  };
}

function leaveOut(name: string, ...states: (Record<string, unknown> | undefined)[]): void {
  for (const state of states) if (state) delete state[name];
}

/** Leaves out what the server's generation does not tell. */
function keepKnown(ours: Record<string, unknown>, theirs: Record<string, unknown>): void {
  for (const name of ['first', 'maxDeleted', 'added']) if (theirs[name] === undefined) leaveOut(name, ours, theirs);
  if ((theirs.iids as unknown[])[0] === undefined) leaveOut('iids', ours, theirs);
  const groups = theirs.groups as Record<string, unknown>[];
  for (const [i, group] of (ours.groups as Record<string, unknown>[]).entries()) {
    if (groups[i]?.read === undefined) leaveOut('read', group, groups[i]);
  }
}

/** The key's state on both sides; undefined where there is no such key. */
export async function streamStates(
  server: Server,
  session: Session,
  key: string,
): Promise<{ ours: unknown; theirs: unknown }> {
  const entry = session.keys.find(Buffer.from(key), 0, key.length);
  const reply = await server.attempt('XINFO', 'STREAM', key, 'FULL', 'COUNT', '0');
  const ours = entry < 0 ? undefined : describeOurs(session.keys.object(entry) as Stream, session.now);
  const theirs = reply instanceof Error ? undefined : describeTheirs(reply, session.now);
  if (ours && theirs) keepKnown(ours, theirs);
  // Before 6.2 a node is full by another count; the AOF of such a server holds no `~` that would show it.
  if (server.name === 'redis-6.0') leaveOut('nodes', ours, theirs);
  return { ours, theirs };
}
