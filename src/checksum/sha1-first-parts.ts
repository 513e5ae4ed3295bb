import { Sha1 } from './sha1.ts';

/** Slots, each for the last text that fell to it; texts of at most so many bytes; and how often one must come before it is computed. */
const slotCount = 1024;
const lengthMax = 16;
const seenEnough = 8;

/**
 * First parts of a digest's elements that come again and again, as fields of hashes do: what a chain comes to that begins with one is
 * computed once.
 */
export class FirstParts {
  readonly #texts: string[] = new Array(slotCount).fill('');
  readonly #seen = new Uint8Array(slotCount);
  readonly #chains: (Int32Array | undefined)[] = new Array(slotCount).fill(undefined);
  readonly #sha = new Sha1();

  /** The state of a chain after this text, five words; undefined where it is not known. */
  chain(text: string): Int32Array | undefined {
    const { length } = text;
    if (length === 0 || length > lengthMax) return undefined;
    const slot = slotOf(text, length);
    if (this.#texts[slot] !== text) {
      this.#texts[slot] = text;
      this.#seen[slot] = 1;
      return undefined;
    }
    if (this.#seen[slot] > seenEnough) return this.#chains[slot];
    return ++this.#seen[slot] > seenEnough ? this.#compute(text, slot) : undefined;
  }

  #compute(text: string, slot: number): Int32Array {
    this.#sha.hashText(text);
    this.#sha.hashWords(this.#sha.state);
    const chain = this.#sha.state.slice();
    this.#chains[slot] = chain;
    return chain;
  }
}

function slotOf(text: string, length: number): number {
  const first = text.charCodeAt(0);
  const middle = text.charCodeAt(length >> 1);
  const last = text.charCodeAt(length - 1);
  return (Math.imul(first | (middle << 8) | (last << 16) | (length << 24), 0x9e3779b1) >>> 16) & (slotCount - 1);
}
