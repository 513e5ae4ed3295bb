/*
 * What an allocation takes: jemalloc's size classes, as in the system library of Debian, with which the servers were measured:
 *
 *     8, then every 16 bytes to 128, then four to each doubling: 160 192 224 256, 320 384 448 512, ...
 *
 * With the newer releases an allocation of 16 KiB or more takes whole pages instead. The servers' own build of jemalloc (lg-quantum 3) has
 * 24, 40 and 56 besides: there an allocation takes at most 8 bytes less.
 */

const pageBytes = 4096;
/** The largest class below the one of 16 KiB. */
const smallMax = 14336;

/** Bytes that an allocation of `size` bytes takes; `inPages`: large ones take whole pages. */
export function allocation(size: number, inPages = false): number {
  if (size <= 128) return size <= 8 ? 8 : (size + 15) & ~15;
  if (inPages && size > smallMax) return Math.ceil(size / pageBytes) * pageBytes;
  if (size > 0x40000000) return largeAllocation(size);
  const step = 1 << (29 - Math.clz32(size - 1));
  return (size + step - 1) & -step;
}

function largeAllocation(size: number): number {
  const step = 2 ** (Math.floor(Math.log2(size - 1)) - 2);
  return Math.ceil(size / step) * step;
}

/** Bytes of the header of an sds string (sdsReqType in the servers' sds.c). */
function sdsHeader(length: number): number {
  if (length < 32) return 1;
  if (length < 256) return 3;
  if (length < 65536) return 5;
  return length < 2 ** 32 ? 9 : 17;
}

/** Bytes of an sds string, its header and the zero at its end included. */
export function sdsBytes(length: number): number {
  return sdsHeader(length) + length + 1;
}

/** The same with a header that has room for flags or a size, which that of a string below 32 bytes has not. */
export function flaggedSdsBytes(length: number): number {
  return Math.max(3, sdsHeader(length)) + length + 1;
}

/** Slots that a dict gets for so many entries. */
export function dictSlots(count: number): number {
  let slots = 4;
  while (slots < count) slots *= 2;
  return slots;
}

/** Slots of a dict (dict.c) that had `slots` slots and grew by insertions to `count` entries: of both tables while it rehashes. */
export function grownSlots(slots: number, count: number): number {
  let size = slots;
  while (size < count) size *= 2;
  // An insertion moves one bucket that is not empty: 64 of 100 buckets, where there is an entry for each.
  const isRehashing = size > slots && count <= (size / 2) * 1.64;
  return isRehashing ? size * 1.5 : size;
}

const bucketBytes = 64;
const bucketEntries = 7;

/**
 * Bytes of the buckets of a Valkey hashtable (hashtable.c) with `count` entries: 7 in a bucket of 64 bytes; a full bucket gives its last
 * place for another one. How many of those there are is chance; this is what may be expected. `reserved`: the size that was asked for first.
 */
export function bucketsBytes(count: number, reserved: number): number {
  let buckets = 1;
  while (reserved > bucketEntries && buckets * 32 < reserved * 5) buckets *= 2;
  while (buckets * bucketEntries < count) buckets *= 2;
  return bucketBytes * buckets * (1 + chainedShare(count / buckets));
}

/** Expected number of further buckets for one that gets `mean` entries on average. */
function chainedShare(mean: number): number {
  let chance = Math.exp(-mean);
  let share = 0;
  for (let entries = 1; entries < 40; entries++) {
    chance *= mean / entries;
    if (entries > bucketEntries) share += chance * Math.ceil((entries - bucketEntries) / (bucketEntries - 1));
  }
  return share;
}

/** Bytes of the entries of a dict without values (Redis 7.2 and later): only those need one that find their slot taken, as may be expected. */
export function collidingBytes(count: number, slots: number): number {
  return count === 0 ? 0 : 16 * (count - slots * (1 - Math.exp(-count / slots)));
}
