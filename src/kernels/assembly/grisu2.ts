// AssemblyScript. The text of a score as src/encodings/grisu2.ts makes it; the steps and their names are those of that file.

import { powerExponent, powerFirst, powersAt, powerStep } from './grisu2-powers';
import { digitsAt, scoreTextAt } from './layout';

let count: u32 = 0;
let exponent: i32 = 0;

/** Writes the text to `scoreTextAt`; its length. Not for NaN. */
export function scoreText(value: f64): usize {
  const isNegative = (reinterpret<u64>(value) >> 63) != 0;
  let at = scoreTextAt;
  if (isNegative) store<u8>(at++, 0x2d);
  const size = abs(value);
  if (size == 0) store<u8>(at++, 0x30);
  else if (size == Infinity) {
    store<u16>(at, 0x6e69);
    store<u8>(at, 0x66, 2);
    at += 3;
  } else {
    generate(reinterpret<u64>(size));
    at = layOut(at, isNegative);
  }
  return at - scoreTextAt;
}

function generate(bits: u64): void {
  let fraction = bits & 0xfffffffffffff;
  const field = <i32>(bits >> 52);
  let power = field == 0 ? -1074 : field - 1075;
  if (field != 0) fraction |= 1 << 52;
  const isNarrow = fraction == (1 << 52);
  const shift = clz(fraction) - 11;
  power -= <i32>shift + 11;
  const above: u64 = (<u64>1) << (10 + shift);
  generateBetween(fraction << (shift + 11), power, above, isNarrow ? 1 << 9 : above);
}

function generateBetween(fraction: u64, power: i32, above: u64, below: u64): void {
  const approximate = <i32>Math.trunc(<f64>-(power + 87) * 0.30102999566398114);
  let index = (approximate - powerFirst) / powerStep;
  for (;;) {
    const size = power + powerExponent(index) + 64;
    if (size < -60) index++;
    else if (size > -32) index--;
    else break;
  }
  const shift = <u64>-(power + powerExponent(index) + 64);
  exponent = -(powerFirst + index * powerStep);
  const factor = load<u64>(powersAt + (<usize>index << 3));
  const middle = multiply(fraction, factor);
  const lower = multiply(fraction - below, factor) + 1;
  const upper = multiply(fraction + above, factor) - 1;
  writeDigits(upper, shift, upper - lower, upper - middle);
}

/** The upper 64 bits of a product, rounded. */
function multiply(a: u64, b: u64): u64 {
  const mask: u64 = 0xffffffff;
  const highLow = (a >> 32) * (b & mask);
  const lowHigh = (a & mask) * (b >> 32);
  const middle = (highLow & mask) + (lowHigh & mask) + (((a & mask) * (b & mask)) >> 32) + 0x80000000;
  return (a >> 32) * (b >> 32) + (highLow >> 32) + (lowHigh >> 32) + (middle >> 32);
}

/** Digits of `upper` / 2^shift until what is left is within `delta`; then the last one is moved towards what is `away` below. */
function writeDigits(upper: u64, shift: u64, delta: u64, away: u64): void {
  const mask = ((<u64>1) << shift) - 1;
  let whole = <u32>(upper >> shift);
  let rest = upper & mask;
  let ten: u32 = 1000000000;
  count = 0;
  for (let kappa = 9; kappa >= 0; kappa--) {
    push(whole / ten);
    whole %= ten;
    const left = ((<u64>whole) << shift) + rest;
    if (left <= delta) {
      exponent += kappa;
      // Where it does not fit it is more than any delta.
      if (<u64>ten <= u64.MAX_VALUE >> shift) round(delta, left, (<u64>ten) << shift, away);
      return;
    }
    ten /= 10;
  }
  let room = delta;
  let apart = away;
  for (let kappa = -1; ; kappa--) {
    rest *= 10;
    room *= 10;
    apart *= 10;
    push(<u32>(rest >> shift));
    rest &= mask;
    if (rest < room) {
      exponent += kappa;
      round(room, rest, mask + 1, apart);
      return;
    }
  }
}

// @ts-ignore: decorator
@inline
function push(digit: u32): void {
  if (digit != 0 || count != 0) store<u8>(digitsAt + count++, <u8>(48 + digit));
}

/** Lowers the last digit while that brings the number nearer. */
function round(delta: u64, rest: u64, ten: u64, away: u64): void {
  let left = rest;
  const last = digitsAt + count - 1;
  while (left < away && delta - left >= ten && isOverHalf(away - left, ten)) {
    store<u8>(last, load<u8>(last) - 1);
    left += ten;
  }
}

// @ts-ignore: decorator
@inline
function isOverHalf(size: u64, ten: u64): bool {
  return size > ten || size > ten - size;
}

/** Writes the digits to `at` as fpconv lays them out; where they end. */
function layOut(at: usize, isNegative: bool): usize {
  const size = abs(exponent + <i32>count - 1);
  if (exponent >= 0 && size < <i32>count + 7) {
    const to = copyDigits(at, 0, count);
    memory.fill(to, 0x30, exponent);
    return to + exponent;
  }
  if (exponent < 0 && (exponent > -7 || size < 4)) return layOutFraction(at, <i32>count + exponent);
  const kept: u32 = min(count, isNegative ? 17 : 18);
  let to = copyDigits(at, 0, 1);
  if (kept > 1) {
    store<u8>(to++, 0x2e);
    to = copyDigits(to, 1, kept);
  }
  store<u8>(to++, 0x65);
  store<u8>(to++, exponent + <i32>count - 1 < 0 ? 0x2d : 0x2b);
  if (size >= 100) store<u8>(to++, <u8>(48 + size / 100));
  if (size >= 10) store<u8>(to++, <u8>(48 + ((size / 10) % 10)));
  store<u8>(to++, <u8>(48 + (size % 10)));
  return to;
}

function layOutFraction(at: usize, point: i32): usize {
  let to = at;
  if (point > 0) {
    to = copyDigits(to, 0, point);
    store<u8>(to, 0x2e);
    return copyDigits(to + 1, point, count);
  }
  store<u16>(to, 0x2e30);
  memory.fill(to + 2, 0x30, -point);
  return copyDigits(to + 2 - point, 0, count);
}

// @ts-ignore: decorator
@inline
function copyDigits(to: usize, from: u32, end: u32): usize {
  memory.copy(to, digitsAt + from, end - from);
  return to + (end - from);
}
