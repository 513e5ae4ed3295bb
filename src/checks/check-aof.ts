import { parseTimestamp } from '../aof/annotation.ts';
import type { FileReport, FindingList } from '../aof/report.ts';
import { TransactionTracker } from '../aof/transaction.ts';
import { eachNested } from '../engine/nested-commands.ts';
import type { FormatFault } from '../faults.ts';
import type { FindingDetails } from '../findings.ts';
import { MemorySource } from '../io/source.ts';
import { escapeBinary, escapeBytes } from '../io/text.ts';
import { Window } from '../io/window.ts';
import type { CheckKernel } from '../kernels/check-kernel.ts';
import { databasesDefault } from '../limits.ts';
import { anyPayload, checkFunctionPayload, payloadVersion } from '../rdb/codec/payload.ts';
import { CommandBatch, type Passing } from '../resp/command-batch.ts';
import { CommandView } from '../resp/command-view.ts';
import { PassedRecord } from '../resp/passed-record.ts';
import { Resynchroniser } from '../resp/resync.ts';
import { Record, RespScanner } from '../resp/scanner.ts';
import {
  arityText,
  type CommandInfo,
  codeOfArity,
  findCommand,
  fitsArity,
  isModuleName,
} from '../servers/command-catalog.ts';
import { isKeydbCommand, isMemberPersist } from '../servers/keydb-commands.ts';
import { codeOfUnknownCommand, codeOfUnknownSubcommand } from '../servers/unknown-command.ts';
import type { PlacedLibrary } from './check-libraries.ts';
import { checkRestore } from './check-payload.ts';

export interface AofCheckOptions {
  /** No part of the AOF comes after this file: a server may truncate it. */
  readonly last: boolean;
  /** Lets other work go on; awaited now and then. */
  readonly pause?: () => Promise<void>;
  /** Which damaged payloads of RESTORE are told of: all, or only what cannot be put right. */
  readonly payloads: 'unreadable' | 'all';
  /** Where the window's memory lies, if kernels may pass over what is ordinary. */
  readonly checkKernel?: CheckKernel;
  /** Is shown commands. */
  readonly observer?: CommandObserver;
}

/** A command that is shown to an observer: its short arguments, the name being 0. */
export interface ObservedCommand {
  readonly count: number;
  argument(index: number): string;
}

/**
 * Sees the commands of a log that catalogues know, all but those that it lets pass: with so many arguments, and of a form that it has seen.
 */
export interface CommandObserver extends Passing {
  /** Whether `passes` has other answers for this command from now on. */
  note(info: CommandInfo, command: ObservedCommand): boolean;
  /** Notes the RDB version of what RESTORE or FUNCTION RESTORE carries. */
  notePayload(command: string, version: number): void;
  /** Notes that there is a line that begins with `#`. */
  noteAnnotation(): void;
}

/** Records between two pauses. */
const recordsBetweenPauses = 1 << 20;

const multi = findCommand(Buffer.from('MULTI'), 0, 5);
const exec = findCommand(Buffer.from('EXEC'), 0, 4);
const select = findCommand(Buffer.from('SELECT'), 0, 6);
const vectorAdd = findCommand(Buffer.from('VADD'), 0, 4);
/** They carry values, which servers look into. */
const payloadCommands = new Set(['RESTORE', 'RESTORE-ASKING']);
const scripts = new Set(['EVAL', 'EVALSHA', 'FCALL']);
/** Commands that take the queue away from under the EXEC that runs it. */
const discards = new Set(['DISCARD', 'RESET']);

/** Checks the RESP part of a file, from where the window stands to the end of its source. */
export class AofCheck {
  commands = 0;
  /** Function libraries that it loads. */
  private readonly libraries: PlacedLibrary[] = [];
  private database = 0;
  private readonly window: Window;
  private readonly file: FileReport;
  private readonly findings: FindingList;
  private readonly options: AofCheckOptions;
  private readonly scanner: RespScanner;
  private readonly batch: CommandBatch | undefined;
  private readonly frame = new CommandView();
  private readonly observed: PassedRecord;
  private readonly transaction = new TransactionTracker();
  private readonly warned = new Set<string>();
  /** How many there are of each command of KeyDB, where the first one is, and how many RREPLAY carries. */
  private readonly keydb = new Map<string, number>();
  private keydbAt = { offset: 0, ordinal: 0, name: '' };
  private replayed = 0;
  private validUpTo: number;
  private damaged = false;

