/*
 * The bytes that a search skips are not all noise: what is left of a damaged collection is a sequence of strings with their lengths.
 *
 *     … 05 alpha 04 beta <8 bytes> 05 gamma …
 *
 * That a length agrees with the text behind it speaks for an item that is read out of these bytes as much as for the collection
 * of which they are the rest. So a skip is credited for such strings too, and only what an item says beyond that counts for it.
 */

/** What a string must say before a skip is credited for the rest. In bits. */
const stringCost = 2;
/** Shorter ones are found in any bytes. */
const lengthMin = 4;
const lengthMax = 63;
const lengthBits = 2;
const printableBits = 1.43;
const textMax = 8;
const ringSize = 128;
const ringMask = ringSize - 1;

/** For each byte, whether a string may begin with it that a skip is credited for. */
export const mayBeginString = new Uint8Array(256);
for (let byte = lengthMin; byte <= lengthMax; byte++) mayBeginString[byte] = 1;

/** The best skip that is open where the search stands: where it began, and what speaks for the way with it. */
export class OpenSkip {
  score = Number.NEGATIVE_INFINITY;
  from = -1;
  private knownScore = Number.NEGATIVE_INFINITY;
  private knownFrom = -1;
  /** Skips that are open behind a string, by the place where it ends. */
  private readonly scores = new Float64Array(ringSize).fill(Number.NEGATIVE_INFINITY);
  private readonly starts = new Float64Array(ringSize);
  private at = 0;

  /** Goes on to `offset`. */
  advance(offset: number): void {
    const { scores } = this;
    const end = Math.min(offset, this.at + ringSize);
    for (let place = this.at + 1; place <= end; place++) {
      const slot = place & ringMask;
      if (scores[slot] > this.score) {
        this.score = scores[slot];
        this.from = this.starts[slot];
      }
      scores[slot] = Number.NEGATIVE_INFINITY;
    }
    this.at = offset;
  }

  /** A skip from `offset` on. `known`: this is where an item ends that was read before damage showed. */
  open(offset: number, score: number, known: boolean): void {
    if (known && score > this.knownScore) {
      this.knownScore = score;
      this.knownFrom = offset;
    }
    if (score <= this.score) return;
    this.score = score;
    this.from = offset;
  }

  /** Only the skip stays open that began where an item ends that was read before. */
  dropDoubtful(): void {
    this.score = this.knownScore;
    this.from = this.knownFrom;
    this.scores.fill(Number.NEGATIVE_INFINITY);
  }

  /** Credits it for the string at `bytes[position]`, which is at its place, if there is one. */
  passString(bytes: Uint8Array, position: number, limit: number): void {
    const first = bytes[position];
    if (mayBeginString[first] === 0 || this.score === Number.NEGATIVE_INFINITY) return;
    const end = position + 1 + first;
    if (end > limit || !isPrintable(bytes, position + 1, end)) return;
    this.land(1 + first, lengthBits + Math.min(first * printableBits, textMax) - stringCost);
  }

  private land(length: number, bits: number): void {
    const slot = (this.at + length) & ringMask;
    if (this.score + bits <= this.scores[slot]) return;
    this.scores[slot] = this.score + bits;
    this.starts[slot] = this.from;
  }
}

function isPrintable(bytes: Uint8Array, from: number, to: number): boolean {
  for (let position = from; position < to; position++)
    if (bytes[position] < 0x20 || bytes[position] >= 0x7f) return false;
  return true;
}
