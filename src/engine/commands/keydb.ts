/**
 * Commands of KeyDB (its src/expire.cpp, replication.cpp, cron.cpp, t_hash.cpp and cluster.cpp; no server of it was at hand). KeyDB lets
 * members of sets, hashes and sorted sets expire. Moments are kept as they are: a server that loads drops nothing.
 */

import { fieldExpireMax } from '../../limits.ts';
import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { CronValue } from '../../values/cron.ts';
import type { HashValue } from '../../values/hash.ts';
import type { SetValue } from '../../values/set.ts';
import type { SortedSetValue } from '../../values/sorted-set.ts';
import { Kind } from '../../values/value.ts';
import { eachNested } from '../nested-commands.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { Family, Handler } from './family.ts';
import { restorePayload } from './restore.ts';

/** An RREPLAY may carry another one, where replicas pass on to replicas. */
const depthMax = 4;

/** EXPIREMEMBER key member time [s|ms], EXPIREMEMBERAT and PEXPIREMEMBERAT key member moment. */
function expireMember(unit: number, relative: boolean): Handler {
  return (session, frame) => {
    const given = integerArgument(frame, 3);
    if (Number.isNaN(given)) return replies.notInteger;
    if (frame.argc > 5 || (frame.argc === 5 && !relative)) return 'ERR Invalid number of arguments';
    const inMilliseconds = frame.argc === 5 && isWord(frame, 4, 'MS');
    if (frame.argc === 5 && !inMilliseconds && !isWord(frame, 4, 'S')) return 'ERR Invalid unit arg';
    const at = given * (inMilliseconds ? 1 : unit) + (relative ? session.now : 0);
    // Servers that have an expiry of fields or members have 48 bits for it.
    if (at > fieldExpireMax || at < 0) return 'ERR invalid expire time';
    const entry = session.find(frame, 1);
    if (entry < 0) return undefined;
    const kind = session.kind(entry);
    // When a job runs next: it is not a member that goes.
    if (kind === Kind.Cron) return undefined;
    if (kind !== Kind.Set && kind !== Kind.Hash && kind !== Kind.SortedSet) return 'ERR object type is unsupported';
    const value = session.keys.object(entry) as SetValue | HashValue | SortedSetValue;
    const member = frame.text(2);
    if (value.has(member)) value.expire(member, at);
    return undefined;
  };
}

/** PERSIST key member: the key's own expiry stays. */
export const persistMember: Handler = (session, frame) => {
  if (frame.argc > 3) return 'ERR Invalid arguments';
  const entry = session.find(frame, 1);
  if (entry < 0) return undefined;
  const kind = session.kind(entry);
  if (kind !== Kind.Set && kind !== Kind.Hash && kind !== Kind.SortedSet) return undefined;
  (session.keys.object(entry) as SetValue | HashValue | SortedSetValue).persist(frame.text(2));
  return undefined;
};

/** Whether all that an RREPLAY carries can be run: else none of it is, so that it can be copied as it stands. */
function canRun(session: Session, frame: CommandView, depth: number): boolean {
  let isKnown = depth <= depthMax;
  const isWhole = eachNested(frame, 2, (nested) => {
    const command = session.registry.find(nested);
    if (command?.handler === replay) isKnown &&= canRun(session, nested, depth + 1);
    else isKnown &&= command !== undefined || session.skips(nested);
  });
  return isWhole && isKnown;
}

/**
 * RREPLAY uuid commands [database [stamp]]: commands that another active replica ran. They run in that database, or the selected one, which
 * stays selected. Stamps are not compared: what a log holds was run.
 */
const replay: Handler = (session, frame) => {
  if (!canRun(session, frame, 1)) return session.opaque(frame, 'unknown');
  const before = session.database;
  if (frame.argc > 3 && !session.select(integerArgument(frame, 3))) return replies.databaseOutOfRange;
  const { command } = session;
  eachNested(frame, 2, (nested) => {
    // An error is noted with the command that makes it.
    session.runWithin(nested);
  });
  session.command = command;
  session.select(before);
  return undefined;
};

/** KEYDB.CRON name single|repeat [start] interval script [count key… argument…]. */
const cron: Handler = (session, frame) => {
  if (!isWord(frame, 2, 'SINGLE') && !isWord(frame, 2, 'REPEAT')) return replies.syntaxError;
  const first = integerArgument(frame, 3);
  if (Number.isNaN(first)) return replies.notInteger;
  const second = integerArgument(frame, 4);
  const hasStart = !Number.isNaN(second);
  const [start, interval] = hasStart ? [first, second] : [session.now, first];
  if (interval <= 0) return 'ERR interval must be positive';
  const script = hasStart ? 5 : 4;
  if (script >= frame.argc) return replies.syntaxError;
  const counted = frame.argc > script + 1 ? integerArgument(frame, script + 1) : 0;
  if (Number.isNaN(counted)) return replies.notInteger;
  const keysAt = script + 2;
  const isShort = frame.argc > script + 1 && frame.argc < 6 + counted;
  if (counted < 0 || isShort) return 'ERR Missing arguments or numkeys is too big';
  const texts = (from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from) }, (_, index) => frame.text(from + index));
  const keys = texts(keysAt, Math.min(keysAt + counted, frame.argc));
  const args = texts(keysAt + counted, frame.argc);
  const entry = session.findOrInsert(frame, 1);
  session.keys.setObject(entry, new CronValue({ script: frame.text(script), start, interval, keys, args }));
  session.keys.setExpiry(entry, Number.NaN);
  return undefined;
};

/** KEYDB.HRENAME key field field: the value moves to the other field. */
const renameField: Handler = (session, frame) => {
  const entry = session.find(frame, 1);
  if (entry < 0) return undefined;
  if (session.kind(entry) !== Kind.Hash) return replies.wrongType;
  const hash = session.keys.object(entry) as HashValue;
  const value = hash.get(frame.text(2));
  if (value === undefined) return "ERR hash key doesn't exist";
  hash.delete(frame.text(2));
  hash.set(frame.text(3), value);
  return undefined;
};

/**
 * KEYDB.MVCCRESTORE key stamp moment payload: what another active replica loaded; a negative moment is none. Stamps are not compared, as
 * those of RREPLAY are not.
 */
const restoreStamped: Handler = (session, frame) => {
  const at = integerArgument(frame, 3);
  if (Number.isNaN(at)) return 'ERR Invalid expire';
  return restorePayload(session, frame, 4, at < 0 ? Number.NaN : at);
};

const oneKey = [1, 1, 1] as const;

export const keydbFamily: Family = {
  name: 'keydb',
  commands: {
    EXPIREMEMBER: { arity: -4, keys: oneKey, handler: expireMember(1000, true) },
    EXPIREMEMBERAT: { arity: 4, keys: oneKey, handler: expireMember(1000, false) },
    PEXPIREMEMBERAT: { arity: 4, keys: oneKey, handler: expireMember(1, false) },
    'KEYDB.CRON': { arity: -5, keys: oneKey, handler: cron },
    'KEYDB.HRENAME': { arity: 4, keys: oneKey, handler: renameField },
    'KEYDB.MVCCRESTORE': { arity: 5, keys: oneKey, handler: restoreStamped },
    RREPLAY: { arity: -3, keys: [0, 0, 0], handler: replay },
  },
};
