// AssemblyScript. The memory of the digest's module, in bytes; src/kernels/digest-kernel.ts states the same numbers. What it shares with
// the other lanes (layout.ts) lies where it lies there: the room for LZF, the small tables, the window.
//
//   0            4096     4160           5120           286784           548992            1048576          1576960  2068992   2363904    2953728
//   | SHA-1, data | result | known hashes | known texts | text from LZF  | touched keys    | window, 512 KiB | slots  | records | messages | slack |

export const digestResultAt: usize = 4096;
/** SHA-1 of the type numbers 0 to 8, then of the mark of an expiry: 20 bytes each, as words. */
export const typeHashesAt: usize = 4160;
export const expiryHashAt: usize = 4160 + 9 * 20;
export const knownTextsAt: usize = 5120;
/** One bit for each value of the upper bits of a key's hash: 256 KiB. */
export const touchedAt: usize = 548992;
/** Slots of five words, 12 bytes for each record. */
export const slotsAt: usize = 1576960;
export const slotCount: u32 = 24576;
export const recordsAt: usize = 2068992;
export const recordCount: u32 = 24576;
export const messagesAt: usize = 2363904;
export const messageBytes: usize = 589824;
