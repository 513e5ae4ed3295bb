// AssemblyScript. SipHash-1-3 (Aumasson, Bernstein, 2012): as src/kernels/sip-hash.ts. Nobody who does not know the key can prepare collisions.

let key0: u64 = 0;
let key1: u64 = 0;

/** The key of this instance, as four words. */
export function setHashKey(a: u32, b: u32, c: u32, d: u32): void {
  key0 = (<u64>b << 32) | <u64>a;
  key1 = (<u64>d << 32) | <u64>c;
}

/** The hash of `length` bytes, with more of a key. Reads up to seven bytes beyond. */
export function sipHash(from: usize, length: usize, seed: u32, salt: u32): u64 {
  const k0 = key0 ^ <u64>seed;
  const k1 = key1 ^ <u64>salt;
  let v0: u64 = k0 ^ 0x736f6d6570736575;
  let v1: u64 = k1 ^ 0x646f72616e646f6d;
  let v2: u64 = k0 ^ 0x6c7967656e657261;
  let v3: u64 = k1 ^ 0x7465646279746573;
  let at = from;
  const last = from + (length & ~7);
  for (; at < last; at += 8) {
    const word = load<u64>(at);
    v3 ^= word;
    v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32);
    v2 += v3; v3 = rotl(v3, 16) ^ v2;
    v0 += v3; v3 = rotl(v3, 21) ^ v0;
    v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32);
    v0 ^= word;
  }
  const rest = (<u64>length & 7) << 3;
  const word = (<u64>length << 56) | (load<u64>(at) & (((<u64>1) << rest) - 1));
  v3 ^= word;
  v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32);
  v2 += v3; v3 = rotl(v3, 16) ^ v2;
  v0 += v3; v3 = rotl(v3, 21) ^ v0;
  v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32);
  v0 ^= word;
  v2 ^= 0xff;
  for (let round = 0; round < 3; round++) {
    v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32);
    v2 += v3; v3 = rotl(v3, 16) ^ v2;
    v0 += v3; v3 = rotl(v3, 21) ^ v0;
    v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32);
  }
  return v0 ^ v1 ^ v2 ^ v3;
}