  constructor(window: Window, file: FileReport, findings: FindingList, options: AofCheckOptions) {
    this.window = window;
    this.file = file;
    this.findings = findings;
    this.options = options;
    this.scanner = new RespScanner(window, false);
    this.observed = new PassedRecord(window);
    const { checkKernel, observer } = options;
    this.batch = checkKernel && new CommandBatch(window, checkKernel, observer);
    this.validUpTo = window.offset;
  }

  async run(): Promise<void> {
    this.file.transactions = 0;
    while (!this.readRecords(recordsBetweenPauses)) await this.options.pause?.();
    if (this.transaction.open) this.addOpenTransaction();
    this.addKeydb();
    await this.checkLibraries();
    this.file.commands = this.commands;
    this.file.validUpTo = this.validUpTo;
  }

  /** The parser of Lua is loaded only where there are libraries. */
  private async checkLibraries(): Promise<void> {
    if (this.libraries.length === 0) return;
    const { addLoggedLibraryFindings } = await import('./check-libraries.ts');
    addLoggedLibraryFindings(this.libraries, this.file.path, this.findings);
  }

  /** Reads at most `most` records; true at the end. */
  private readRecords(most: number): boolean {
    const { scanner, frame, batch } = this;
    for (let index = 0; index < most; index++) {
      while (batch?.pass(this.transaction.open)) index += this.notePassed(batch);
      const record = scanner.next(frame);
      if (record === Record.command) this.checkCommand();
      else if (record === Record.annotation) this.noteAnnotation();
      else if (record === Record.end || !this.passDamage(scanner.flaw as FormatFault)) return true;
    }
    return false;
  }

  /** Takes over what the lane has seen, as if `checkCommand` had; how many commands those were. */
  private notePassed(batch: CommandBatch): number {
    const { transaction, frame, file, window } = this;
    if (batch.closed > 0) {
      transaction.end();
      file.transactions = (file.transactions ?? 0) + batch.closed;
    }
    if (batch.openPosition >= 0)
      transaction.begin(window.base + batch.openPosition, frame.ordinal + batch.openIndex + 1);
    if (batch.validPosition >= 0 && !this.damaged) this.validUpTo = window.base + batch.validPosition;
    if (batch.selected >= 0) this.database = batch.selected;
    this.commands += batch.count;
    frame.ordinal += batch.count;
    return batch.count;
  }

  private checkCommand(): void {
    const { frame, transaction } = this;
    this.commands++;
    const start = frame.starts[0];
    const info = start < 0 ? undefined : findCommand(frame.bytes, start, frame.lengths[0]);
    if (info === undefined) this.addUnknown();
    else if (info === multi) this.begin();
    else if (info === exec) this.end();
    else if (info === select) this.checkSelect(info);
    else if (info.container) this.checkSubcommand(info);
    else if (!fitsArity(info, frame.argc)) this.addWrongCount(info);
    else this.checkEffect(info);
    if (info !== undefined && this.options.observer !== undefined) this.observe(info, this.options.observer);
    if (!transaction.open && !this.damaged) this.validUpTo = this.window.offset;
  }

  private observe(info: CommandInfo, observer: CommandObserver): void {
    const { frame, observed, scanner, batch } = this;
    const rule = observer.formRule(info);
    const isPlain = rule === undefined || frame.argc <= rule.plainCount;
    if (isPlain && observer.passes(info, frame.argc)) return;
    observed.begin(scanner.start, frame.argc);
    if (observer.note(info, observed)) batch?.admit(info);
    if (!isPlain) batch?.admitForm();
  }

