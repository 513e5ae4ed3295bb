import { hash } from 'node:crypto';

/**
 * SHA-1 (RFC 3174) of short messages without a call into native code: a digest of a dataset takes six or more hashes of some
 * 20 bytes a key, and node:crypto needs 1.4 to 2.3 microseconds for each, this one 0.4. Longer messages go there.
 */

/** From this many bytes on the native hash is the faster one. */
const nativeMin = 448;

export class Sha1 {
  /** The hash, five words. */
  readonly state = new Int32Array(5);
  readonly #words = new Int32Array(80);
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
    const words = this.#words;
    for (let t = 16; t < 80; t++) {
      const mixed = words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16];
      words[t] = (mixed << 1) | (mixed >>> 31);
    }
    const state = this.state;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    // Five rounds a turn, so that the five words need not be moved; the four phases differ in function and constant.
    for (let t = 0; t < 20; t += 5) {
      e = (e + ((a << 5) | (a >>> 27)) + (d ^ (b & (c ^ d))) + words[t] + 0x5a827999) | 0;
      b = (b << 30) | (b >>> 2);
      d = (d + ((e << 5) | (e >>> 27)) + (c ^ (a & (b ^ c))) + words[t + 1] + 0x5a827999) | 0;
      a = (a << 30) | (a >>> 2);
      c = (c + ((d << 5) | (d >>> 27)) + (b ^ (e & (a ^ b))) + words[t + 2] + 0x5a827999) | 0;
      e = (e << 30) | (e >>> 2);
      b = (b + ((c << 5) | (c >>> 27)) + (a ^ (d & (e ^ a))) + words[t + 3] + 0x5a827999) | 0;
      d = (d << 30) | (d >>> 2);
      a = (a + ((b << 5) | (b >>> 27)) + (e ^ (c & (d ^ e))) + words[t + 4] + 0x5a827999) | 0;
      c = (c << 30) | (c >>> 2);
    }
    for (let t = 20; t < 40; t += 5) {
      e = (e + ((a << 5) | (a >>> 27)) + (b ^ c ^ d) + words[t] + 0x6ed9eba1) | 0;
      b = (b << 30) | (b >>> 2);
      d = (d + ((e << 5) | (e >>> 27)) + (a ^ b ^ c) + words[t + 1] + 0x6ed9eba1) | 0;
      a = (a << 30) | (a >>> 2);
      c = (c + ((d << 5) | (d >>> 27)) + (e ^ a ^ b) + words[t + 2] + 0x6ed9eba1) | 0;
      e = (e << 30) | (e >>> 2);
      b = (b + ((c << 5) | (c >>> 27)) + (d ^ e ^ a) + words[t + 3] + 0x6ed9eba1) | 0;
      d = (d << 30) | (d >>> 2);
      a = (a + ((b << 5) | (b >>> 27)) + (c ^ d ^ e) + words[t + 4] + 0x6ed9eba1) | 0;
      c = (c << 30) | (c >>> 2);
    }
    for (let t = 40; t < 60; t += 5) {
      e = (e + ((a << 5) | (a >>> 27)) + ((b & c) | (d & (b | c))) + words[t] - 0x70e44324) | 0;
      b = (b << 30) | (b >>> 2);
      d = (d + ((e << 5) | (e >>> 27)) + ((a & b) | (c & (a | b))) + words[t + 1] - 0x70e44324) | 0;
      a = (a << 30) | (a >>> 2);
      c = (c + ((d << 5) | (d >>> 27)) + ((e & a) | (b & (e | a))) + words[t + 2] - 0x70e44324) | 0;
      e = (e << 30) | (e >>> 2);
      b = (b + ((c << 5) | (c >>> 27)) + ((d & e) | (a & (d | e))) + words[t + 3] - 0x70e44324) | 0;
      d = (d << 30) | (d >>> 2);
      a = (a + ((b << 5) | (b >>> 27)) + ((c & d) | (e & (c | d))) + words[t + 4] - 0x70e44324) | 0;
      c = (c << 30) | (c >>> 2);
    }
    for (let t = 60; t < 80; t += 5) {
      e = (e + ((a << 5) | (a >>> 27)) + (b ^ c ^ d) + words[t] - 0x359d3e2a) | 0;
      b = (b << 30) | (b >>> 2);
      d = (d + ((e << 5) | (e >>> 27)) + (a ^ b ^ c) + words[t + 1] - 0x359d3e2a) | 0;
      a = (a << 30) | (a >>> 2);
      c = (c + ((d << 5) | (d >>> 27)) + (e ^ a ^ b) + words[t + 2] - 0x359d3e2a) | 0;
      e = (e << 30) | (e >>> 2);
      b = (b + ((c << 5) | (c >>> 27)) + (d ^ e ^ a) + words[t + 3] - 0x359d3e2a) | 0;
      d = (d << 30) | (d >>> 2);
      a = (a + ((b << 5) | (b >>> 27)) + (c ^ d ^ e) + words[t + 4] - 0x359d3e2a) | 0;
      c = (c << 30) | (c >>> 2);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
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
