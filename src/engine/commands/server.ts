import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import * as replies from '../replies.ts';
import type { Family, Handler } from './family.ts';
import { slotCommands } from './slots.ts';

const select: Handler = (session, frame) => {
  const index = integerArgument(frame, 1);
  if (!(Math.abs(index) <= 0x7fffffff)) {
    return session.flavor === 'redis-6.2' ? replies.invalidDatabase : replies.notInteger;
  }
  return session.select(index) ? undefined : replies.databaseOutOfRange;
};

const swapDatabases: Handler = (session, frame) => {
  const first = integerArgument(frame, 1);
  if (!(Math.abs(first) <= 0x7fffffff)) return 'ERR invalid first DB index';
  const second = integerArgument(frame, 2);
  if (!(Math.abs(second) <= 0x7fffffff)) return 'ERR invalid second DB index';
  const limit = session.dataset.databaseLimit;
  if (first < 0 || first >= limit || second < 0 || second >= limit) return replies.databaseOutOfRange;
  if (first !== second) session.dataset.swap(first, second);
  session.select(session.database);
  return undefined;
};

/** Whether what follows the name is nothing, ASYNC or SYNC. */
function isFlushSyntax(frame: CommandView): boolean {
  if (frame.argc === 1) return true;
  return frame.argc === 2 && (isWord(frame, 1, 'ASYNC') || isWord(frame, 1, 'SYNC'));
}

const flushAll: Handler = (session, frame) => {
  if (!isFlushSyntax(frame)) return replies.syntaxError;
  session.dataset.flush();
  return undefined;
};

const flushDatabase: Handler = (session, frame) => {
  if (!isFlushSyntax(frame)) return replies.syntaxError;
  session.keys.clear();
  return undefined;
};

/** The session itself runs these two; they are here to be found. */
const transaction: Handler = () => undefined;

/** Outside of a transaction DISCARD fails. Among queued commands it ends every server at EXEC, so what comes of it is not known. */
const discard: Handler = (session, frame) =>
  session.inTransaction ? session.opaque(frame, 'unknown') : 'ERR DISCARD without MULTI';

/** RESET selects database 0, and is else like DISCARD. */
const reset: Handler = (session, frame) => {
  if (session.inTransaction) return session.opaque(frame, 'unknown');
  session.select(0);
  return undefined;
};

/** Messages: a script of an old server could have them written to the log. A server that loads it has no clients yet. */
const publish: Handler = () => undefined;

/** Commands on databases, transactions and messages. */
export const serverFamily: Family = {
  name: 'server',
  commands: {
    SELECT: { arity: 2, keys: [0, 0, 0], handler: select },
    MULTI: { arity: 1, keys: [0, 0, 0], handler: transaction },
    // Conditions may follow it (Valkey 9.2). Where they failed nothing is in a log, so that the block is always run.
    EXEC: { arity: -1, keys: [0, 0, 0], handler: transaction },
    DISCARD: { arity: 1, keys: [0, 0, 0], handler: discard },
    RESET: { arity: 1, keys: [0, 0, 0], handler: reset },
    PUBLISH: { arity: 3, keys: [0, 0, 0], handler: publish },
    SPUBLISH: { arity: 3, keys: [0, 0, 0], handler: publish },
    SWAPDB: { arity: 3, keys: [0, 0, 0], handler: swapDatabases },
    FLUSHALL: { arity: -1, keys: [0, 0, 0], handler: flushAll },
    FLUSHDB: { arity: -1, keys: [0, 0, 0], handler: flushDatabase },
    ...slotCommands,
  },
};
