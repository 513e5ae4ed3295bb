/**
 * XXH3, 64 and 128 bits, seed 0 and the default secret, after the algorithm's public specification (xxHash 0.8). SET IFDEQ and
 * its kind compare the 64-bit hash of a value; XADD IDMPAUTO makes an id of the 128-bit ones. Rare, so plain BigInt.
 */
const mask = 0xffffffffffffffffn;
const prime32a = 0x9e3779b1n;
const prime32b = 0x85ebca77n;
const prime32c = 0xc2b2ae3dn;
const prime64a = 0x9e3779b185ebca87n;
const prime64b = 0xc2b2ae3d27d4eb4fn;
const prime64c = 0x165667b19e3779f9n;
const prime64d = 0x85ebca77c2b2ae63n;
const prime64e = 0x27d4eb2f165667c5n;
const avalanchePrime = 0x165667919e3779f9n;
const shortPrime = 0x9fb21c651e98df25n;

const secret = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221' +
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb' +
    '170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
);

const read64 = (bytes: Buffer, position: number): bigint => bytes.readBigUInt64LE(position);
const secret64 = (position: number): bigint => secret.readBigUInt64LE(position);
const secretPair = (position: number): bigint => secret64(position) ^ secret64(position + 8);
const rotate = (value: bigint, count: bigint): bigint => ((value << count) | (value >> (64n - count))) & mask;
const fold = (product: bigint): bigint => (product & mask) ^ (product >> 64n);
const swap64 = (value: bigint): bigint => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.readBigUInt64BE(0);
};

function avalanche(value: bigint): bigint {
  const mixed = ((value ^ (value >> 37n)) * avalanchePrime) & mask;
  return mixed ^ (mixed >> 32n);
}

function avalancheOld(value: bigint): bigint {
  const first = ((value ^ (value >> 33n)) * prime64b) & mask;
  const second = ((first ^ (first >> 29n)) * prime64c) & mask;
  return second ^ (second >> 32n);
}

/** 16 bytes of input mixed with 16 of the secret. */
function mix16(bytes: Buffer, position: number, key: number): bigint {
  return fold((read64(bytes, position) ^ secret64(key)) * (read64(bytes, position + 8) ^ secret64(key + 8)));
}

/** The 64-bit hash of `bytes`. */
function xxh3Hash64(bytes: Buffer): bigint {
  const length = bytes.length;
  if (length > 240) {
    const checkKernel = accumulate(bytes);
    return mergeLanes(checkKernel, 11, (BigInt(length) * prime64a) & mask);
  }
  if (length > 128) return middle64(bytes);
  if (length > 16) return small64(bytes);
  return tiny64(bytes);
}

/** The 64-bit hash as the 16 lower-case hexadecimal digits that DIGEST replies. */
export function xxh3Hex64(bytes: Buffer): string {
  return xxh3Hash64(bytes).toString(16).padStart(16, '0');
}

function tiny64(bytes: Buffer): bigint {
  const length = bytes.length;
  if (length > 8) {
    const low = read64(bytes, 0) ^ secretPair(24);
    const high = read64(bytes, length - 8) ^ secretPair(40);
    return avalanche((BigInt(length) + swap64(low) + high + fold(low * high)) & mask);
  }
  if (length >= 4) {
    const combined = BigInt(bytes.readUInt32LE(length - 4)) + (BigInt(bytes.readUInt32LE(0)) << 32n);
    let hash = combined ^ secretPair(8);
    hash ^= rotate(hash, 49n) ^ rotate(hash, 24n);
    hash = (hash * shortPrime) & mask;
    hash ^= (hash >> 35n) + BigInt(length);
    hash = (hash * shortPrime) & mask;
    return hash ^ (hash >> 28n);
  }
  if (length === 0) return avalancheOld(secretPair(56));
  return avalancheOld(
    BigInt(combineUpToThree(bytes)) ^ BigInt((secret.readUInt32LE(0) ^ secret.readUInt32LE(4)) >>> 0),
  );
}

