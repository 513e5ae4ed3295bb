/**
 * One command as the scanner framed it: where each argument lies in the bytes that were read.
 *
 * There is one frame for a whole replay: the scanner fills it in place and a handler reads it, so that a command costs no
 * allocation. `bytes` is only valid until the handler returns; what must outlive it is copied, or kept as a reference into
 * the file (`source`, `base + starts[i]`, `lengths[i]`).
 */
export class CommandView {
  bytes: Buffer = Buffer.alloc(0);
  /** Number of arguments, the command's name included. */
  argc = 0;
  /** Position in `bytes` of each argument. */
  starts = new Int32Array(64);
  /** Length in bytes of each argument. */
  lengths = new Int32Array(64);
  /** Absolute offset in the file of `bytes[0]`. */
  base = 0;
  /** Which file of the dataset: an index into the replay's list of sources; -1 where the bytes cannot be read again. */
  source = -1;
  /** Where the whole record begins and ends in the file. */
  start = 0;
  end = 0;
  /** How many commands came before this one in its file. */
  ordinal = 0;

  /** Makes room for `count` arguments. */
  reserve(count: number): void {
    if (count <= this.starts.length) return;
    const size = Math.max(count, this.starts.length * 2);
    const starts = new Int32Array(size);
    starts.set(this.starts);
    this.starts = starts;
    const lengths = new Int32Array(size);
    lengths.set(this.lengths);
    this.lengths = lengths;
  }

  /** Argument `index` as a binary string (latin1: one character a byte, lossless). */
  text(index: number): string {
    const start = this.starts[index];
    return this.bytes.latin1Slice(start, start + this.lengths[index]);
  }

  /** Argument `index` as bytes of its own, a copy. */
  copy(index: number): Buffer {
    const start = this.starts[index];
    return Buffer.from(this.bytes.subarray(start, start + this.lengths[index]));
  }

  /** A frame of its own with the name alone that lies where this one does: to read the command again later. */
  place(): CommandView {
    const { source, start, end, ordinal } = this;
    return Object.assign(CommandView.of([this.copy(0)], source), { start, end, ordinal });
  }

  /** A frame of these arguments, for tests and for commands that are queued in a transaction. */
  static of(args: readonly (string | Uint8Array)[], source = -1): CommandView {
    const frame = new CommandView();
    const parts = args.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part)));
    frame.bytes = Buffer.concat(parts);
    frame.source = source;
    frame.argc = parts.length;
    frame.reserve(parts.length);
    let position = 0;
    parts.forEach((part, index) => {
      frame.starts[index] = position;
      frame.lengths[index] = part.length;
      position += part.length;
    });
    return frame;
  }
}