  /** What is well-formed and yet not what a server loads without a word. */
  private checkEffect(info: CommandInfo): void {
    const { open } = this.transaction;
    if (payloadCommands.has(info.name)) this.checkPayload(info.name);
    if (info === vectorAdd) {
      if (!open && this.saysCas()) this.warnOnce('aof.command.vadd-cas', 'VADD … CAS');
    } else if (open && discards.has(info.name)) {
      this.add('aof.transaction.discard', this.scanner.start, { expected: 'EXEC', found: info.name });
    } else if (info.group === 'scripting' && scripts.has(info.name)) this.warnOnce('aof.command.script', info.name);
  }

  /** Reads a command that was just passed once more, whole, for what it carries. */
  private checkPayload(name: string): void {
    const { window, scanner, file, findings, options, frame } = this;
    const end = window.offset;
    // What a pipe has let go of, being too long to be held, cannot be read again.
    if (!window.seek(scanner.start)) return;
    const whole = new CommandView();
    const record = new RespScanner(window, true).next(whole);
    whole.ordinal = frame.ordinal;
    if (record !== Record.command || window.offset !== end) return;
    this.showPayload(name, whole);
    if (name !== 'FUNCTION')
      checkRestore(whole, { database: this.database, file: file.path, findings, tells: options.payloads });
    else if (whole.argc > 2) this.noteLibraries(whole, scanner.start);
  }

  private showPayload(name: string, whole: CommandView): void {
    const isRestore = name !== 'FUNCTION' || (whole.argc > 2 && whole.text(1).toUpperCase() === 'RESTORE');
    const index = name === 'FUNCTION' ? 2 : 3;
    if (!isRestore || whole.argc <= index) return;
    const start = whole.starts[index];
    const version = payloadVersion(whole.bytes.subarray(start, start + whole.lengths[index]));
    if (version > 0) this.options.observer?.notePayload(name, version);
  }

  /** The libraries of a FUNCTION LOAD, or of a FUNCTION RESTORE whose payload a server takes. */
  private noteLibraries(frame: CommandView, offset: number): void {
    const isRestore = frame.text(1).toUpperCase() === 'RESTORE';
    const codes = isRestore
      ? checkFunctionPayload(Buffer.from(frame.text(2), 'latin1'), anyPayload)
      : [frame.text(frame.argc - 1)];
    if (typeof codes !== 'string') for (const code of codes) this.libraries.push({ code, offset });
  }

  /** Whether CAS is an argument of the record that was just passed, an option or an element; as far as the window still holds it. */
  private saysCas(): boolean {
    const { bytes, base, position } = this.window;
    return /\$3\r\nCAS\r\n/i.test(bytes.latin1Slice(Math.max(this.scanner.start - base, 0), position));
  }

  private begin(): void {
    const { scanner, frame } = this;
    if (this.transaction.begin(scanner.start, frame.ordinal)) return;
    this.add('aof.transaction.nested', scanner.start, { expected: 'EXEC before another MULTI', found: 'MULTI' });
  }

  private end(): void {
    if (this.transaction.end()) {
      this.file.transactions = (this.file.transactions ?? 0) + 1;
      return;
    }
    this.add('aof.transaction.exec-without-multi', this.scanner.start, {
      expected: 'MULTI before EXEC',
      found: 'EXEC',
    });
  }

  private checkSelect(info: CommandInfo): void {
    const { frame } = this;
    if (!fitsArity(info, frame.argc)) {
      this.addArity(info);
      return;
    }
    const start = frame.starts[1];
    const text = start < 0 ? '' : frame.bytes.latin1Slice(start, start + Math.min(frame.lengths[1], 20));
    this.database = Number(text);
    if (this.database >= databasesDefault) this.warnOnce('aof.database.range', `SELECT ${text}`);
  }

