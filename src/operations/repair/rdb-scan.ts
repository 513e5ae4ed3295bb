import { escapeBytes } from '../../bytes/text.ts';
import { DuplicateKeys } from '../../rdb/duplicate-keys.ts';
import { FlawError } from '../../rdb/encodings/flaw.ts';
import { RdbFault, type RdbInput } from '../../rdb/input.ts';
import { checksumVersionMin } from '../../rdb/opcodes.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue } from '../../rdb/value-types.ts';
import { Resynchroniser } from '../../resp/resync.ts';
import type { Sources } from '../dataset/sources.ts';
import type { Cut, Duplicates, Region, Unresolved } from './plan.ts';
import { findDuplicates } from './rdb-duplicates.ts';
import { guessHeader } from './rdb-header.ts';
import { isText, RdbResynchroniser } from './rdb-resync.ts';
import { region } from './regions.ts';

export interface RdbScanOptions {
  readonly sources: Sources;
  readonly index: number;
  readonly size: number;
  /** Commands may follow the RDB. */
  readonly tail: boolean;
  readonly duplicates: Duplicates;
  readonly seed: number;
  readonly pause: () => Promise<void>;
}

/** Items between two pauses. */
const itemsBetweenPauses = 1 << 17;
const headerBytes = 9;
/** A server makes room for so many keys without harm, whatever the file's size. */
const plausibleCount = 2 ** 24;
/** Items before a fault that may be what is really damaged. */
const suspectsMax = 3;

/** Finds what is wrong in the RDB at the front of a file. */
export class RdbScan {
  readonly regions: Region[] = [];
  readonly unresolved: Unresolved[] = [];
  keys = 0;
  cut: Cut | undefined;
  /** Where the RDB ends, and whether anything may follow it. */
  endOffset = 0;
  version = 0;
  private readonly input: RdbInput;
  private readonly reader: RdbReader;
  private readonly options: RdbScanOptions;
  private readonly values: ValueCheck;
  private readonly duplicates: DuplicateKeys;
  /** Starts of the last items, the newest last. */
  private readonly recent: number[] = [];
  private magic = '';
  private readonly oddKeys = new OddKeys();
  /** Where the item ends that was found bad although it is framed soundly; -1 for none. */
  private boundary = -1;

  constructor(input: RdbInput, options: RdbScanOptions) {
    this.input = input;
    this.reader = new RdbReader(input);
    this.options = options;
    this.values = new ValueCheck(true, this.reader.templates, options.seed);
    this.duplicates = new DuplicateKeys(options.seed);
  }

  /** False where not even the header can be made out. */
  async run(): Promise<boolean> {
    if (!this.readHeader()) return false;
    const { reader, options } = this;
    this.values.fork = reader.fork;
    this.version = reader.version;
    while (!this.readItems()) await options.pause();
    if (this.duplicates.suspicious) await this.dropDuplicates();
    return true;
  }

  private readHeader(): boolean {
    const { reader, input, options } = this;
    try {
      reader.readHeader();
      this.magic = '';
      return true;
    } catch (error) {
      if (!(error instanceof RdbFault)) throw error;
      const head = options.sources.read(options.index, 0, Math.min(options.size, 4096));
      const guess = guessHeader(head);
      if (guess === undefined) {
        const { code, offset, found } = error;
        const advice = 'Nothing tells which version of the format it has.';
        this.unresolved.push({ code, count: 1, offset, found, advice });
        return false;
      }
      reader.fork = guess.fork;
      reader.version = guess.version;
      this.magic = guess.magic;
      this.mendHeader(error, guess.magic);
      input.seek(Math.min(headerBytes, options.size));
      return true;
    }
  }

  private mendHeader(fault: RdbFault, magic: string): void {
    const length = Math.min(headerBytes, this.options.size);
    const replacement = Buffer.from(magic, 'latin1');
    const reason = `expected ${fault.expected}, found ${fault.found}`;
    this.cut ??= { offset: 0, code: fault.code, reason, inRdb: true, commands: 0, keys: 0 };
    this.regions.push(region(0, length, fault.code, reason, { action: 'replace', damage: false, replacement }));
  }

