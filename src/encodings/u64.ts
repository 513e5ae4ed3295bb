/**
 * Integers of 64 bits that are nearly always small: a number up to 2^53 - 1, a bigint beyond. The form is canonical (a bigint
 * is never used for what a number holds), so that `===`, `<` and `>` compare two of them exactly, whichever forms they have.
 */
export type U64 = number | bigint;

/** The largest value of 64 bits. */
export const u64Max = 0xffffffffffffffffn;
/** The largest signed value of 64 bits. */
export const i64Max = 0x7fffffffffffffffn;

/** Brings a bigint to the canonical form. */
export function canonicalU64(value: bigint): U64 {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** a + b, not wrapped. */
export function addU64(a: U64, b: U64): U64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return canonicalU64(BigInt(a) + BigInt(b));
}

/** a - b, not wrapped: may be negative. */
export function subtractU64(a: U64, b: U64): U64 {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return canonicalU64(BigInt(a) - BigInt(b));
}
