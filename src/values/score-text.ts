import { Grisu2 } from '../encodings/grisu2.ts';
import type { FlavorRules } from '../servers/flavor.ts';

/** Turns a sorted set's scores into the text that DEBUG DIGEST mixes in, by a server generation's rule. */
export class ScoreText {
  readonly #grisu = new Grisu2();
  readonly #printf: boolean;

  constructor(rules: FlavorRules) {
    this.#printf = rules.scoreText === 'printf';
  }

  format(score: number): string {
    return this.#printf ? formatGeneral17(score) : this.#grisu.format(score);
  }
}

/** What C's `%.17g` prints: 17 significant digits without trailing zeros. */
export function formatGeneral17(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (value === 0) return `${sign}0`;
  const size = Math.abs(value);
  if (size < 1e15 && Number.isInteger(value)) return String(value);
  // Where neither exponents nor ties are about, toPrecision does the same: a tie's digit 18 is a 5.
  if (size >= 1e-4 && size < 1e15 && !value.toPrecision(18).endsWith('5')) return withoutZeros(value.toPrecision(17));
  const [digits, exponent] = significant17(size);
  return sign + layOutGeneral(withoutZeros(digits), exponent);
}

/** Without the zeros that end it. */
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 48) end--;
  return digits.slice(0, end);
}

/** 17 digits, rounded to nearest even as printf does, and the exponent of the first. */
function significant17(value: number): [digits: string, exponent: number] {
  // toExponential is exact, but rounds a tie up: only the exact digits show whether it was one.
  const [mantissa, exponent] = value.toExponential(16).split('e');
  const digits = mantissa.replace('.', '');
  const exact = value.toExponential(60).replace('.', '');
  const isTie = /^50*$/.test(exact.slice(17, exact.indexOf('e')));
  const even = isTie && (exact.charCodeAt(16) & 1) === 0;
  return [even ? exact.slice(0, 17) : digits, Number(exponent)];
}

function layOutGeneral(digits: string, exponent: number): string {
  if (exponent < -4 || exponent >= 17) {
    const size = String(Math.abs(exponent)).padStart(2, '0');
    const head = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
    return `${head}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
