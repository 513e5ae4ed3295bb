import { FormatError } from '../faults.ts';
import type { RdbInput } from '../rdb/input.ts';
import { Item, RdbReader } from '../rdb/reader.ts';
import { ValueCheck } from '../rdb/value-check.ts';
import { checkValue, valueType } from '../rdb/value-types.ts';
import { clip, cString } from './c-text.ts';
import { type Reason, reasonOf, unexpectedEnd } from './rdb-reasons.ts';
import { retrace } from './rdb-retrace.ts';
import { type Surroundings, serverLogLine, ToolExit } from './tool.ts';

/** Bytes of the buffers in which redis-check-rdb makes its messages. */
export const messageBytes = 1024;

/** Magic and version, which are read at once: nothing is consumed where a part is missing, and all where they are wrong. */
const headerBytes = 9;

/** What a value's deep check objected to, at the moment when a server would have refused the value. */
class ValueRefusal extends Error {
  readonly code: string;
  readonly found: string;
  constructor(code: string, found: string) {
    super(code);
    this.code = code;
    this.found = found;
  }
}

/** Stops at the first thing that a server would refuse, where the tool stops too. */
class RefusingValueCheck extends ValueCheck {
  override fault(code: string, _offset: number, _expected: string, found: string): void {
    throw new ValueRefusal(code, found);
  }

  override warn(): void {}
}

/**
 * Reads the RDB at the front of `input` and prints what redis-check-rdb 8.6 prints of it.
 */
export class RdbReport {
  private readonly reader: RdbReader;
  private readonly path: string;
  private readonly surroundings: Surroundings;
  private readonly values: RefusingValueCheck;
  private keys = 0;
  private expires = 0;
  private expired = 0;
  private fieldExpires = 0;
  /** Expiry that was read for the next key; other items may come between. */
  private expire = Number.NaN;
  /** Type of the key being read, or -1. It is 0 until a key was read: the tool's variable begins with that. */
  private type = 0;
  private readingKey = false;

  constructor(input: RdbInput, path: string, surroundings: Surroundings) {
    this.reader = new RdbReader(input);
    this.path = path;
    this.surroundings = surroundings;
    this.values = new RefusingValueCheck(true, this.reader.templates, surroundings.seed);
  }

  /** True if the RDB is sound. Ends the tool where theirs does: at what its loader calls an internal error. */
  run(): boolean {
    this.info(`Checking RDB file ${this.path}`, 0);
    try {
      this.reader.readHeader();
      this.values.ofFormat(this.reader);
      while (this.readItem());
    } catch (error) {
      this.reportFault(error);
      return false;
    }
    if (!this.reportChecksum()) return false;
    this.info('\\o/ RDB looks OK! \\o/');
    this.printCounts();
    return true;
  }

  private print(text: string): void {
    this.surroundings.stdout.write(text);
  }

  private info(text: string, offset = this.reader.input.offset): void {
    this.print(`[offset ${offset}] ${clip(text, messageBytes)}\n`);
  }

  private printCounts(): void {
    this.print(
      `[info] ${this.keys} keys read\n[info] ${this.expires} expires\n` +
        `[info] ${this.expired} already expired\n[info] ${this.fieldExpires} subexpires\n`,
    );
  }

  /** Reads an item; false at the end. */
  private readItem(): boolean {
    const { reader } = this;
    const item = reader.next();
    if (!Number.isNaN(reader.expire)) this.expire = reader.expire;
    if (item === Item.key) this.readValue();
    else if (item === Item.aux) this.info(`AUX FIELD ${cString(reader.auxName)} = '${cString(reader.auxValue)}'`);
    else if (item === Item.selectDb) this.info(`Selecting DB ID ${reader.db}`);
    else if (item === Item.moduleAux) this.infoModule();
    return item !== Item.end;
  }

  /** The tool names the module before it reads its data. */
  private infoModule(): void {
    this.info(`MODULE AUX for: ${this.reader.moduleName}`, this.reader.moduleDataOffset);
  }

