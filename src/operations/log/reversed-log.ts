import type { LogMatcher } from '../../aof/log/matcher.ts';
import type { LogRdb, LogSettings } from '../../aof/log/options.ts';
import { PartReader } from '../../aof/log/part-reader.ts';
import { damageOfMissing, type LogFiles } from '../../aof/log/parts.ts';
import { LogPlace, type LogVisitor } from '../../aof/log/visitor.ts';
import type { LogPart } from '../../aof/parts.ts';
import { Sources } from '../../dataset/sources.ts';
import { UnreadableError } from '../../errors.ts';
import type { Window } from '../../io/window.ts';
import type { LineBatch } from './line-batch.ts';
import { LineStarts } from './line-starts.ts';
import { LogLines } from './lines.ts';

/** Bytes of a part whose lines are in memory at a time. */
const blockBytes = 256 * 1024;
/** The window in which a block is read: a block ends with a whole record. */
const windowBytes = blockBytes + 64 * 1024;

/** What holds where a block begins. */
interface Checkpoint {
  readonly offset: number;
  readonly ordinal: number;
  readonly database: number;
  readonly time: number;
}

/** One part, cut into blocks at the boundaries of records: some 50 bytes of memory for each. */
interface IndexedPart {
  readonly part: LogPart;
  /** Number in the sources; -1 where it could not be opened. */
  readonly source: number;
  readonly problem?: UnreadableError;
  readonly blocks: Checkpoint[];
  rdb?: LogRdb;
}

/** Reads a log twice: to see where blocks begin and what holds there, then block by block from the end. */
export class ReversedLog {
  readonly lines: LogLines;
  /** Commands of the whole log. */
  commands = 0;
  private readonly files: LogFiles;
  private readonly options: LogSettings;
  private readonly pause: () => Promise<void>;
  private readonly sources = new Sources();
  private readonly starts: LineStarts;
  private left: number;

  constructor(files: LogFiles, options: LogSettings, matcher: LogMatcher | undefined, pause: () => Promise<void>) {
    this.files = files;
    this.options = options;
    this.pause = pause;
    this.lines = new LogLines(options, matcher, Number.POSITIVE_INFINITY);
    this.starts = new LineStarts(this.lines.batch?.kernel);
    this.left = options.limit ?? Number.POSITIVE_INFINITY;
  }

  /** Lines that went out. */
  shown = 0;

  async run(): Promise<void> {
    try {
      const parts = await this.index();
      for (const part of parts.reverse()) await this.show(part);
    } finally {
      this.sources.close();
    }
  }

  private async index(): Promise<IndexedPart[]> {
    const indexed: IndexedPart[] = [];
    if (this.files.parts.length === 0) return indexed;
    const place = new LogPlace(this.files.parts[0]);
    for (const part of this.files.parts) {
      place.part = part;
      place.database = 0;
      indexed.push(await this.indexPart(part, place));
    }
    this.commands = place.ordinal;
    return indexed;
  }

  private async indexPart(part: LogPart, place: LogPlace): Promise<IndexedPart> {
    const opened = this.open(part);
    if (opened instanceof UnreadableError) return { part, source: -1, problem: opened, blocks: [] };
    const { source, index } = opened;
    const found: IndexedPart = { part, source: index, blocks: [] };
    const { onProgress } = this.options;
    const { batch } = this.lines;
    const reader = new PartReader(source, place, new BlockIndex(found, place, batch), {
      memory: batch?.kernel.window(),
      onProgress: onProgress && ((offset) => onProgress({ file: part.path, offset, size: source.size })),
    });
    await reader.begin(this.pause);
    while (!reader.readSome()) await this.pause();
    source.close();
    return found;
  }

  private open(part: LogPart) {
    try {
      const added = this.sources.add(part.path);
      const damage = this.sources.damage(added.index);
      return damage === undefined ? added : new UnreadableError(part.path, 'EIO', damage.message);
    } catch (error) {
      if (!(error instanceof UnreadableError) || part.role === 'file') throw error;
      return error;
    }
  }

  private async show(indexed: IndexedPart): Promise<void> {
    const { lines } = this;
    const { part, problem, blocks, rdb } = indexed;
    const place = new LogPlace(part);
    for (let block = blocks.length - 1; block >= 0 && this.left > 0; block--) {
      await this.showBlock(indexed, place, block);
      await this.pause();
    }
    if (this.left <= 0) return;
    this.collect();
    if (rdb !== undefined) lines.rdb(rdb, place);
    if (problem !== undefined) lines.damage(damageOfMissing(part, problem), place, new Uint8Array(0));
    await this.turn();
  }

  private async showBlock({ source, blocks }: IndexedPart, place: LogPlace, block: number): Promise<void> {
    const end = blocks[block + 1]?.offset ?? Number.POSITIVE_INFINITY;
    const { offset, ordinal, database, time } = blocks[block];
    Object.assign(place, { ordinal, database, time });
    this.collect();
    const opened = this.sources.reopen(source);
    const reader = new PartReader(opened, place, this.lines, {
      end,
      memory: this.lines.batch?.kernel.window(windowBytes),
    });
    reader.seek(offset);
    while (!reader.readSome());
    opened.close();
    await this.turn();
  }

  /** Notes where lines begin from here on. */
  private collect(): void {
    const { lines } = this;
    lines.reset();
    this.starts.clear();
    lines.onLine = () => this.starts.add(lines.out.length);
  }

  /** Hands the lines on that were collected, the last one first. */
  private async turn(): Promise<void> {
    const { lines, starts } = this;
    const count = Math.min(starts.count, this.left);
    if (count === 0) return;
    await this.options.onOutput(starts.turn(lines.out, count));
    this.left -= count;
    this.shown += count;
  }
}

/** Notes a checkpoint whenever a block is full. */
class BlockIndex implements LogVisitor {
  readonly full = false;
  readonly done = false;
  private readonly indexed: IndexedPart;
  private readonly batch: LineBatch | undefined;
  private nextBlock: number;

  constructor(indexed: IndexedPart, place: LogPlace, batch: LineBatch | undefined) {
    this.batch = batch;
    this.indexed = indexed;
    this.nextBlock = blockBytes;
    this.add(0, place);
  }

  private add(offset: number, { ordinal, database, time }: LogPlace): void {
    this.indexed.blocks.push({ offset, ordinal, database, time });
    this.nextBlock = offset + blockBytes;
  }

  pass(window: Window, place: LogPlace, stop: number): number {
    const count = this.batch?.pass(window, place, Math.min(stop, this.nextBlock)) ?? 0;
    if (window.offset >= this.nextBlock) this.add(window.offset, place);
    return count;
  }

  private note(place: LogPlace): void {
    const end = place.offset + place.length;
    if (end >= this.nextBlock) this.add(end, place);
  }

  command(_: unknown, place: LogPlace): void {
    this.note(place);
  }

  annotation(_bytes: Buffer, _position: number, _length: number, place: LogPlace): void {
    this.note(place);
  }

  rdb(rdb: LogRdb, place: LogPlace): void {
    this.indexed.rdb = rdb;
    this.indexed.blocks.pop();
    this.add(rdb.length, place);
  }

  damage(_: unknown, place: LogPlace): void {
    this.note(place);
  }
}
