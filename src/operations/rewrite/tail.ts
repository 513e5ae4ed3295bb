import type { ByteSink } from '../../bytes/writer.ts';
import { RespWriter } from '../../resp/writer.ts';
import type { Loaded, OpaqueCommand } from '../dataset/load.ts';
import type { TrailingCommand } from './dataset-writer.ts';

/** Writes commands behind the rewritten part: what an RDB cannot hold, and what nobody but a server can execute. */
export class TailWriter {
  private readonly out: RespWriter;
  private readonly sink: ByteSink;
  private readonly loaded: Loaded;
  private database = -1;

  constructor(sink: ByteSink, loaded: Loaded) {
    this.sink = sink;
    this.out = new RespWriter(sink);
    this.loaded = loaded;
  }

  writeTrailing(commands: readonly TrailingCommand[]): void {
    for (const { database, args } of commands) {
      this.select(database);
      this.out.commandOf(args);
      this.out.settle();
    }
  }

  /** Commands as they stand in the input, byte for byte. */
  writeOpaque(commands: readonly OpaqueCommand[]): void {
    for (const { database, source, offset, length, args } of commands) {
      this.select(database);
      if (args !== undefined) this.out.commandOf(args);
      this.out.spill();
      if (args === undefined) this.sink.write(this.loaded.sources.read(source, offset, length));
    }
  }

  private select(database: number): void {
    if (database === this.database) return;
    this.database = database;
    this.out.command('SELECT', String(database));
  }

  finish(): void {
    this.out.spill();
  }
}
