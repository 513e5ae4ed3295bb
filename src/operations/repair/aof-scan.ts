import { parseTimestamp } from '../../aof/annotation.ts';
import type { FormatFault } from '../../faults.ts';
import { isUnsupported } from '../../findings.ts';
import { escapeBytes } from '../../io/text.ts';
import type { Window } from '../../io/window.ts';
import type { CheckKernel } from '../../kernels/check-kernel.ts';
import { anyPayload, checkPayload } from '../../rdb/codec/payload.ts';
import { CommandBatch } from '../../resp/command-batch.ts';
import { CommandView } from '../../resp/command-view.ts';
import { Resynchroniser } from '../../resp/resync.ts';
import { Record, RespScanner } from '../../resp/scanner.ts';
import {
  arityText,
  type CommandInfo,
  codeOfArity,
  findCommand,
  fitsArity,
  isModuleName,
} from '../../servers/command-catalog.ts';
import { isKeydbCommand, isMemberPersist } from '../../servers/keydb-commands.ts';
import { codeOfUnknownCommand, codeOfUnknownSubcommand } from '../../servers/unknown-command.ts';
import type { GapReader } from './damaged-range.ts';
import type { Cut, Region, Span, Unresolved } from './plan.ts';
import { ValidRanges } from './rdb-recovery/valid-ranges.ts';
import { region } from './regions.ts';
import { OpenTransaction } from './transaction.ts';

export interface AofScanOptions {
  /** Whether commands that no server knows, or with a wrong number of arguments, are left out. */
  readonly dropUnknown: boolean;
  /** Names in the file, upper case, and what they stand for. */
  readonly renames: ReadonlyMap<string, string>;
  /** Whether a command that reaches beyond the end of the file is looked into for others, whatever speaks for a torn tail. */
  readonly eager: boolean;
  readonly pause: () => Promise<void>;
  readonly checkKernel?: CheckKernel;
  /** Told now and then up to where no region can come any more, and of those so far. */
  readonly onSettled?: (upTo: number, regions: readonly Region[]) => void;
}

/** Records between two pauses. */
const recordsBetweenPauses = 1 << 20;
/** Bytes that are settled together. */
const settledBytes = 4 * 1024 * 1024;
/** Commands that are well-formed, and that `check` may still object to. */
const doubtful = new Set(['DISCARD', 'RESET']);
/** Regions beside which the commands are looked at. */
const touchedMax = 200;
/** Commands behind a torn one are believed once so many bytes of them are sound, or when they end with the file. */
const believedBytes = 1024 * 1024;

/** They carry values, which servers look into. */
const payloadCommands = new Set(['RESTORE', 'RESTORE-ASKING']);

const multi = findCommand(Buffer.from('MULTI'), 0, 5);
const exec = findCommand(Buffer.from('EXEC'), 0, 4);

/** Finds what is wrong in the RESP part of a file, from where the window stands to the end of its source. */
export class AofScan {
  readonly regions: Region[] = [];
  readonly unresolved = new Map<string, Unresolved>();
  commands = 0;
  cut: Cut | undefined;
  private readonly proven: ValidRanges;
  private settledUpTo: number;
  private readonly window: Window;
  private readonly gaps: GapReader;
  private readonly options: AofScanOptions;
  private readonly size: number;
  private readonly scanner: RespScanner;
  private readonly batch: CommandBatch | undefined;
  private readonly frame = new CommandView();
  private readonly transaction: OpenTransaction;
  /** Where the last sound record outside of a transaction ends, and how many commands there are up to it. */
  private validUpTo: number;
  private validCommands = 0;
  /** Start of a record not long before the current one. */
  private near: number;
  /** Where the records end that were read so far. */
  private passedUpTo = 0;
  /** The last record, if it was a command that no server accepts: damage that shows itself only behind it. */
  private suspectFrom = -1;
  private suspectTo = -1;

  constructor(window: Window, size: number, gaps: GapReader, options: AofScanOptions) {
    this.window = window;
    this.size = size;
    this.gaps = gaps;
    this.options = options;
    this.scanner = new RespScanner(window, false);
    this.batch =
      options.checkKernel && options.renames.size === 0 ? new CommandBatch(window, options.checkKernel) : undefined;
    this.transaction = new OpenTransaction(this.regions);
    this.validUpTo = this.near = this.settledUpTo = window.offset;
    this.proven = new ValidRanges(window.offset);
  }

  /** What is sound for certain. */
  get spans(): readonly Span[] {
    return this.proven.spans;
  }

  async run(): Promise<void> {
    while (!this.readRecords(recordsBetweenPauses)) await this.options.pause();
    this.proven.interrupt(this.size);
    if (!this.transaction.open) return;
    this.noteDamage('aof.transaction.unclosed', 'a MULTI has no EXEC');
    this.transaction.lose(this.size, this.commands);
  }

