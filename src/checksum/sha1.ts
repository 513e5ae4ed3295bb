import { hash } from 'node:crypto';
import { compressBlock } from './sha1-block.generated.ts';

/**
 * SHA-1 (RFC 3174) of short messages without a call into native code: a digest of a dataset takes six or more hashes of some
 * 20 bytes a key, and node:crypto needs 1.4 to 2.3 microseconds for each, this one 0.2. Longer messages go there.
 */

/** From this many bytes on the native hash is the faster one. */
const nativeMin = 512;

export class Sha1 {
  /** The hash, five words. */
  readonly state = new Int32Array(5);
  readonly #words = new Int32Array(16);
  #scratch: Buffer = Buffer.allocUnsafeSlow(nativeMin);

  /** Hashes `bytes[start, start + length)`. */
  hashBytes(bytes: Uint8Array, start: number, length: number): void {
    if (length >= nativeMin) {
      this.#hashNative(bytes.subarray(start, start + length));
      return;
    }
    this.#begin();
    const words = this.#words;
    let position = start;
    const end = start + length;
    for (; end - position >= 64; position += 64) {
      for (let word = 0; word < 16; word++) words[word] = bigEndian(bytes, position + word * 4);
      this.#compress();
    }
    let word = 0;
    for (; end - position >= 4; position += 4) words[word++] = bigEndian(bytes, position);
    words[word++] = lastWord(bytes, position, end);
    this.#finish(word, length);
  }

  /** Hashes a binary string. */
  hashText(text: string): void {
    const length = text.length;
    if (length >= 56) {
      if (length > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(length * 2);
      this.#scratch.latin1Write(text, 0, length);
      this.hashBytes(this.#scratch, 0, length);
      return;
    }
    this.#begin();
    const words = this.#words;
    let word = 0;
    let value = 0;
    for (let index = 0; index < length; index++) {
      value = (value << 8) | text.charCodeAt(index);
      if ((index & 3) === 3) words[word++] = value;
    }
    const left = length & 3;
    words[word++] = ((left === 0 ? 0x80 : (value << 8) | 0x80) << (24 - left * 8)) | 0;
    this.#finish(word, length);
  }

  /** Hashes the 20 bytes of five words. */
  hashWords(source: Int32Array): void {
    const words = this.#words;
    for (let word = 0; word < 5; word++) words[word] = source[word];
    words[5] = 0x80000000 | 0;
    this.#begin();
    this.#finish(6, 20);
  }

  #hashNative(message: Uint8Array): void {
    const result = hash('sha1', message, 'buffer');
    for (let word = 0; word < 5; word++) this.state[word] = bigEndian(result, word * 4);
  }

  #begin(): void {
    const state = this.state;
    state[0] = 0x67452301;
    state[1] = 0xefcdab89 | 0;
    state[2] = 0x98badcfe | 0;
    state[3] = 0x10325476;
    state[4] = 0xc3d2e1f0 | 0;
  }

  /** Fills up from word `used` with zeros and the length in bits. */
  #finish(used: number, length: number): void {
    const words = this.#words;
    let word = used;
    if (word > 14) {
      while (word < 16) words[word++] = 0;
      this.#compress();
      word = 0;
    }
    while (word < 15) words[word++] = 0;
    words[15] = length * 8;
    this.#compress();
  }

  #compress(): void {
    compressBlock(this.state, this.#words);
  }
}

function bigEndian(bytes: Uint8Array, position: number): number {
  return (bytes[position] << 24) | (bytes[position + 1] << 16) | (bytes[position + 2] << 8) | bytes[position + 3];
}

/** The one to three bytes left, the bit that ends the message, and zeros. */
function lastWord(bytes: Uint8Array, position: number, end: number): number {
  let value = 0;
  for (let index = position; index < end; index++) value = (value << 8) | bytes[index];
  return ((value << 8) | 0x80) << (24 - (end - position) * 8);
}
