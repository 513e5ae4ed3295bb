/*
 * The module of the fast lanes (assembly/lanes.ts): kernels that pass over what is ordinary and sound in a window of a file. The
 * window lies in the module's own memory, so nothing is copied; every reading of a file therefore has an instance of its own while
 * it lasts.
 */

import { commandSlotBytes, commandSlotCount } from './command-table.ts';
import { KernelModule, whereKernelsRun } from './kernel-module.ts';
import { lanesBase64 } from './lanes.generated.ts';
import { hashKey } from './sip-hash.ts';
import { mustBeTrap } from './trap.ts';

/** Where the module keeps things, bytes from the start of its memory (assembly/layout.ts). */
const ownersAt = 548_992;
const ownerCount = 65_536;
const commandsAt = 811_136;
const printsAt = 851_968;
const windowAt = 1_048_576;
const touchedAt = 1_638_400;
/** Keys that one call passes at most. */
export const batchKeysMax = 8192;
/** Keys that one call places at most, and words of a place: assembly/rdb-places.ts. */
export const batchPlacesMax = 4096;
export const placeWords = 8;
/** Keys that one call keeps at most, and where touched ones are noted: assembly/rdb-kept.ts. */
export const batchUntouchedMax = 8192;
const touchedPlacesAt = printsAt + 65_536;
const touchedPlacesMax = 2048;
/** One bit for each value of the upper bits of a key's hash: src/dataset/untouched/key-bloom-filter.ts. */
export const touchedBytes = 262_144;
/** Counts of what is kept: of each type, then of expiries, then of usages. */
const countsAt = 984_064;
export const countWords = 23;
/** Bytes of a window at most: it should stay in a core's own cache. */
export const batchWindowBytes = 524_288;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  passCommands(from: number, limit: number, open: number): number;
  passKeys(from: number, limit: number, most: number, flags: number, seed: number, db: number, moment: number): number;
  placeKeys(from: number, to: number, most: number, shard: number): number;
  keepKeys(from: number, to: number, most: number, seed: number, db: number, expiredBefore: number): number;
  crc64Window(low: number, high: number, address: number, length: number): void;
  crc64Prepare(): void;
  blobsPrepare(): void;
  setHashKey(a: number, b: number, c: number, d: number): void;
}

/** As in assembly/aof-lane.ts. */
export const laneFormSlots = 8192;

const module = new KernelModule<Exports>(lanesBase64);

/** One instance, with room for one window. Positions count from the window's first byte. */
export class CheckKernel {
  /** What the kernels leave beyond what they return. */
  readonly result: Int32Array;
  /** The table of commands, for src/resp/command-batch.ts to fill. */
  readonly commandTable: DataView;
  commandTableFilled = false;
  /** Fingerprints of the keys that were passed: high and low half of each. */
  readonly prints: Uint32Array;
  /** The places of the keys that were found, `placeWords` each. */
  readonly places: Uint32Array;
  /** The shard of each bucket of keys. */
  readonly owners: Uint8Array;
  /** Keys to be told from those that are kept. */
  readonly touched: Uint8Array;
  /** The places of touched keys, `placeWords` each: the last word is where the record begins. */
  readonly touchedPlaces: Uint32Array;
  /** What `keepKeys` adds up; who reads it sets it to zeros. */
  readonly counts: Uint32Array;
  /** Forms of commands that were seen: a table of eight bytes each, in the memory of `prints`. */
  readonly forms: Uint32Array;
  private readonly memory: ArrayBuffer;
  /** A kernel of this instance has trapped: none of them is asked again. */
  isRetired = false;

