import { ByteWriter } from '../../bytes/writer.ts';
import type { Frame } from '../../engine/frame.ts';
import { JsonLines } from './json-lines.ts';
import { LogMatcher } from './matcher.ts';
import type { LogDamage, LogOptions, LogRdb } from './options.ts';
import { TextLines } from './text-lines.ts';
import type { LogPlace, LogVisitor } from './visitor.ts';

/** Output that is gathered before it is handed on, bytes. */
const outputBytes = 128 * 1024;

/** Writes the records that pass the filters as lines. */
export class LogLines implements LogVisitor {
  readonly out = new ByteWriter(undefined, outputBytes * 2);
  lines = 0;
  commands = 0;
  damaged = 0;
  annotated = false;
  /** Told after each line, for whoever puts lines into another order. */
  onLine: (() => void) | undefined;
  private readonly matcher: LogMatcher;
  private readonly limit: number;
  private readonly text: TextLines | undefined;
  private readonly json: JsonLines;
  private readonly whole: boolean;

  private readonly capacity: number;

  /** `capacity`: how much is gathered before `full` says so, bytes. */
  constructor(options: LogOptions, capacity = outputBytes) {
    this.capacity = capacity;
    this.matcher = new LogMatcher(options);
    this.limit =
      options.reverse || options.follow ? Number.POSITIVE_INFINITY : (options.limit ?? Number.POSITIVE_INFINITY);
    this.whole = options.full === true;
    if (options.format !== 'json') this.text = new TextLines(this.out, this.whole);
    this.json = new JsonLines(this.out, this.whole);
  }

  get full(): boolean {
    return this.out.length >= this.capacity;
  }

  get done(): boolean {
    return this.lines >= this.limit;
  }

  command(frame: Frame, place: LogPlace): void {
    this.commands++;
    if (!this.matcher.command(frame, place)) return;
    if (this.text !== undefined) this.text.command(frame, place);
    else this.json.command(frame, place);
    this.endLine();
  }

  annotation(bytes: Buffer, position: number, length: number, place: LogPlace): void {
    if (!Number.isNaN(place.time)) this.annotated = true;
    if (this.text !== undefined || !this.whole || !this.passes(place)) return;
    this.json.annotation(bytes, position, length, place);
    this.endLine();
  }

  rdb(rdb: LogRdb, place: LogPlace): void {
    if (!this.passes(place)) return;
    (this.text ?? this.json).rdb(rdb, place);
    this.endLine();
  }

  damage(damage: LogDamage, place: LogPlace, bytes: Uint8Array): void {
    this.damaged++;
    if (this.text !== undefined) this.text.damage(damage, place);
    else this.json.damage(damage, place, bytes);
    this.endLine();
  }

  /** A record without a command is no answer to a question about commands. */
  private passes(place: LogPlace): boolean {
    return !this.matcher.onlyCommands && this.matcher.place(place);
  }

  private endLine(): void {
    this.lines++;
    this.onLine?.();
  }
}