  /** Reads at most `most` records; true at the end. */
  private readRecords(most: number): boolean {
    const { scanner, frame, batch } = this;
    for (let index = 0; index < most; index++) {
      this.passedUpTo = this.window.offset;
      while (batch?.pass(this.transaction.open)) {
        index += this.notePassed(batch);
        this.passedUpTo = this.window.offset;
      }
      const record = scanner.next(frame);
      if (record === Record.command) this.takeCommand();
      else if (record === Record.annotation) this.takeAnnotation();
      else if (record === Record.end || !this.passDamage(scanner.flaw as FormatFault)) return true;
    }
    return false;
  }

  private notePassed(batch: CommandBatch): number {
    const { transaction, window } = this;
    this.near = this.passedUpTo;
    if (batch.closed > 0) transaction.close();
    const opened = batch.openPosition >= 0;
    if (opened) transaction.begin(window.base + batch.openPosition, this.commands + batch.openIndex);
    if (batch.validPosition >= 0) {
      this.validUpTo = window.base + batch.validPosition;
      this.validCommands = this.commands + (opened ? batch.openIndex : batch.count);
      this.settle();
    }
    this.commands += batch.count;
    return batch.count;
  }

  private settle(): void {
    const { validUpTo, options } = this;
    this.proven.pass(validUpTo);
    if (validUpTo - this.settledUpTo < settledBytes) return;
    this.settledUpTo = validUpTo;
    options.onSettled?.(validUpTo, this.regions);
  }

  private takeCommand(): void {
    const { scanner, window } = this;
    this.near = scanner.start;
    this.commands++;
    const info = this.lookUp();
    if (info !== undefined && info === multi) this.begin();
    else if (info !== undefined && info === exec) this.end();
    else this.checkCommand(info);
    if (this.transaction.open) return;
    this.validUpTo = window.offset;
    this.validCommands = this.commands;
  }

  /** The command, under its own name where it was renamed. */
  private lookUp(): CommandInfo | undefined {
    const { frame, options } = this;
    const start = frame.starts[0];
    if (start < 0) return undefined;
    const meant = options.renames.size === 0 ? undefined : options.renames.get(frame.text(0).toUpperCase());
    if (meant === undefined) return findCommand(frame.bytes, start, frame.lengths[0]);
    this.rename(meant);
    const name = Buffer.from(meant, 'latin1');
    return findCommand(name, 0, name.length);
  }

  private rename(meant: string): void {
    const { frame, scanner } = this;
    const length = frame.base + frame.starts[0] + frame.lengths[0] + 2 - scanner.start;
    const replacement = Buffer.from(`*${frame.argc}\r\n$${meant.length}\r\n${meant}\r\n`, 'latin1');
    const reason = `${this.commandName()} stands for ${meant}`;
    const more = { action: 'replace', damage: false, replacement } as const;
    this.regions.push(region(scanner.start, length, 'aof.command.renamed', reason, more));
  }

  private begin(): void {
    const { transaction, scanner, window } = this;
    if (transaction.open && transaction.gapFrom < 0) {
      this.noteDamage('aof.transaction.nested', 'MULTI inside MULTI');
      const length = window.offset - scanner.start;
      this.commands--;
      this.regions.push(
        region(scanner.start, length, 'aof.transaction.nested', 'MULTI inside MULTI', { action: 'drop' }),
      );
      return;
    }
    if (transaction.open) transaction.lose(scanner.start, this.commands - 1);
    transaction.begin(scanner.start, this.commands - 1);
  }

  private end(): void {
    const { scanner, window } = this;
    if (this.transaction.close()) return;
    const code = 'aof.transaction.exec-without-multi';
    this.noteDamage(code, 'EXEC without MULTI');
    this.commands--;
    const length = window.offset - scanner.start;
    this.regions.push(region(scanner.start, length, code, 'EXEC without MULTI', { action: 'drop' }));
  }

  /** Whether a server accepts the command; undefined if so, else the code. */
  private fault(info: CommandInfo | undefined): string | undefined {
    const { frame } = this;
    if (info === undefined)
      return isModuleName(this.commandName()) || this.isKeydb() ? undefined : this.codeOfUnknown();
    if (!info.container) return this.fitsCommand(info) ? undefined : codeOfArity(info, frame.argc);
    const start = frame.argc > 1 ? frame.starts[1] : -1;
    const name = start < 0 ? '' : frame.bytes.latin1Slice(start, start + frame.lengths[1]).toUpperCase();
    const sub = info.subcommands.get(name);
    if (sub !== undefined) return fitsArity(sub, frame.argc) ? undefined : codeOfArity(sub, frame.argc);
    return frame.argc < 2 || info.subcommands.size === 0
      ? 'aof.command.arity'
      : codeOfUnknownSubcommand(info, name, frame.argc);
  }