  /** Reads some items; true at the end. */
  private readItems(): boolean {
    const { reader, input } = this;
    for (let count = 0; count < itemsBetweenPauses; count++) {
      try {
        const item = reader.next();
        if (item === Item.end) return this.takeEnd();
        if (item === Item.key) this.takeKey();
        else if (item === Item.function) this.takeFunction();
        else if (item === Item.resizeDb) this.takeCounts();
        else this.oddKeys.end();
        this.remember(reader.itemOffset);
      } catch (error) {
        if (!(error instanceof RdbFault || error instanceof FlawError)) throw error;
        input.stopChecksum();
        if (!this.passDamage(error)) return true;
      }
    }
    return false;
  }

  private remember(offset: number): void {
    const { recent } = this;
    recent.push(offset);
    if (recent.length > suspectsMax) recent.shift();
  }

  private takeKey(): void {
    const { reader, values, input } = this;
    values.begin();
    checkValue(input, reader.type, values);
    const fault = values.notes.find(({ severity }) => severity === 'error');
    if (fault !== undefined) {
      this.boundary = input.offset;
      throw new RdbFault(fault.code, fault.offset, fault.expected, fault.found);
    }
    this.keys++;
    this.oddKeys.note(reader.key, reader.keyLength, reader.itemOffset);
    if (this.oddKeys.empty > 1) {
      throw new RdbFault('rdb.key.empty', reader.itemOffset, 'a key with a name', 'a second one without');
    }
    this.duplicates.add(reader.key, reader.keyLength, reader.db);
  }

