/** Commands on consumer groups: XGROUP, XACK, XACKDEL, XCLAIM, XAUTOCLAIM, XNACK. */

import { addU64, i64Max, subtractU64, type U64 } from '../../encodings/u64.ts';
import { int64Argument, integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { type References, Stream } from '../../values/stream.ts';
import { compareIds, nextId, parseId, parseIdOrExtreme, type StreamId, zeroId } from '../../values/stream-id.ts';
import { Consumer, Group, Pending } from '../../values/stream-pending.ts';
import { Kind } from '../../values/value.ts';
import { notInteger, syntaxError } from '../replies.ts';
import type { Session } from '../session.ts';
import { idArgument, idArguments, idList, invalidId, referencesWord } from './stream-arguments.ts';

const needsKey =
  'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option ' +
  'to create an empty stream automatically.';

type Found = { readonly stream: Stream; readonly group: Group };

/** The stream at the key of argument `key` and its group of that name; a string is the reply where one is missing. */
function findGroup(session: Session, frame: CommandView, key: number, name: number): Found | string {
  const stream = session.read<Stream>(frame, key, Kind.Stream);
  if (typeof stream === 'string') return stream;
  const group = stream?.groups?.get(frame.text(name));
  if (stream === undefined || group === undefined) {
    return `NOGROUP No such key '${frame.text(key)}' or consumer group '${frame.text(name)}'`;
  }
  return { stream, group };
}

/** The same for XGROUP, whose replies differ. */
function findXgroup(session: Session, frame: CommandView): Found | string {
  const stream = session.read<Stream>(frame, 2, Kind.Stream);
  if (typeof stream === 'string') return stream;
  if (stream === undefined) return needsKey;
  const group = stream.groups?.get(frame.text(3));
  if (group) return { stream, group };
  return `NOGROUP No such consumer group '${frame.text(3)}' for key name '${frame.text(2)}'`;
}

/** ENTRIESREAD and MKSTREAM from argument 5 on; a string is the error reply. */
function groupOptions(frame: CommandView, creates: boolean): { entriesRead: U64; makesStream: boolean } | string {
  let entriesRead: U64 = -1;
  let makesStream = false;
  for (let index = 5; index < frame.argc; index++) {
    if (creates && isWord(frame, index, 'MKSTREAM')) makesStream = true;
    else if (isWord(frame, index, 'ENTRIESREAD') && index + 1 < frame.argc) {
      const value = int64Argument(frame, ++index);
      if (value === undefined) return notInteger;
      if (value < -1) return 'ERR value for ENTRIESREAD must be positive or -1';
      entriesRead = value;
    } else return `ERR unknown subcommand or wrong number of arguments for '${frame.text(1)}'. Try XGROUP HELP.`;
  }
  return { entriesRead, makesStream };
}

/** XGROUP CREATE key group (id | $) [MKSTREAM] [ENTRIESREAD n] */
export function createGroup(session: Session, frame: CommandView): string | undefined {
  const options = groupOptions(frame, true);
  if (typeof options === 'string') return options;
  let stream = session.read<Stream>(frame, 2, Kind.Stream);
  if (typeof stream === 'string') return stream;
  if (stream === undefined && !options.makesStream) return needsKey;
  const last = isWord(frame, 4, '$') ? (stream?.lastId ?? zeroId) : idArgument(frame, 4);
  if (last === undefined) return invalidId;
  if (stream === undefined) {
    stream = new Stream();
    session.add(frame, 2, stream);
  }
  const name = frame.text(3);
  stream.groups ??= new Map();
  if (stream.groups.has(name)) return 'BUSYGROUP Consumer Group name already exists';
  stream.groups.set(name, new Group(name, last, boundedRead(session, stream, options.entriesRead)));
  return undefined;
}

/** From 8.6 on a group cannot have read more than was added. */
function boundedRead(session: Session, stream: Stream, entriesRead: U64): U64 {
  return session.flavor === 'redis-8' && entriesRead > stream.entriesAdded ? stream.entriesAdded : entriesRead;
}

/** XGROUP SETID key group (id | $) [ENTRIESREAD n] */
export function setGroupId(session: Session, frame: CommandView): string | undefined {
  const options = groupOptions(frame, false);
  if (typeof options === 'string') return options;
  const found = findXgroup(session, frame);
  if (typeof found === 'string') return found;
  const last = isWord(frame, 4, '$') ? found.stream.lastId : parseIdOrExtreme(frame.text(4));
  if (last === undefined) return invalidId;
  found.group.lastId = last;
  found.group.entriesRead = boundedRead(session, found.stream, options.entriesRead);
  return undefined;
}

/** XGROUP DESTROY key group */
export function destroyGroup(session: Session, frame: CommandView): string | undefined {
  const stream = session.read<Stream>(frame, 2, Kind.Stream);
  if (typeof stream === 'string') return stream;
  if (stream === undefined) return needsKey;
  stream.groups?.delete(frame.text(3));
  return undefined;
}

/** XGROUP CREATECONSUMER key group consumer */
export function createConsumer(session: Session, frame: CommandView): string | undefined {
  const found = findXgroup(session, frame);
  if (typeof found === 'string') return found;
  if (!found.group.consumers.has(frame.text(4))) addConsumer(session, found.group, frame.text(4));
  return undefined;
}

/** XGROUP DELCONSUMER key group consumer */
export function deleteConsumer(session: Session, frame: CommandView): string | undefined {
  const found = findXgroup(session, frame);
  if (typeof found === 'string') return found;
  const consumer = found.group.consumers.get(frame.text(4));
  if (consumer) found.group.removeConsumer(consumer);
  return undefined;
}

export function addConsumer(session: Session, group: Group, name: string): Consumer {
  const consumer = new Consumer(name, session.now, -1);
  group.consumers.set(name, consumer);
  return consumer;
}

/** XACK key group id ... */
export function acknowledge(session: Session, frame: CommandView): string | undefined {
  const found = findGroup(session, frame, 1, 2);
  if (typeof found === 'string') return found.startsWith('NOGROUP') ? undefined : found;
  const ids = idArguments(frame, 3, frame.argc);
  if (typeof ids === 'string') return ids;
  for (const id of ids) {
    const entry = found.group.pending.get(id.ms, id.seq);
    if (entry) found.group.remove(entry);
  }
  return undefined;
}

/** XACKDEL key group [KEEPREF|DELREF|ACKED] IDS numids id ... (8.2) */
export function acknowledgeAndDelete(session: Session, frame: CommandView): string | undefined {
  let references: References | undefined;
  let ids: StreamId[] | undefined;
  for (let index = 3; index < frame.argc; ) {
    const word: References | undefined = referencesWord(frame, index);
    if (word !== undefined && references === undefined) {
      references = word;
      index++;
    } else if (ids === undefined && isWord(frame, index, 'IDS')) {
      const list = idList(frame, index);
      if (typeof list === 'string') return list;
      ids = list.ids;
      index = list.after;
    } else return syntaxError;
  }
  if (ids === undefined) return syntaxError;
  const found = findGroup(session, frame, 1, 2);
  if (typeof found === 'string') return found.startsWith('NOGROUP') ? undefined : found;
  const { stream, group } = found;
  for (const id of ids) {
    const entry = group.pending.get(id.ms, id.seq);
    if (entry === undefined) continue;
    group.remove(entry);
    if (references === 'acked' && stream.isReferenced(id)) continue;
    if (references === 'delete') stream.dropReferences(id);
    stream.delete(id);
  }
  stream.settleFirst();
  return undefined;
}

class ClaimOptions {
  force = false;
  justId = false;
  /** Moment of delivery, ms; undefined for now. */
  time: number | undefined;
  retryCount: U64 | undefined;
  lastId: StreamId | undefined;
}

/** XCLAIM key group consumer min-idle-time id ... [IDLE ms] [TIME ms] [RETRYCOUNT n] [FORCE] [JUSTID] [LASTID id] */
export function claim(session: Session, frame: CommandView): string | undefined {
  const found = findGroup(session, frame, 1, 2);
  if (typeof found === 'string') return found;
  const minIdle = integerArgument(frame, 4);
  if (Number.isNaN(minIdle)) return 'ERR Invalid min-idle-time argument for XCLAIM';
  const ids: StreamId[] = [];
  let index = 5;
  for (; index < frame.argc; index++) {
    const id = parseId(frame.text(index));
    if (id === undefined) break;
    ids.push(id);
  }
  const options = claimOptions(session, frame, index);
  if (typeof options === 'string') return options;
  const { stream, group } = found;
  if (options.lastId && compareIds(options.lastId, group.lastId) > 0) group.lastId = options.lastId;
  const name = frame.text(3);
  seeClaimant(session, group, name);
  for (const id of ids) claimOne(session, stream, group, id, name, Math.max(minIdle, 0), options);
  return undefined;
}

/** Notes that a consumer tries to claim. Up to 7.0 it is made only when the first entry is claimed for it. */
function seeClaimant(session: Session, group: Group, name: string): void {
  const lazily = session.flavor === 'redis-6.2' || session.flavor === 'redis-7.0';
  const consumer = group.consumers.get(name) ?? (lazily ? undefined : addConsumer(session, group, name));
  if (consumer) consumer.seenTime = session.now;
}

/** Notes that a consumer has claimed an entry. */
function claimant(session: Session, group: Group, name: string): Consumer {
  const consumer = group.consumers.get(name) ?? addConsumer(session, group, name);
  consumer.activeTime = session.now;
  return consumer;
}

function claimOptions(session: Session, frame: CommandView, first: number): ClaimOptions | string {
  const options = new ClaimOptions();
  for (let index = first; index < frame.argc; index++) {
    const more = index + 1 < frame.argc;
    if (isWord(frame, index, 'FORCE')) options.force = true;
    else if (isWord(frame, index, 'JUSTID')) options.justId = true;
    else if (more && isWord(frame, index, 'IDLE')) {
      const idle = integerArgument(frame, ++index);
      if (Number.isNaN(idle)) return 'ERR Invalid IDLE option argument for XCLAIM';
      options.time = session.now - idle;
    } else if (more && isWord(frame, index, 'TIME')) {
      options.time = integerArgument(frame, ++index);
      if (Number.isNaN(options.time)) return 'ERR Invalid TIME option argument for XCLAIM';
    } else if (more && isWord(frame, index, 'RETRYCOUNT')) {
      options.retryCount = int64Argument(frame, ++index);
      if (options.retryCount === undefined) return 'ERR Invalid RETRYCOUNT option argument for XCLAIM';
    } else if (more && isWord(frame, index, 'LASTID')) {
      options.lastId = idArgument(frame, ++index);
      if (options.lastId === undefined) return invalidId;
    } else return `ERR Unrecognized XCLAIM option '${frame.text(index)}'`;
  }
  return options;
}

function claimOne(
  session: Session,
  stream: Stream,
  group: Group,
  id: StreamId,
  name: string,
  minIdle: number,
  options: ClaimOptions,
): void {
  let entry = group.pending.get(id.ms, id.seq);
  const exists = stream.has(id);
  if (!exists && session.flavor !== 'redis-6.2') {
    if (entry) group.remove(entry);
    return;
  }
  const fresh = entry === undefined;
  if (entry === undefined) {
    if (!options.force || !exists) return;
    entry = new Pending(id, session.now, 1, undefined);
  } else if (entry.consumer && minIdle > 0 && session.now - entry.deliveryTime < minIdle) return;
  const { time } = options;
  entry.deliveryTime = time === undefined || time < 0 || time > session.now ? session.now : time;
  if (options.retryCount !== undefined && options.retryCount >= 0) entry.deliveryCount = options.retryCount;
  else if (!options.justId) entry.deliveryCount = addU64(entry.deliveryCount, 1);
  const consumer = claimant(session, group, name);
  if (fresh) {
    entry.consumer = consumer;
    group.add(entry);
  } else if (entry.consumer !== consumer) group.assign(entry, consumer);
}

/** XAUTOCLAIM key group consumer min-idle-time start [COUNT n] [JUSTID] */
export function autoClaim(session: Session, frame: CommandView): string | undefined {
  const minIdle = integerArgument(frame, 4);
  if (Number.isNaN(minIdle)) return 'ERR Invalid min-idle-time argument for XAUTOCLAIM';
  const start = startArgument(frame.text(5));
  if (typeof start === 'string') return start;
  let count = 100;
  let justId = false;
  for (let index = 6; index < frame.argc; index++) {
    if (isWord(frame, index, 'JUSTID')) justId = true;
    else if (isWord(frame, index, 'COUNT') && index + 1 < frame.argc) {
      count = integerArgument(frame, ++index);
      if (!(count >= 1)) return 'ERR COUNT must be > 0';
    } else return syntaxError;
  }
  const found = findGroup(session, frame, 1, 2);
  if (typeof found === 'string') return found;
  seeClaimant(session, found.group, frame.text(3));
  claimFrom(session, found, frame.text(3), start, Math.max(minIdle, 0), count, justId);
  return undefined;
}

/** An id, `-`, `+`, or one with `(` before it, which is excluded. */
function startArgument(text: string): StreamId | string {
  if (text.length > 1 && text.startsWith('(')) {
    const id = parseId(text.slice(1));
    if (id === undefined) return invalidId;
    return nextId(id) ?? 'ERR invalid start ID for the interval';
  }
  return parseIdOrExtreme(text) ?? invalidId;
}

function claimFrom(
  session: Session,
  { stream, group }: Found,
  name: string,
  start: StreamId,
  minIdle: number,
  count: number,
  justId: boolean,
): void {
  let left = count;
  let attempts = count * 10;
  for (const entry of group.pending.from(start)) {
    if (left === 0 || attempts-- === 0) break;
    if (!stream.has(entry)) {
      group.remove(entry);
      left--;
      continue;
    }
    if (minIdle > 0 && session.now - entry.deliveryTime < minIdle) continue;
    entry.deliveryTime = session.now;
    if (!justId) entry.deliveryCount = addU64(entry.deliveryCount, 1);
    const consumer = claimant(session, group, name);
    if (entry.consumer !== consumer) group.assign(entry, consumer);
    left--;
  }
}

/** XNACK key group (SILENT|FAIL|FATAL) IDS numids id ... [RETRYCOUNT n] [FORCE] (8.8) */
export function giveBack(session: Session, frame: CommandView): string | undefined {
  const mode = (['SILENT', 'FAIL', 'FATAL'] as const).find((word) => isWord(frame, 3, word));
  if (mode === undefined || !isWord(frame, 4, 'IDS')) return syntaxError;
  const list = idList(frame, 4);
  if (typeof list === 'string') return list;
  let retryCount: U64 | undefined;
  let force = false;
  for (let index = list.after; index < frame.argc; index++) {
    if (isWord(frame, index, 'FORCE')) force = true;
    else if (isWord(frame, index, 'RETRYCOUNT') && index + 1 < frame.argc) {
      retryCount = int64Argument(frame, ++index);
      if (retryCount === undefined || retryCount < 0) return notInteger;
    } else return syntaxError;
  }
  const found = findGroup(session, frame, 1, 2);
  if (typeof found === 'string') return found;
  const { stream, group } = found;
  for (const id of list.ids) {
    let entry = group.pending.get(id.ms, id.seq);
    if (entry === undefined) {
      if (!force || !stream.has(id)) continue;
      entry = new Pending(id, 0, 0, undefined);
      group.add(entry);
    } else group.assign(entry, undefined);
    entry.deliveryTime = 0;
    entry.deliveryCount = retryCount ?? countAfter(mode, entry.deliveryCount);
  }
  return undefined;
}

/** The delivery count that XNACK leaves. */
function countAfter(mode: 'SILENT' | 'FAIL' | 'FATAL', count: U64): U64 {
  if (mode === 'FATAL') return i64Max;
  if (mode === 'FAIL') return count;
  return count > 0 ? subtractU64(count, 1) : 0;
}