  private fitsCommand(info: CommandInfo): boolean {
    return fitsArity(info, this.frame.argc) || isMemberPersist(info.name, this.frame.argc);
  }

  private isKeydb(): boolean {
    const { frame } = this;
    return frame.starts[0] >= 0 && isKeydbCommand(frame.text(0), frame.argc);
  }

  private codeOfUnknown(): string {
    const { frame } = this;
    // A name that is too long to be held is none.
    return frame.starts[0] < 0 ? 'aof.command.unknown' : codeOfUnknownCommand(frame.text(0), frame.argc);
  }

  private checkCommand(info: CommandInfo | undefined): void {
    const code = this.fault(info);
    const { scanner, window, frame } = this;
    if (code !== undefined || doubtful.has(info?.name ?? '')) this.proven.interrupt(window.offset);
    if (code === undefined) {
      if (info !== undefined && payloadCommands.has(info.name)) this.checkPayload();
      return;
    }
    this.suspectFrom = scanner.start;
    this.suspectTo = window.offset;
    const arity = info === undefined ? '' : `, expected ${arityText(info)}`;
    const found = `'${this.commandName()}' with ${frame.argc} arguments${arity}`;
    if (this.options.dropUnknown && !isUnsupported(code)) this.drop(code, found);
    else this.leave(code, found);
  }

  /** Reads a command that was just passed once more, whole: a server may end at the value that it carries. */
  private checkPayload(): void {
    const { window, scanner } = this;
    const end = window.offset;
    // What a pipe has let go of, being too long to be held, cannot be read again.
    if (!window.seek(scanner.start)) return;
    const whole = new CommandView();
    if (new RespScanner(window, true).next(whole) !== Record.command || window.offset !== end || whole.argc < 4) return;
    const { bytes, starts, lengths } = whole;
    checkPayload(bytes.subarray(starts[3], starts[3] + lengths[3]), {
      ...anyPayload,
      tellsDamage: 'unreadable',
      onRefusal: ({ code, expected, found }) => this.leavePayload(code, `expected ${expected}, found ${found}`),
    });
  }

  private leavePayload(code: string, flaw: string): void {
    const { start } = this.scanner;
    const found = `'${this.commandName()}' carries a damaged value (${flaw})`;
    const advice = 'Servers end at it while loading: `aofkit restore --without` leaves out what is named.';
    const first = this.unresolved.get(code) ?? { code, count: 0, offset: start, found, advice };
    this.unresolved.set(code, { ...first, count: first.count + 1, last: start });
  }

  private leave(code: string, found: string): void {
    const known = this.unresolved.get(code);
    const advice = isUnsupported(code)
      ? 'It may be a command of a newer server or of another product, and is not removed: use a newer aofkit, or say --rename-command if the name was renamed.'
      : 'Say --drop-unknown to leave such commands out, or --rename-command if the name was renamed.';
    const { start } = this.scanner;
    const first = known ?? { code, count: 0, offset: start, found, advice };
    this.unresolved.set(code, { ...first, count: first.count + 1, last: start });
  }

  private drop(code: string, reason: string): void {
    const { scanner, window, regions, transaction } = this;
    const from = scanner.start;
    const length = window.offset - from;
    const last = regions.at(-1);
    const select = this.damagedSelect();
    transaction.noteGap(from, this.commands - 1);
    this.commands--;
    if (last !== undefined && last.code === code && last.offset + last.length === from && select === undefined) {
      regions[regions.length - 1] = { ...last, length: last.length + length };
      return;
    }
    const touched = regions.length < touchedMax ? this.gaps.touched(from, from, window.offset, this.size) : [];
    regions.push(region(from, length, code, reason, { damage: false, touched, replacement: select }));
  }

  /** A SELECT with one letter wrong: without it, what follows would go into another database. */
  private damagedSelect(): Uint8Array | undefined {
    const { frame } = this;
    if (frame.argc !== 2 || frame.starts[1] < 0 || frame.lengths[0] !== 6 || !/^\d{1,4}$/.test(frame.text(1))) {
      return undefined;
    }
    const name = frame.text(0).toUpperCase();
    const same = [...'SELECT'].filter((letter, index) => letter === name[index]).length;
    return same >= 5 ? selectCommand(Number(frame.text(1))) : undefined;
  }

  private commandName(): string {
    const { frame } = this;
    if (frame.starts[0] < 0) return `(a name of ${frame.lengths[0]} bytes)`;
    return escapeBytes(frame.bytes, frame.starts[0], frame.starts[0] + frame.lengths[0], 40);
  }

