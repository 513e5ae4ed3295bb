import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import { slotCount, slotOf } from '../slot.ts';
import type { CommandSpec, Handler } from './family.ts';

const invalidSlot = 'ERR Invalid or out of range slot';

/** Deletes the keys of the slots that `wanted` marks from the selected database. */
function removeSlots(session: Session, wanted: Uint8Array): void {
  const keys = session.keys;
  for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) {
    if (wanted[slotOf(keys.keyBlock(entry), keys.keyStart(entry), keys.keyLength(entry))] === 1) keys.remove(entry);
  }
}

/** Marks the slots of the pairs of arguments from `first` up to `end`; a string is the error reply. */
function markRanges(frame: CommandView, first: number, end: number): Uint8Array | string {
  const wanted = new Uint8Array(slotCount);
  for (let index = first; index < end; index += 2) {
    const start = integerArgument(frame, index);
    const last = integerArgument(frame, index + 1);
    if (!(start >= 0 && last >= start && last < slotCount)) return invalidSlot;
    const twice = wanted.subarray(start, last + 1).indexOf(1);
    if (twice >= 0) return `ERR Slot ${start + twice} specified multiple times`;
    wanted.fill(1, start, last + 1);
  }
  return wanted;
}

/** TRIMSLOTS RANGES count start end … */
const trimSlots: Handler = (session, frame) => {
  const count = integerArgument(frame, 2);
  if (!isWord(frame, 1, 'RANGES') || !(count > 0) || frame.argc !== 3 + count * 2) return replies.syntaxError;
  const wanted = markRanges(frame, 3, frame.argc);
  if (typeof wanted === 'string') return wanted;
  removeSlots(session, wanted);
  return undefined;
};

/** SFLUSH start end … [ASYNC|SYNC] */
const flushSlots: Handler = (session, frame) => {
  const last = frame.argc - 1;
  const end = isWord(frame, last, 'ASYNC') || isWord(frame, last, 'SYNC') ? last : frame.argc;
  if (end < 3 || end % 2 === 0) return replies.wrongArgumentCount('sflush');
  const wanted = markRanges(frame, 1, end);
  if (typeof wanted === 'string') return wanted;
  removeSlots(session, wanted);
  return undefined;
};

/** CLUSTER FLUSHSLOT slot [ASYNC|SYNC] */
const flushSlot: Handler = (session, frame) => {
  const slot = integerArgument(frame, 2);
  if (!(slot >= 0 && slot < slotCount)) return invalidSlot;
  const wanted = new Uint8Array(slotCount);
  wanted[slot] = 1;
  removeSlots(session, wanted);
  return undefined;
};

/** Commands on the slots of a cluster. */
export const slotCommands: Record<string, CommandSpec> = {
  TRIMSLOTS: { arity: -5, keys: [0, 0, 0], handler: trimSlots, fork: 'redis' },
  SFLUSH: { arity: -3, keys: [0, 0, 0], handler: flushSlots, fork: 'redis' },
  'CLUSTER FLUSHSLOT': { arity: -3, keys: [0, 0, 0], handler: flushSlot, fork: 'valkey' },
};
