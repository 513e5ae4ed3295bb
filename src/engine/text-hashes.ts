import type { Sha1 } from './sha1.ts';

const slotCount = 1024;
/** Longer texts are seldom repeated. */
const lengthMax = 24;

/** SHA-1 of short texts, and SHA-1 of that, the last ones seen kept: field names repeat in every hash and stream entry. */
export class TextHashes {
  readonly #sha: Sha1;
  readonly #texts: string[] = new Array(slotCount).fill('');
  readonly #once = new Int32Array(slotCount * 5);
  readonly #twice = new Int32Array(slotCount * 5);
  readonly #hasTwice = new Uint8Array(slotCount);

  constructor(sha: Sha1) {
    this.#sha = sha;
  }

  /** Puts SHA1(text) into the state of the Sha1. */
  once(text: string): void {
    if (text.length === 0 || text.length > lengthMax) this.#sha.hashText(text);
    else this.#load(this.#once, this.#slot(text));
  }

  /** Puts SHA1(SHA1(text)) into the state of the Sha1: what mix makes of a state of zeros. */
  twice(text: string): void {
    if (text.length === 0 || text.length > lengthMax) {
      this.#sha.hashText(text);
      this.#sha.hashWords(this.#sha.state);
    } else this.#load(this.#twice, this.#slotWithTwice(text));
  }

  #load(table: Int32Array, slot: number): void {
    const state = this.#sha.state;
    for (let word = 0; word < 5; word++) state[word] = table[slot * 5 + word];
  }

  #slot(text: string): number {
    const length = text.length;
    const mixed = text.charCodeAt(0) * 7 + text.charCodeAt(length >> 1) * 31 + text.charCodeAt(length - 1) * 127;
    const slot = (mixed + length * 523) & (slotCount - 1);
    if (this.#texts[slot] !== text) this.#fill(slot, text);
    return slot;
  }

  #fill(slot: number, text: string): void {
    this.#texts[slot] = text;
    this.#sha.hashText(text);
    this.#once.set(this.#sha.state, slot * 5);
    this.#hasTwice[slot] = 0;
  }

  #slotWithTwice(text: string): number {
    const slot = this.#slot(text);
    if (this.#hasTwice[slot] === 0) {
      this.#load(this.#once, slot);
      this.#sha.hashWords(this.#sha.state);
      this.#twice.set(this.#sha.state, slot * 5);
      this.#hasTwice[slot] = 1;
    }
    return slot;
  }
}
