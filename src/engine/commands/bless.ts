/**
 * BLESS (Redis 8.12): marks a key as not to be evicted. A server logs it as it was given, and only where it changed something. The mark
 * is no part of the value or of the digest. From the documentation: no server that has it was at hand.
 */
import { isWord } from '../../resp/arguments.ts';
import * as replies from '../replies.ts';
import type { Family, Handler } from './family.ts';

/** BLESS SET key [NO-EVICT | NONE] and BLESS CLEAR key NO-EVICT; a draft left the last word out, or had NONE for CLEAR. */
function mark(marked: boolean): Handler {
  return (session, frame) => {
    const isNone = frame.argc > 3 && isWord(frame, 3, 'NONE');
    if (frame.argc > 4 || (frame.argc === 4 && !isNone && !isWord(frame, 3, 'NO-EVICT'))) return replies.syntaxError;
    const entry = session.find(frame, 2);
    if (entry < 0) return replies.noSuchKey;
    session.keys.setNoEvict(entry, marked && !isNone);
    return undefined;
  };
}

const read: Handler = () => undefined;

export const blessFamily: Family = {
  name: 'bless',
  commands: {
    'BLESS SET': { arity: -3, keys: [2, 2, 1], handler: mark(true), fork: 'redis' },
    'BLESS CLEAR': { arity: -3, keys: [2, 2, 1], handler: mark(false), fork: 'redis' },
    'BLESS GET': { arity: 3, keys: [2, 2, 1], handler: read, fork: 'redis' },
    'BLESS SCAN': { arity: -4, keys: [0, 0, 0], handler: read, fork: 'redis' },
  },
};
