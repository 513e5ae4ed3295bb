// AssemblyScript. As hashBytes in src/engine/key-hash.ts.

export function hashOf(from: usize, length: usize, seed: u32): u32 {
  let hash = seed;
  const end = from + length;
  let at = from;
  for (; at + 4 <= end; at += 4) {
    hash ^= rotl(load<u32>(at) * 0xcc9e2d51, 15) * 0x1b873593;
    hash = rotl(hash, 13) * 5 + 0xe6546b64;
  }
  let tail: u32 = 0;
  for (let shift: u32 = 0; at < end; at++, shift += 8) tail |= <u32>load<u8>(at) << shift;
  hash ^= rotl(tail * 0xcc9e2d51, 15) * 0x1b873593;
  hash ^= <u32>length;
  hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
  return hash ^ (hash >> 16);
}