  /** A container's subcommand decides what is known and how many arguments fit. */
  private checkSubcommand(container: CommandInfo): void {
    const { frame } = this;
    const start = frame.argc > 1 ? frame.starts[1] : -1;
    const name = start < 0 ? '' : frame.bytes.latin1Slice(start, start + frame.lengths[1]).toUpperCase();
    const info = container.subcommands.get(name);
    if (info !== undefined) {
      if (!fitsArity(info, frame.argc)) this.addArity(info);
      else if ((name === 'LOAD' || name === 'RESTORE') && container.name === 'FUNCTION')
        this.checkPayload(container.name);
    } else if (frame.argc < 2 || container.subcommands.size === 0) this.addArity(container);
    else {
      const full = `${container.name} ${escapeBytes(Buffer.from(name, 'latin1'), 0, name.length, 40)}`;
      this.addUnknownAs(codeOfUnknownSubcommand(container, name, frame.argc), full);
    }
  }

  private addUnknown(): void {
    const { frame } = this;
    const name = this.commandName();
    if (isKeydbCommand(name, frame.argc)) {
      this.noteKeydb(name.toUpperCase());
      return;
    }
    if (isModuleName(name)) {
      this.warnOnce('aof.command.module', name);
      return;
    }
    const code = frame.starts[0] < 0 ? 'aof.command.unknown' : codeOfUnknownCommand(frame.text(0), frame.argc);
    this.addUnknownAs(code, name);
  }

  /** One finding a file, with how many there are of each. */
  private noteKeydb(name: string): void {
    const { keydb, scanner, frame } = this;
    if (keydb.size === 0) this.keydbAt = { offset: scanner.start, ordinal: frame.ordinal, name };
    keydb.set(name, (keydb.get(name) ?? 0) + 1);
    if (name === 'RREPLAY') this.checkReplayed();
  }

  /** The commands that an RREPLAY carries, as far as the window still holds them. */
  private checkReplayed(): void {
    const { window, scanner } = this;
    const start = scanner.start - window.base;
    if (start < 0) return;
    const source = new MemorySource(window.bytes.subarray(start, window.position));
    const whole = new CommandView();
    new RespScanner(new Window(source), true).next(whole);
    const isWhole = eachNested(whole, 2, (nested) => {
      this.replayed++;
      this.checkNested(nested);
    });
    if (isWhole) return;
    const expected = 'whole commands as the second argument of RREPLAY';
    this.add('aof.command.unsupported', scanner.start, { expected, found: 'other bytes' });
  }

  private checkNested(nested: CommandView): void {
    const name = nested.text(0);
    const info = findCommand(nested.bytes, nested.starts[0], nested.lengths[0]);
    if (info !== undefined && (info.container || fitsArity(info, nested.argc))) return;
    if (isKeydbCommand(name, nested.argc)) return;
    const shown = `'${escapeBinary(name, 40)}' within RREPLAY`;
    const expected = 'a command that aofkit knows';
    if (info === undefined && isModuleName(name)) this.warnOnce('aof.command.module', escapeBinary(name, 40));
    else this.add('aof.command.unsupported', this.scanner.start, { expected, found: shown });
  }

  private addKeydb(): void {
    const { keydb, keydbAt, replayed, file, findings } = this;
    if (keydb.size === 0) return;
    const counts = [...keydb].map(([name, count]) => `${count} ${name}`);
    const within = keydb.has('RREPLAY')
      ? `, with ${replayed} ${replayed === 1 ? 'command' : 'commands'} within RREPLAY`
      : '';
    const { offset, ordinal, name } = keydbAt;
    findings.add('aof.command.keydb', file.path, offset, {
      command: { ordinal, name },
      found: `${counts.join(', ')}${within}`,
    });
  }

  private addUnknownAs(code: string, name: string): void {
    this.add(code, this.scanner.start, { expected: 'a command that aofkit knows', found: `'${name}'` });
  }

  private addWrongCount(info: CommandInfo): void {
    if (isMemberPersist(info.name, this.frame.argc)) this.noteKeydb('PERSIST');
    else this.addArity(info);
  }

  private addArity(info: CommandInfo): void {
    this.add(codeOfArity(info, this.frame.argc), this.scanner.start, {
      expected: arityText(info),
      found: `${this.frame.argc} arguments`,
    });
  }

  /** Many commands of one kind are worth one finding. */
  private warnOnce(code: string, name: string): void {
    const id = `${code} ${name.toUpperCase()}`;
    if (this.warned.has(id)) return;
    this.warned.add(id);
    this.add(code, this.scanner.start, { found: `'${name}'` });
  }

