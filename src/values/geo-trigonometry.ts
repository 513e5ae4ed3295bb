/**
 * Sine, cosine and arc sine rounded to the nearest double. The servers' C library comes within a few thousandths of that rule,
 * while JavaScript's own functions differ from it in the last bit of every tenth distance, and a distance can be a stored score.
 *
 * Numbers are carried as unevaluated sums of two doubles (106 bits; T. J. Dekker, 1971).
 */
type Pair = { readonly high: number; readonly low: number };

/** a + b, where |a| >= |b| or a is 0. */
function quickSum(a: number, b: number): Pair {
  const high = a + b;
  return { high, low: b - (high - a) };
}

function sum(a: number, b: number): Pair {
  const high = a + b;
  const part = high - a;
  return { high, low: a - (high - part) + (b - part) };
}

const splitter = 134217729;

function product(a: number, b: number): Pair {
  const high = a * b;
  const aScaled = splitter * a;
  const aHigh = aScaled - (aScaled - a);
  const aLow = a - aHigh;
  const bScaled = splitter * b;
  const bHigh = bScaled - (bScaled - b);
  const bLow = b - bHigh;
  return { high, low: aHigh * bHigh - high + aHigh * bLow + aLow * bHigh + aLow * bLow };
}

function add(a: Pair, b: Pair): Pair {
  const highs = sum(a.high, b.high);
  const lows = sum(a.low, b.low);
  const first = quickSum(highs.high, highs.low + lows.high);
  return quickSum(first.high, first.low + lows.low);
}

function negate(a: Pair): Pair {
  return { high: -a.high, low: -a.low };
}

function multiply(a: Pair, b: Pair): Pair {
  const highs = product(a.high, b.high);
  return quickSum(highs.high, highs.low + a.high * b.low + a.low * b.high);
}

function divide(a: Pair, b: Pair): Pair {
  const first = a.high / b.high;
  const rest = add(a, negate(multiply(b, { high: first, low: 0 })));
  const second = rest.high / b.high;
  const left = add(rest, negate(multiply(b, { high: second, low: 0 })));
  const both = quickSum(first, second);
  return add(both, { high: left.high / b.high, low: 0 });
}

/** Coefficients of the series of sine (odd) and cosine (even): 1/n! with alternating signs. */
const sineSeries = series(1);
const cosineSeries = series(0);

function series(first: number): Pair[] {
  const out: Pair[] = [];
  let factorial: Pair = { high: 1, low: 0 };
  for (let n = first; n < first + 32; n += 2) {
    const inverse = divide({ high: 1, low: 0 }, factorial);
    out.push(out.length % 2 === 0 ? inverse : negate(inverse));
    factorial = multiply(factorial, product(n + 1, n + 2));
  }
  return out;
}

function evaluate(coefficients: readonly Pair[], square: Pair): Pair {
  let total = coefficients[coefficients.length - 1];
  for (let i = coefficients.length - 2; i >= 0; i--) total = add(multiply(total, square), coefficients[i]);
  return total;
}

/** pi / 2 in three doubles. */
const halfPi = [1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33] as const;

/** Sine of x + quarters * pi / 2. */
function sineOf(x: Pair, quarters: number): Pair {
  const turns = Math.round(x.high / halfPi[0]);
  let rest = x;
  for (const part of halfPi) rest = add(rest, negate(product(turns, part)));
  const square = multiply(rest, rest);
  const quadrant = (((turns + quarters) % 4) + 4) % 4;
  const value = quadrant % 2 === 0 ? multiply(rest, evaluate(sineSeries, square)) : evaluate(cosineSeries, square);
  return quadrant < 2 ? value : negate(value);
}

/** Sine of an angle in radians, at most some turns. */
export function sine(angle: number): number {
  return angle === 0 ? angle : sineOf({ high: angle, low: 0 }, 0).high;
}

/** Cosine of an angle in radians, at most some turns. */
export function cosine(angle: number): number {
  return sineOf({ high: angle, low: 0 }, 1).high;
}

/** Arc sine in radians, NaN outside of [-1, 1]. */
export function arcSine(value: number): number {
  const guess = Math.asin(value);
  if (value === 0 || Math.abs(value) >= 1 || Number.isNaN(guess)) return guess;
  const angle: Pair = { high: guess, low: 0 };
  const error = add({ high: value, low: 0 }, negate(sineOf(angle, 0)));
  return add(angle, divide(error, sineOf(angle, 1))).high;
}
