import { type U64, u64Max } from '../../encodings/u64.ts';
import { int64Argument, integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { type References, Stream } from '../../values/stream.ts';
import { compareIds, isZeroId, lastPossibleId, nextId, type StreamId, zeroId } from '../../values/stream-id.ts';
import { Idempotency } from '../../values/stream-idempotency.ts';
import { Kind } from '../../values/value.ts';
import { noSuchKey, notInteger, syntaxError, wrongArgumentCount } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Family } from './family.ts';
import {
  type AddOptions,
  idArgument,
  idArguments,
  idList,
  invalidId,
  parseAddOptions,
  referencesWord,
} from './stream-arguments.ts';
import {
  acknowledge,
  acknowledgeAndDelete,
  autoClaim,
  claim,
  createConsumer,
  createGroup,
  deleteConsumer,
  destroyGroup,
  giveBack,
  setGroupId,
} from './stream-groups.ts';
import { messageId } from './stream-idempotency.ts';
import { readGroup } from './stream-reading.ts';

const belowTop = 'ERR The ID specified in XADD is equal or smaller than the target stream top item';

/** XADD key [options] (id | *) field value ... */
function add(session: Session, frame: CommandView): string | undefined {
  const options = parseAddOptions(frame, true);
  if (typeof options === 'string') return options;
  const first = options.idIndex + 1;
  const count = frame.argc - first;
  if (count < 2 || count % 2 === 1) return wrongArgumentCount('xadd');
  const wanted = options.id;
  if (wanted?.sequenceGiven && isZeroId(wanted)) return 'ERR The ID specified in XADD must be greater than 0-0';
  let stream = session.read<Stream>(frame, 1, Kind.Stream);
  if (typeof stream === 'string') return stream;
  if (stream === undefined) {
    if (!options.createsStream) return undefined;
    stream = new Stream();
    session.add(frame, 1, stream);
  }
  return addTo(session, stream, frame, options, first, count / 2);
}

function addTo(
  session: Session,
  stream: Stream,
  frame: CommandView,
  options: AddOptions,
  first: number,
  pairs: number,
) {
  const { producer } = options;
  let iid = '';
  if (producer !== undefined) {
    iid = options.iid ?? messageId(frame, first, pairs);
    const table = (stream.idempotency ??= new Idempotency());
    if (table.find(producer, iid)) {
      table.noteDuplicate();
      return undefined;
    }
  }
  if (compareIds(stream.lastId, lastPossibleId) === 0) {
    return 'ERR The stream has exhausted the last possible ID, unable to add more items';
  }
  const id = chooseId(session, stream, options);
  if (id === undefined || compareIds(id, stream.lastId) <= 0) return belowTop;
  stream.append(id, frame, first, pairs);
  if (producer !== undefined) stream.idempotency?.record(producer, iid, id);
  if (options.trims) stream.trim(options.trimOptions());
  return undefined;
}

/** The id of the new entry: as given, completed, or from the moment of loading. */
function chooseId(session: Session, stream: Stream, options: AddOptions): StreamId | undefined {
  const wanted = options.id;
  const { lastId } = stream;
  if (wanted === undefined) return session.now > lastId.ms ? { ms: session.now, seq: 0 } : nextId(lastId);
  if (wanted.sequenceGiven || wanted.ms !== lastId.ms) return { ms: wanted.ms, seq: wanted.seq };
  return lastId.seq === u64Max ? undefined : nextId(lastId);
}

/** XTRIM key MAXLEN|MINID [=|~] threshold [LIMIT count] [KEEPREF|DELREF|ACKED] */
function trim(session: Session, frame: CommandView): string | undefined {
  const options = parseAddOptions(frame, false);
  if (typeof options === 'string') return options;
  const stream = session.read<Stream>(frame, 1, Kind.Stream);
  if (typeof stream === 'string') return stream;
  stream?.trim(options.trimOptions());
  return undefined;
}

/** XDEL key id ... */
function remove(session: Session, frame: CommandView): string | undefined {
  const stream = session.read<Stream>(frame, 1, Kind.Stream);
  if (typeof stream === 'string' || stream === undefined) return stream;
  const ids = idArguments(frame, 2, frame.argc);
  if (typeof ids === 'string') return ids;
  for (const id of ids) stream.delete(id);
  stream.settleFirst();
  return undefined;
}

