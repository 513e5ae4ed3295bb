/**
 * The commands that BGREWRITEAOF writes for a stream (rewriteStreamObject in the servers' aof.c):
 * XADD per entry, XSETID, per group XGROUP CREATE with XCLAIM or CREATECONSUMER per consumer, XNACK, XCFGSET, XIDMPRECORD.
 */

import type { U64 } from '../../encodings/u64.ts';
import { hasCounters, liveProducers, loseCounters, ownedEntries } from '../../rdb/writer/encode-stream.ts';
import type { Stream } from '../../values/stream.ts';
import { formatId } from '../../values/stream-id.ts';
import type { Idempotency } from '../../values/stream-idempotency.ts';
import type { Consumer, Group, Pending } from '../../values/stream-pending.ts';
import { itemsPerCommand, type KeyCommands } from './key-commands.ts';

const idmpDefault = 100;

export function rewriteStream(commands: KeyCommands, stream: Stream): void {
  const { target } = commands;
  for (const entry of stream.entries()) {
    const out = commands.begin(3 + 2 * entry.pairs, 'XADD');
    out.bulkText(`${entry.ms}-${entry.seq}`);
    for (const text of entry.fields()) out.bulkText(text);
  }
  // An entry that is trimmed at once makes a stream that is there and empty.
  if (stream.length === 0) commands.command('XADD', 'MAXLEN', '0', '0-1', 'x', 'y');
  const counters =
    target.streamVersion >= 2
      ? ['ENTRIESADDED', String(stream.entriesAdded), 'MAXDELETEDID', formatId(stream.maxDeletedId)]
      : [];
  if (target.streamVersion < 2 && hasCounters(stream)) loseCounters(target, commands.lose);
  commands.commandOf('XSETID', [formatId(stream.lastId), ...counters]);
  for (const [, group] of byName(stream.groups)) rewriteGroup(commands, stream, group);
  if (stream.idempotency !== undefined) rewriteIdempotency(commands, stream.idempotency);
}

/** Servers walk radix trees, in the order of the names' bytes. */
function byName<T>(map: ReadonlyMap<string, T> | undefined): [string, T][] {
  return map === undefined ? [] : [...map.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
}

function rewriteGroup(commands: KeyCommands, stream: Stream, group: Group): void {
  const { target } = commands;
  const read = target.streamVersion >= 2 ? ['ENTRIESREAD', String(group.entriesRead)] : [];
  groupCommand(commands, 'CREATE', [group.name, formatId(group.lastId), ...read]);
  const owned = ownedEntries(group);
  for (const [, consumer] of byName(group.consumers)) {
    const pending = claimable(commands, stream, consumer, owned.get(consumer) ?? []);
    if (pending.length > 0) for (const entry of pending) claim(commands, group, consumer, entry);
    else if (target.createsConsumers) groupCommand(commands, 'CREATECONSUMER', [group.name, consumer.name]);
    else commands.lose('stream-consumers', 'part-dropped', `${target.name} cannot make a consumer without entries`);
  }
  if (group.nackZone.size > 0) rewriteNackZone(commands, group);
}

/** Those entries whose messages are there: to claim a deleted one does nothing, even with FORCE, so it is not written. */
function claimable(commands: KeyCommands, stream: Stream, consumer: Consumer, pending: Pending[]): Pending[] {
  const present = pending.filter((entry) => stream.has(entry));
  const lost = pending.length - present.length;
  if (lost > 0) {
    const reason = `no command makes the ${lost} pending entries of deleted messages that consumer ${consumer.name} has`;
    commands.lose('stream-deleted-pending', 'part-dropped', reason);
  }
  return present;
}

/** In XGROUP and XCFGSET-like containers the key comes after the subcommand. */
function groupCommand(commands: KeyCommands, subcommand: string, args: readonly string[]): void {
  const { out } = commands;
  out.settle();
  out.beginCommand(3 + args.length);
  out.bulkText('XGROUP');
  out.bulkText(subcommand);
  commands.bulkKey();
  for (const arg of args) out.bulkText(arg);
}

function claim(commands: KeyCommands, group: Group, consumer: Consumer, entry: Pending): void {
  const out = commands.begin(12, 'XCLAIM');
  out.bulkText(group.name);
  out.bulkText(consumer.name);
  out.bulkText('0');
  out.bulkText(`${entry.ms}-${entry.seq}`);
  out.bulkText('TIME');
  out.bulkInteger(entry.deliveryTime);
  out.bulkText('RETRYCOUNT');
  out.bulkInteger(entry.deliveryCount);
  out.bulkText('JUSTID');
  out.bulkText('FORCE');
}

/** XNACK of up to 64 neighbours of the zone that were delivered equally often. */
function rewriteNackZone(commands: KeyCommands, group: Group): void {
  const { target } = commands;
  if (target.streamVersion < 5) {
    commands.lose('stream-nack-zone', 'part-dropped', `${target.name} has no pending entries without a consumer`);
    return;
  }
  let run: Pending[] = [];
  for (const entry of group.nackZone) {
    if (run.length === itemsPerCommand || (run.length > 0 && run[0].deliveryCount !== entry.deliveryCount)) {
      nack(commands, group, run, run[0].deliveryCount);
      run = [];
    }
    run.push(entry);
  }
  nack(commands, group, run, run[0].deliveryCount);
}

function nack(commands: KeyCommands, group: Group, run: readonly Pending[], count: U64): void {
  const ids = run.map(({ ms, seq }) => `${ms}-${seq}`);
  const args = ['FAIL', 'IDS', String(ids.length), ...ids, 'RETRYCOUNT', String(count), 'FORCE'];
  commands.commandOf('XNACK', [group.name, ...args]);
}

function rewriteIdempotency(commands: KeyCommands, table: Idempotency): void {
  const { target } = commands;
  if (target.streamVersion < 4) {
    const isMinor = table.producers.size === 0 && table.duration === idmpDefault && table.maxEntries === idmpDefault;
    const kind = isMinor ? 'idempotency-counters' : 'stream-idempotency';
    commands.lose(kind, 'part-dropped', `${target.name} has no idempotent producers`);
    return;
  }
  const { duration, maxEntries } = table;
  if (duration !== idmpDefault || maxEntries !== idmpDefault) {
    commands.command('XCFGSET', 'IDMP-DURATION', String(duration), 'IDMP-MAXSIZE', String(maxEntries));
  }
  let recorded = 0;
  for (const [producer, messages] of liveProducers(table, commands.now)) {
    for (const [iid, id] of messages) {
      commands.command('XIDMPRECORD', producer, iid, formatId(id));
      recorded++;
    }
  }
  if (recorded !== Number(table.iidsAdded) || Number(table.iidsDuplicates) > 0) {
    commands.lose('idempotency-counters', 'part-dropped', 'commands do not carry the counts of messages');
  }
}
