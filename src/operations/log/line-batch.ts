import type { LogMatcher } from '../../aof/log/matcher.ts';
import type { LogPlace } from '../../aof/log/visitor.ts';
import { printable, printableJson } from '../../io/text.ts';
import type { Window } from '../../io/window.ts';
import type { ByteWriter } from '../../io/writer.ts';
import { addToTable, fitsTable } from '../../kernels/command-table.ts';
import { LineFlag, type LogKernel } from '../../kernels/log-kernel.ts';
import { timeText } from './text-lines.ts';

/** Verdicts of the kernel's table (kernels/assembly/log.ts). */
const verdictNever = 0;
const verdictAsk = 1;
const verdictKey = 2;

/** Less than this share of a window left is worth reading more. */
const refillShare = 4;

/** What a lane writes: see LogOptions. */
export interface LineStyle {
  readonly json: boolean;
  readonly full: boolean;
}

/**
 * Writes the lines of ordinary commands that lie whole in a window with a kernel, byte for byte as TextLines and JsonLines would, and
 * stops before anything else. The window's memory and that of `out` must be the kernel's: while they are not, nothing is passed.
 */
export class LineBatch {
  readonly kernel: LogKernel;
  private readonly out: ByteWriter;
  private readonly json: boolean;
  private readonly flags: number;
  private head: Buffer = Buffer.alloc(0);
  private part = '';
  private time = 0;
  private database = -1;
  /** The filter that the kernel's table is for, and how many bytes a wanted key begins with. */
  private matcher: LogMatcher | undefined;
  private prefix = 0;
  /** Whether what all lines share lies in the kernel's memory. */
  private settled = false;

  constructor(kernel: LogKernel, out: ByteWriter, style: LineStyle, starts: boolean) {
    this.kernel = kernel;
    this.out = out;
    this.json = style.json;
    this.flags = (style.full ? LineFlag.full : 0) | (style.json ? LineFlag.json : 0) | (starts ? LineFlag.starts : 0);
  }

  /** Takes the kernel's memory for the next lines; `out` is empty. */
  home(): void {
    this.out.bytes = this.kernel.lines;
    this.kernel.result[3] = 0;
  }

  /**
   * Writes lines for commands that begin before the offset `stop`, `most` at most, until `out` holds `enough` bytes; gives their
   * number. Moves the window over them and takes `place` along. `ofDatabase`: it stops before a SELECT.
   */
  write(window: Window, place: LogPlace, stop: number, most: number, enough: number, ofDatabase: boolean): number {
    const { kernel, out } = this;
    if (!this.ready(window) || out.bytes !== kernel.lines || !this.settle(place)) return 0;
    const { position, limit, base } = window;
    const bound = Math.min(limit, stop - base);
    const count = kernel.writeLines(
      position,
      limit,
      bound,
      Math.min(most, 0x7fffffff),
      base,
      place.ordinal,
      out.length,
      Math.min(enough, 0x3fffffff),
      this.flags | (ofDatabase ? LineFlag.select : 0),
    );
    out.length = kernel.result[1];
    this.take(window, place, count);
    return count;
  }

  /** The same without lines. */
  pass(window: Window, place: LogPlace, stop: number): number {
    if (!this.ready(window)) return 0;
    const { position, limit, base } = window;
    const count = this.kernel.passLog(position, limit, Math.min(limit, stop - base));
    this.take(window, place, count);
    return count;
  }

  /** Passes over commands until one may pass the filter. */
  passUnwanted(window: Window, place: LogPlace, stop: number, matcher: LogMatcher): number {
    if (!this.ready(window)) return 0;
    if (this.matcher !== matcher) this.prepare(matcher);
    const { position, limit, base } = window;
    const count = this.kernel.passUnwanted(position, limit, Math.min(limit, stop - base), this.prefix);
    this.take(window, place, count);
    return count;
  }

  /** Tells the kernel what of each command is wanted; those that it does not know are looked at one by one. */
  private prepare(matcher: LogMatcher): void {
    const { commandTable } = this.kernel;
    this.matcher = matcher;
    this.prefix = this.kernel.wantKeys(matcher.keyPrefix);
    for (const info of matcher.catalog) {
      if (info.container || !fitsTable(info.name)) continue;
      const { count, byKey } = matcher.outlook(info);
      const slot = addToTable(commandTable, info.name, 1);
      commandTable.setUint8(slot, count === Number.POSITIVE_INFINITY ? verdictNever : byKey ? verdictKey : verdictAsk);
      commandTable.setUint8(slot + 1, count === Number.POSITIVE_INFINITY ? 0 : count);
    }
  }

  private ready(window: Window): boolean {
    const refill = window.home.length / refillShare;
    if (window.limit - window.position < refill) window.ensure(refill);
    return this.kernel.owns(window.bytes);
  }

  private take(window: Window, place: LogPlace, count: number): void {
    const { result } = this.kernel;
    if (count === 0) return;
    window.position = result[0];
    place.ordinal += count;
    if (result[2] < 0) return;
    place.database = result[2];
    if (this.settled) this.database = result[2];
  }

  /** Brings what all lines share up to date; false where it has no room. */
  private settle(place: LogPlace): boolean {
    const { part, time, database } = place;
    const isSame = part.path === this.part && Object.is(time, this.time) && database === this.database;
    if (isSame) return this.settled;
    if (part.path !== this.part) this.head = Buffer.from(this.json ? jsonHead(part.name) : `${printable(part.name)}:`);
    this.part = part.path;
    this.time = time;
    this.database = database;
    const text = this.json ? `${Number.isNaN(time) ? '' : `,"time":${time}`},"db":` : ` ${timeText(time)} db`;
    this.settled = this.kernel.settle(this.head, Buffer.from(text), database, this.flags);
    return this.settled;
  }
}

const jsonHead = (name: string) => `{"type":"command","file":${printableJson(JSON.stringify(name))},"offset":`;
