import { isUtf8 } from 'node:buffer';
import { FlawError } from '../../rdb/encodings/flaw.ts';
import { RdbFault, RdbInput } from '../../rdb/input.ts';
import { checksumVersionMin, Opcode } from '../../rdb/opcodes.ts';
import { type Fork, Item, RdbReader } from '../../rdb/reader.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue, valueType } from '../../rdb/value-types.ts';
import type { Sources } from '../dataset/sources.ts';

/** Items that must follow a candidate soundly: few where keys are text, more where any bytes may be a key. */
const chainOfText = 3;
const chainOfAny = 10;
/** A key longer than this is not plausible where reading goes on. */
const keyLengthMax = 64 * 1024;
/** No database number or moment of an expiry lies beyond these in a plausible record. */
const databaseMax = 1024;
const expireMax = 1e14;
const star = 0x2a;
const hash = 0x23;

/** What a reading knows of the file when it meets damage. */
export interface RdbContext {
  readonly fork: Fork;
  readonly version: number;
  readonly templates: ReadonlyMap<bigint, readonly string[]>;
  /** Keys that are no text were met before. */
  readonly binaryKeys: boolean;
  /** Commands may follow the RDB. */
  readonly tail: boolean;
}

/**
 * Finds where an RDB goes on after a bad place: the next item that is sound in depth and has several more such items, or the
 * end of the RDB, behind it.
 */
export class RdbResynchroniser {
  private readonly input: RdbInput;
  private readonly reader: RdbReader;
  private readonly values: ValueCheck;
  private readonly context: RdbContext;
  private readonly size: number;
  private textOnly = true;

  constructor(sources: Sources, index: number, size: number, context: RdbContext) {
    this.input = new RdbInput(sources.reopen(index));
    this.reader = new RdbReader(this.input, { checksum: false });
    this.reader.fork = context.fork;
    this.reader.version = context.version;
    for (const [id, fields] of context.templates) this.reader.templates.set(id, fields);
    this.values = new ValueCheck(true, this.reader.templates, 0);
    this.values.fork = context.fork;
    this.context = context;
    this.size = size;
  }

  /** The first plausible item at or after `from` and before `to`; -1 if there is none. Its items must lead beyond `past`. */
  find(from: number, to: number, past = 0): number {
    this.textOnly = true;
    const found = this.context.binaryKeys ? -1 : this.search(from, to, past);
    if (found >= 0) return found;
    this.textOnly = false;
    return this.search(from, to, past);
  }

  private search(from: number, to: number, past: number): number {
    const { input } = this;
    for (let at = from; at < to; at++) {
      if (!input.seek(at) || input.atEnd()) return -1;
      const { bytes, position, limit } = input;
      let place = position;
      const end = Math.min(limit, position + to - at);
      while (place < end && !this.mayBegin(bytes[place])) place++;
      input.position = place;
      at = input.offset;
      if (place === end) {
        at--;
        continue;
      }
      if (this.isPlausible(at, past)) return at;
    }
    return -1;
  }

  /** Whether an item may begin with this byte. */
  private mayBegin(byte: number): boolean {
    if (byte >= Opcode.slotImport) return byte !== Opcode.functionPreRelease;
    return byte < 0x40 && (valueType(byte, this.context.fork)?.since ?? 1000) <= this.context.version;
  }

  private isPlausible(at: number, past: number): boolean {
    const { input } = this;
    try {
      return this.chain(at, past);
    } catch (error) {
      if (error instanceof RdbFault || error instanceof FlawError) return false;
      throw error;
    } finally {
      input.trusting = false;
    }
  }

  private chain(at: number, past: number): boolean {
    const { reader, input } = this;
    const wanted = this.textOnly ? chainOfText : chainOfAny;
    let keys = 0;
    for (let count = 0; keys <= wanted || input.offset <= past; count++) {
      const item = reader.next();
      if (item === Item.end) return this.isEnd(count > 0 || at === this.size - 9);
      if (item === Item.key && !this.isPlausibleKey()) return false;
      if (item === Item.key) keys++;
      else if (!this.isPlausibleItem(item, count)) return false;
      if (count > 1000) return true;
    }
    return true;
  }

  private isPlausibleKey(): boolean {
    const { reader, values, input } = this;
    const { expire, keyLength } = reader;
    if (keyLength > keyLengthMax || expire < 0 || expire > expireMax || reader.freq > 255) return false;
    if ((valueType(reader.type, reader.fork)?.since ?? 0) > this.context.version) return false;
    if (this.textOnly && !isText(reader.key.subarray(0, keyLength))) return false;
    values.begin();
    checkValue(input, reader.type, values);
    return !values.empty && !values.notes.some(({ severity }) => severity === 'error');
  }

  private isPlausibleItem(item: Item, count: number): boolean {
    const { reader } = this;
    if (item === Item.selectDb) return reader.db <= databaseMax;
    if (item === Item.resizeDb) {
      const most = this.size - this.input.offset;
      return reader.declaredKeys <= most && reader.declaredExpires <= reader.declaredKeys;
    }
    if (item === Item.aux) return count > 0 || /^[a-z0-9-]{2,40}$/.test(reader.auxName);
    return item !== Item.function || /^#![^\n]*\bname=\w/.test(reader.functionCode);
  }

  /** An end mark alone is only believed where it stands right before the checksum at the file's end. */
  private isEnd(believed: boolean): boolean {
    const { input, context } = this;
    if (context.version < checksumVersionMin && !believed) return false;
    if (input.atEnd()) return believed;
    const next = input.bytes[input.position];
    return believed && context.tail && (next === star || next === hash);
  }
}

/** Whether a key is text: printable, UTF-8. */
export function isText(key: Uint8Array): boolean {
  for (const byte of key) if (byte < 0x20 || byte === 0x7f) return false;
  return isUtf8(key);
}
