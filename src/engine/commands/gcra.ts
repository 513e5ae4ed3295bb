import { int64Argument } from '../../resp/arguments.ts';
import { GcraValue } from '../../values/gcra.ts';
import { Kind } from '../../values/value.ts';
import * as replies from '../replies.ts';
import type { Family, Handler } from './family.ts';

/** GCRASETVALUE key tat, which only rewritten logs of GCRA builds hold. */
const setValue: Handler = (session, frame) => {
  const arrival = int64Argument(frame, 2);
  if (arrival === undefined || arrival < 0) return replies.notInteger;
  const entry = session.find(frame, 1);
  if (entry >= 0 && session.kind(entry) !== Kind.Gcra) return replies.wrongType;
  session.keys.setObject(session.findOrInsert(frame, 1), new GcraValue(BigInt(arrival)));
  return undefined;
};

/** The rate limiter type. */
export const gcraFamily: Family = {
  name: 'gcra',
  commands: { GCRASETVALUE: { arity: 3, keys: [1, 1, 1], handler: setValue, fork: 'redis' } },
};