function combineUpToThree(bytes: Buffer): number {
  const length = bytes.length;
  return ((bytes[0] << 16) | (bytes[length >> 1] << 24) | bytes[length - 1] | (length << 8)) >>> 0;
}

function small64(bytes: Buffer): bigint {
  const length = bytes.length;
  let sum = BigInt(length) * prime64a;
  for (let pair = (length - 1) >> 5; pair >= 0; pair--) {
    sum += mix16(bytes, pair * 16, pair * 32);
    sum += mix16(bytes, length - (pair + 1) * 16, pair * 32 + 16);
  }
  return avalanche(sum & mask);
}

function middle64(bytes: Buffer): bigint {
  const length = bytes.length;
  let sum = BigInt(length) * prime64a;
  for (let round = 0; round < 8; round++) sum += mix16(bytes, round * 16, round * 16);
  sum = avalanche(sum & mask);
  for (let round = 8; round < length >> 4; round++) sum += mix16(bytes, round * 16, (round - 8) * 16 + 3);
  sum += mix16(bytes, length - 16, 136 - 17);
  return avalanche(sum & mask);
}

const stripeBytes = 64;
const stripesPerBlock = 16;
const blockBytes = stripeBytes * stripesPerBlock;

/** The eight lanes after all input longer than 240 bytes. */
function accumulate(bytes: Buffer): BigUint64Array {
  const checkKernel = BigUint64Array.of(prime32c, prime64a, prime64b, prime64c, prime64d, prime32b, prime64e, prime32a);
  const length = bytes.length;
  const blocks = Math.floor((length - 1) / blockBytes);
  for (let block = 0; block < blocks; block++) {
    for (let stripe = 0; stripe < stripesPerBlock; stripe++) {
      accumulateStripe(checkKernel, bytes, block * blockBytes + stripe * stripeBytes, stripe * 8);
    }
    scramble(checkKernel);
  }
  const stripes = Math.floor((length - 1 - blocks * blockBytes) / stripeBytes);
  for (let stripe = 0; stripe < stripes; stripe++) {
    accumulateStripe(checkKernel, bytes, blocks * blockBytes + stripe * stripeBytes, stripe * 8);
  }
  accumulateStripe(checkKernel, bytes, length - stripeBytes, secret.length - stripeBytes - 7);
  return checkKernel;
}

function accumulateStripe(checkKernel: BigUint64Array, bytes: Buffer, position: number, key: number): void {
  for (let batch = 0; batch < 8; batch++) {
    const value = read64(bytes, position + batch * 8);
    const keyed = value ^ secret64(key + batch * 8);
    checkKernel[batch ^ 1] += value;
    checkKernel[batch] += (keyed & 0xffffffffn) * (keyed >> 32n);
  }
}

function scramble(checkKernel: BigUint64Array): void {
  for (let batch = 0; batch < 8; batch++) {
    const value = checkKernel[batch];
    checkKernel[batch] = (value ^ (value >> 47n) ^ secret64(secret.length - stripeBytes + batch * 8)) * prime32a;
  }
}

function mergeLanes(checkKernel: BigUint64Array, key: number, start: bigint): bigint {
  let sum = start;
  for (let pair = 0; pair < 4; pair++) {
    const position = key + pair * 16;
    sum += fold((checkKernel[pair * 2] ^ secret64(position)) * (checkKernel[pair * 2 + 1] ^ secret64(position + 8)));
  }
  return avalanche(sum & mask);
}

/** The two halves of a 128-bit hash. */
export interface Hash128 {
  readonly low: bigint;
  readonly high: bigint;
}

/** The 128-bit hash of `bytes`. */
export function xxh3Hash128(bytes: Buffer): Hash128 {
  const length = bytes.length;
  if (length > 240) {
    const checkKernel = accumulate(bytes);
    const low = mergeLanes(checkKernel, 11, (BigInt(length) * prime64a) & mask);
    const high = mergeLanes(checkKernel, secret.length - stripeBytes - 11, ~(BigInt(length) * prime64b) & mask);
    return { low, high };
  }
  if (length > 128) return middle128(bytes);
  if (length > 16) return small128(bytes);
  if (length > 8) return nineToSixteen128(bytes);
  if (length >= 4) return fourToEight128(bytes);
  return tiny128(bytes);
}

