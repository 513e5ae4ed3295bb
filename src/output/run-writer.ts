import { AofWriter } from '../aof/writer/aof-writer.ts';
import type { ByteSink } from '../io/writer.ts';
import { RdbWriter } from '../rdb/writer/rdb-writer.ts';
import type { Loss } from '../servers/losses.ts';
import { findTarget, type Target } from '../servers/targets.ts';
import type { DatasetWriter } from './dataset-writer.ts';

/** How a dataset is written, in a form that can be sent to another thread. */
export interface WritingForm {
  /** Name of the server generation to write for. */
  readonly target: string;
  /** As commands, or as an RDB. */
  readonly inCommands: boolean;
  /** The RDB is the base of an AOF, or its preamble. */
  readonly isBase: boolean;
  readonly compress: boolean | undefined;
  readonly checksum: boolean | undefined;
  /** Loaded by the rules of a server that keeps the sign of a score of -0 in a small sorted set. */
  readonly keepsNegativeZero: boolean;
  /** The moment of writing, milliseconds since 1970. */
  readonly now: number;
}

/** Writes a dataset as commands or as an RDB, with the same calls for both. */
export class RunWriter {
  private readonly form: WritingForm;
  private readonly writer: RdbWriter | AofWriter;

  constructor(form: WritingForm, sink: ByteSink, onLoss: (loss: Loss) => void) {
    const { compress, checksum, isBase: commandsFollow, now, keepsNegativeZero } = form;
    const target = findTarget(form.target) as Target;
    this.form = form;
    this.writer = form.inCommands
      ? new AofWriter(sink, { target, now, onLoss })
      : new RdbWriter(sink, { target, now, onLoss, compress, checksum, commandsFollow, keepsNegativeZero });
  }

  /** Bytes written so far. */
  get offset(): number {
    return this.writer.offset;
  }

  writeHeader(): void {
    const { now, isBase } = this.form;
    if (this.writer instanceof RdbWriter) this.writer.writeHeader({ ctime: Math.floor(now / 1000), isBase });
  }

  async writeKeys(dataset: DatasetWriter): Promise<void> {
    if (this.writer instanceof RdbWriter) await dataset.toRdb(this.writer);
    else await dataset.toCommands(this.writer);
  }

  /** Records, or pieces of them, that are there already: `bytes[from, to)`. */
  writeRecords(bytes: Uint8Array, from: number, to: number): void {
    if (this.writer instanceof RdbWriter) this.writer.copyRecords(bytes, from, to, 0);
    else this.writer.writeCommands(bytes.subarray(from, to), to - from, 0);
  }

  /** Hands what was written so far to the sink. */
  spill(): void {
    this.writer.spill();
  }

  finish(): void {
    this.writer.finish();
  }
}
