import { entryByTop, tableHigh, tableLow } from './crc64-tables.ts';

/*
 * Sums of CRC-64 as elements of GF(2^64): its polynomial P is irreducible, so that every sum but 0 has an inverse.
 *
 *     bit 63 (of `high`)  x^0     …     bit 0 (of `low`)  x^63
 *
 * To append a NUL byte multiplies a sum by x^8.
 */

const topBit = 0x80000000 | 0;
/** The remainder of x^64. */
const remainderLow = tableLow[0x80];
const remainderHigh = tableHigh[0x80];
/** 1 / x, which is (P + 1) / x. */
const inverseLow = (remainderLow << 1) | 1;
const inverseHigh = (remainderHigh << 1) | (remainderLow >>> 31);

/** A sum that changes, as two signed halves. */
export class FieldElement {
  low: number;
  high: number;

  constructor(low: number, high: number) {
    this.low = low | 0;
    this.high = high | 0;
  }

  static one(): FieldElement {
    return new FieldElement(0, topBit);
  }

  static of(sum: bigint): FieldElement {
    return new FieldElement(Number(BigInt.asIntN(32, sum)), Number(BigInt.asIntN(32, sum >> 32n)));
  }

  copy(): FieldElement {
    return new FieldElement(this.low, this.high);
  }

  add(other: FieldElement): void {
    this.low ^= other.low;
    this.high ^= other.high;
  }

  /** Divides by x^8: what the sum was one NUL byte before. */
  undoByte(): void {
    const entry = entryByTop[this.high >>> 24];
    const old = this.low ^ tableLow[entry];
    this.high = ((this.high ^ tableHigh[entry]) << 8) | (old >>> 24);
    this.low = (old << 8) | entry;
  }

  divideByX(): void {
    const mask = this.high >> 31;
    this.high = ((this.high << 1) | (this.low >>> 31)) ^ (mask & inverseHigh);
    this.low = (this.low << 1) ^ (mask & inverseLow);
  }

  multiplyByX(): void {
    const mask = -(this.low & 1);
    this.low = ((this.low >>> 1) | (this.high << 31)) ^ (mask & remainderLow);
    this.high = (this.high >>> 1) ^ (mask & remainderHigh);
  }
}

export function product(left: FieldElement, right: FieldElement): FieldElement {
  const result = new FieldElement(0, 0);
  let { low, high } = right;
  for (let bit = 0; bit < 64; bit++) {
    result.multiplyByX();
    if (low & 1) result.add(left);
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
  }
  return result;
}

/** x^-8 to the power of `count`: by it a sum is multiplied that `count` NUL bytes are taken from. */
export function undoing(count: number): FieldElement {
  let result = FieldElement.one();
  let square = FieldElement.one();
  square.undoByte();
  for (let left = count; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = product(result, square);
    square = product(square, square);
  }
  return result;
}

/** Euclid's algorithm on the divisor and P, each step of which is done to the dividend, too. The divisor is not 0. */
export function quotient(dividend: FieldElement, divisor: FieldElement): FieldElement {
  const [left, leftQuotient] = [divisor.copy(), dividend.copy()];
  withoutFactorX(left, leftQuotient);
  if (isOne(left)) return leftQuotient;
  // (P + left) / x, which fits into 64 bits.
  const right = new FieldElement((left.low << 1) ^ inverseLow, ((left.high << 1) | (left.low >>> 31)) ^ inverseHigh);
  const rightQuotient = leftQuotient.copy();
  rightQuotient.divideByX();
  for (;;) {
    withoutFactorX(right, rightQuotient);
    if (isOne(right)) return rightQuotient;
    if (degree(left) < degree(right)) {
      right.add(left);
      rightQuotient.add(leftQuotient);
      continue;
    }
    left.add(right);
    leftQuotient.add(rightQuotient);
    withoutFactorX(left, leftQuotient);
    if (isOne(left)) return leftQuotient;
  }
}

/** Divides by x as often as that leaves nothing. */
function withoutFactorX(element: FieldElement, along: FieldElement): void {
  while (element.high >= 0) {
    element.high = (element.high << 1) | (element.low >>> 31);
    element.low <<= 1;
    along.divideByX();
  }
}

const isOne = ({ low, high }: FieldElement): boolean => low === 0 && high === topBit;

const degree = ({ low, high }: FieldElement): number =>
  low === 0 ? 31 - trailingZeros(high) : 63 - trailingZeros(low);

const trailingZeros = (value: number): number => 31 - Math.clz32(value & -value);
