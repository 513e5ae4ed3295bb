import { type Flaw, flaw } from './flaw.ts';
import { listpackCountUnknown } from './listpack.ts';
import { listpackHeaderBytes, nextListpackEntry } from './listpack-entry.ts';
import { decodeStreamListpack, type StreamNode, streamEntryDeleted } from './stream-listpack.ts';

/**
 * What Valkey 9.1 checks of a stream's node beyond `validateStreamListpack`, and Redis up to 8.6 does not: the listpack's
 * count, where its end is, and that as many entries are marked as deleted as the node says. (And, not looked at here, that
 * the stream's length is the sum of its nodes' live entries.) Neither looks at the order of ids, and a node of deleted
 * entries only is sound to both. The blob is known to be sound. Positions count from `from`. Tried in restore.test.ts.
 */
export function findStreamInconsistency(bytes: Uint8Array, from: number, to: number): Flaw | undefined {
  const end = to - 1;
  let count = 0;
  let position = from + listpackHeaderBytes;
  for (; position < end && bytes[position] !== 0xff; count++) position = nextListpackEntry(bytes, position, end);
  if (position !== end) return flaw('stream.node.end', position - from, `ff at ${end - from} only`, 'ff before');
  const declared = bytes[from + 4] | (bytes[from + 5] << 8);
  if (declared !== listpackCountUnknown && declared !== count) {
    return flaw('listpack.header.count', 4, `${count}, the number of elements`, `${declared}`);
  }
  return nodeFlaw(decodeStreamListpack(bytes, from, to));
}

function nodeFlaw(node: StreamNode): Flaw | undefined {
  const at = listpackHeaderBytes;
  if (node.count < 0) return flaw('stream.node.count', at, 'a count of live entries', `${node.count}`);
  const deleted = node.entries.filter((entry) => entry.flags & streamEntryDeleted).length;
  if (deleted === node.deleted) return undefined;
  return flaw('stream.node.deleted', at, `${deleted} deleted entries`, `${node.deleted}`);
}
