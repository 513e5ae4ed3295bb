import { EncodingError, type FormatFault, formatFault } from '../faults.ts';
import { listpackCountUnknown } from './listpack.ts';
import { listpackEntryNumber, listpackHeaderBytes, nextListpackEntry } from './listpack-entry.ts';
import { lastNode, validateStreamListpack } from './stream-listpack.ts';

/**
 * What Valkey 9.1 checks of a stream's node beyond `validateStreamListpack`, and Redis up to 8.6 does not: the listpack's
 * count, where its end is, and that as many entries are marked as deleted as the node says. (And, not looked at here, that
 * the stream's length is the sum of its nodes' live entries.) Neither looks at the order of ids, and a node of deleted
 * entries only is sound to both. The blob is known to be sound. Positions count from `from`. Tried in restore.test.ts.
 */
export function findStreamInconsistency(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const wrong = validateStreamListpack(bytes, from, to);
  if (wrong) throw new EncodingError(wrong);
  return inconsistencyOfLast(bytes, from, to);
}

/** The same of the node that `validateStreamListpack` was just given. */
export function inconsistencyOfLast(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const { elements, deleted, end } = lastNode;
  if (end !== to - 1) return formatFault('stream.node.end', end - from, `ff at ${to - 1 - from} only`, 'ff before');
  const declared = bytes[from + 4] | (bytes[from + 5] << 8);
  if (declared !== listpackCountUnknown && declared !== elements) {
    return formatFault('listpack.header.count', 4, `${elements}, the number of elements`, `${declared}`);
  }
  const at = from + listpackHeaderBytes;
  const live = listpackEntryNumber(bytes, at);
  if (live < 0) return formatFault('stream.node.count', listpackHeaderBytes, 'a count of live entries', `${live}`);
  const declaredDeleted = listpackEntryNumber(bytes, nextListpackEntry(bytes, at, end));
  if (deleted === declaredDeleted) return undefined;
  return formatFault('stream.node.deleted', listpackHeaderBytes, `${deleted} deleted entries`, `${declaredDeleted}`);
}
