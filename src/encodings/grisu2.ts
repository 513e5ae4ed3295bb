/**
 * Grisu2 (Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers", 2010) as the servers'
 * fpconv runs it: digits that read back as the same double, mostly but not always the fewest. DEBUG DIGEST, listpack scores
 * and a rewritten ZADD hold such text, so Number#toString will not do.
 *
 * 64-bit numbers are pairs of unsigned 32-bit halves; nothing here is a bigint once the table of powers is made.
 */

/** 10^k for k = -348, -340 … 340 as f * 2^e with 2^63 <= f < 2^64. */
interface CachedPowers {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  readonly exponent: Int32Array;
}

const powerCount = 87;
const powerFirst = -348;
const powerStep = 8;
const powers = cachedPowers();

function cachedPowers(): CachedPowers {
  const table = {
    high: new Uint32Array(powerCount),
    low: new Uint32Array(powerCount),
    exponent: new Int32Array(powerCount),
  };
  for (let index = 0; index < powerCount; index++) {
    const k = powerFirst + index * powerStep;
    const top = k >= 0 ? 10n ** BigInt(k) : 1n;
    const bottom = k >= 0 ? 1n : 10n ** BigInt(-k);
    let exponent = top.toString(2).length - bottom.toString(2).length - 64;
    if (scaled(top, bottom, exponent) >= 1n << 64n) exponent++;
    const fraction = scaled(top, bottom, exponent);
    table.high[index] = Number(fraction >> 32n);
    table.low[index] = Number(fraction & 0xffffffffn);
    table.exponent[index] = exponent;
  }
  return table;
}

/** top / bottom / 2^exponent, rounded half up. */
function scaled(top: bigint, bottom: bigint, exponent: number): bigint {
  const numerator = exponent < 0 ? top << BigInt(-exponent) : top;
  const denominator = exponent > 0 ? bottom << BigInt(exponent) : bottom;
  return (2n * numerator + denominator) / (2n * denominator);
}

const two32 = 2 ** 32;
const tens = [1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1];

/** One printer: it holds the halves of the numbers it works on, so that a score costs no allocation but its text. */
export class Grisu2 {
  readonly #double = new Float64Array(1);
  readonly #halves = new Uint32Array(this.#double.buffer);
  readonly #digits = new Uint8Array(24);
  #count = 0;
  /** Decimal exponent of the last digit. */
  #exponent = 0;
  /** The result of `#multiply`. */
  #high = 0;
  #low = 0;

  /** The text of a double as fpconv_dtoa writes it: `1e+8`, `1630.2671110000001`, `-0`, `inf`. */
  format(value: number): string {
    if (value === 0) return Object.is(value, -0) ? '-0' : '0';
    if (Number.isNaN(value)) return 'nan';
    if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
    this.#generate(Math.abs(value));
    const text = this.#layOut(value < 0);
    return value < 0 ? `-${text}` : text;
  }

