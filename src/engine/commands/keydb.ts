/**
 * Commands of KeyDB (its src/expire.cpp and src/replication.cpp; no server of it was at hand). KeyDB lets members of sets expire; members
 * of hashes are taken too, for the RDBs that hold such an expiry. Moments are kept as they are: a server that loads drops nothing.
 */
import { fieldExpireMax } from '../../limits.ts';
import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { Frame } from '../../resp/frame.ts';
import type { HashValue } from '../../values/hash.ts';
import type { SetValue } from '../../values/set.ts';
import { Kind } from '../../values/value.ts';
import { eachNested } from '../nested-commands.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { Family, Handler } from './family.ts';

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
    if (kind !== Kind.Set && kind !== Kind.Hash) return 'ERR object type is unsupported';
    const value = session.keys.object(entry) as SetValue | HashValue;
    const member = frame.text(2);
    if (value.has(member)) value.expire(member, at);
    return undefined;
  };
}

/** Whether all that an RREPLAY carries can be run: else none of it is, so that it can be copied as it stands. */
function canRun(session: Session, frame: Frame, depth: number): boolean {
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

const oneKey = [1, 1, 1] as const;

export const keydbFamily: Family = {
  name: 'keydb',
  commands: {
    EXPIREMEMBER: { arity: -4, keys: oneKey, handler: expireMember(1000, true) },
    EXPIREMEMBERAT: { arity: 4, keys: oneKey, handler: expireMember(1000, false) },
    PEXPIREMEMBERAT: { arity: 4, keys: oneKey, handler: expireMember(1, false) },
    RREPLAY: { arity: -3, keys: [0, 0, 0], handler: replay },
  },
};
