import { Crc64 } from '../../checksum/crc64.ts';
import { entryByTop, tableHigh, tableLow } from '../../checksum/crc64-tables.ts';
import type { Sources } from '../../dataset/sources.ts';
import { findExchange, type RecordRange } from './crc-correction-swap.ts';

/*
 * The checksum of an RDB tells more than that something is wrong. CRC-64 is linear: what it is off by depends on the changed bits and
 * on how many bytes come behind them, and each step of it can be undone. Walking back from the end of the file, the difference
 * between the stored sum and that of the bytes becomes, at each offset p, the eight bytes that would have to be changed at p:
 *
 *     e7 4a … 91     no short change here explains the sum
 *     20 00 … 00     here a change of one byte does: what it was before is known
 *
 * In the same way it shows where some bytes were inserted: the sum up to them and the sum behind them then differ by just that;
 * and where up to four are missing, and which.
 */

/** Bytes in a row that may have been changed; in a large file some four bytes would fit by chance. */
const changedMax = 4;
const changedMaxInLarge = 2;
const largeBytes = 64 * 1024 * 1024;
/** Bytes that may be missing. */
const removedMax = 4;
/** Bytes that may have been inserted, and how far from what was found bad. */
const insertedMax = 256;
const insertedAround = 64 * 1024;
/** In a file up to this size they are looked for everywhere. */
const littleBytes = 4 * 1024 * 1024;
/** How far from what was found bad an exchanged block may begin or end, and how far the other one, where nothing shows it. */
const exchangedNear = 500;
const exchangedFar = 1500;
/** The same around places where damage seems to begin or end, and so many pairs of these. */
const markedNear = 220;
const pairsMax = 6;
const chunkBytes = 128 * 1024;
const ringSize = insertedMax;
const alikeMask = 0xffff;

/** `[offset, offset + length)` was `bytes` before the damage. */
export interface CrcCorrection {
  readonly offset: number;
  readonly length: number;
  readonly bytes: Buffer;
}

/** What was found bad, and the places in it where damage seems to begin or end, in ascending order. */
export interface Bad {
  readonly from: number;
  readonly to: number;
  readonly marks: readonly number[];
}

/**
 * What single change explains that the sum over the first `end` bytes is not `stored`: some bytes overwritten, anywhere, or inserted
 * or missing not far from `bad`. Undefined where there is none, or where several would do.
 */
export async function findCorrection(
  sources: Sources,
  index: number,
  end: number,
  stored: bigint,
  bad: Bad | undefined,
  pause: () => Promise<void>,
): Promise<CrcCorrection | undefined> {
  const computed = await sumOf(sources, index, end, pause);
  if (computed === stored) return undefined;
  const walk = new BackwardWalk(computed, computed ^ stored, end > largeBytes ? changedMaxInLarge : changedMax);
  const everywhere = end <= littleBytes;
  const from = everywhere ? 0 : Math.max(0, (bad?.from ?? end) - insertedAround);
  const to = everywhere ? end : (bad?.to ?? -insertedAround) + insertedAround;
  for (let at = end; at > 0; at = Math.max(0, at - chunkBytes)) {
    const start = Math.max(0, at - chunkBytes);
    walk.pass(sources.read(index, start, at - start), start, from, to);
    if (walk.found.length > 1) return undefined;
    await pause();
  }
  const [found] = walk.found;
  if (found === undefined)
    return everywhere ? exchanged(sources.read(index, 0, end), computed ^ stored, bad) : undefined;
  if (found.kind === 'removed') {
    const bytes = Buffer.alloc(found.length);
    bytes.writeUIntLE(found.change >>> 0, 0, found.length);
    return { offset: found.offset, length: 0, bytes };
  }
  const old = Buffer.from(sources.read(index, found.offset, found.length));
  if (found.kind === 'inserted') return { offset: found.offset, length: found.length, bytes: Buffer.alloc(0) };
  for (let position = 0; position < found.length; position++) old[position] ^= (found.change >>> (position * 8)) & 0xff;
  return { offset: found.offset, length: found.length, bytes: old };
}

/** Two blocks that stand in each other's place: one near each end of what is bad, or one of them where nothing shows it. */
function exchanged(bytes: Uint8Array, off: bigint, bad: Bad | undefined): CrcCorrection | undefined {
  if (bad === undefined) return undefined;
  const around = (offset: number, radius: number): RecordRange => ({
    from: Math.max(0, offset - radius),
    to: Math.min(bytes.length, offset + radius),
  });
  const trials: [RecordRange, RecordRange][] = [
    [around(bad.from, exchangedNear), around(bad.to, exchangedNear)],
    [around(bad.from, exchangedNear / 2), around(bad.from + exchangedFar, exchangedFar)],
    [around(bad.to - exchangedFar, exchangedFar / 2), around(bad.to, exchangedNear / 2)],
  ];
  const pairs = bad.marks.flatMap((one, index) => bad.marks.slice(index + 1).map((other) => [one, other] as const));
  // Pairs of marks that the trials before have not covered; too many would take long.
  for (const [one, other] of pairs.slice(0, pairsMax))
    trials.push([around(one, markedNear), around(other, markedNear)]);
  if (bytes.length <= exchangedFar) trials.splice(0, trials.length, [around(0, bytes.length), around(0, bytes.length)]);
  for (const [one, other] of trials) {
    const found = findExchange(bytes, off, one, other);
    if (found === undefined) continue;
    const { first, second, length } = found;
    const old = Buffer.from(bytes.subarray(first, second + length));
    old.set(bytes.subarray(second, second + length), 0);
    old.set(bytes.subarray(first, first + length), second - first);
    return { offset: first, length: old.length, bytes: old };
  }
  return undefined;
}

