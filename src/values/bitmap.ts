/** Bits of plain strings: fields of any width (BITFIELD) and operations on whole strings (BITOP). Bit 0 is the top bit of byte 0. */

export type Overflow = 'wrap' | 'saturate' | 'fail';

export type FieldType = { readonly signed: boolean; readonly bits: number };

/** Reads a field; bits past the end of the string are 0. */
export function readField(bytes: Uint8Array, offset: number, { signed, bits }: FieldType): bigint {
  const first = Math.floor(offset / 8);
  const last = Math.floor((offset + bits - 1) / 8);
  let value = 0n;
  for (let i = first; i <= last; i++) value = (value << 8n) | BigInt(i < bytes.length ? bytes[i] : 0);
  value >>= BigInt((last + 1) * 8 - offset - bits);
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

/** Writes the low bits of `value` into a field that lies within the string. */
export function writeField(bytes: Uint8Array, offset: number, { bits }: FieldType, value: bigint): void {
  const first = Math.floor(offset / 8);
  const last = Math.floor((offset + bits - 1) / 8);
  const shift = BigInt((last + 1) * 8 - offset - bits);
  const mask = ((1n << BigInt(bits)) - 1n) << shift;
  let word = (BigInt.asUintN(bits, value) << shift) & mask;
  let keep = ~mask;
  for (let i = last; i >= first; i--) {
    bytes[i] = (bytes[i] & Number(keep & 0xffn)) | Number(word & 0xffn);
    word >>= 8n;
    keep >>= 8n;
  }
}

/** `value` + `increment` in a field of that type, undefined where it overflows and the field must stay as it is. */
export function addToField(
  { signed, bits }: FieldType,
  value: bigint,
  increment: bigint,
  overflow: Overflow,
): bigint | undefined {
  const max = (1n << BigInt(signed ? bits - 1 : bits)) - 1n;
  const min = signed ? -max - 1n : 0n;
  // SET of a negative value in an unsigned field: the server compares it as an unsigned one.
  const base = signed ? value : BigInt.asUintN(64, value);
  const sum = base + increment;
  if (base <= max && base >= min && sum <= max && sum >= min) return sum;
  if (overflow === 'fail') return undefined;
  if (overflow === 'wrap') return signed ? BigInt.asIntN(bits, sum) : BigInt.asUintN(bits, sum);
  // The servers compute `max - value` in 64 bits, which turns negative for the smallest values: they saturate upwards.
  const turns = signed && bits < 64 && max - base > 0x7fffffffffffffffn;
  return base > max || sum > max || turns ? max : min;
}

export type BitOperation = 'AND' | 'OR' | 'XOR' | 'NOT' | 'DIFF' | 'DIFF1' | 'ANDOR' | 'ONE';

/** Combines strings one after the other, each as if padded with zero bytes to the length of the longest. */
export class BitCombination {
  readonly operation: BitOperation;
  private readonly first: Uint8Array;
  /** AND, XOR or OR of the strings that count (all, or all but the first). */
  private readonly rest: Uint8Array;
  /** Bits that were set more than once. */
  private readonly repeated: Uint8Array | undefined;
  private strings = 0;

  constructor(operation: BitOperation, length: number) {
    this.operation = operation;
    this.first = new Uint8Array(length);
    this.rest = new Uint8Array(length);
    if (operation === 'ONE') this.repeated = new Uint8Array(length);
  }

  add(bytes: Uint8Array): void {
    const index = this.strings++;
    if (index === 0) this.first.set(bytes);
    if (index === 0 && this.leavesFirstOut()) return;
    const { rest, repeated } = this;
    if (this.operation === 'AND') {
      if (index === 0) rest.set(bytes);
      for (let i = 0; i < rest.length; i++) rest[i] &= i < bytes.length ? bytes[i] : 0;
    } else if (this.operation === 'XOR') for (let i = 0; i < bytes.length; i++) rest[i] ^= bytes[i];
    else {
      if (repeated) for (let i = 0; i < bytes.length; i++) repeated[i] |= rest[i] & bytes[i];
      for (let i = 0; i < bytes.length; i++) rest[i] |= bytes[i];
    }
  }

  /** The result; the combination is used up. */
  finish(): Buffer {
    const { first, rest, repeated, operation } = this;
    if (operation === 'NOT') for (let i = 0; i < rest.length; i++) rest[i] = ~first[i];
    else if (operation === 'DIFF') for (let i = 0; i < rest.length; i++) rest[i] = first[i] & ~rest[i];
    else if (operation === 'DIFF1') for (let i = 0; i < rest.length; i++) rest[i] &= ~first[i];
    else if (operation === 'ANDOR') for (let i = 0; i < rest.length; i++) rest[i] &= first[i];
    else if (repeated) for (let i = 0; i < rest.length; i++) rest[i] &= ~repeated[i];
    return Buffer.from(rest.buffer, 0, rest.length);
  }

  private leavesFirstOut(): boolean {
    return this.operation === 'DIFF' || this.operation === 'DIFF1' || this.operation === 'ANDOR';
  }
}
