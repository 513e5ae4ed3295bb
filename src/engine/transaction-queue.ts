import { Frame } from './frame.ts';
import type { Command } from './registry.ts';

/** Bytes the queue keeps between transactions. */
const keptBytes = 1024 * 1024;

/** The commands between MULTI and EXEC. Their bytes are copied, as the scanner reuses its own; frames and buffer are reused. */
export class TransactionQueue {
  count = 0;
  #bytes: Buffer = Buffer.allocUnsafeSlow(4096);
  #length = 0;
  #frames: Frame[] = [];
  #commands: (Command | undefined)[] = [];

  clear(): void {
    this.count = 0;
    this.#length = 0;
    if (this.#bytes.length > keptBytes) this.#bytes = Buffer.allocUnsafeSlow(4096);
    if (this.#frames.length > 4096) this.#frames.length = 4096;
  }

  /** Copies a command in. Its arguments keep their absolute offsets, so that a value can still be a reference. */
  push(frame: Frame, command: Command | undefined): void {
    const index = this.count++;
    const queued = (this.#frames[index] ??= new Frame());
    this.#commands[index] = command;
    const first = frame.starts[0];
    const last = frame.argc - 1;
    const span = frame.starts[last] + frame.lengths[last] - first;
    this.#reserve(span);
    const shift = this.#length - first;
    frame.bytes.copy(this.#bytes, this.#length, first, first + span);
    this.#length += span;
    queued.reserve(frame.argc);
    queued.argc = frame.argc;
    for (let argument = 0; argument < frame.argc; argument++) {
      queued.starts[argument] = frame.starts[argument] + shift;
      queued.lengths[argument] = frame.lengths[argument];
    }
    queued.base = frame.base - shift;
    queued.source = frame.source;
    queued.start = frame.start;
    queued.end = frame.end;
    queued.ordinal = frame.ordinal;
  }

  #reserve(span: number): void {
    if (this.#length + span <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + span));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  frame(index: number): Frame {
    const frame = this.#frames[index];
    frame.bytes = this.#bytes;
    return frame;
  }

  command(index: number): Command | undefined {
    return this.#commands[index];
  }
}
