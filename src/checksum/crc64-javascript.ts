/*
 * CRC-64 "Jones" in plain JavaScript, slicing by eight on two 32-bit halves: the reference for the WebAssembly version, the
 * faster one for a few bytes, and the one that serves where WebAssembly is missing.
 *
 * Polynomial 0xad93d23594c935a9, reflected (shifts to the right with 0x95ac9329ac4bc9b5), start 0, no final exclusive or
 * (servers' crc64.c; an RDB ends with it, little endian, from version 5 on).
 */

const polynomialLow = 0xac4bc9b5;
const polynomialHigh = 0x95ac9329;

/** Table k at 256 k holds, for each byte value, its remainder k bytes further on. */
const low = new Int32Array(8 * 256);
const high = new Int32Array(8 * 256);
let ready = false;

/** Where `crc64Javascript` leaves the new checksum: [low half, high half], as signed 32-bit integers. */
export const crc64Result = new Int32Array(2);

/** Continues the checksum given as two halves with `bytes[from, to)`; the new one is in `crc64Result`. */
export function crc64Javascript(lowHalf: number, highHalf: number, bytes: Uint8Array, from: number, to: number): void {
  if (!ready) fillTables();
  let lo = lowHalf | 0;
  let hi = highHalf | 0;
  let at = from;
  for (const end = to - 7; at < end; at += 8) {
    lo ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    hi ^= bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24);
    const b0 = 1792 + (lo & 255);
    const b1 = 1536 + ((lo >>> 8) & 255);
    const b2 = 1280 + ((lo >>> 16) & 255);
    const b3 = 1024 + (lo >>> 24);
    const b4 = 768 + (hi & 255);
    const b5 = 512 + ((hi >>> 8) & 255);
    const b6 = 256 + ((hi >>> 16) & 255);
    const b7 = hi >>> 24;
    lo = low[b0] ^ low[b1] ^ low[b2] ^ low[b3] ^ low[b4] ^ low[b5] ^ low[b6] ^ low[b7];
    hi = high[b0] ^ high[b1] ^ high[b2] ^ high[b3] ^ high[b4] ^ high[b5] ^ high[b6] ^ high[b7];
  }
  for (; at < to; at++) {
    const slot = (lo ^ bytes[at]) & 255;
    lo = ((lo >>> 8) | (hi << 24)) ^ low[slot];
    hi = (hi >>> 8) ^ high[slot];
  }
  crc64Result[0] = lo;
  crc64Result[1] = hi;
}

/** The first table's entry for a byte value: what servers print and pages quote. */
export function crc64TableEntry(value: number): bigint {
  if (!ready) fillTables();
  return (BigInt(high[value] >>> 0) << 32n) | BigInt(low[value] >>> 0);
}

function fillTables(): void {
  for (let value = 0; value < 256; value++) {
    let lo = value;
    let hi = 0;
    for (let bit = 0; bit < 8; bit++) {
      const odd = lo & 1;
      lo = (lo >>> 1) | (hi << 31);
      hi >>>= 1;
      if (odd) {
        lo ^= polynomialLow;
        hi ^= polynomialHigh;
      }
    }
    low[value] = lo;
    high[value] = hi;
  }
  for (let slot = 256; slot < low.length; slot++) {
    const lo = low[slot - 256];
    const hi = high[slot - 256];
    low[slot] = ((lo >>> 8) | (hi << 24)) ^ low[lo & 255];
    high[slot] = (hi >>> 8) ^ high[lo & 255];
  }
  ready = true;
}