  private readValue(): void {
    const { reader, values } = this;
    this.keys++;
    this.type = reader.type;
    this.readingKey = true;
    values.begin();
    checkValue(reader.input, reader.type, values);
    // A key without elements is what their loader gives nothing for, which the tool takes for the end of the file.
    if (values.empty) throw new ValueRefusal('rdb.value.empty', 'no elements');
    if (!Number.isNaN(this.expire) && this.expire !== -1) {
      this.expires++;
      if (this.expire < this.surroundings.now()) this.expired++;
    }
    if (values.fieldExpires > 0) this.fieldExpires++;
    this.expire = Number.NaN;
    this.type = -1;
    this.readingKey = false;
  }

  private reportChecksum(): boolean {
    const { checksumState } = this.reader;
    if (checksumState === 'ok') this.info('Checksum OK');
    else if (checksumState === 'disabled') {
      this.info('RDB file was saved with checksum disabled: no check performed.');
    } else if (checksumState === 'mismatch') {
      this.printError({ text: 'RDB CRC error', internal: false }, this.reader.input.offset, 'check-sum');
      return false;
    }
    return true;
  }

  private reportFault(error: unknown): void {
    if (error instanceof ValueRefusal) {
      if (error.code === 'rdb.value.duplicate') this.passPartner();
      this.end(reasonOf(error.code, error.found, this.reader), this.reader.input.offset);
    } else if (error instanceof FormatError) this.reportRdbFault(error);
    else if ((error as Error).name === 'UnreadableError') this.end(unexpectedEnd, this.reader.input.offset);
    else throw error;
  }

  /** A member that stands twice is noticed when what belongs to it was read too. */
  private passPartner(): void {
    const { reader, type } = this;
    const { input } = reader;
    try {
      if (type === 4 || type === 22 || type === 24) input.skipString();
      else if (type === 5) input.pass(8);
      else if (type === 3) {
        const length = input.byte();
        if (length < 253) input.pass(length);
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }

  /** The tool reads the moment, too, before it looks at the opcode that announces it. */
  private passMoment(): void {
    try {
      this.reader.input.length();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }

  private reportRdbFault(fault: FormatError): void {
    const { reader } = this;
    const { input, itemOffset } = reader;
    if (reader.type >= 0) this.type = reader.type;
    this.readingKey = reader.keyLength >= 0;
    const reason = reasonOf(fault.code, fault.found, reader);
    if (reader.moduleDataOffset > itemOffset) this.infoModule();
    if (fault.code === 'rdb.module.when') this.passMoment();
    if (reader.doing === 'start') {
      this.end(reason, fault.code === 'rdb.truncated' ? 0 : headerBytes);
      return;
    }
    // The tool has no word for what it does with such a function.
    const doing = fault.code === 'rdb.function.pre-release' ? 'read-type' : reader.doing;
    const place = { reason, offset: input.offset, doing };
    const trace = retrace(input, itemOffset, reader, fault) ?? place;
    this.end(trace.reason, trace.offset, trace.doing);
  }

  private end(reason: Reason, offset: number, doing: string = this.reader.doing): void {
    if (reason.log !== undefined) this.print(serverLogLine(reason.log, this.surroundings));
    this.printError(reason, offset, doing);
    if (!reason.internal) return;
    this.print(serverLogLine('Terminating server after rdb file reading failure.', this.surroundings));
    throw new ToolExit(1);
  }

  private printError(reason: Reason, offset: number, doing: string): void {
    const { reader, type } = this;
    // Their line number is one of a source file that we do not have.
    const origin = reason.internal ? 'Internal error in RDB reading offset 0, function at rdb.c:0 -> ' : '';
    this.print(`--- RDB ERROR DETECTED ---\n`);
    this.info(origin + reason.text, offset);
    this.print(`[additional info] While doing: ${doing}\n`);
    if (this.readingKey) {
      const key = reader.key.latin1Slice(0, reader.keyLength);
      this.print(`[additional info] Reading key '${cString(key)}'\n`);
    }
    if (type !== -1) {
      const name = valueType(type, reader)?.name ?? 'unknown';
      this.print(`[additional info] Reading type ${type} (${name})\n`);
    }
    this.printCounts();
  }
}
