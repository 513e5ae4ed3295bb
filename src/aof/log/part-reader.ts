import { FormatError, type FormatFault } from '../../faults.ts';
import { isUnsupported } from '../../findings.ts';
import { DecompressionError } from '../../io/decompression-error.ts';
import { openInput } from '../../io/input.ts';
import type { Source } from '../../io/source.ts';
import { databaseMax, windowBytes } from '../../limits.ts';
import { RdbInput } from '../../rdb/input.ts';
import { CommandView } from '../../resp/command-view.ts';
import { Resynchroniser } from '../../resp/resync.ts';
import { Record, RespScanner } from '../../resp/scanner.ts';
import { parseTimestamp } from '../annotation.ts';
import { foreignOf } from '../foreign-finding.ts';
import { sniff, sniffBytes } from '../layout.ts';
import type { LogRdb } from './options.ts';
import { frameOrdinary } from './ordinary-frame.ts';
import type { LogPlace, LogVisitor } from './visitor.ts';

/** Commands between two pauses. */
const commandsBetweenPauses = 1 << 17;
/** Bytes of a damaged region that a visitor is given at a time. */
const damageBytesMax = 64 * 1024;

export interface PartReaderOptions {
  /** The part may still grow: what is torn at its end is not damage yet. */
  readonly growing?: boolean;
  /** First offset that is not read; for reading a block. */
  readonly end?: number;
  /** Memory for the window, if a visitor's kernel may help. */
  readonly memory?: Buffer;
  readonly onProgress?: (offset: number) => void;
}

/** Reads one part of a log from front to back, or from a record's start on, and shows each record to a visitor. */
export class PartReader {
  readonly place: LogPlace;
  private readonly visitor: LogVisitor;
  private readonly options: PartReaderOptions;
  private input: RdbInput;
  private scanner: RespScanner;
  private readonly frame = new CommandView();
  /** What of a damaged region is still to be shown. */
  private damageFrom = 0;
  private damageEnd = 0;

  constructor(source: Source, place: LogPlace, visitor: LogVisitor, options: PartReaderOptions = {}) {
    this.place = place;
    this.visitor = visitor;
    this.options = options;
    this.input = new RdbInput(source, windowBytes, options.memory);
    this.input.onProgress = options.onProgress;
    this.scanner = new RespScanner(this.input, true);
  }

  /** Passes over the RDB that the part may begin with, up to its first record. */
  async begin(pause: () => Promise<void>): Promise<void> {
    const { input, place, visitor } = this;
    try {
      input.ensure(sniffBytes);
      const content = sniff(input.bytes.subarray(0, Math.min(input.limit, sniffBytes)), place.part.path);
      if (content === 'foreign' || content === 'wrapped') this.passForeign();
      if (content !== 'rdb') return;
      place.offset = 0;
      visitor.rdb(await this.passRdb(pause), place);
    } catch (error) {
      if (error instanceof FormatError) this.passDamage(rdbFlaw(error, this.input.offset), 0, true);
      else this.passDecompressionDamage(error);
    }
  }

  /** No log at all: nothing of it is shown as commands. */
  private passForeign(): void {
    const { input, place, visitor } = this;
    const content = foreignOf(input);
    passRest(input);
    const code = content?.kind === 'wrapped' ? 'input.wrapped' : 'input.foreign';
    const found = content?.what ?? 'other data';
    const damage = { code, offset: 0, length: input.offset, expected: 'a log', found, unsupported: true } as const;
    visitor.damage(damage, Object.assign(place, { offset: 0, length: input.offset }), new Uint8Array(0));
  }

  /** The lanes have a memory of their own, which is given back afterwards. */
  private async passRdb(pause: () => Promise<void>): Promise<LogRdb> {
    // A log without an RDB starts without what reads them.
    const { borrowCheckKernel, returnCheckKernel } = await import('../../kernels/check-kernel.ts');
    const { passRdb } = await import('./rdb-part.ts');
    const checkKernel = borrowCheckKernel();
    try {
      this.moveInto(checkKernel?.window());
      return await passRdb(this.input, checkKernel, pause, () => this.reopened());
    } finally {
      this.moveInto(this.options.memory);
      returnCheckKernel(checkKernel);
    }
  }

  /** The part from its start; undefined where it can only be read once. */
  private reopened(): Source | undefined {
    const { path } = this.place.part;
    return path === '-' ? undefined : openInput(path).source;
  }

  /** Goes on in other memory, with what the window holds. */
  private moveInto(memory: Buffer | undefined): void {
    const { bytes, position, limit, base, source, onProgress } = this.input;
    const moved = new RdbInput(source, windowBytes, memory);
    if (moved.bytes.length < limit) moved.bytes = Buffer.allocUnsafeSlow(limit);
    bytes.copy(moved.bytes, 0, 0, limit);
    Object.assign(moved, { position, limit, base, onProgress });
    this.input = moved;
    this.scanner = new RespScanner(moved, true);
  }

  /** Goes to a record's start. */
  seek(offset: number): void {
    this.input.seek(offset);
  }

  /** Where the next record begins. */
  get offset(): number {
    return this.input.offset;
  }

