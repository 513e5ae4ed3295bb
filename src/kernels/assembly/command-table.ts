// AssemblyScript. A table of commands by name, which JavaScript fills (src/kernels/command-table.ts).
//
//   slot, 32 bytes:   name, 16 bytes, upper case, NUL-padded | 8 bytes of the lane's own | u32 kind, 0 for a free slot | u32 name's length

export const commandSlots: u32 = 1024;

/** Address of the slot of the name at `at` in the table at `table`, or 0. */
// @ts-ignore: decorator
@inline
export function slotOf(table: usize, at: usize, length: usize): usize {
  if (length - 1 >= 16) return 0;
  const upper: u64 = 0xdfdfdfdfdfdfdfdf;
  let low = load<u64>(at) & upper;
  let high: u64 = 0;
  if (length < 8) low &= ((<u64>1) << (length << 3)) - 1;
  else if (length < 16) high = load<u64>(at + 8) & upper & (((<u64>1) << ((length - 8) << 3)) - 1);
  else high = load<u64>(at + 8) & upper;
  // As hashOf in src/kernels/command-table.ts.
  let hash = <u32>low ^ <u32>(low >> 32) * 0x9e3779b1 ^ <u32>high * 0x85ebca6b ^ <u32>(high >> 32) * 0xc2b2ae35;
  hash *= 0x27d4eb2f;
  let index = hash >> 22;
  let slot = table + (<usize>index << 5);
  while (load<u32>(slot, 24) != 0) {
    if (load<u64>(slot) == low && load<u64>(slot, 8) == high) return <usize>load<u32>(slot, 28) == length ? slot : 0;
    index = (index + 1) & (commandSlots - 1);
    slot = table + (<usize>index << 5);
  }
  return 0;
}
