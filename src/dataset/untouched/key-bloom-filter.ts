import { hashBytes } from '../../engine/key-hash.ts';
import type { Partitionings } from '../../engine/partition.ts';
import type { CommandView } from '../../resp/command-view.ts';

/** Bits of the set; a key has one by the upper part of its hash and one by the lower: kernels/assembly/touched-bits.ts. */
const bitCount = 1 << 21;
const upperShift = 11;
const lowerMask = bitCount - 1;

/**
 * The keys that a log touches, as two bits of each: a key that is not touched may be taken for one that is, and never the other way round.
 * The number of its database does not count.
 */
export class KeyBloomFilter {
  /** In memory that threads can share. */
  readonly bits = new Uint8Array(new SharedArrayBuffer(bitCount / 8));

  has(bytes: Uint8Array, start: number, length: number): boolean {
    const hash = hashBytes(bytes, start, length, 0);
    return isSet(this.bits, hash >>> upperShift) && isSet(this.bits, hash & lowerMask);
  }

  /** Notes the keys that a command may touch; false where nobody can tell which these are. */
  add(frame: CommandView, dealings: Partitionings): boolean {
    const keys = dealings.touchedKeys(frame);
    for (const index of keys ?? []) this.note(frame.bytes, frame.starts[index], frame.lengths[index]);
    return keys !== undefined;
  }

  private note(bytes: Uint8Array, start: number, length: number): void {
    const hash = hashBytes(bytes, start, length, 0);
    set(this.bits, hash >>> upperShift);
    set(this.bits, hash & lowerMask);
  }

  /** About the part of the other keys that is taken for touched. */
  get share(): number {
    let count = 0;
    for (let byte of this.bits) for (; byte !== 0; byte &= byte - 1) count++;
    return (count / bitCount) ** 2;
  }
}

const isSet = (bits: Uint8Array, bit: number): boolean => ((bits[bit >> 3] >> (bit & 7)) & 1) !== 0;

function set(bits: Uint8Array, bit: number): void {
  bits[bit >> 3] |= 1 << (bit & 7);
}
