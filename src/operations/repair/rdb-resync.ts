import { isUtf8 } from 'node:buffer';
import { FlawError } from '../../rdb/encodings/flaw.ts';
import { RdbFault, RdbInput } from '../../rdb/input.ts';
import { checksumVersionMin, Opcode } from '../../rdb/opcodes.ts';
import { type Fork, Item, RdbReader } from '../../rdb/reader.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue, valueType } from '../../rdb/value-types.ts';
import type { Sources } from '../dataset/sources.ts';

/** A key of at least so many bytes of text is hardly one by chance. */
const loneKeyMin = 3;
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
  /** Commands may follow the RDB. */
  readonly tail: boolean;
}

/**
 * What must speak for a candidate beside its own soundness: its key is text and some items follow; many follow, or the end;
 * it leads exactly to an item that is believed; its key is a text
 * of some length, although nothing sound follows; it is the end mark right before the checksum.
 */
type Proof = 'text' | 'any' | 'lone' | 'landing' | 'end';

/** Keys that must follow a candidate soundly: few where it is text, more where any bytes may be a key. */
const chainLengths: Readonly<Record<Proof, number>> = { text: 3, any: 10, lone: 0, landing: 100, end: 100 };

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
  private proof: Proof = 'text';
  /** Where the items of a candidate must lead to exactly. */
  private landing = -1;

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

  /**
   * The first plausible item at or after `from` and before `to`; -1 if there is none. Its items must lead beyond `past`.
   * A key that is text is believed first; other items before it are, if they lead exactly to it.
   */
  find(from: number, to: number, past = 0): number {
    const trusted = this.search(from, to, past, 'text');
    const any = trusted < 0 ? this.search(from, to, past, 'any') : -1;
    const found = trusted >= 0 ? trusted : any >= 0 ? any : this.search(from, to, past, 'end');
    return this.earlier(from, found < 0 ? to : found, past, found);
  }

  /** What lies before the item that is believed, and is likely to be a record too: alone between two bad places, or binary. */
  private earlier(from: number, to: number, past: number, found: number): number {
    this.landing = to;
    const lone = past > from ? -1 : this.search(from, to, past, 'lone');
    const end = lone < 0 ? found : lone;
    if (end < 0) return -1;
    this.landing = end;
    const before = this.search(from, end, past, 'landing');
    return before < 0 ? end : before;
  }

  private search(from: number, to: number, past: number, proof: Proof): number {
    this.proof = proof;
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
    const { reader, input, proof } = this;
    const wanted = chainLengths[proof];
    let anchored = false;
    let keys = 0;
    let empty = 0;
    for (let count = 0; keys <= wanted || input.offset <= past; count++) {
      const item = reader.next();
      if (item === Item.end)
        return proof !== 'landing' && this.isEnd(proof === 'end' ? at === this.size - 9 : keys > 0 || anchored);
      // A SELECTDB with its RESIZEDB is as good as a key that is text.
      if (item === Item.resizeDb && count === 1) anchored = true;
      if (item === Item.key && !this.isPlausibleKey(keys === 0 && !anchored)) return false;
      if (item === Item.key && reader.keyLength === 0 && ++empty > 1) return false;
      if (item === Item.key) keys++;
      else if (!this.isPlausibleItem(item, count)) return false;
      if (proof === 'lone' && input.offset > this.landing) return false;
      if (proof === 'landing' && input.offset >= this.landing) return input.offset === this.landing;
      if (count > 1000) return true;
    }
    return proof !== 'landing' && proof !== 'end';
  }

  private isPlausibleKey(first: boolean): boolean {
    const { reader, values, input } = this;
    const { expire, keyLength } = reader;
    if (keyLength > keyLengthMax || (first && keyLength === 0)) return false;
    if (expire < 0 || expire > expireMax || reader.freq > 255) return false;
    if ((valueType(reader.type, reader.fork)?.since ?? 0) > this.context.version) return false;
    if (first && this.proof === 'lone' && keyLength < loneKeyMin) return false;
    if (first && (this.proof === 'text' || this.proof === 'lone') && !isText(reader.key.subarray(0, keyLength)))
      return false;
    values.begin();
    checkValue(input, reader.type, values);
    return !values.empty && !values.notes.some(({ severity }) => severity === 'error');
  }

  private isPlausibleItem(item: Item, count: number): boolean {
    const { reader } = this;
    if (item === Item.selectDb) return reader.db <= databaseMax;
    if (item === Item.resizeDb) {
      const most = this.size - this.input.offset;
      return reader.declaredKeys > 0 && reader.declaredKeys <= most && reader.declaredExpires <= reader.declaredKeys;
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
