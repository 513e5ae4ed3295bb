/**
 * Streams into RDB types 15, 19, 21, 26 and 27; the layout is in ../values/stream.ts.
 */

import { backlenThresholdOf } from '../../encodings/listpack.ts';
import { decodeStreamListpack, encodeStreamListpack } from '../../encodings/stream-listpack.ts';
import type { U64 } from '../../encodings/u64.ts';
import type { LossSink } from '../../servers/losses.ts';
import type { Target } from '../../servers/targets.ts';
import type { Stream } from '../../values/stream.ts';
import { isZeroId, type StreamId } from '../../values/stream-id.ts';
import type { Idempotency } from '../../values/stream-idempotency.ts';
import type { StreamNode } from '../../values/stream-node.ts';
import type { Consumer, Group, Pending } from '../../values/stream-pending.ts';
import type { RdbOutput } from '../output.ts';

const idmpDefault = 100;

/** Writes the value; `now` (ms) decides which messages of idempotent producers are still remembered. */
export function writeStream(out: RdbOutput, stream: Stream, target: Target, now: number): void {
  const version = target.streamVersion;
  // A node without an entry is left out, and the length is what the others hold: newer servers refuse anything else.
  const nodes = [...stream.nodes()].filter(({ count }) => count > 0);
  const length = nodes.reduce((sum, { count }) => sum + count, 0);
  out.writeLength(nodes.length);
  for (const node of nodes) {
    out.writeByte(16);
    out.writeUint64BE(node.ms);
    out.writeUint64BE(node.seq);
    out.writeString(listpackOf(node, target));
    out.settle();
  }
  out.writeLength(length);
  writeId(out, stream.lastId);
  if (version >= 2) {
    writeId(out, stream.firstId);
    writeId(out, stream.maxDeletedId);
    out.writeUnsigned(isPlausible(stream.entriesAdded, length) ? stream.entriesAdded : length);
  }
  const groups = byName(stream.groups);
  out.writeLength(groups.length);
  for (const group of groups) writeGroup(out, group, version);
  if (version >= 4) writeIdempotency(out, stream.idempotency, now);
}

/** Whether so many entries can have been added: Redis 8.10 refuses fewer than there are, and more than 2^63-1. */
const isPlausible = (added: U64, length: number): boolean => added >= length && added < 2 ** 63;

/** The node's listpack, its backlens in the widths that the target reads. */
function listpackOf(node: StreamNode, target: Target): Buffer {
  const listpack = node.encode();
  const threshold = backlenThresholdOf(listpack, 0, listpack.length);
  if (threshold === undefined || threshold === target.backlenThreshold) return listpack;
  return encodeStreamListpack(decodeStreamListpack(listpack, 0, listpack.length), target.backlenThreshold);
}

