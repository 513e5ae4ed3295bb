/*
 * SipHash-1-3 (Aumasson, Bernstein, 2012) on 32-bit halves, for tables whose keys come from a file: nobody who does not know the key can
 * prepare keys that collide. No output depends on it.
 */

let drawn: Uint32Array | undefined;

/**
 * The key of this thread's tables, four words, drawn when it is first asked for. Node seeds Math.random from the system's entropy, and no
 * number of it and no hash is ever shown: a file was made before, and cannot know. (To load node:crypto takes 8 ms of each start.)
 */
export function hashKey(): Uint32Array {
  drawn ??= Uint32Array.from({ length: 4 }, () => Math.random() * 2 ** 32);
  return drawn;
}

/** The hash of byte strings under one key; the result of the last one is in `low` and `high`. */
export class SipHash {
  low = 0;
  high = 0;
  private readonly key: Uint32Array;

  constructor(key: Uint32Array = hashKey()) {
    this.key = key;
  }

  /** Hashes `bytes[start, start + length)`; `seed` and `salt` are more of the key. The lower half of the hash, signed. */
  hash(bytes: Uint8Array, start: number, length: number, seed = 0, salt = 0): number {
    const { key } = this;
    let v0 = key[0] ^ seed ^ 0x70736575;
    let v0High = key[1] ^ 0x736f6d65;
    let v1 = key[2] ^ salt ^ 0x6e646f6d;
    let v1High = key[3] ^ 0x646f7261;
    let v2 = key[0] ^ seed ^ 0x6e657261;
    let v2High = key[1] ^ 0x6c796765;
    let v3 = key[2] ^ salt ^ 0x79746573;
    let v3High = key[3] ^ 0x74656462;
    const words = (length >>> 3) + 1;
    // One round a word, the last of which holds the length, and three more.
    for (let index = 0, at = start; index < words + 3; index++, at += 8) {
      let word = 0;
      let wordHigh = 0;
      if (index < words - 1) {
        word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
        wordHigh = bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24);
      } else if (index === words - 1) {
        wordHigh = length << 24;
        const end = start + length;
        for (let shift = 0, last = at; last < end; last++, shift += 8) {
          if (shift < 32) word |= bytes[last] << shift;
          else wordHigh |= bytes[last] << (shift - 32);
        }
      } else if (index === words) v2 ^= 0xff;
      v3 ^= word;
      v3High ^= wordHigh;

      let sum = (v0 >>> 0) + (v1 >>> 0);
      v0High = (v0High + v1High + (sum > 0xffffffff ? 1 : 0)) | 0;
      v0 = sum | 0;
      let turned = (v1 << 13) | (v1High >>> 19);
      v1High = ((v1High << 13) | (v1 >>> 19)) ^ v0High;
      v1 = turned ^ v0;
      turned = v0;
      v0 = v0High;
      v0High = turned;

      sum = (v2 >>> 0) + (v3 >>> 0);
      v2High = (v2High + v3High + (sum > 0xffffffff ? 1 : 0)) | 0;
      v2 = sum | 0;
      turned = (v3 << 16) | (v3High >>> 16);
      v3High = ((v3High << 16) | (v3 >>> 16)) ^ v2High;
      v3 = turned ^ v2;

      sum = (v0 >>> 0) + (v3 >>> 0);
      v0High = (v0High + v3High + (sum > 0xffffffff ? 1 : 0)) | 0;
      v0 = sum | 0;
      turned = (v3 << 21) | (v3High >>> 11);
      v3High = ((v3High << 21) | (v3 >>> 11)) ^ v0High;
      v3 = turned ^ v0;

      sum = (v2 >>> 0) + (v1 >>> 0);
      v2High = (v2High + v1High + (sum > 0xffffffff ? 1 : 0)) | 0;
      v2 = sum | 0;
      turned = (v1 << 17) | (v1High >>> 15);
      v1High = ((v1High << 17) | (v1 >>> 15)) ^ v2High;
      v1 = turned ^ v2;
      turned = v2;
      v2 = v2High;
      v2High = turned;

      v0 ^= word;
      v0High ^= wordHigh;
    }
    this.high = (v0High ^ v1High ^ v2High ^ v3High) >>> 0;
    this.low = (v0 ^ v1 ^ v2 ^ v3) >>> 0;
    return this.low | 0;
  }
}