  constructor() {
    const kernels = module.instance();
    kernels.crc64Prepare();
    kernels.blobsPrepare();
    const [a, b, c, d] = hashKey();
    kernels.setHashKey(a, b, c, d);
    this.memory = kernels.memory.buffer;
    this.crc64Window = kernels.crc64Window;
    this.places = new Uint32Array(this.memory, printsAt, batchPlacesMax * placeWords);
    this.owners = new Uint8Array(this.memory, ownersAt, ownerCount);
    this.touched = new Uint8Array(this.memory, touchedAt, touchedBytes);
    this.touchedPlaces = new Uint32Array(this.memory, touchedPlacesAt, touchedPlacesMax * placeWords);
    this.counts = new Uint32Array(this.memory, countsAt, countWords);
    this.prints = new Uint32Array(this.memory, printsAt, batchKeysMax * 2);
    this.forms = new Uint32Array(this.memory, printsAt, laneFormSlots * 2);
    this.result = new Int32Array(this.memory, 0, 16);
    this.commandTable = new DataView(this.memory, commandsAt, commandSlotCount * commandSlotBytes);
    this.passCommands = (from, limit, open) => {
      try {
        return kernels.passCommands(from, limit, open);
      } catch (error) {
        return this.retire(error, from);
      }
    };
    this.passKeys = (from, limit, most, flags, seed, db, moment) => {
      try {
        return kernels.passKeys(from, limit, most, flags, seed, db, moment);
      } catch (error) {
        return this.retire(error, from);
      }
    };
    this.placeKeys = (from, to, most, shard) => {
      try {
        return kernels.placeKeys(from, to, most, shard);
      } catch (error) {
        return this.retire(error, from);
      }
    };
    this.keepKeys = (from, to, most, seed, db, expiredBefore) => {
      const counted = this.counts.slice();
      try {
        return kernels.keepKeys(from, to, most, seed, db, expiredBefore);
      } catch (error) {
        this.counts.set(counted);
        return this.retire(error, from);
      }
    };
  }

  /** Memory for a window of `size` bytes; the same memory each time. */
  window(size = batchWindowBytes): Buffer {
    return Buffer.from(this.memory, windowAt, Math.min(size, batchWindowBytes));
  }

  /** Whether `bytes` is memory of this instance, which its kernels can read. */
  owns(bytes: Buffer): boolean {
    return bytes.buffer === this.memory && !this.isRetired;
  }

  /** After a trap: as if the kernel had stopped at once, and for good. */
  private retire(error: unknown, from: number): number {
    mustBeTrap(error);
    this.isRetired = true;
    this.result.fill(0);
    this.result[0] = from;
    return 0;
  }

  /**
   * Passes over commands in the window's `[from, limit)`; `open`: 1 while a MULTI waits for its EXEC. Returns their count. `result`:
   * where the first command begins that was not passed; where the last one ended outside of a transaction; how many EXEC
   * there were; whether a MULTI is open now; if it came here, its position and how many commands came before it. -1 is none.
   */
  readonly passCommands: Exports['passCommands'];
  /**
   * Passes over at most `most` keys in the window's `[from, limit)`; `flags`: 1 values are looked through, 2 compressed strings
   * that nobody looks into are not checked. Returns their count; `prints` holds their fingerprints for `seed` and `db`, `result`
   * where the first item begins that was not passed, and how many of the keys expire.
   */
  readonly passKeys: Exports['passKeys'];
  /**
   * Finds the keys of a shard in the window's `[from, to)`, at most `most`, and passes over others. Returns their count; `places` says
   * where they and their values lie, `result` where the first item begins that was not looked at, and how many keys came before.
   */
  readonly placeKeys: Exports['placeKeys'];
  /**
   * Goes over keys in the window's `[from, to)`, at most `most`, and tells those that are touched, or expire before a moment (milliseconds
   * since 1970, NaN for never), from the others, which are kept. Returns
   * how many are kept: their fingerprints for `seed` and `db` are in `prints`. `result`: where the first item begins that was not looked
   * at, and how many are touched: `touchedPlaces` says where these lie.
   */
  readonly keepKeys: Exports['keepKeys'];
  private readonly crc64Window: Exports['crc64Window'];

  /** Continues a CRC-64, given as two halves, with the window's `[from, to)`; the new one is `result[0]` (low), `result[1]`. */
  crc64(low: number, high: number, from: number, to: number): void {
    this.crc64Window(low, high, windowAt + from, to - from);
  }
}

/** Instances that nobody uses at the moment: each reserves address space, which a garbage collection may give back too late. */
const idle: CheckKernel[] = [];
const idleMax = 2;
/** An instance for one reading; undefined where this machine's engine cannot run it: then JavaScript does all. */
export function borrowCheckKernel(): CheckKernel | undefined {
  return idle.pop() ?? whereKernelsRun(() => new CheckKernel());
}

/** Gives an instance back; its window is nobody's any more. */
export function returnCheckKernel(checkKernel: CheckKernel | undefined): void {
  if (checkKernel !== undefined && !checkKernel.isRetired && idle.length < idleMax) idle.push(checkKernel);
}
