import { UnreadableError } from '../../errors.ts';
import { openInput } from '../../io/input.ts';
import { yieldToEventLoop } from '../../io/turns.ts';
import type { LogPart } from '../parts.ts';
import type { LogSettings } from './options.ts';
import { PartReader } from './part-reader.ts';
import { damageOfMissing, type LogFiles } from './parts.ts';
import { LogPlace, type LogVisitor } from './visitor.ts';

/** Reads the parts of a log one after the other, from front to back. */
export class LogReading {
  /** How many bytes of each part were read, of a compressed one what it holds. */
  readonly lengths = new Map<LogPart, number>();
  private readonly files: LogFiles;
  private readonly visitor: LogVisitor;
  private readonly options: Pick<LogSettings, 'fromOffset' | 'onProgress' | 'pause'>;
  private readonly flush: () => Promise<void>;
  private readonly memory: Buffer | undefined;

  constructor(
    files: LogFiles,
    visitor: LogVisitor,
    options: Pick<LogSettings, 'fromOffset' | 'onProgress' | 'pause'>,
    flush: () => Promise<void> = async () => {},
    memory?: Buffer,
  ) {
    this.files = files;
    this.visitor = visitor;
    this.options = options;
    this.flush = flush;
    this.memory = memory;
  }

  /** Gives the place where the last part ended. */
  async run(): Promise<LogPlace | undefined> {
    const { parts } = this.files;
    if (parts.length === 0) return undefined;
    const place = new LogPlace(parts[0]);
    for (const part of parts) {
      if (this.visitor.done) break;
      place.part = part;
      place.database = 0;
      await this.readPart(part, place);
      await this.flush();
    }
    return place;
  }

  private async readPart(part: LogPart, place: LogPlace): Promise<void> {
    const { visitor, options } = this;
    const pause = options.pause ?? yieldToEventLoop;
    const opened = this.open(part, place);
    if (opened === undefined) return;
    const { source } = opened;
    const { onProgress } = options;
    const reader = new PartReader(source, place, visitor, {
      memory: this.memory,
      onProgress: onProgress && ((offset) => onProgress({ file: part.path, offset, size: source.size })),
    });
    try {
      await reader.begin(pause);
      while (!reader.readSome()) {
        if (visitor.full) await this.flush();
        await pause();
      }
    } finally {
      this.lengths.set(part, reader.offset);
      source.close();
    }
  }

  private open(part: LogPart, place: LogPlace) {
    try {
      return openInput(part.path);
    } catch (error) {
      if (!(error instanceof UnreadableError) || part.role === 'file') throw error;
      this.visitor.damage(damageOfMissing(part, error), place, new Uint8Array(0));
      return undefined;
    }
  }
}
