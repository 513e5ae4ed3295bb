import type { SeamGate, TailPlan } from '../dataset/copied-tail.ts';
import type { Loaded } from '../dataset/load.ts';
import type { ByteSink } from '../io/writer.ts';
import { RespWriter } from '../resp/writer.ts';
import type { TrailingCommand } from './dataset-writer.ts';
import { copyBytes, selectFirst } from './log-copy.ts';

/** Writes commands behind the rewritten part: what an RDB cannot hold, and what only a server can execute. */
export class TailWriter {
  /** Bytes of what was copied, and of what stands before it so that it finds what it needs. */
  copiedLength = 0;
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

  /** The rest of a log as it stands, from the seam that `gate` has found on. */
  async writeCopied(plan: TailPlan, gate: SeamGate, pause: () => Promise<void>): Promise<void> {
    const { sources, dataset } = this.loaded;
    this.out.spill();
    const counted = {
      write: (bytes: Uint8Array) => {
        this.copiedLength += bytes.length;
        this.sink.write(bytes);
      },
    };
    const out = new RespWriter(counted);
    for (const change of dataset.scriptChanges) {
      if (change.start === change.end) {
        out.commandOf(Array.from({ length: change.argc }, (_, index) => change.text(index)));
        out.spill();
      } else counted.write(sources.read(change.source, change.start, change.end - change.start));
    }
    out.command('SELECT', String(gate.database));
    out.spill();
    for (const [index, { path, from, to }] of plan.parts(gate.seam).entries()) {
      const { source, index: number } = sources.add(path);
      source.close();
      const segment = { source: number, from, to };
      if (index > 0) selectFirst(sources, segment, counted);
      await copyBytes(sources, segment, counted, pause);
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
