/**
 * Streams from RDB types 15, 19, 21, 26 and 27; the layout is in ../values/stream.ts.
 */

import { validateStreamListpack } from '../../encodings/stream-listpack.ts';
import type { U64 } from '../../encodings/u64.ts';
import { EncodingError } from '../../faults.ts';
import { type ConsumerParts, type GroupParts, type PendingParts, Stream } from '../../values/stream.ts';
import type { StreamId } from '../../values/stream-id.ts';
import { Idempotency } from '../../values/stream-idempotency.ts';
import type { ValueCursor } from './cursor.ts';

interface NodeParts {
  readonly ms: U64;
  readonly seq: U64;
  readonly listpack: Buffer;
}

/** `version`: 1 for type 15 to 5 for type 27. */
export function decodeStream(cursor: ValueCursor, version: number): Stream {
  const nodes: NodeParts[] = [];
  for (let left = cursor.count(2); left > 0; left--) nodes.push(readNode(cursor));
  const length = cursor.unsigned();
  const lastId = readId(cursor);
  if (version >= 2) readId(cursor);
  const maxDeletedId = version >= 2 ? readId(cursor) : undefined;
  const entriesAdded = version >= 2 ? cursor.unsigned() : undefined;
  const groups: GroupParts[] = [];
  for (let left = cursor.count(4); left > 0; left--) groups.push(readGroup(cursor, version));
  const idempotency = version >= 4 ? readIdempotency(cursor) : undefined;
  return Stream.build({ nodes, length, lastId, maxDeletedId, entriesAdded, groups, idempotency });
}

function readNode(cursor: ValueCursor): NodeParts {
  cursor.blob();
  const { blobBytes, blobStart, blobEnd } = cursor;
  if (blobEnd - blobStart !== 16) cursor.fail('stream.node.id', 'an id of 16 bytes', `${blobEnd - blobStart} bytes`);
  const ms = uint64(blobBytes, blobStart);
  const seq = uint64(blobBytes, blobStart + 8);
  cursor.blob();
  const wrong = validateStreamListpack(cursor.blobBytes, cursor.blobStart, cursor.blobEnd);
  if (wrong) throw new EncodingError(wrong);
  // What was decompressed lies in memory that the next node will use.
  const isInPlace = cursor.blobBytes === cursor.bytes;
  const listpack = isInPlace ? cursor.bytes.subarray(cursor.blobStart, cursor.blobEnd) : cursor.ownBlob();
  return { ms, seq, listpack };
}

function uint64(bytes: Buffer, position: number): U64 {
  const high = bytes.readUInt32BE(position);
  return high < 0x200000 ? high * 2 ** 32 + bytes.readUInt32BE(position + 4) : bytes.readBigUInt64BE(position);
}

/** An id as two lengths. */
function readId(cursor: ValueCursor): StreamId {
  return { ms: cursor.unsigned(), seq: cursor.unsigned() };
}

/** An id as 16 bytes. */
function readRawId(cursor: ValueCursor): StreamId {
  return { ms: cursor.uint64BE(), seq: cursor.uint64BE() };
}

function readRawIds(cursor: ValueCursor): StreamId[] {
  const ids: StreamId[] = [];
  for (let left = cursor.count(16); left > 0; left--) ids.push(readRawId(cursor));
  return ids;
}

/** Entries read is an int64 in a length's form: -1, unknown, has all bits set. */
function readEntriesRead(cursor: ValueCursor): U64 {
  const value = cursor.unsigned();
  return typeof value === 'bigint' && value >= 1n << 63n ? Number(BigInt.asIntN(64, value)) : value;
}

function readGroup(cursor: ValueCursor, version: number): GroupParts {
  const name = cursor.text();
  const lastId = readId(cursor);
  const entriesRead = version >= 2 ? readEntriesRead(cursor) : undefined;
  const pending: PendingParts[] = [];
  for (let left = cursor.count(25); left > 0; left--) {
    const id = readRawId(cursor);
    pending.push({ id, deliveryTime: cursor.int64(), deliveryCount: cursor.unsigned() });
  }
  const consumers: ConsumerParts[] = [];
  for (let left = cursor.count(10); left > 0; left--) consumers.push(readConsumer(cursor, version));
  const nacked = version >= 5 ? readRawIds(cursor) : undefined;
  return { name, lastId, entriesRead, pending, consumers, nacked };
}

function readConsumer(cursor: ValueCursor, version: number): ConsumerParts {
  const name = cursor.text();
  const seenTime = cursor.int64();
  const activeTime = version >= 3 ? cursor.int64() : seenTime;
  return { name, seenTime, activeTime, pending: readRawIds(cursor) };
}

function readIdempotency(cursor: ValueCursor): Idempotency {
  const table = new Idempotency();
  table.duration = cursor.length();
  table.maxEntries = cursor.length();
  for (let producers = cursor.count(2); producers > 0; producers--) {
    const producer = cursor.text();
    const known = new Map<string, StreamId>();
    for (let left = cursor.count(3); left > 0; left--) {
      const iid = cursor.text();
      known.set(iid, readId(cursor));
    }
    // A server passes over a producer without messages.
    if (known.size > 0) table.producers.set(producer, known);
  }
  table.iidsAdded = cursor.unsigned();
  table.iidsDuplicates = cursor.unsigned();
  return table;
}
