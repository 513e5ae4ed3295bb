import { CommandView } from '../resp/command-view.ts';
import type { SourceReader } from '../values/value.ts';
import { CommandNotes } from './command-notes.ts';
import type { Command } from './registry.ts';

/** Bytes the queue keeps between transactions. */
const keptBytes = 1024 * 1024;

/** Commands that are copied. */
const copiesMax = 4096;

/**
 * The commands between MULTI and EXEC. The bytes of the first ones are copied, as the scanner reuses its own; frames and buffer are reused.
 * Of all others only the places are noted where they can be read again, so that a MULTI without an EXEC costs less memory than its file.
 */
export class TransactionQueue<C extends Command> {
  count = 0;
  readonly #commandOf: readonly C[];
  readonly #notes: CommandNotes | undefined;
  /** How many are copied; those behind them are noted. */
  #copied = 0;
  #bytes: Buffer = Buffer.allocUnsafeSlow(4096);
  #length = 0;
  #frames: CommandView[] = [];
  #commands: (C | undefined)[] = [];

  /** `commands`: by `Command.id`; `reader`: reads the files that frames name as their sources. */
  constructor(commands: readonly C[], reader: SourceReader | undefined) {
    this.#commandOf = commands;
    this.#notes = reader && new CommandNotes(reader);
  }

  clear(): void {
    this.count = this.#copied = 0;
    if (this.#notes !== undefined && this.#notes.count > 0) this.#notes.clear();
    this.#length = 0;
    if (this.#bytes.length > keptBytes) this.#bytes = Buffer.allocUnsafeSlow(4096);
    if (this.#frames.length > copiesMax) this.#frames.length = this.#commands.length = copiesMax;
  }

  /** Copies a command in. Its arguments keep their absolute offsets, so that a value can still be a reference. */
  push(frame: CommandView, command: C | undefined): void {
    this.count++;
    const notes = this.#notes;
    if (notes !== undefined && frame.source >= 0) {
      const last = frame.argc - 1;
      const span = frame.starts[last] + frame.lengths[last] - frame.starts[0];
      if (notes.count > 0 || this.#copied >= copiesMax || this.#length + span > keptBytes) {
        notes.push(frame, command?.id ?? -1);
        return;
      }
    }
    this.#copy(frame, command);
  }

  #copy(frame: CommandView, command: C | undefined): void {
    const index = this.#copied++;
    const queued = (this.#frames[index] ??= new CommandView());
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

  /** Gives every command to `run`, in order. A frame is good until the next one. */
  forEach(run: (frame: CommandView, command: C | undefined) => void): void {
    for (let index = 0; index < this.#copied; index++) {
      const frame = this.#frames[index];
      frame.bytes = this.#bytes;
      run(frame, this.#commands[index]);
    }
    const notes = this.#notes;
    if (notes === undefined || notes.count === 0) return;
    notes.rewind();
    for (let index = 0; index < notes.count; index++) {
      const frame = notes.next();
      run(frame, this.#commandOf[notes.id]);
    }
  }
}
