/** XREADGROUP, which no server writes into an AOF, but which a log made by hand may hold. */

import { addU64 } from '../../encodings/u64.ts';
import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import type { Stream } from '../../values/stream.ts';
import { compareIds, nextId, parseId, type StreamId } from '../../values/stream-id.ts';
import { type Consumer, type Group, Pending } from '../../values/stream-pending.ts';
import { Kind } from '../../values/value.ts';
import { notInteger, syntaxError } from '../replies.ts';
import type { Session } from '../session.ts';
import { invalidId } from './stream-arguments.ts';
import { addConsumer } from './stream-groups.ts';

class ReadOptions {
  group = '';
  consumer = '';
  /** 0 for no limit. */
  count = 0;
  acknowledges = true;
  /** Idle time from which pending entries of others are claimed too, ms (8.4). */
  claimIdle: number | undefined;
  firstKey = 0;
}

type Source = { readonly stream: Stream; readonly group: Group; readonly after: StreamId | undefined };

/** XREADGROUP GROUP group consumer [COUNT n] [BLOCK ms] [CLAIM ms] [NOACK] STREAMS key ... id ... */
export function readGroup(session: Session, frame: CommandView): string | undefined {
  const options = parseOptions(frame);
  if (typeof options === 'string') return options;
  const count = (frame.argc - options.firstKey) / 2;
  if (!Number.isInteger(count) || count === 0) {
    return "ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.";
  }
  const sources: Source[] = [];
  for (let i = 0; i < count; i++) {
    const source = findSource(session, frame, options, options.firstKey + i, options.firstKey + count + i);
    if (typeof source === 'string') return source;
    sources.push(source);
  }
  for (const source of sources) readOne(session, source, options);
  return undefined;
}

function parseOptions(frame: CommandView): ReadOptions | string {
  const options = new ReadOptions();
  let named = false;
  for (let index = 1; index < frame.argc; index++) {
    const more = frame.argc - index - 1;
    if (more >= 1 && isWord(frame, index, 'STREAMS')) {
      options.firstKey = index + 1;
      break;
    }
    if (more >= 1 && isWord(frame, index, 'BLOCK')) index++;
    else if (more >= 1 && isWord(frame, index, 'COUNT')) {
      const count = integerArgument(frame, ++index);
      if (Number.isNaN(count)) return notInteger;
      options.count = Math.max(count, 0);
    } else if (more >= 2 && isWord(frame, index, 'GROUP')) {
      options.group = frame.text(++index);
      options.consumer = frame.text(++index);
      named = true;
    } else if (more >= 1 && isWord(frame, index, 'CLAIM')) {
      options.claimIdle = integerArgument(frame, ++index);
      if (!(options.claimIdle >= 0)) return 'ERR min-idle-time must be a positive integer';
    } else if (isWord(frame, index, 'NOACK')) options.acknowledges = false;
    else return syntaxError;
  }
  if (options.firstKey === 0) return syntaxError;
  return named ? options : 'ERR Missing GROUP option for XREADGROUP';
}

function findSource(
  session: Session,
  frame: CommandView,
  options: ReadOptions,
  key: number,
  id: number,
): Source | string {
  const stream = session.read<Stream>(frame, key, Kind.Stream);
  if (typeof stream === 'string') return stream;
  const group = stream?.groups?.get(options.group);
  if (stream === undefined || group === undefined) {
    const what = `NOGROUP No such key '${frame.text(key)}' or consumer group '${options.group}'`;
    return `${what} in XREADGROUP with GROUP option`;
  }
  if (isWord(frame, id, '>')) return { stream, group, after: undefined };
  const after = parseId(frame.text(id));
  return after === undefined ? invalidId : { stream, group, after };
}

