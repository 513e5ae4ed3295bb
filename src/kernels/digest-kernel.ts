/*
 * The module that computes what keys of an RDB add to a digest (assembly/digest-lane.ts). The window of the file that is read lies in the
 * module's own memory.
 */

import { touchedBytes } from './check-kernel.ts';
import { digestBase64 } from './digest.generated.ts';
import { KernelModule, whereKernelsRun } from './kernel-module.ts';
import { mustBeTrap } from './trap.ts';

/** Where the module keeps things, bytes from the start of its memory (assembly/digest-layout.ts). */
const resultAt = 4096;
const hashesAt = 4160;
const hashCount = 10;
const touchedAt = 548_992;
const windowAt = 1_048_576;
const slotsAt = 1_576_960;
/** What a window holds; a key that is longer is not for the kernel. */
const digestWindowBytes = 524_288;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  digestKeys(from: number, to: number, scores: number, expiredBefore: number): number;
  digestRun(): void;
  digestRecover(): void;
  keyPlace(from: number, to: number): void;
}

const kernels = new KernelModule<Exports>(digestBase64);

/** One instance, with room for one window. Positions count from the window's first byte. */
export class DigestKernel {
  readonly window: Buffer;
  /** SHA-1 of the type numbers 0 to 8, then of the mark of an expiry, five words each: to be filled before anything else. */
  readonly hashes: Int32Array;
  /** Bits of the keys to be passed over: KeyBloomFilter of src/dataset/untouched/key-bloom-filter.ts. */
  readonly touched: Uint8Array;
  /** The total is in the first five words after `digestRun`. */
  readonly total: Int32Array;
  /** Where the last `digestKeys` stopped; what `keyPlace` has found. */
  readonly result: Int32Array;
  /**
   * Adds the keys in the window's `[from, to)` that are not touched and do not expire before a moment (milliseconds since 1970, NaN for
   * never), and stops before one that is not for it; how many it added.
   * `scores`: 1 if sorted sets are for it, with scores as Grisu2 prints them.
   */
  readonly digestKeys: Exports['digestKeys'];
  /** Computes what was gathered into `total`. */
  readonly digestRun: Exports['digestRun'];
  /**
   * Where the key at `from` lies that `digestKeys` did not take: `result[1]` on are its name and the name's length, type, value, the value's
   * end, and 1 if it expires.
   */
  readonly keyPlace: Exports['keyPlace'];

  constructor() {
    const { memory, digestKeys, digestRun, digestRecover, keyPlace } = kernels.instance();
    const { buffer } = memory;
    this.digestKeys = (from, to, scores, expiredBefore) => {
      try {
        return digestKeys(from, to, scores, expiredBefore);
      } catch (error) {
        mustBeTrap(error);
        // The keys before it are added, and the result says where the one begins that trapped: it is not for the kernel.
        digestRecover();
        return 0;
      }
    };
    this.digestRun = digestRun;
    this.keyPlace = keyPlace;
    this.window = Buffer.from(buffer, windowAt, digestWindowBytes);
    this.hashes = new Int32Array(buffer, hashesAt, hashCount * 5);
    this.touched = new Uint8Array(buffer, touchedAt, touchedBytes);
    this.total = new Int32Array(buffer, slotsAt, 5);
    this.result = new Int32Array(buffer, resultAt, 7);
  }
}

/** An instance; undefined where this machine's engine cannot run it: then JavaScript does all. */
export function openDigestKernel(): DigestKernel | undefined {
  return whereKernelsRun(() => new DigestKernel());
}
