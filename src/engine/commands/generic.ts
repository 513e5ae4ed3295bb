import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { Kind, OwnString, objectKindMin } from '../../values/value.ts';
import type { Keyspace } from '../keyspace.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import { expireCommands } from './expire.ts';
import type { CommandSpec, Family, Handler } from './family.ts';
import { restoreCommands } from './restore.ts';

const remove: Handler = (session, frame) => {
  for (let index = 1; index < frame.argc; index++) session.remove(frame, index);
  return undefined;
};

/** Whether arguments 1 and 2 are the same bytes. */
function isSameKey(frame: CommandView): boolean {
  const { bytes, starts, lengths } = frame;
  if (lengths[1] !== lengths[2]) return false;
  for (let index = 0; index < lengths[1]; index++) {
    if (bytes[starts[1] + index] !== bytes[starts[2] + index]) return false;
  }
  return true;
}

/** RENAME and RENAMENX: the value, its expiry and all move. */
function rename(onlyIfAbsent: boolean): Handler {
  return (session, frame) => {
    const keys = session.keys;
    if (session.find(frame, 1) < 0) return replies.noSuchKey;
    if (isSameKey(frame)) return undefined;
    if (onlyIfAbsent && session.find(frame, 2) >= 0) return undefined;
    const target = session.findOrInsert(frame, 2);
    const origin = session.find(frame, 1);
    keys.adopt(target, keys, origin);
    keys.remove(origin);
    return undefined;
  };
}

/** Argument `index` as the index of a database; a string is the error reply. */
function databaseArgument(session: Session, frame: CommandView, index: number): number | string {
  const database = integerArgument(frame, index);
  if (!(Math.abs(database) <= 0x7fffffff)) return replies.notInteger;
  return database >= 0 && database < session.dataset.databaseLimit ? database : replies.databaseOutOfRange;
}

/** MOVE key db [REPLACE]; REPLACE came with Valkey 9.2. */
const move: Handler = (session, frame) => {
  const replaces = frame.argc > 3;
  if (frame.argc > 4 || (replaces && !isWord(frame, 3, 'REPLACE'))) return replies.syntaxError;
  const database = databaseArgument(session, frame, 2);
  if (typeof database === 'string') return database;
  if (database === session.database) return replies.sameObject;
  const origin = session.find(frame, 1);
  if (origin < 0) return undefined;
  const keys = session.dataset.database(database);
  const start = frame.starts[1];
  const length = frame.lengths[1];
  const found = keys.find(frame.bytes, start, length);
  if (found >= 0 && !replaces) return undefined;
  keys.adopt(found >= 0 ? found : keys.insertAfterFind(frame.bytes, start, length), session.keys, origin);
  session.keys.remove(origin);
  return undefined;
};

/** COPY source destination [DB n] [REPLACE] */
const copy: Handler = (session, frame) => {
  let database = session.database;
  let replaces = false;
  for (let index = 3; index < frame.argc; index++) {
    if (isWord(frame, index, 'REPLACE')) replaces = true;
    else if (isWord(frame, index, 'DB') && index + 1 < frame.argc) {
      const chosen = databaseArgument(session, frame, ++index);
      if (typeof chosen === 'string') return chosen;
      database = chosen;
    } else return replies.syntaxError;
  }
  if (database === session.database && isSameKey(frame)) return replies.sameObject;
  const keys = session.dataset.database(database);
  if (session.find(frame, 1) < 0) return undefined;
  let target = keys.find(frame.bytes, frame.starts[2], frame.lengths[2]);
  if (target >= 0 && !replaces) return undefined;
  if (target < 0) target = keys.insertAfterFind(frame.bytes, frame.starts[2], frame.lengths[2]);
  const origin = session.find(frame, 1);
  keys.adopt(target, session.keys, origin);
  separate(keys, target);
  return undefined;
};

/** Gives an entry that shares its object a copy of its own. */
function separate(keys: Keyspace, entry: number): void {
  const kind = keys.kind(entry);
  if (kind >= objectKindMin) keys.setObject(entry, keys.object(entry).copy());
  else if (kind === Kind.Bytes) keys.setOwn(entry, new OwnString(Buffer.from(keys.own(entry).view())));
}

const keyCommands: Record<string, CommandSpec> = {
  DEL: { arity: -2, keys: [1, -1, 1], handler: remove },
  UNLINK: { arity: -2, keys: [1, -1, 1], handler: remove },
  RENAME: { arity: 3, keys: [1, 2, 1], handler: rename(false) },
  RENAMENX: { arity: 3, keys: [1, 2, 1], handler: rename(true) },
  MOVE: { arity: -3, keys: [1, 1, 1], handler: move },
  COPY: { arity: -3, keys: [1, 2, 1], handler: copy },
};

/** Commands on keys of any type. */
export const genericFamily: Family = {
  name: 'generic',
  commands: { ...keyCommands, ...expireCommands, ...restoreCommands },
};
