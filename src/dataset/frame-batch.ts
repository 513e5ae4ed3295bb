import { Partition, type Partitioning, partitioningOf, Share } from '../engine/partition.ts';
import type { Command, Registry } from '../engine/registry.ts';
import type { Window } from '../io/window.ts';
import { addToTable, fitsTable } from '../kernels/command-table.ts';
import { type FramesKernel, framesMax } from '../kernels/frames-kernel.ts';
import { CommandView } from '../resp/command-view.ts';

/**
 * Frames the ordinary commands of an AOF that lie whole in a window, many at a time, and passes over those of other shards. It
 * stops before anything else: what is cut by the window's end, has many arguments, is damaged, an annotation. A scanner then
 * reads the one record at which the lane stopped.
 */
export class FrameBatch {
  /** Memory for the window that the lane reads. */
  readonly home: Buffer;
  /** What `next` has framed; good until it is called again, or the window moves. */
  readonly frames: readonly CommandView[];
  /** Commands that the last `next` went over, those of other shards included. */
  seen = 0;
  /** How many of its frames are of commands that only the first shard runs. */
  firstOnly = 0;
  private readonly kernel: FramesKernel;
  private readonly index: number;

  /** Takes all commands, those of `shard`, or `ties`: only those that may tie keys together. */
  constructor(kernel: FramesKernel, registry: Registry, shard?: Partition | 'ties') {
    this.kernel = kernel;
    this.home = kernel.window;
    kernel.owners.fill(0);
    if (shard instanceof Partition) {
      this.index = shard.index;
      kernel.owners.set(shard.owners);
    } else this.index = 0;
    fillTable(kernel.table, registry, shard === 'ties' ? tyingOf : partitioningOf);
    this.frames = kernel.starts.map((starts, index) => {
      const frame = new CommandView();
      frame.starts = starts;
      frame.lengths = kernel.lengths[index];
      return frame;
    });
  }

  /** Frames the next commands of file `source`, `ordinal` of which came before; the number of frames. */
  next(window: Window, source: number, ordinal: number): number {
    const { kernel, frames } = this;
    const { bytes, base } = window;
    this.seen = this.firstOnly = 0;
    if (!kernel.owns(bytes)) return 0;
    const count = kernel.frameCommands(window.position, window.limit, framesMax, this.index);
    const { heads, result } = kernel;
    for (let index = 0; index < count; index++) {
      const frame = frames[index];
      const head = index * 8;
      frame.bytes = bytes;
      frame.base = base;
      frame.source = source;
      frame.start = base + heads[head];
      frame.end = base + heads[head + 1];
      frame.argc = heads[head + 2];
      frame.ordinal = ordinal + heads[head + 3];
    }
    window.position = result[0];
    this.seen = result[1];
    this.firstOnly = result[2];
    return count;
  }
}

/** What ties no keys is nobody's. */
function tyingOf(command: Command): Partitioning {
  const dealing = partitioningOf(command);
  return dealing.share === Share.first ? dealing : { ...dealing, share: Share.nowhere, key: 0 };
}

/** Writes whose each command is. */
function fillTable(table: DataView, registry: Registry, dealing: (command: Command) => Partitioning): void {
  new Uint8Array(table.buffer, table.byteOffset, table.byteLength).fill(0);
  for (const [name, command] of registry.heads()) {
    if (!fitsTable(name)) continue;
    const { share, key } = dealing(command);
    table.setUint32(addToTable(table, name, share), key, true);
  }
}
