// AssemblyScript. Keys that a log touches: the two bits of their hashes in 256 KiB, as in src/dataset/untouched/key-bloom-filter.ts.

const upperShift: u32 = 11;
const lowerMask: u32 = 0x1fffff;

/** Whether the key of this hash may be among those noted at `bits`. */
// @ts-ignore: decorator
@inline
export function isTouched(bits: usize, hash: u32): bool {
  return isSet(bits, hash >> upperShift) && isSet(bits, hash & lowerMask);
}

// @ts-ignore: decorator
@inline
function isSet(bits: usize, bit: u32): bool {
  return ((<u32>load<u8>(bits + <usize>(bit >> 3)) >> (bit & 7)) & 1) != 0;
}
