/** The message id that XADD IDMPAUTO makes from an entry's fields (Redis 8.6). */
import type { CommandView } from '../../resp/command-view.ts';
import { xxh3Hash128 } from '../../values/xxh3.ts';

const mask = 0xffffffffffffffffn;

/**
 * 16 bytes, as a binary string: over each pair's XXH3-128 (of field, int64 LE length of the field, value) the sum of the low
 * halves xor the xor of the high ones rotated by one bit, and the same with the halves exchanged; so their order does not
 * matter. Fields are arguments `first`, `first + 2`, ...
 */
export function messageId(frame: CommandView, first: number, pairs: number): string {
  let lowSum = 0n;
  let highSum = 0n;
  let lowXor = 0n;
  let highXor = 0n;
  for (let i = 0; i < pairs; i++) {
    const { low, high } = xxh3Hash128(pairBytes(frame, first + 2 * i));
    lowSum = (lowSum + low) & mask;
    highSum = (highSum + high) & mask;
    lowXor ^= low;
    highXor ^= high;
  }
  const out = Buffer.alloc(16);
  out.writeBigUInt64LE(lowSum ^ rotateOnce(highXor), 0);
  out.writeBigUInt64LE(highSum ^ rotateOnce(lowXor), 8);
  return out.latin1Slice(0, 16);
}

function pairBytes(frame: CommandView, index: number): Buffer {
  const fieldLength = frame.lengths[index];
  const valueLength = frame.lengths[index + 1];
  const bytes = Buffer.alloc(fieldLength + 8 + valueLength);
  frame.bytes.copy(bytes, 0, frame.starts[index], frame.starts[index] + fieldLength);
  bytes.writeBigInt64LE(BigInt(fieldLength), fieldLength);
  frame.bytes.copy(bytes, fieldLength + 8, frame.starts[index + 1], frame.starts[index + 1] + valueLength);
  return bytes;
}

function rotateOnce(value: bigint): bigint {
  return ((value << 1n) | (value >> 63n)) & mask;
}