  private takeFunction(): void {
    const { reader } = this;
    if (/^#![^\n]*\bname=\w/.test(reader.functionCode)) return;
    this.boundary = this.input.offset;
    const found = JSON.stringify(reader.functionCode.slice(0, 60));
    throw new RdbFault('rdb.function.header', reader.itemOffset, '#!<engine> name=<library>', found);
  }

  /** A server makes room for as many keys as are declared, whether they come or not: more than could come would end it. */
  private takeCounts(): void {
    const { reader, input, options } = this;
    const most = Math.max(options.size, plausibleCount);
    if (reader.declaredKeys <= most && reader.declaredExpires <= most) return;
    this.boundary = input.offset;
    const found = `${reader.declaredKeys} keys, ${reader.declaredExpires} expiries`;
    throw new RdbFault('rdb.length.range', reader.itemOffset, `at most ${most} keys`, found);
  }

  /** Goes on behind a bad item; false where nothing sound comes after. */
  private passDamage(fault: RdbFault | FlawError): boolean {
    const { input, reader, options } = this;
    const code = fault instanceof RdbFault ? fault.code : fault.flaw.code;
    const { expected, found } = fault instanceof RdbFault ? fault : fault.flaw;
    const reason = `expected ${expected}, found ${found}`;
    const at = reader.itemOffset;
    if (this.isTornEnd(at)) return this.restoreEnd(at, options.size, code, reason);
    const touched = reader.keyLength < 0 ? [] : [escapeBytes(reader.key, 0, reader.keyLength, 128)];
    const { from, next } = this.resume(at);
    this.cut ??= { offset: from, code, reason, inRdb: true, commands: 0, keys: this.keys };
    if (next < 0) return this.endHere(from, code, reason, touched);
    const replacement = this.lostSelect(next);
    if (replacement !== undefined) reader.db = replacement[1];
    this.regions.push(region(from, next - from, code, reason, { touched, replacement }));
    this.recent.length = 0;
    this.oddKeys.end();
    input.seek(next);
    return true;
  }

  /** Only the checksum is cut: no key is lost. */
  private isTornEnd(at: number): boolean {
    const { reader, options } = this;
    return reader.doing === 'check-sum' && options.size - at < headerBytes;
  }

  /** Which bytes are bad: from where, and where items go on (-1 for nowhere). */
  private resume(at: number): { from: number; next: number } {
    const { reader, options, recent, version, oddKeys } = this;
    const { fork, templates } = reader;
    const context = { fork, version, templates, tail: options.tail };
    const resync = new RdbResynchroniser(options.sources, options.index, options.size, context);
    const { boundary } = this;
    this.boundary = -1;
    if (boundary >= 0 && resync.find(boundary, boundary + 1) >= 0) return { from: at, next: boundary };
    const from = oddKeys.count > 0 ? oddKeys.from : at;
    this.keys -= oddKeys.count;
    // A wrong length makes an item swallow its successors, and shows itself only where the next one should begin.
    const before = recent.filter((offset) => offset < from);
    for (let index = before.length - 1; index >= 0; index--) {
      const next = resync.find(before[index] + 1, before[index + 1] ?? from, at);
      if (next < 0) continue;
      this.keys -= before.length - index;
      return { from: before[index], next };
    }
    return { from, next: resync.find(from === at ? at + 1 : from, options.size, at) };
  }

  /** Where counts follow that only stand behind a SELECTDB, its remains tell the database. */
  private lostSelect(next: number): Uint8Array | undefined {
    const { sources, index } = this.options;
    const [database, opcode] = sources.read(index, next - 1, 2);
    return opcode === 0xfb && database < 0x40 ? Buffer.from([0xfe, database]) : undefined;
  }

  /** Nothing sound comes in this RDB any more: commands may. */
  private endHere(from: number, code: string, reason: string, touched: readonly string[]): boolean {
    const { size, tail } = this.options;
    const found = tail ? new Resynchroniser(this.input).find(from) : -1;
    const end = found < 0 ? size : found;
    this.endOffset = end;
    this.regions.push(region(from, end - from, code, reason, { touched, replacement: 'rdb-end' }));
    return false;
  }

  private restoreEnd(at: number, end: number, code: string, reason: string): boolean {
    this.endOffset = end;
    const more = { action: 'replace', damage: false, replacement: 'rdb-end' } as const;
    this.regions.push(region(at, end - at, code, reason, more));
    return false;
  }

  private takeEnd(): true {
    const { reader, regions } = this;
    this.endOffset = reader.endOffset;
    const at = reader.checksumOffset - 1;
    if (this.version < checksumVersionMin) return true;
    if (reader.checksumState === 'mismatch' && regions.length === 0) {
      this.restoreEnd(at, reader.endOffset, 'rdb.checksum.mismatch', 'the checksum does not fit the bytes');
    } else if (regions.length > 0) this.restoreEnd(at, reader.endOffset, 'rdb.checksum', 'what it sums up has changed');
    return true;
  }

  /** Of each key that stands twice, one stays. */
  private async dropDuplicates(): Promise<void> {
    const { options, duplicates, regions, reader } = this;
    const header = { magic: this.magic, fork: reader.fork, version: this.version };
    const found = await findDuplicates(duplicates, regions, header, this.endOffset, options);
    if (found.length === 0) return;
    if (!regions.some(({ replacement }) => replacement === 'rdb-end') && this.version >= checksumVersionMin) {
      this.restoreEnd(this.endOffset - headerBytes, this.endOffset, 'rdb.checksum', 'what it sums up has changed');
    }
    regions.push(...found);
  }
}

/**
 * The keys right before a fault that look unlike those before them: none at all, or binary among text. They are what the rest of
 * a damaged value looks like when it is read as items.
 */
class OddKeys {
  /** Start of the first one, and how many there are, without another key between them. */
  from = -1;
  count = 0;
  /** Keys without a name among them. */
  empty = 0;
  private text = 0;
  private binary = 0;

  note(key: Uint8Array, length: number, offset: number): void {
    const fits = length > 0 && isText(key.subarray(0, length));
    if (fits) this.text++;
    else if (length > 0) this.binary++;
    if (fits || (length > 0 && this.binary * 4 > this.text)) {
      this.end();
      return;
    }
    if (this.count === 0) this.from = offset;
    if (length === 0) this.empty++;
    this.count++;
  }

  /** Something else came. */
  end(): void {
    this.count = this.empty = 0;
  }
}