  private commandName(): string {
    const { frame } = this;
    if (frame.starts[0] < 0) return `(a name of ${frame.lengths[0]} bytes)`;
    return escapeBytes(frame.bytes, frame.starts[0], frame.starts[0] + frame.lengths[0], 40);
  }

  private add(code: string, offset: number, details: FindingDetails): void {
    this.findings.add(code, this.file.path, offset, {
      length: this.window.offset - offset,
      command: { ordinal: this.frame.ordinal, name: this.commandName() },
      ...details,
    });
  }

  private noteAnnotation(): void {
    this.options.observer?.noteAnnotation();
    const { scanner, file } = this;
    const seconds = parseTimestamp(this.window.bytes, scanner.annotationPosition, scanner.annotationLength);
    if (!this.transaction.open && !this.damaged) this.validUpTo = this.window.offset;
    if (seconds === undefined) return;
    if (Number.isNaN(seconds)) {
      const expected = '#TS: and a number of seconds';
      this.findings.add('aof.annotation.timestamp', file.path, scanner.start, { expected, found: 'no number' });
      return;
    }
    file.firstTimestamp ??= seconds;
    file.lastTimestamp = seconds;
  }

  private addOpenTransaction(): void {
    const { openOffset, openOrdinal } = this.transaction;
    this.findings.add('aof.transaction.unclosed', this.file.path, openOffset, {
      length: this.window.offset - openOffset,
      command: { ordinal: openOrdinal, name: 'MULTI' },
      expected: 'EXEC',
      found: `the end of the file at ${this.window.offset}`,
    });
  }

  /** Reports a bad region and goes on behind it; false where nothing sound comes after. */
  private passDamage(flaw: FormatFault): boolean {
    const { window, scanner, frame } = this;
    const start = scanner.start;
    // What is damaged is no command, so that those behind it have the numbers that log and restore give them.
    const ordinal = this.commands + 1;
    frame.ordinal = this.commands;
    this.damaged = true;
    const zerosFrom = flaw.code === 'aof.truncated' ? start : flaw.offset;
    const zeros = this.zerosToEnd(zerosFrom);
    const next = zeros > 0 ? -1 : new Resynchroniser(window).find(start + 1);
    if (next < 0) this.passRest();
    const end = next < 0 ? window.offset : next;
    const at = flaw.code === 'aof.truncated' ? start : flaw.offset;
    const details: FindingDetails = {
      length: end - at,
      command: { ordinal, name: '' },
      expected: flaw.expected,
      found: flaw.found,
    };
    if (zeros > 0) {
      this.findings.add('aof.tail.nul', this.file.path, zerosFrom, {
        ...details,
        length: zeros,
        found: `${zeros} NUL bytes`,
      });
    } else this.addFlaw(flaw, start, next, details);
    return next >= 0;
  }

  private addFlaw(flaw: FormatFault, start: number, next: number, details: FindingDetails): void {
    const truncated = flaw.code === 'aof.truncated';
    const code = truncated && !this.options.last ? 'aof.truncated.not-last' : flaw.code;
    const message = next < 0 ? {} : { message: `${this.messageOf(code)}; commands go on at offset ${next}` };
    this.findings.add(code, this.file.path, truncated ? start : flaw.offset, { ...details, ...message });
  }

  private messageOf(code: string): string {
    return code.startsWith('aof.truncated') ? 'an argument reaches beyond the end of the file' : 'bad bytes';
  }

  private passRest(): void {
    const { window } = this;
    window.position = window.limit;
    while (window.ensure(1)) window.position = window.limit;
  }

  /** How many bytes from `offset` to the end are NUL, if all of them are; else 0. */
  private zerosToEnd(offset: number): number {
    const { window } = this;
    if (!window.seek(offset) || window.atEnd()) return 0;
    do {
      const { bytes, limit } = window;
      let position = window.position;
      while (position < limit && bytes[position] === 0) position++;
      window.position = position;
      if (position < limit) return 0;
    } while (window.ensure(1));
    return window.offset - offset;
  }
}
