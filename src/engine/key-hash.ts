/**
 * A 32-bit hash of `bytes[start, start + length)` after MurmurHash3 (public domain, Austin Appleby), four bytes a step.
 * There are keys that collide for every seed: a table that uses it switches to SipHash when it sees them (keyspace.ts). Which shard holds
 * a key goes by it too: there collisions only make one shard larger.
 */
export function hashBytes(bytes: Uint8Array, start: number, length: number, seed: number): number {
  let hash = seed;
  const end = start + length;
  let position = start;
  for (const last = end - 4; position <= last; position += 4) {
    let word = bytes[position] | (bytes[position + 1] << 8) | (bytes[position + 2] << 16) | (bytes[position + 3] << 24);
    word = Math.imul(word, 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash ^= word;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let shift = 0; position < end; position++, shift += 8) tail |= bytes[position] << shift;
  tail = Math.imul(tail, 0xcc9e2d51);
  hash ^= Math.imul((tail << 15) | (tail >>> 17), 0x1b873593);
  hash ^= length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
