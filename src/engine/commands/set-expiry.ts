/**
 * Commands on members of sets that expire (Redis 8.12): as those on hash fields (hash-expiry.ts), in Redis's manner. While a server loads,
 * a member whose time is past stays, but commands that look it up find none. From the sources: no server that has them was at hand.
 */
import { integerArgument, isWord } from '../../resp/arguments.ts';
import { SetValue } from '../../values/set.ts';
import { Kind } from '../../values/value.ts';
import type { Session } from '../session.ts';
import type { CommandSpec, Handler } from './family.ts';
import { allows, conditionOptions, memberOptions, momentArgument, readRequest } from './hash-expiry.ts';

/** Whether a command that looks a member up finds it. */
export function findsMember(session: Session, set: SetValue, member: string): boolean {
  return set.has(member) && !(set.hasExpiries && set.expiry(member) < session.now);
}

/** A set as a command sees it that reads its members: without those that are past their time. */
export function presentMembers(session: Session, set: SetValue): SetValue {
  if (!set.hasExpiries) return set;
  const present = new SetValue();
  for (const member of set.values()) if (findsMember(session, set, member)) present.add(member);
  return present;
}

/** SEXPIRE, SPEXPIRE, SEXPIREAT, SPEXPIREAT key time [NX|XX|GT|LT] MEMBERS count member …. */
function expireMembers(milliseconds: number, relative: boolean): Handler {
  return (session, frame) => {
    const at = momentArgument(session, frame, 2, milliseconds, relative);
    if (typeof at === 'string') return at;
    const request = readRequest(session, frame, 3, 1, conditionOptions, 'MEMBERS');
    if (typeof request === 'string') return request;
    const set = session.read<SetValue>(frame, 1, Kind.Set);
    if (set === undefined || typeof set === 'string') return set;
    for (let index = request.firstField; index < request.firstField + request.fieldCount; index++) {
      const member = frame.text(index);
      if (!findsMember(session, set, member) || !allows(request.condition, set.expiry(member), at)) continue;
      set.expire(member, at);
    }
    return undefined;
  };
}

/** SPERSIST key MEMBERS count member …. */
const persistMembers: Handler = (session, frame) => {
  if (!isWord(frame, 2, 'MEMBERS')) return 'ERR Mandatory argument MEMBERS is missing or not at the right position';
  const count = integerArgument(frame, 3);
  if (!(count >= 1)) return 'ERR Number of members must be a positive integer';
  if (4 + count !== frame.argc) return 'ERR The `nummembers` parameter must match the number of arguments';
  const set = session.read<SetValue>(frame, 1, Kind.Set);
  if (set === undefined || typeof set === 'string') return set;
  for (let index = 4; index < frame.argc; index++) {
    const member = frame.text(index);
    if (findsMember(session, set, member)) set.persist(member);
  }
  return undefined;
};

/** SADDEX key [MNX|MXX] [EX|PX|EXAT|PXAT time|KEEPTTL] MEMBERS count member …. */
const addAndExpire: Handler = (session, frame) => {
  const request = readRequest(session, frame, 2, 1, memberOptions, 'MEMBERS');
  if (typeof request === 'string') return request;
  const found = session.read<SetValue>(frame, 1, Kind.Set);
  if (typeof found === 'string') return found;
  const { firstField: first, fieldCount: count, fieldCondition, at } = request;
  if (fieldCondition !== '') {
    const wanted = fieldCondition === 'MXX';
    for (let index = first; index < first + count; index++) {
      if ((found !== undefined && findsMember(session, found, frame.text(index))) !== wanted) return undefined;
    }
  }
  const set = found ?? new SetValue();
  if (found === undefined) session.add(frame, 1, set);
  for (let index = first; index < first + count; index++) {
    const member = frame.text(index);
    set.add(member);
    if (!Number.isNaN(at)) set.expire(member, at);
    else if (!request.keepExpiry) set.persist(member);
  }
  return undefined;
};

const oneKey = [1, 1, 1] as const;

export const setExpiryCommands: Record<string, CommandSpec> = {
  SADDEX: { arity: -5, keys: oneKey, handler: addAndExpire, fork: 'redis' },
  SEXPIRE: { arity: -6, keys: oneKey, handler: expireMembers(1000, true), fork: 'redis' },
  SEXPIREAT: { arity: -6, keys: oneKey, handler: expireMembers(1000, false), fork: 'redis' },
  SPERSIST: { arity: -5, keys: oneKey, handler: persistMembers, fork: 'redis' },
  SPEXPIRE: { arity: -6, keys: oneKey, handler: expireMembers(1, true), fork: 'redis' },
  SPEXPIREAT: { arity: -6, keys: oneKey, handler: expireMembers(1, false), fork: 'redis' },
};