function readOne(session: Session, { stream, group, after }: Source, options: ReadOptions): void {
  const top = stream.lastLiveId();
  const serves = after !== undefined || (top !== undefined && compareIds(top, group.lastId) > 0);
  // Up to 7.0 a consumer is made only when there is something to read.
  if (!serves && isOld(session)) return;
  const consumer = group.consumers.get(options.consumer) ?? addConsumer(session, group, options.consumer);
  consumer.seenTime = session.now;
  if (after !== undefined) {
    readHistory(session, stream, group, consumer, after, options);
    return;
  }
  const claimed = options.claimIdle === undefined ? 0 : claimIdle(session, stream, group, consumer, options);
  if (options.count > 0 && claimed >= options.count) return;
  const ids = [...stream.idsAfter(group.lastId, options.count > 0 ? options.count - claimed : 0)];
  for (const id of ids) deliver(session, stream, group, consumer, id, options.acknowledges);
}

function isOld(session: Session): boolean {
  return session.flavor === 'redis-6.2' || session.flavor === 'redis-7.0';
}

/** Whether reading `id` is reading the one entry that was added after the group's last. */
function isCountable(session: Session, stream: Stream, group: Group, id: StreamId): boolean {
  // 7.0 looks for deleted entries only from the one that is read on; Redis 8 and Valkey also at what was trimmed.
  if (isOld(session)) return !stream.hasTombstoneAfter(id);
  if ((session.flavor === 'redis-8' || session.rules.fork === 'valkey') && compareIds(group.lastId, stream.firstId) < 0)
    return false;
  return !stream.hasTombstoneAfter(group.lastId);
}

/** Reading one's own pending entries again counts as a delivery. */
function readHistory(
  session: Session,
  stream: Stream,
  group: Group,
  consumer: Consumer,
  after: StreamId,
  options: ReadOptions,
): void {
  const first = nextId(after);
  if (first === undefined) return;
  let left = options.count === 0 ? Number.POSITIVE_INFINITY : options.count;
  for (const entry of group.pending.from(first)) {
    if (entry.consumer !== consumer) continue;
    if (left-- === 0) break;
    // Of a message that is gone only the id is told: that is no delivery.
    if (!stream.has(entry)) continue;
    entry.deliveryTime = session.now;
    entry.deliveryCount = addU64(entry.deliveryCount, 1);
  }
}

/** Claims what has been pending for long enough, the longest first, and returns how many that were. */
function claimIdle(session: Session, stream: Stream, group: Group, consumer: Consumer, options: ReadOptions): number {
  const idle = [...group.pending].filter((entry) => session.now - entry.deliveryTime >= options.claimIdle!);
  idle.sort((a, b) => a.deliveryTime - b.deliveryTime);
  let claimed = 0;
  for (const entry of idle) {
    if (options.count > 0 && claimed === options.count) break;
    if (!stream.has(entry)) continue;
    entry.deliveryTime = session.now;
    entry.deliveryCount = addU64(entry.deliveryCount, 1);
    if (entry.consumer !== consumer) group.assign(entry, consumer);
    consumer.activeTime = session.now;
    claimed++;
  }
  return claimed;
}

function deliver(
  session: Session,
  stream: Stream,
  group: Group,
  consumer: Consumer,
  id: StreamId,
  acknowledges: boolean,
): void {
  if (compareIds(id, group.lastId) > 0) {
    if (group.entriesRead !== -1 && isCountable(session, stream, group, id)) {
      group.entriesRead = addU64(group.entriesRead, 1);
    } else if (stream.entriesAdded !== 0) group.entriesRead = stream.estimateEntriesRead(id);
    group.lastId = id;
  }
  if (!acknowledges) return;
  consumer.activeTime = session.now;
  const entry = group.pending.get(id.ms, id.seq);
  if (entry === undefined) {
    group.add(new Pending(id, session.now, 1, consumer));
    return;
  }
  entry.deliveryTime = session.now;
  entry.deliveryCount = 1;
  if (entry.consumer !== consumer) group.assign(entry, consumer);
}
