/*
 * The checksum of two pieces from the checksums of each: crc(A B) = crc(A) x^(8 |B|) + crc(B)  modulo P, because a CRC without
 * start and final values is linear. Polynomials are held reflected, as the checksum is: bit 63 is x^0, bit 0 is x^63.
 */

const reflectedPolynomial = 0x95ac9329ac4bc9b5n;
const one = 1n << 63n;

/** Entry k is x^(8 * 2^k): multiplying by those whose bit is set in a length moves a remainder that many bytes on. */
const powers: bigint[] = [];

/**
 * The CRC-64 of A followed by B, given `a` of A, `b` of B and B's length in bytes (an integer from 0 to 2^53 - 1).
 * Throws RangeError for any other length.
 */
export function crc64Combine(a: bigint, b: bigint, lengthOfB: number): bigint {
  if (!Number.isSafeInteger(lengthOfB) || lengthOfB < 0) throw new RangeError(`no length in bytes: ${lengthOfB}`);
  let moved = a;
  for (let rest = BigInt(lengthOfB), power = 0; rest > 0n; rest >>= 1n, power++) {
    if (rest & 1n) moved = multiply(moved, powerOf(power));
  }
  return moved ^ b;
}

function powerOf(index: number): bigint {
  if (powers.length === 0) powers.push(one >> 8n);
  while (powers.length <= index) powers.push(multiply(powers[powers.length - 1], powers[powers.length - 1]));
  return powers[index];
}

/** The product of two reflected polynomials modulo P. */
function multiply(a: bigint, b: bigint): bigint {
  let product = 0n;
  let shifted = b;
  for (let bit = one; bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ reflectedPolynomial : shifted >> 1n;
  }
  return product;
}
