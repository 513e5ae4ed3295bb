import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { ExpireOption, moment } from '../expiry.ts';
import * as replies from '../replies.ts';
import type { CommandSpec, Handler } from './family.ts';
import { persistMember } from './keydb.ts';

const notExists = 1;
const exists = 2;
const greater = 4;
const less = 8;

/** The conditions NX, XX, GT and LT as bits; a string is the error reply. */
function parseConditions(frame: CommandView): number | string {
  let conditions = 0;
  for (let index = 3; index < frame.argc; index++) {
    if (isWord(frame, index, 'NX')) conditions |= notExists;
    else if (isWord(frame, index, 'XX')) conditions |= exists;
    else if (isWord(frame, index, 'GT')) conditions |= greater;
    else if (isWord(frame, index, 'LT')) conditions |= less;
    else return `ERR Unsupported option ${frame.text(index)}`;
  }
  if (conditions & notExists && conditions & (exists | greater | less)) {
    return 'ERR NX and XX, GT or LT options at the same time are not compatible';
  }
  if (conditions & greater && conditions & less) return 'ERR GT and LT options at the same time are not compatible';
  return conditions;
}

/** Whether the conditions let the expiry `before` (NaN: none, which counts as infinitely late) become `at`. */
function allows(conditions: number, before: number, at: number): boolean {
  const has = !Number.isNaN(before);
  if (conditions & notExists && has) return false;
  if (conditions & exists && !has) return false;
  if (conditions & greater && (!has || at <= before)) return false;
  return !(conditions & less && has && at >= before);
}

/** EXPIRE and its kind. A time that is past is set like any other: while loading nothing expires. */
function expire(option: ExpireOption, name: string): Handler {
  return (session, frame) => {
    let conditions = 0;
    if (frame.argc > 3) {
      const parsed = parseConditions(frame);
      if (typeof parsed === 'string') return parsed;
      conditions = parsed;
    }
    const time = integerArgument(frame, 2);
    if (Number.isNaN(time)) return replies.notInteger;
    const at = moment(session, option, time);
    if (Number.isNaN(at)) return replies.invalidExpireTime(name);
    const entry = session.find(frame, 1);
    if (entry < 0) return undefined;
    if (conditions === 0 || allows(conditions, session.keys.expiry(entry), at)) session.keys.setExpiry(entry, at);
    return undefined;
  };
}

const persist: Handler = (session, frame) => {
  if (frame.argc > 2) return persistMember(session, frame);
  const entry = session.find(frame, 1);
  if (entry >= 0) session.keys.setExpiry(entry, Number.NaN);
  return undefined;
};

/** Commands that set and clear a key's expiry. */
export const expireCommands: Record<string, CommandSpec> = {
  EXPIRE: { arity: -3, keys: [1, 1, 1], handler: expire(ExpireOption.Seconds, 'expire') },
  PEXPIRE: { arity: -3, keys: [1, 1, 1], handler: expire(ExpireOption.Milliseconds, 'pexpire') },
  EXPIREAT: { arity: -3, keys: [1, 1, 1], handler: expire(ExpireOption.SecondsAt, 'expireat') },
  PEXPIREAT: { arity: -3, keys: [1, 1, 1], handler: expire(ExpireOption.MillisecondsAt, 'pexpireat') },
  PERSIST: { arity: -2, keys: [1, 1, 1], handler: persist },
};