async function sumOf(sources: Sources, index: number, end: number, pause: () => Promise<void>): Promise<bigint> {
  const crc = new Crc64();
  for (let at = 0; at < end; at += chunkBytes) {
    crc.update(sources.read(index, at, Math.min(chunkBytes, end - at)));
    if ((at & 0x3ffffff) === 0) await pause();
  }
  return crc.value();
}

interface Explanation {
  readonly offset: number;
  readonly length: number;
  readonly kind: 'changed' | 'inserted' | 'removed';
  readonly change: number;
}

/** Undoes the checksum byte by byte, from the last one. */
class BackwardWalk {
  readonly found: Explanation[] = [];
  /** The sum of what comes before, and the difference, each as two halves. */
  private sumLow: number;
  private sumHigh: number;
  private offLow: number;
  private offHigh: number;
  private readonly mask: number;
  private readonly ringLow = new Int32Array(ringSize);
  private readonly ringHigh = new Int32Array(ringSize);
  /** How many sums of the ring have these low bits: where there is none the ring need not be looked through. */
  private readonly alike = new Uint16Array(alikeMask + 1);
  private held = 0;

  constructor(sum: bigint, off: bigint, changed: number) {
    this.sumLow = Number(BigInt.asIntN(32, sum));
    this.sumHigh = Number(BigInt.asIntN(32, sum >> 32n));
    this.offLow = Number(BigInt.asIntN(32, off));
    this.offHigh = Number(BigInt.asIntN(32, off >> 32n));
    this.mask = changed >= 4 ? 0 : -1 << (changed * 8);
  }

  /** `chunk` begins at `start`; insertions are looked for between `from` and `to`. */
  pass(chunk: Uint8Array, start: number, from: number, to: number): void {
    for (let position = chunk.length - 1; position >= 0; position--) {
      const offset = start + position;
      const near = offset >= from && offset < to;
      if (near) {
        this.hold();
        this.lookForRemoval(offset + 1);
      }
      this.undoSum(chunk[position]);
      this.undoDifference();
      if (this.offHigh === 0 && (this.offLow & this.mask) === 0 && (this.offLow & 0xff) !== 0) this.takeChange(offset);
      if (near) this.lookForInsertion(offset);
    }
  }

  private undoSum(byte: number): void {
    const entry = entryByTop[this.sumHigh >>> 24];
    const low = this.sumLow ^ tableLow[entry];
    this.sumHigh = ((this.sumHigh ^ tableHigh[entry]) << 8) | (low >>> 24);
    this.sumLow = (low << 8) | (entry ^ byte);
  }

  private undoDifference(): void {
    const entry = entryByTop[this.offHigh >>> 24];
    const low = this.offLow ^ tableLow[entry];
    this.offHigh = ((this.offHigh ^ tableHigh[entry]) << 8) | (low >>> 24);
    this.offLow = (low << 8) | entry;
  }

  private takeChange(offset: number): void {
    const change = this.offLow;
    const length = Math.ceil((32 - Math.clz32(change)) / 8);
    this.found.push({ offset, length, kind: 'changed', change });
  }

  /** Notes what the sum before an insertion must be that ends here. */
  private hold(): void {
    const { ringLow, alike } = this;
    const slot = this.held % ringSize;
    if (this.held >= ringSize) alike[ringLow[slot] & alikeMask]--;
    this.held++;
    ringLow[slot] = this.sumLow ^ this.offLow;
    alike[ringLow[slot] & alikeMask]++;
    this.ringHigh[slot] = this.sumHigh ^ this.offHigh;
  }

  /** The bytes that would have to stand at `offset`, if they are few. */
  private lookForRemoval(offset: number): void {
    let low = this.offLow ^ this.sumLow;
    let high = this.offHigh ^ this.sumHigh;
    for (let length = 1; length <= removedMax; length++) {
      const entry = entryByTop[high >>> 24];
      const old = low ^ tableLow[entry];
      high = ((high ^ tableHigh[entry]) << 8) | (old >>> 24);
      low = (old << 8) | entry;
      const change = low ^ this.sumLow;
      if (high !== this.sumHigh || (length < 4 && change >>> (length * 8) !== 0)) continue;
      // Beside a byte that is alike it does not matter on which side one is missing.
      if (this.found.some((other) => other.kind === 'removed' && other.length === length)) continue;
      this.found.push({ offset, length, kind: 'removed', change });
    }
  }

  private lookForInsertion(offset: number): void {
    const { ringLow, ringHigh, held, sumLow, sumHigh } = this;
    if (this.alike[sumLow & alikeMask] === 0) return;
    for (let length = 1; length <= insertedMax && length <= held; length++) {
      const slot = (held - length) % ringSize;
      if (ringLow[slot] !== sumLow || ringHigh[slot] !== sumHigh) continue;
      // Bytes that are alike side by side: any of them may be the inserted one, and it does not matter which.
      if (this.found.some((other) => other.kind === 'inserted' && other.length === length)) continue;
      this.found.push({ offset, length, kind: 'inserted', change: 0 });
    }
  }
}