function tiny128(bytes: Buffer): Hash128 {
  if (bytes.length === 0) return { low: avalancheOld(secretPair(64)), high: avalancheOld(secretPair(80)) };
  const combined = combineUpToThree(bytes);
  const swapped =
    ((combined >>> 24) | ((combined >>> 8) & 0xff00) | ((combined & 0xff00) << 8) | (combined << 24)) >>> 0;
  const turned = ((swapped << 13) | (swapped >>> 19)) >>> 0;
  const lowKey = (secret.readUInt32LE(0) ^ secret.readUInt32LE(4)) >>> 0;
  const highKey = (secret.readUInt32LE(8) ^ secret.readUInt32LE(12)) >>> 0;
  return { low: avalancheOld(BigInt((combined ^ lowKey) >>> 0)), high: avalancheOld(BigInt((turned ^ highKey) >>> 0)) };
}

function fourToEight128(bytes: Buffer): Hash128 {
  const length = bytes.length;
  const combined = BigInt(bytes.readUInt32LE(0)) + (BigInt(bytes.readUInt32LE(length - 4)) << 32n);
  const product = (combined ^ secretPair(16)) * (prime64a + BigInt(length << 2));
  let low = product & mask;
  const high = ((product >> 64n) + (low << 1n)) & mask;
  low ^= high >> 3n;
  low = ((low ^ (low >> 35n)) * shortPrime) & mask;
  return { low: low ^ (low >> 28n), high: avalanche(high) };
}

function nineToSixteen128(bytes: Buffer): Hash128 {
  const length = bytes.length;
  const head = read64(bytes, 0);
  const tail = read64(bytes, length - 8);
  const product = (head ^ tail ^ secretPair(32)) * prime64a;
  let low = ((product & mask) + (BigInt(length - 1) << 54n)) & mask;
  const keyed = tail ^ secretPair(48);
  const high = ((product >> 64n) + keyed + (keyed & 0xffffffffn) * (prime32b - 1n)) & mask;
  low ^= swap64(high);
  const last = low * prime64b;
  return { low: avalanche(last & mask), high: avalanche(((last >> 64n) + high * prime64b) & mask) };
}

class Pair {
  low: bigint;
  high = 0n;

  constructor(length: number) {
    this.low = (BigInt(length) * prime64a) & mask;
  }

  mix32(bytes: Buffer, first: number, second: number, key: number): void {
    this.low = ((this.low + mix16(bytes, first, key)) & mask) ^ sumOfTwo(bytes, second);
    this.high = ((this.high + mix16(bytes, second, key + 16)) & mask) ^ sumOfTwo(bytes, first);
  }

  finish(length: number): Hash128 {
    const low = avalanche((this.low + this.high) & mask);
    const high = (this.low * prime64a + this.high * prime64d + BigInt(length) * prime64b) & mask;
    return { low, high: -avalanche(high) & mask };
  }
}

function sumOfTwo(bytes: Buffer, position: number): bigint {
  return (read64(bytes, position) + read64(bytes, position + 8)) & mask;
}

function small128(bytes: Buffer): Hash128 {
  const length = bytes.length;
  const pair = new Pair(length);
  for (let round = (length - 1) >> 5; round >= 0; round--) {
    pair.mix32(bytes, round * 16, length - (round + 1) * 16, round * 32);
  }
  return pair.finish(length);
}

function middle128(bytes: Buffer): Hash128 {
  const length = bytes.length;
  const pair = new Pair(length);
  for (let at = 32; at < 160; at += 32) pair.mix32(bytes, at - 32, at - 16, at - 32);
  pair.low = avalanche(pair.low);
  pair.high = avalanche(pair.high);
  for (let at = 160; at <= length; at += 32) pair.mix32(bytes, at - 32, at - 16, at - 160 + 3);
  pair.mix32(bytes, length - 16, length - 32, 136 - 17 - 16);
  return pair.finish(length);
}
