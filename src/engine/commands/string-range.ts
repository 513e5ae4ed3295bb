import { integerArgument } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import * as replies from '../replies.ts';
import type { CommandSpec, Handler } from './family.ts';

/** `proto-max-bulk-len`, the most bytes a string may have. A server that loads an AOF does not check it (mustObeyClient); here it bounds memory. */
const stringBytesMax = 512 * 1024 * 1024;

const append: Handler = (session, frame) => {
  const length = frame.lengths[2];
  const entry = session.find(frame, 1);
  if (entry < 0) {
    session.storeArgument(session.findOrInsert(frame, 1), frame, 2);
    return undefined;
  }
  if (!session.isString(entry)) return replies.wrongType;
  const before = session.stringLength(session.keys, entry);
  if (before + length > stringBytesMax) return replies.stringTooLong;
  const bytes = session.writableString(frame, 1, before + length);
  if (typeof bytes === 'string') return bytes;
  copyArgument(frame, 2, bytes, before);
  return undefined;
};

function copyArgument(frame: CommandView, index: number, target: Buffer, position: number): void {
  const start = frame.starts[index];
  frame.bytes.copy(target, position, start, start + frame.lengths[index]);
}

/** SETRANGE key offset value: nothing at all for an empty value, even where there is no key. */
const setRange: Handler = (session, frame) => {
  const offset = integerArgument(frame, 2);
  if (Number.isNaN(offset)) return replies.notInteger;
  if (offset < 0) return replies.offsetOutOfRange;
  const entry = session.find(frame, 1);
  if (entry >= 0 && !session.isString(entry)) return replies.wrongType;
  const length = frame.lengths[3];
  if (length === 0) return undefined;
  if (offset + length > stringBytesMax) return replies.stringTooLong;
  const bytes = session.writableString(frame, 1, offset + length);
  if (typeof bytes === 'string') return bytes;
  copyArgument(frame, 3, bytes, offset);
  return undefined;
};

/** Commands that change a part of a string. */
export const stringRangeCommands: Record<string, CommandSpec> = {
  APPEND: { arity: 3, keys: [1, 1, 1], handler: append },
  SETRANGE: { arity: 4, keys: [1, 1, 1], handler: setRange },
};
