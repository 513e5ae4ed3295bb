import { isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import {
  Adder,
  cacheCardinality,
  createHyperLogLog,
  invalidate,
  isCached,
  isDense,
  isHyperLogLog,
  mergeInto,
  registerCount,
  setRegister,
  toDense,
} from '../../values/hyperloglog.ts';
import type { OwnString } from '../../values/value.ts';
import { wrongType } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Family } from './family.ts';

const notHyperLogLog = 'WRONGTYPE Key is not a valid HyperLogLog string value.';
const damaged = 'INVALIDOBJ Corrupted HLL object detected';

/** The HyperLogLog at argument `index` to read; undefined where there is no key; a string is the error reply. */
function read(session: Session, frame: CommandView, index: number): Buffer | undefined | string {
  const bytes = session.readString(frame, index);
  if (bytes === undefined || bytes === wrongType) return bytes;
  return isHyperLogLog(bytes as Buffer) ? bytes : notHyperLogLog;
}

/** The HyperLogLog at argument `index` to change, which `read` has found. */
function own(session: Session, frame: CommandView, index: number): OwnString {
  session.writableString(frame, index, 0);
  return session.keys.own(session.find(frame, index));
}

/** Makes an empty one at argument `index`, where `read` has found no key. */
function create(session: Session, frame: CommandView, index: number): OwnString {
  session.replaceString(frame, index, createHyperLogLog(), false);
  return session.keys.own(session.find(frame, index));
}

/** PFADD key [element ...] */
function add(session: Session, frame: CommandView): string | undefined {
  const found = read(session, frame, 1);
  if (typeof found === 'string') return found;
  let changed = found === undefined;
  const target = found === undefined ? create(session, frame, 1) : own(session, frame, 1);
  const adder = new Adder();
  for (let i = 2; i < frame.argc; i++) {
    const raised = adder.add(target, frame.bytes, frame.starts[i], frame.lengths[i]);
    if (raised === undefined) return damaged;
    if (raised) changed = true;
  }
  if (changed) invalidate(target.buffer);
  return undefined;
}

/** PFMERGE destination [source ...] */
function merge(session: Session, frame: CommandView): string | undefined {
  const registers = new Uint8Array(registerCount);
  let dense = false;
  let exists = false;
  for (let i = 1; i < frame.argc; i++) {
    const found = read(session, frame, i);
    if (typeof found === 'string') return found;
    if (found === undefined) continue;
    if (i === 1) exists = true;
    dense ||= isDense(found);
    if (!mergeInto(registers, found)) return damaged;
  }
  const target = exists ? own(session, frame, 1) : create(session, frame, 1);
  if (dense && !toDense(target)) return damaged;
  for (let i = 0; i < registerCount; i++) if (registers[i] > 0) setRegister(target, i, registers[i]);
  invalidate(target.buffer);
  return undefined;
}

/** PFCOUNT key [key ...]: of a single key it refreshes the cached cardinality, and so changes the string. */
function count(session: Session, frame: CommandView): string | undefined {
  const registers = new Uint8Array(frame.argc > 2 ? registerCount : 0);
  for (let i = 1; i < frame.argc; i++) {
    const found = read(session, frame, i);
    if (typeof found === 'string') return found;
    if (found === undefined) continue;
    if (frame.argc > 2) {
      if (!mergeInto(registers, found)) return damaged;
    } else if (!isCached(found) && !cacheCardinality(own(session, frame, 1).view())) return damaged;
  }
  return undefined;
}

/** PFDEBUG GETREG|TODENSE|ENCODING|DECODE key: the first two leave it dense. */
function debug(session: Session, frame: CommandView): string | undefined {
  const found = read(session, frame, 2);
  if (typeof found === 'string') return found;
  if (found === undefined) return 'ERR The specified key does not exist';
  if (isWord(frame, 1, 'TODENSE') || isWord(frame, 1, 'GETREG')) {
    return toDense(own(session, frame, 2)) ? undefined : damaged;
  }
  if (isWord(frame, 1, 'DECODE')) return isDense(found) ? 'ERR HLL encoding is not sparse' : undefined;
  return isWord(frame, 1, 'ENCODING') ? undefined : `ERR Unknown PFDEBUG subcommand '${frame.text(1)}'`;
}

export const hyperloglogFamily: Family = {
  name: 'hyperloglog',
  commands: {
    PFADD: { arity: -2, keys: [1, 1, 1], handler: add },
    PFCOUNT: { arity: -2, keys: [1, -1, 1], handler: count },
    PFDEBUG: { arity: 3, keys: [2, 2, 1], handler: debug },
    PFMERGE: { arity: -2, keys: [1, -1, 1], handler: merge },
  },
};