/** XDELEX key [KEEPREF|DELREF|ACKED] IDS numids id ... (8.2) */
function removeEx(session: Session, frame: CommandView): string | undefined {
  let references: References | undefined;
  let ids: StreamId[] | undefined;
  for (let index = 2; index < frame.argc; ) {
    const word: References | undefined = referencesWord(frame, index);
    if (word !== undefined) {
      if (references !== undefined) return syntaxError;
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
  const stream = session.read<Stream>(frame, 1, Kind.Stream);
  if (typeof stream === 'string' || stream === undefined) return stream;
  for (const id of ids) deleteEntry(stream, id, references ?? 'keep');
  stream.settleFirst();
  return undefined;
}

/** Deletes one entry as the word about references says; DELREF drops references to an entry that is gone, too. */
function deleteEntry(stream: Stream, id: StreamId, references: References): void {
  if (references === 'acked' && stream.isReferenced(id)) return;
  if (references === 'delete') stream.dropReferences(id);
  stream.delete(id);
}

/** XSETID key last-id [ENTRIESADDED n] [MAXDELETEDID id] */
function setId(session: Session, frame: CommandView): string | undefined {
  const id = idArgument(frame, 2);
  if (id === undefined) return invalidId;
  let entriesAdded: U64 | undefined;
  let maxDeleted = zeroId;
  for (let index = 3; index < frame.argc; index += 2) {
    if (index + 1 < frame.argc && isWord(frame, index, 'ENTRIESADDED')) {
      entriesAdded = int64Argument(frame, index + 1);
      if (entriesAdded === undefined) return notInteger;
      if (entriesAdded < 0) return 'ERR entries_added must be positive';
    } else if (index + 1 < frame.argc && isWord(frame, index, 'MAXDELETEDID')) {
      const given = idArgument(frame, index + 1);
      if (given === undefined) return invalidId;
      if (compareIds(id, given) < 0) {
        return 'ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id';
      }
      maxDeleted = given;
    } else return syntaxError;
  }
  const stream = session.read<Stream>(frame, 1, Kind.Stream);
  if (typeof stream === 'string') return stream;
  if (stream === undefined) return noSuchKey;
  return setLastId(session, stream, id, entriesAdded, maxDeleted);
}

function setLastId(session: Session, stream: Stream, id: StreamId, added: U64 | undefined, maxDeleted: StreamId) {
  if (session.flavor !== 'redis-6.2' && compareIds(id, stream.maxDeletedId) < 0) {
    return 'ERR The ID specified in XSETID is smaller than current max_deleted_entry_id';
  }
  const top = stream.lastLiveId();
  if (top !== undefined) {
    if (compareIds(id, top) < 0) return 'ERR The ID specified in XSETID is smaller than the target stream top item';
    if (added !== undefined && stream.length > added) {
      return 'ERR The entries_added specified in XSETID is smaller than the target stream length';
    }
  }
  stream.lastId = id;
  if (added !== undefined) stream.entriesAdded = added;
  if (!isZeroId(maxDeleted)) stream.maxDeletedId = maxDeleted;
  return undefined;
}

/** XCFGSET key [IDMP-DURATION seconds] [IDMP-MAXSIZE entries] (8.6) */
function configure(session: Session, frame: CommandView): string | undefined {
  let duration: number | undefined;
  let maxEntries: number | undefined;
  for (let index = 2; index < frame.argc; index += 2) {
    if (index + 1 >= frame.argc) return syntaxError;
    const value = integerArgument(frame, index + 1);
    if (isWord(frame, index, 'IDMP-DURATION')) {
      if (!(value >= 1 && value <= 86400)) return 'ERR IDMP-DURATION must be between 1 and 86400 seconds';
      duration = value;
    } else if (isWord(frame, index, 'IDMP-MAXSIZE')) {
      if (!(value >= 1 && value <= 10000)) return 'ERR IDMP-MAXSIZE must be between 1 and 10000 entries';
      maxEntries = value;
    } else return syntaxError;
  }
  if (duration === undefined && maxEntries === undefined) return 'ERR At least one parameter must be specified';
  const stream = session.read<Stream>(frame, 1, Kind.Stream);
  if (typeof stream === 'string') return stream;
  if (stream === undefined) return noSuchKey;
  const table = (stream.idempotency ??= new Idempotency());
  table.configure(duration ?? table.duration, maxEntries ?? table.maxEntries);
  return undefined;
}

/** XIDMPRECORD key producer iid id (8.6.2) */
function recordMessage(session: Session, frame: CommandView): string | undefined {
  const stream = session.read<Stream>(frame, 1, Kind.Stream);
  if (typeof stream === 'string') return stream;
  if (stream === undefined) return noSuchKey;
  const id = idArgument(frame, 4);
  if (id === undefined) return invalidId;
  if (!stream.has(id)) return 'ERR No such message in stream';
  const table = (stream.idempotency ??= new Idempotency());
  const known = table.find(frame.text(2), frame.text(3));
  if (known === undefined) table.record(frame.text(2), frame.text(3), id);
  else if (compareIds(known, id) !== 0) return 'ERR IID already exists for this producer with a different stream ID';
  return undefined;
}

export const streamFamily: Family = {
  name: 'stream',
  commands: {
    XACK: { arity: -4, keys: [1, 1, 1], handler: acknowledge },
    XACKDEL: { arity: -6, keys: [1, 1, 1], handler: acknowledgeAndDelete },
    XADD: { arity: -5, keys: [1, 1, 1], handler: add },
    XAUTOCLAIM: { arity: -6, keys: [1, 1, 1], handler: autoClaim },
    XCFGSET: { arity: -2, keys: [1, 1, 1], handler: configure, fork: 'redis' },
    XCLAIM: { arity: -6, keys: [1, 1, 1], handler: claim },
    XDEL: { arity: -3, keys: [1, 1, 1], handler: remove },
    XDELEX: { arity: -5, keys: [1, 1, 1], handler: removeEx },
    'XGROUP CREATE': { arity: -5, keys: [2, 2, 1], handler: createGroup },
    'XGROUP CREATECONSUMER': { arity: 5, keys: [2, 2, 1], handler: createConsumer },
    'XGROUP DELCONSUMER': { arity: 5, keys: [2, 2, 1], handler: deleteConsumer },
    'XGROUP DESTROY': { arity: 4, keys: [2, 2, 1], handler: destroyGroup },
    'XGROUP SETID': { arity: -5, keys: [2, 2, 1], handler: setGroupId },
    XIDMPRECORD: { arity: 5, keys: [1, 1, 1], handler: recordMessage, fork: 'redis' },
    XNACK: { arity: -7, keys: [1, 1, 1], handler: giveBack, fork: 'redis' },
    // Its keys follow the word STREAMS; a log never holds it, as a server writes its effects.
    XREADGROUP: { arity: -7, keys: [0, 0, 0], handler: readGroup },
    XSETID: { arity: -3, keys: [1, 1, 1], handler: setId },
    XTRIM: { arity: -4, keys: [1, 1, 1], handler: trim },
  },
};