  #generate(value: number): void {
    this.#double[0] = value;
    let low = this.#halves[0];
    let high = this.#halves[1] & 0xfffff;
    const field = this.#halves[1] >>> 20;
    let exponent = field === 0 ? -1074 : field - 1075;
    if (field !== 0) high |= 0x100000;
    // Where the mantissa is a power of two the next double below is half as far away.
    const narrow = high === 0x100000 && low === 0;
    let shift = 0;
    for (; (high & 0x100000) === 0; shift++) {
      high = (high << 1) | (low >>> 31);
      low = (low << 1) >>> 0;
    }
    exponent -= shift + 11;
    high = ((high << 11) | (low >>> 21)) >>> 0;
    low = (low << 11) >>> 0;
    this.#generateBetween(high, low, exponent, 2 ** (10 + shift), narrow ? 2 ** 9 : 2 ** (10 + shift));
  }

  /** The number is (high, low) * 2^exponent, its neighbours' midpoints `above` and `below` away in the same unit. */
  #generateBetween(high: number, low: number, exponent: number, above: number, below: number): void {
    const approximate = Math.trunc(-(exponent + 87) * 0.30102999566398114);
    let index = Math.trunc((approximate - powerFirst) / powerStep);
    for (;;) {
      const size = exponent + powers.exponent[index] + 64;
      if (size < -60) index++;
      else if (size > -32) index--;
      else break;
    }
    const shift = -(exponent + powers.exponent[index] + 64);
    this.#exponent = -(powerFirst + index * powerStep);
    this.#multiply(high, low, index);
    const wHigh = this.#high;
    const wLow = this.#low;
    this.#multiply(high - Math.floor(below / two32) - (low < below % two32 ? 1 : 0), (low - below) >>> 0, index);
    let lHigh = this.#high;
    const lLow = (this.#low + 1) >>> 0;
    if (lLow === 0) lHigh++;
    const sum = low + (above % two32);
    this.#multiply(high + Math.floor(above / two32) + (sum >= two32 ? 1 : 0), sum >>> 0, index);
    let uHigh = this.#high;
    if (this.#low === 0) uHigh--;
    const uLow = (this.#low - 1) >>> 0;
    const wGapHigh = uHigh - wHigh - (uLow < wLow ? 1 : 0);
    const lGapHigh = uHigh - lHigh - (uLow < lLow ? 1 : 0);
    this.#writeDigits(uHigh, uLow, shift, lGapHigh, (uLow - lLow) >>> 0, wGapHigh, (uLow - wLow) >>> 0);
  }

  /** (high, low) times the cached power, its upper 64 bits, rounded. */
  #multiply(high: number, low: number, index: number): void {
    const powerHigh = powers.high[index];
    const powerLow = powers.low[index];
    const lowest = multiplyHigh(low, powerLow);
    const firstLow = Math.imul(high, powerLow) >>> 0;
    const secondLow = Math.imul(low, powerHigh) >>> 0;
    const carry = Math.floor((lowest + firstLow + secondLow + 0x80000000) / two32);
    const middle =
      (Math.imul(high, powerHigh) >>> 0) + multiplyHigh(high, powerLow) + multiplyHigh(low, powerHigh) + carry;
    this.#low = middle >>> 0;
    this.#high = multiplyHigh(high, powerHigh) + Math.floor(middle / two32);
  }

  /** Digits of u = (uHigh, uLow) / 2^shift until what is left is within delta; then the last one is moved towards w. */
  #writeDigits(
    uHigh: number,
    uLow: number,
    shift: number,
    deltaHigh: number,
    deltaLow: number,
    wHigh: number,
    wLow: number,
  ): void {
    const digits = this.#digits;
    const over = shift - 32;
    const fractionMask = 2 ** over - 1;
    let whole = uHigh >>> over;
    const restHigh = uHigh & fractionMask;
    let count = 0;
    for (let kappa = 9; kappa >= 0; kappa--) {
      const ten = tens[9 - kappa];
      const digit = Math.floor(whole / ten);
      if (digit !== 0 || count !== 0) digits[count++] = digit;
      whole -= digit * ten;
      const high = whole * 2 ** over + restHigh;
      if (high < deltaHigh || (high === deltaHigh && uLow <= deltaLow)) {
        this.#exponent += kappa;
        this.#count = count;
        // Delta has 12 bits here (or all of a subnormal's), so that doubles hold these exactly or ten decides alone.
        this.#roundWhole(count, deltaHigh, deltaLow, high, uLow, ten * 2 ** shift, wHigh, wLow);
        return;
      }
    }
    this.#writeFraction(restHigh, uLow, over, deltaHigh, deltaLow, wHigh, wLow, count);
  }

  #writeFraction(
    startHigh: number,
    startLow: number,
    over: number,
    startDeltaHigh: number,
    startDeltaLow: number,
    startWHigh: number,
    startWLow: number,
    startCount: number,
  ): void {
    const digits = this.#digits;
    const mask = 2 ** over - 1;
    let high = startHigh;
    let low = startLow;
    let deltaHigh = startDeltaHigh;
    let deltaLow = startDeltaLow;
    let wHigh = startWHigh;
    let wLow = startWLow;
    let count = startCount;
    for (let kappa = -1; ; kappa--) {
      low *= 10;
      high = high * 10 + Math.floor(low / two32);
      low = low >>> 0;
      deltaLow *= 10;
      deltaHigh = deltaHigh * 10 + Math.floor(deltaLow / two32);
      deltaLow = deltaLow >>> 0;
      wLow *= 10;
      wHigh = wHigh * 10 + Math.floor(wLow / two32);
      wLow = wLow >>> 0;
      const digit = high >>> over;
      if (digit !== 0 || count !== 0) digits[count++] = digit;
      high &= mask;
      if (high < deltaHigh || (high === deltaHigh && low < deltaLow)) {
        this.#exponent += kappa;
        this.#count = count;
        this.#roundFraction(count, deltaHigh, deltaLow, high, low, 2 ** over, wHigh, wLow);
        return;
      }
    }
  }

  /** Lowers the last digit while that brings the number nearer to w: rem < w, delta - rem >= ten, 2 (w - rem) > ten. */
  #roundWhole(
    count: number,
    deltaHigh: number,
    deltaLow: number,
    remHigh: number,
    remLow: number,
    ten: number,
    wHigh: number,
    wLow: number,
  ): void {
    let room = (deltaHigh - remHigh) * two32 + (deltaLow - remLow);
    let away = (wHigh - remHigh) * two32 + (wLow - remLow);
    while (away > 0 && room >= ten && 2 * away > ten) {
      this.#digits[count - 1]--;
      room -= ten;
      away -= ten;
    }
  }

  /** The same where ten is (tenHigh, 0); on halves, as these may pass 53 bits. */
  #roundFraction(
    count: number,
    deltaHigh: number,
    deltaLow: number,
    remHigh: number,
    remLow: number,
    tenHigh: number,
    wHigh: number,
    wLow: number,
  ): void {
    let roomHigh = deltaHigh - remHigh - (deltaLow < remLow ? 1 : 0);
    let awayHigh = wHigh - remHigh - (wLow < remLow ? 1 : 0);
    const awayLow = (wLow - remLow) >>> 0;
    while (roomHigh >= tenHigh && isOverHalf(awayHigh, awayLow, tenHigh)) {
      this.#digits[count - 1]--;
      roomHigh -= tenHigh;
      awayHigh -= tenHigh;
    }
  }

  /** The digits as fpconv lays them out. */
  #layOut(negative: boolean): string {
    const count = this.#count;
    const exponent = this.#exponent;
    const size = Math.abs(exponent + count - 1);
    const digits = this.#text(0, count);
    if (exponent >= 0 && size < count + 7) return digits + '0'.repeat(exponent);
    if (exponent < 0 && (exponent > -7 || size < 4)) {
      const point = count + exponent;
      if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
      return `${digits.slice(0, point)}.${digits.slice(point)}`;
    }
    const kept = Math.min(count, negative ? 17 : 18);
    const head = kept > 1 ? `${digits[0]}.${digits.slice(1, kept)}` : digits[0];
    return `${head}e${exponent + count - 1 < 0 ? '-' : '+'}${size}`;
  }

  #text(from: number, to: number): string {
    let text = '';
    for (let index = from; index < to; index++) text += String.fromCharCode(48 + this.#digits[index]);
    return text;
  }
}

/** Whether (high, low) is positive and more than half of (tenHigh, 0). */
function isOverHalf(high: number, low: number, tenHigh: number): boolean {
  if (high < 0) return false;
  if (tenHigh === 1) return high > 0 || low > 0x80000000;
  return high > tenHigh / 2 || (high === tenHigh / 2 && low > 0);
}

/** The upper 32 bits of the product of two unsigned 32-bit numbers. */
function multiplyHigh(first: number, second: number): number {
  const firstHigh = first >>> 16;
  const firstLow = first & 0xffff;
  const secondHigh = second >>> 16;
  const secondLow = second & 0xffff;
  const cross = firstHigh * secondLow + ((firstLow * secondLow) >>> 16);
  const other = firstLow * secondHigh + (cross & 0xffff);
  // `cross` and `other` are below 2^32.
  return firstHigh * secondHigh + (cross >>> 16) + (other >>> 16);
}
