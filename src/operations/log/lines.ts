import type { LogMatcher } from '../../aof/log/matcher.ts';
import type { LogDamage, LogRdb, LogSettings } from '../../aof/log/options.ts';
import type { LogPlace, LogVisitor } from '../../aof/log/visitor.ts';
import type { Window } from '../../io/window.ts';
import { ByteWriter } from '../../io/writer.ts';
import { openLogKernel } from '../../kernels/log-kernel.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { JsonLines } from './json-lines.ts';
import { LineBatch } from './line-batch.ts';
import { eachReplayed } from './replayed.ts';
import { bare, escapes, TextLines } from './text-lines.ts';

/** Length of `RREPLAY`. */
const replayLength = 7;

/** Output that is gathered before it is handed on, bytes. */
const outputBytes = 256 * 1024;

/** Writes the records that pass the filters as lines. */
export class LogLines implements LogVisitor {
  readonly out = new ByteWriter();
  /** Writes the lines of ordinary commands; undefined where JavaScript writes all. */
  readonly batch: LineBatch | undefined;
  lines = 0;
  commands = 0;
  damaged = 0;
  annotated = false;
  /** Told after each line, for whoever puts lines into another order. */
  onLine: (() => void) | undefined;
  /** Undefined where every record is shown. */
  private readonly matcher: LogMatcher | undefined;
  private readonly limit: number;
  private readonly text: TextLines | undefined;
  private readonly json: JsonLines;
  private readonly whole: boolean;

  private readonly capacity: number;

  /** `capacity`: how much is gathered before `full` says so, bytes. */
  constructor(options: LogSettings, matcher: LogMatcher | undefined, capacity = outputBytes) {
    this.capacity = capacity;
    this.matcher = matcher;
    this.limit =
      options.reverse || options.follow ? Number.POSITIVE_INFINITY : (options.limit ?? Number.POSITIVE_INFINITY);
    this.whole = options.full === true;
    if (options.format !== 'json') this.text = new TextLines(this.out, this.whole);
    this.json = new JsonLines(this.out, this.whole);
    const kernel = options.kernels === false || options.follow ? undefined : openLogKernel(bare, escapes);
    if (this.whole && options.format === 'json' && !options.reverse) this.moreDamage = this.showMoreDamage;
    const style = { json: options.format === 'json', full: this.whole };
    this.batch = kernel && new LineBatch(kernel, this.out, style, options.reverse === true);
    this.reset();
  }

  get full(): boolean {
    return this.out.length >= this.capacity;
  }

  get done(): boolean {
    return this.lines >= this.limit;
  }

  /** Forgets the lines that were taken away. */
  reset(): void {
    this.out.reset();
    this.batch?.home();
  }

  pass(window: Window, place: LogPlace, stop: number): number {
    const { batch, matcher } = this;
    if (batch === undefined) return 0;
    place.offset = window.offset;
    const ofDatabase = matcher?.passesAll(place) === true;
    if (matcher?.onlyCommands && !ofDatabase) {
      const count = batch.passUnwanted(window, place, stop, matcher);
      this.commands += count;
      return count;
    }
    const first = matcher?.firstOffset(place) ?? 0;
    const shown = place.offset >= first && matcher?.place(place) !== false;
    const count = shown
      ? batch.write(window, place, stop, this.limit - this.lines, this.capacity, ofDatabase)
      : batch.pass(window, place, place.offset < first ? Math.min(first, stop) : stop);
    this.commands += count;
    if (shown) this.lines += count;
    return count;
  }

  command(frame: CommandView, place: LogPlace): void {
    this.commands++;
    if (this.matcher?.command(frame, place) !== false) {
      if (this.text !== undefined) this.text.command(frame, place);
      else this.json.command(frame, place);
      this.endLine();
    }
    if (frame.lengths[0] === replayLength)
      eachReplayed(frame, place, (nested, within) => this.replayed(nested, within));
  }

  private replayed(nested: CommandView, within: LogPlace): void {
    if (this.done || this.matcher?.command(nested, within) === false) return;
    if (this.text !== undefined) this.text.command(nested, within);
    else this.json.command(nested, within, 'replayed');
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

  moreDamage: LogVisitor['moreDamage'];

  private showMoreDamage(place: LogPlace, bytes: Uint8Array): void {
    this.json.moreDamage(place, bytes);
    this.endLine();
  }

  /** A record without a command is no answer to a question about commands. */
  private passes(place: LogPlace): boolean {
    return this.matcher === undefined || (!this.matcher.onlyCommands && this.matcher.place(place));
  }

  private endLine(): void {
    this.lines++;
    this.onLine?.();
  }
}