  private takeAnnotation(): void {
    const { scanner, window, regions } = this;
    const seconds = parseTimestamp(window.bytes, scanner.annotationPosition, scanner.annotationLength);
    if (Number.isNaN(seconds)) {
      this.proven.interrupt(window.offset);
      const length = window.offset - scanner.start;
      const reason = 'a #TS: line without a number';
      regions.push(region(scanner.start, length, 'aof.annotation.timestamp', reason, { damage: false }));
    }
    if (this.transaction.open) return;
    this.validUpTo = window.offset;
    this.validCommands = this.commands;
  }

  /** Truncation would cut before what is open now; only the first place counts. */
  private noteDamage(code: string, reason: string): void {
    this.proven.interrupt(this.window.offset);
    this.cut ??= { offset: this.validUpTo, code, reason, inRdb: false, commands: this.validCommands, keys: 0 };
  }

  /** Goes on behind a bad region; false where nothing sound comes after. */
  private passDamage(flaw: FormatFault): boolean {
    const { window, scanner, suspectFrom } = this;
    const isSuspect = suspectFrom >= 0 && this.suspectTo === scanner.start && flaw.code !== 'aof.truncated';
    const start = isSuspect ? this.takeBackSuspect() : scanner.start;
    const next = this.resume(flaw, start);
    const end = next < 0 ? this.size : next;
    const reason = `expected ${flaw.expected}, found ${flaw.found}`;
    const code = next < 0 && this.isNul(scanner.start, end) ? 'aof.tail.nul' : flaw.code;
    this.noteDamage(code, reason);
    this.transaction.noteGap(start, this.commands);
    const touched = this.regions.length < touchedMax ? this.gaps.touched(this.near, start, end, this.size) : [];
    const database = next < 0 ? -1 : this.gaps.selected(start, end);
    const replacement = database < 0 ? undefined : selectCommand(database);
    this.regions.push(region(start, end - start, code, reason, { touched, replacement }));
    if (next >= 0) window.seek(next);
    this.proven.interrupt(end);
    return next >= 0;
  }

  /** What was odd about the last command was the beginning of the damage: the region begins with it. */
  private takeBackSuspect(): number {
    const { suspectFrom, regions } = this;
    const last = regions.at(-1);
    if (last !== undefined && last.offset <= suspectFrom && last.offset + last.length > suspectFrom) {
      regions.pop();
      if (last.offset < suspectFrom) regions.push({ ...last, length: suspectFrom - last.offset });
    } else {
      const code = [...this.unresolved.values()].findLast(
        ({ offset, count }) => offset <= suspectFrom && count > 0,
      )?.code;
      this.forget(code);
      this.commands--;
    }
    this.validUpTo = Math.min(this.validUpTo, suspectFrom);
    this.validCommands = Math.min(this.validCommands, this.commands);
    return suspectFrom;
  }

  private forget(code: string | undefined): void {
    const known = code === undefined ? undefined : this.unresolved.get(code);
    if (known === undefined) return;
    if (known.count === 1) this.unresolved.delete(known.code);
    else this.unresolved.set(known.code, { ...known, count: known.count - 1 });
  }

  /** Where commands go on after a bad place; -1 for nowhere. */
  private resume(flaw: FormatFault, start: number): number {
    const alone = flaw.code !== 'aof.truncated' || this.options.eager;
    const next = new Resynchroniser(this.window, { alone }).find(start + 1);
    if (next < 0 || alone) return next;
    if (!this.isBelieved(next)) return -1;
    // It is not torn but has a wrong length: then a command between two damaged ranges is one here too.
    return new Resynchroniser(this.window).find(start + 1);
  }

  /**
   * A command that reaches beyond the end of the file is mostly a torn one, and what looks like commands within it is a part
   * of its value. They are believed if they end with the file, or if they are many.
   */
  private isBelieved(next: number): boolean {
    const { window } = this;
    if (!window.seek(next)) return false;
    const scanner = new RespScanner(window, false);
    const frame = new CommandView();
    while (window.offset - next < believedBytes) {
      const record = scanner.next(frame);
      if (record === Record.end) return true;
      if (record === Record.flaw) return false;
    }
    return true;
  }

  /** Whether all bytes from `offset` to the end of the file are NUL. */
  private isNul(offset: number, end: number): boolean {
    const { window } = this;
    if (offset >= end || !window.seek(offset)) return false;
    while (!window.atEnd()) {
      const { bytes, limit } = window;
      let position = window.position;
      while (position < limit && bytes[position] === 0) position++;
      window.position = position;
      if (position < limit) return false;
    }
    return true;
  }
}

/** A SELECT as servers write it. */
function selectCommand(database: number): Uint8Array {
  const digits = String(database);
  return Buffer.from(`*2\r\n$6\r\nSELECT\r\n$${digits.length}\r\n${digits}\r\n`, 'latin1');
}
