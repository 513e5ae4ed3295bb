import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Crc64 } from '../../src/checksum/crc64.ts';
import { FieldElement, product, quotient, undoing } from '../../src/checksum/crc64-field.ts';

const sums = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
const integerOf = ({ low, high }: FieldElement): bigint =>
  (BigInt.asUintN(32, BigInt(high)) << 32n) | BigInt.asUintN(32, BigInt(low));

function sumOf(...parts: Uint8Array[]): bigint {
  const crc = new Crc64();
  for (const part of parts) crc.update(part);
  return crc.value();
}

describe('sums of CRC-64 as elements of a field', () => {
  it('undoing NUL bytes gives the sum before them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(5000), (bytes, count) => {
        const behind = FieldElement.of(sumOf(bytes, new Uint8Array(count)));
        expect(integerOf(product(behind, undoing(count)))).toBe(sumOf(bytes));
      }),
    );
  });

  it('a quotient times its divisor is the dividend', () => {
    fc.assert(
      fc.property(sums, sums, (dividend, divisor) => {
        const by = FieldElement.of(divisor);
        expect(integerOf(product(quotient(FieldElement.of(dividend), by), by))).toBe(dividend);
      }),
      { numRuns: 1000 },
    );
  });

  it('dividing by x and multiplying by it undo each other', () => {
    fc.assert(
      fc.property(sums, (sum) => {
        const element = FieldElement.of(sum);
        element.divideByX();
        element.multiplyByX();
        expect(integerOf(element)).toBe(sum);
      }),
    );
  });
});
