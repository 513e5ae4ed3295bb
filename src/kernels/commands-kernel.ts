/*
 * The module that makes commands of the keys of an RDB (assembly/commands-lane.ts). The window of the file that is read and what is
 * made of it lie in the module's own memory, so that nothing is copied on the way in.
 */

import { commandsBase64 } from './commands.generated.ts';
import { KernelModule, whereKernelsRun } from './kernel-module.ts';
import { hashKey } from './sip-hash.ts';
import { mustBeTrap } from './trap.ts';

/** Where the module keeps things, bytes from the start of its memory (assembly/layout.ts). */
const printsAt = 851_968;
const windowAt = 1_048_576;
const commandsAt = 1_576_960;
const commandsBytes = 1_048_576;
const windowBytes = 524_288;
/** Keys that one call takes at most. */
export const commandsKeysMax = 8192;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  setHashKey(a: number, b: number, c: number, d: number): void;
  rewriteKeys(from: number, limit: number, most: number, flags: number, seed: number, db: number): number;
}

const kernels = new KernelModule<Exports>(commandsBase64);

/** One instance, with room for one window. Positions count from the window's first byte. */
export class CommandsKernel {
  readonly window: Buffer;
  /** What the last call wrote: `output[0, result[1])`. */
  readonly output: Buffer;
  /** Where the first item begins that was not taken, and how many bytes were written. */
  readonly result: Int32Array;
  /** Fingerprints of the keys that the last call took, as FingerprintSet.hash makes them: high and low half of each. */
  readonly prints: Uint32Array;
  /**
   * Writes the commands of at most `most` ordinary keys in the window's `[from, limit)` and stops before anything else; how many keys
   * those are. `flags`: 1 if sorted sets are among them, with scores as Grisu2 prints them; 2 if values are checked as `passKeys` of the
   * lanes does, else only that each is whole. `seed`, `db`: what fingerprints are made with.
   */
  readonly rewriteKeys: Exports['rewriteKeys'];
  private readonly memory: ArrayBuffer;
  private isRetired = false;

  constructor() {
    const { memory, rewriteKeys, setHashKey } = kernels.instance();
    const [a, b, c, d] = hashKey();
    setHashKey(a, b, c, d);
    this.memory = memory.buffer;
    // A trap leaves nothing behind but bytes in the output that nobody asks for.
    this.rewriteKeys = (from, limit, most, flags, seed, db) => {
      try {
        return rewriteKeys(from, limit, most, flags, seed, db);
      } catch (error) {
        mustBeTrap(error);
        this.isRetired = true;
        return 0;
      }
    };
    this.window = Buffer.from(memory.buffer, windowAt, windowBytes);
    this.output = Buffer.from(memory.buffer, commandsAt, commandsBytes);
    this.result = new Int32Array(memory.buffer, 0, 2);
    this.prints = new Uint32Array(memory.buffer, printsAt, commandsKeysMax * 2);
  }

  /** Whether `bytes` is memory of this instance, which its kernel can read. */
  owns(bytes: Buffer): boolean {
    return bytes.buffer === this.memory && !this.isRetired;
  }
}

/** An instance; undefined where this machine's engine cannot run it: then JavaScript does all. */
export function openCommandsKernel(): CommandsKernel | undefined {
  return whereKernelsRun(() => new CommandsKernel());
}
