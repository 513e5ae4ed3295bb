/*
 * The module that frames commands for the engine (assembly/frames-lane.ts). The window of the file and the arrays of the frames lie
 * in the module's own memory, so that nothing is copied.
 */

import { commandSlotBytes, commandSlotCount } from './command-table.ts';
import { framesBase64 } from './frames.generated.ts';
import { KernelModule, whereKernelsRun } from './kernel-module.ts';
import { mustBeTrap } from './trap.ts';

/** Where the module keeps things, bytes from the start of its memory. */
const ownersAt = 1024;
const ownerCount = 65_536;
const tableAt = 66_560;
const headsAt = 99_328;
const framesAt = 102_400;
const windowAt = 196_608;
const windowBytes = 524_288;
/** Frames of one call at most, and arguments of each. */
export const framesMax = 64;
const argumentsMax = 64;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  frameCommands(from: number, to: number, most: number, shard: number): number;
}

const kernels = new KernelModule<Exports>(framesBase64);

/** One instance, with room for one window. Positions count from the window's first byte. */
export class FramesKernel {
  readonly window: Buffer;
  /** The shard of each bucket of keys. */
  readonly owners: Uint8Array;
  /** The table of commands; the first four of a slot's own bytes say which argument is the key. */
  readonly table: DataView;
  /** Of each frame eight words: start, end, number of arguments, number among the commands of the call. */
  readonly heads: Uint32Array;
  /** Starts and lengths of each frame's arguments. */
  readonly starts: readonly Int32Array<ArrayBuffer>[];
  readonly lengths: readonly Int32Array<ArrayBuffer>[];
  /** Where the first command begins that was not looked at, how many were, and how many frames are of commands of shard 0 alone. */
  readonly result: Int32Array;
  /** Frames the shard's commands in the window's `[from, to)`, at most `most`; their number. */
  readonly frameCommands: Exports['frameCommands'];
  private readonly memory: ArrayBuffer;
  private isRetired = false;

  constructor() {
    const { memory, frameCommands } = kernels.instance();
    this.memory = memory.buffer;
    this.frameCommands = (from, to, most, shard) => {
      try {
        return frameCommands(from, to, most, shard);
      } catch (error) {
        mustBeTrap(error);
        this.isRetired = true;
        this.result.fill(0);
        this.result[0] = from;
        return 0;
      }
    };
    this.window = Buffer.from(memory.buffer, windowAt, windowBytes);
    this.owners = new Uint8Array(memory.buffer, ownersAt, ownerCount);
    this.table = new DataView(memory.buffer, tableAt, commandSlotCount * commandSlotBytes);
    this.heads = new Uint32Array(memory.buffer, headsAt, framesMax * 8);
    const array = (position: number) => new Int32Array(this.memory, framesAt + position * 4, argumentsMax);
    this.starts = Array.from({ length: framesMax }, (_, frame) => array(frame * 2 * argumentsMax));
    this.lengths = Array.from({ length: framesMax }, (_, frame) => array((frame * 2 + 1) * argumentsMax));
    this.result = new Int32Array(memory.buffer, 0, 3);
  }

  /** Whether `bytes` is memory of this instance, which its kernel can read. */
  owns(bytes: Buffer): boolean {
    return bytes.buffer === this.memory && !this.isRetired;
  }
}

/** An instance; undefined where this machine's engine cannot run it: then JavaScript does all. */
export function openFramesKernel(): FramesKernel | undefined {
  return whereKernelsRun(() => new FramesKernel());
}
