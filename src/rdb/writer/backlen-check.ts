/**
 * Whether a serialized value holds a listpack that only one family of servers can read: an element of exactly 2^14-1, 2^21-1
 * or 2^28-1 bytes has a backlen of another width in Redis 8.8 and Valkey 9 than before. Such a value cannot be copied from
 * one family to the other; there is next to none of them, and most values are told apart by their size alone.
 */

import { backlenThresholdOf, validateListpackHeader } from '../../encodings/listpack.ts';
import type { BacklenThreshold } from '../../servers/targets.ts';
import { TypeId } from '../../servers/value-type-id.ts';
import { ValueCursor } from '../codec/cursor.ts';

const thresholdMin = 16383;
/** LZF makes at most 264 bytes of 3, so a value shorter than this cannot hold an element of the least such length. */
const serializedMin = Math.floor(thresholdMin / 132) - 8;

const cursor = new ValueCursor();

/** True where `bytes[from, to)`, a value of `type`, must be encoded anew for servers of `threshold`. */
export function needsOtherBacklens(
  type: number,
  bytes: Buffer,
  from: number,
  to: number,
  threshold: BacklenThreshold,
): boolean {
  if (to - from < serializedMin) return false;
  cursor.begin(bytes, from, to);
  switch (type) {
    case TypeId.hashListpack:
    case TypeId.sortedSetListpack:
    case TypeId.setListpack:
      return blobDiffers(threshold);
    case TypeId.hashListpackExpiry:
      cursor.int64();
      return blobDiffers(threshold);
    case TypeId.listQuicklist2:
      return listDiffers(threshold);
    case TypeId.stream1:
    case TypeId.stream2:
    case TypeId.stream3:
    case TypeId.stream4:
    case TypeId.stream5:
      return streamDiffers(threshold);
    default:
      return false;
  }
}

function listDiffers(threshold: BacklenThreshold): boolean {
  for (let nodes = cursor.count(2); nodes > 0; nodes--) {
    if (cursor.length() === 1) cursor.skipString();
    else if (blobDiffers(threshold)) return true;
  }
  return false;
}

function streamDiffers(threshold: BacklenThreshold): boolean {
  for (let nodes = cursor.count(2); nodes > 0; nodes--) {
    cursor.skipString();
    if (blobDiffers(threshold)) return true;
  }
  return false;
}

function blobDiffers(threshold: BacklenThreshold): boolean {
  if (plainLength() < thresholdMin) {
    cursor.skipString();
    return false;
  }
  cursor.blob();
  const { blobBytes, blobStart, blobEnd } = cursor;
  if (validateListpackHeader(blobBytes, blobStart, blobEnd)) return false;
  const found = backlenThresholdOf(blobBytes, blobStart, blobEnd);
  return found !== undefined && found !== threshold;
}

/** Length of the string at the cursor once decompressed; the cursor stays. */
function plainLength(): number {
  const { position } = cursor;
  const first = cursor.byte();
  let length = 0;
  if (first === 0xc3) {
    cursor.length();
    length = cursor.length();
  } else if (first < 0xc0) {
    cursor.position = position;
    length = cursor.length();
  }
  cursor.position = position;
  return length;
}