  /** Shows records until the visitor is full, or for a while; true at the end. */
  readSome(): boolean {
    try {
      return this.readRecords();
    } catch (error) {
      this.passDecompressionDamage(error);
      return true;
    }
  }

  private readRecords(): boolean {
    const { scanner, frame, visitor, place, input } = this;
    const end = this.options.end ?? Number.POSITIVE_INFINITY;
    for (let count = 0; count < commandsBetweenPauses && !visitor.full; count++) {
      if (visitor.done || input.base + input.position >= end) return true;
      if (this.damageFrom < this.damageEnd) {
        this.showMoreDamage();
        continue;
      }
      const passed = visitor.pass?.(input, place, end) ?? 0;
      if (passed > 0) {
        count += passed;
        continue;
      }
      const start = input.base + input.position;
      if (frameOrdinary(input, frame)) {
        place.offset = start;
        place.length = input.base + input.position - start;
        this.showCommand();
        continue;
      }
      const record = scanner.next(frame);
      place.offset = scanner.start;
      place.length = input.base + input.position - scanner.start;
      if (record === Record.command) this.showCommand();
      else if (record === Record.annotation) this.noteAnnotation();
      else if (record === Record.end || !this.passFlaw(scanner.flaw as FormatFault)) return true;
    }
    return false;
  }

  private showCommand(): void {
    const { frame, place } = this;
    place.ordinal++;
    if (frame.argc === 2 && frame.lengths[0] === 6) this.noteSelect();
    this.visitor.command(frame, place);
  }

  /** A server's SELECT with a number that it may have; any other leaves the database as it is. */
  private noteSelect(): void {
    const { frame, place } = this;
    if (frame.text(0).toUpperCase() !== 'SELECT') return;
    const text = frame.text(1);
    if (/^(0|[1-9]\d{0,9})$/.test(text) && Number(text) <= databaseMax) place.database = Number(text);
  }

  private noteAnnotation(): void {
    const { scanner, input, place, visitor } = this;
    const position = scanner.annotationPosition;
    const seconds = parseTimestamp(input.bytes, position, scanner.annotationLength);
    if (seconds !== undefined && !Number.isNaN(seconds)) place.time = seconds;
    visitor.annotation(input.bytes, position, scanner.annotationLength, place);
  }

  /** False where nothing more comes. */
  private passFlaw(flaw: FormatFault): boolean {
    const { scanner, input } = this;
    if (this.options.growing && flaw.code === 'aof.truncated') {
      input.seek(scanner.start);
      return false;
    }
    return this.passDamage(flaw, scanner.start);
  }

  /** Shows the region from `start` to the next sound record; false where none comes. */
  private passDamage(flaw: FormatFault, start: number, inRdb = false): boolean {
    const { input, place } = this;
    // In an RDB the search begins where reading failed, and in a log behind the record's first byte.
    const next = new Resynchroniser(input).find(inRdb ? Math.max(flaw.offset, 1) : start + 1);
    if (next < 0) passRest(input);
    const end = next < 0 ? input.offset : next;
    place.offset = start;
    place.length = end - start;
    const { code, expected, found } = flaw;
    const bytes = this.bytesOf(start, Math.min(end - start, damageBytesMax), end);
    const unsupported = isUnsupported(code) ? (true as const) : undefined;
    const damage = { code, offset: start, length: end - start, expected, found, unsupported };
    this.visitor.damage(damage, place, bytes);
    if (this.visitor.moreDamage === undefined || bytes.length === 0) return next >= 0;
    this.damageFrom = start + bytes.length;
    this.damageEnd = end;
    return next >= 0 || this.damageFrom < end;
  }

  private showMoreDamage(): void {
    const { input, place, damageFrom, damageEnd } = this;
    const bytes = this.bytesOf(damageFrom, Math.min(damageEnd - damageFrom, damageBytesMax), damageEnd);
    this.damageFrom = bytes.length === 0 ? damageEnd : damageFrom + bytes.length;
    if (bytes.length === 0) return;
    place.offset = damageFrom;
    place.length = bytes.length;
    this.visitor.moreDamage?.(place, bytes);
    if (this.damageFrom === damageEnd) input.seek(damageEnd);
  }

  /** The bytes of a region, read again where that can be; the window then stands at `end`. */
  private bytesOf(start: number, length: number, end: number): Uint8Array {
    const { input } = this;
    if (!input.seek(start)) return new Uint8Array(0);
    input.ensure(length);
    const bytes = Buffer.from(input.bytes.subarray(input.position, Math.min(input.position + length, input.limit)));
    input.seek(end);
    return bytes;
  }

  private passDecompressionDamage(error: unknown): void {
    if (!(error instanceof DecompressionError)) throw error;
    const { place } = this;
    const { code, offset, expected, message: found } = error;
    place.offset = offset;
    place.length = 0;
    const damage = { code, offset, length: 0, expected, found };
    this.visitor.damage(damage, place, new Uint8Array(0));
  }
}

/** `offset`: where reading was, for a flaw that only knows its place in a value. */
function rdbFlaw(error: FormatError, offset: number): FormatFault {
  if (error instanceof FormatError) return error;
  const { code, expected, found } = error;
  return { code, offset, expected, found };
}

function passRest(input: RdbInput): void {
  input.position = input.limit;
  while (input.ensure(1)) input.position = input.limit;
}
