import { crc64TableEntry } from './crc64-javascript.ts';

/** The table of CRC-64 in halves of 32 bits, by the low byte that is shifted out. */
export const tableLow = new Int32Array(256);
export const tableHigh = new Int32Array(256);
/** Which entry has this highest byte, each has another: so a sum can be taken back byte by byte. */
export const entryByTop = new Uint8Array(256);
for (let value = 0; value < 256; value++) {
  const entry = crc64TableEntry(value);
  tableLow[value] = Number(BigInt.asIntN(32, entry));
  tableHigh[value] = Number(BigInt.asIntN(32, entry >> 32n));
  entryByTop[tableHigh[value] >>> 24] = value;
}