/** Servers keep groups, consumers and producers in radix trees: ordered by their bytes. */
function byName<T>(map: ReadonlyMap<string, T> | undefined): T[] {
  if (map === undefined) return [];
  return [...map.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

function writeId(out: RdbOutput, id: { readonly ms: U64; readonly seq: U64 }): void {
  out.writeUnsigned(id.ms);
  out.writeUnsigned(id.seq);
}

function writeRawId(out: RdbOutput, id: { readonly ms: U64; readonly seq: U64 }): void {
  out.writeUint64BE(id.ms);
  out.writeUint64BE(id.seq);
}

function writeGroup(out: RdbOutput, group: Group, version: number): void {
  out.writeStringText(group.name);
  writeId(out, group.lastId);
  if (version >= 2) out.writeUnsigned(group.entriesRead);
  const owned = ownedEntries(group);
  const unowned = version >= 5 ? group.nackZone.size : 0;
  out.writeLength(group.pending.size - group.nackZone.size + unowned);
  for (const entry of group.pending) {
    if (entry.consumer === undefined && version < 5) continue;
    writeRawId(out, entry);
    out.writeInt64(entry.deliveryTime);
    out.writeUnsigned(entry.deliveryCount);
    out.settle();
  }
  const consumers = byName(group.consumers);
  out.writeLength(consumers.length);
  for (const consumer of consumers) writeConsumer(out, consumer, owned.get(consumer) ?? [], version);
  if (version < 5) return;
  out.writeLength(unowned);
  for (const entry of group.nackZone) writeRawId(out, entry);
}

function writeConsumer(out: RdbOutput, consumer: Consumer, pending: readonly Pending[], version: number): void {
  out.writeStringText(consumer.name);
  out.writeInt64(consumer.seenTime);
  if (version >= 3) out.writeInt64(consumer.activeTime);
  out.writeLength(pending.length);
  for (const entry of pending) writeRawId(out, entry);
  out.settle();
}

/** The pending entries of each consumer, in the order of their ids. */
export function ownedEntries(group: Group): Map<Consumer, Pending[]> {
  const owned = new Map<Consumer, Pending[]>();
  for (const entry of group.pending) {
    if (entry.consumer === undefined) continue;
    const entries = owned.get(entry.consumer);
    if (entries === undefined) owned.set(entry.consumer, [entry]);
    else entries.push(entry);
  }
  return owned;
}

function writeIdempotency(out: RdbOutput, table: Idempotency | undefined, now: number): void {
  out.writeLength(table?.duration ?? idmpDefault);
  out.writeLength(table?.maxEntries ?? idmpDefault);
  const producers = table === undefined ? [] : liveProducers(table, now);
  out.writeLength(producers.length);
  for (const [producer, messages] of producers) {
    out.writeStringText(producer);
    out.writeLength(messages.length);
    for (const [iid, id] of messages) {
      out.writeStringText(iid);
      writeId(out, id);
    }
  }
  out.writeUnsigned(table?.iidsAdded ?? 0);
  out.writeUnsigned(table?.iidsDuplicates ?? 0);
}

/** Each producer with what a server would still remember of it at `now`, by name. */
export function liveProducers(table: Idempotency, now: number): [string, [string, StreamId][]][] {
  const live = new Map<string, [string, StreamId][]>();
  for (const [producer, iid, id] of table.live(now)) {
    const messages = live.get(producer);
    if (messages === undefined) live.set(producer, [[iid, id]]);
    else messages.push([iid, id]);
  }
  return [...live.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Reports what an RDB of the target cannot hold of the stream. */
export function reportStreamLosses(stream: Stream, target: Target, lose: LossSink): void {
  const version = target.streamVersion;
  const { idempotency } = stream;
  if (version < 4 && idempotency !== undefined && !idempotency.isDefault) {
    const isMinor = idempotency.producers.size === 0 && isDefaultSetting(idempotency);
    const kind = isMinor ? 'idempotency-counters' : 'stream-idempotency';
    lose(kind, 'part-dropped', `${target.name} has no idempotent producers`);
  }
  if (version === 1 && hasCounters(stream)) loseCounters(target, lose);
  for (const group of stream.groups?.values() ?? []) {
    if (version < 5 && group.nackZone.size > 0) {
      lose('stream-nack-zone', 'part-dropped', `${target.name} has no pending entries without a consumer`);
    }
    if (version < 3 && [...group.consumers.values()].some(({ seenTime, activeTime }) => seenTime !== activeTime)) {
      lose('consumer-active-time', 'part-dropped', `${target.name} keeps only when a consumer was last seen`);
    }
  }
}

/** For a target before 7.0: what it would count anew. */
export function loseCounters(target: Target, lose: LossSink): void {
  lose('stream-counters', 'part-dropped', `${target.name} keeps no counts of entries added, deleted and read`);
}

function isDefaultSetting(table: Idempotency): boolean {
  return table.duration === idmpDefault && table.maxEntries === idmpDefault;
}

/** Whether there is more to the counters than a loader of the old form would work out. */
export function hasCounters(stream: Stream): boolean {
  if (!isZeroId(stream.maxDeletedId) || stream.entriesAdded !== stream.length) return true;
  for (const group of stream.groups?.values() ?? []) {
    if (group.entriesRead !== stream.estimateEntriesRead(group.lastId)) return true;
  }
  return false;
}
