/** Sets. A set that becomes empty is removed; a *STORE of nothing removes its destination. */
import { integerArgument } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { SetValue } from '../../values/set.ts';
import { Kind } from '../../values/value.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { CommandSpec, Family, Handler } from './family.ts';
import { findsMember, presentMembers, setExpiryCommands } from './set-expiry.ts';

/** The set at the key of argument `index`; undefined: no such key; a string: WRONGTYPE. */
function setAt(session: Session, frame: CommandView, index: number): SetValue | undefined | string {
  return session.read<SetValue>(frame, index, Kind.Set);
}

const add: Handler = (session, frame) => {
  let set = setAt(session, frame, 1);
  if (typeof set === 'string') return set;
  if (set === undefined) {
    set = new SetValue();
    session.add(frame, 1, set);
  }
  for (let index = 2; index < frame.argc; index++) set.add(frame.text(index));
  return undefined;
};

const removeMembers: Handler = (session, frame) => {
  const set = setAt(session, frame, 1);
  if (set === undefined || typeof set === 'string') return set;
  for (let index = 2; index < frame.argc; index++) set.delete(frame.text(index));
  session.removeIfEmpty(frame, 1, set);
  return undefined;
};

const move: Handler = (session, frame) => {
  const source = setAt(session, frame, 1);
  if (source === undefined || typeof source === 'string') return source;
  let target = setAt(session, frame, 2);
  if (typeof target === 'string') return target;
  if (source === target) return undefined;
  const member = frame.text(3);
  if (!findsMember(session, source, member)) return undefined;
  if (target === undefined) {
    target = new SetValue();
    session.add(frame, 2, target);
  }
  source.delete(member);
  // Whether its expiry goes along is not known: it is taken for dropped, as by *STORE.
  target.add(member);
  session.removeIfEmpty(frame, 1, source);
  return undefined;
};

/**
 * SPOP. An AOF never holds it (a server writes SREM or DEL of what it drew), so which members go is open: the oldest ones,
 * so that two replays agree.
 */
const pop: Handler = (session, frame) => {
  if (frame.argc > 3) return replies.syntaxError;
  const count = frame.argc === 3 ? integerArgument(frame, 2) : 1;
  if (!(count >= 0)) return replies.notPositive;
  const set = setAt(session, frame, 1);
  if (set === undefined || typeof set === 'string') return set;
  const drawn: string[] = [];
  for (const member of set.values()) {
    if (drawn.length >= count) break;
    drawn.push(member);
  }
  for (const member of drawn) set.delete(member);
  session.removeIfEmpty(frame, 1, set);
  return undefined;
};

/** The sets at the keys from argument 2 on, undefined for a missing one; a string is the error reply. */
function sources(session: Session, frame: CommandView): (SetValue | undefined)[] | string {
  const sets: (SetValue | undefined)[] = [];
  for (let index = 2; index < frame.argc; index++) {
    const set = setAt(session, frame, index);
    if (typeof set === 'string') return set;
    sets.push(set && presentMembers(session, set));
  }
  return sets;
}

/** SINTERSTORE, SUNIONSTORE, SDIFFSTORE: `combine` makes the new set. */
function combineInto(combine: (sets: (SetValue | undefined)[]) => SetValue): Handler {
  return (session, frame) => {
    const sets = sources(session, frame);
    if (typeof sets === 'string') return sets;
    session.replace(frame, 1, combine(sets));
    return undefined;
  };
}

function intersection(sets: (SetValue | undefined)[]): SetValue {
  const result = new SetValue();
  const present = sets.filter((set) => set !== undefined);
  if (present.length < sets.length) return result;
  const [smallest, ...others] = present.sort((a, b) => a.count - b.count);
  for (const member of smallest.values()) {
    if (others.every((set) => set.has(member))) result.add(member);
  }
  return result;
}

function union(sets: (SetValue | undefined)[]): SetValue {
  const result = new SetValue();
  for (const set of sets) {
    if (set === undefined) continue;
    for (const member of set.values()) result.add(member);
  }
  return result;
}

function difference(sets: (SetValue | undefined)[]): SetValue {
  const result = new SetValue();
  const [first, ...others] = sets;
  if (first === undefined) return result;
  for (const member of first.values()) {
    if (!others.some((set) => set?.has(member))) result.add(member);
  }
  return result;
}

const commands: Record<string, CommandSpec> = {
  SADD: { arity: -3, keys: [1, 1, 1], handler: add },
  SDIFFSTORE: { arity: -3, keys: [1, -1, 1], handler: combineInto(difference) },
  SINTERSTORE: { arity: -3, keys: [1, -1, 1], handler: combineInto(intersection) },
  SMOVE: { arity: 4, keys: [1, 2, 1], handler: move },
  SPOP: { arity: -2, keys: [1, 1, 1], handler: pop },
  SREM: { arity: -3, keys: [1, 1, 1], handler: removeMembers },
  SUNIONSTORE: { arity: -3, keys: [1, -1, 1], handler: combineInto(union) },
  ...setExpiryCommands,
};

export const setFamily: Family = { name: 'set', commands };
