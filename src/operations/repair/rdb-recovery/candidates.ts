import type { Sources } from '../../../dataset/sources.ts';
import { FormatError } from '../../../faults.ts';
import { Window } from '../../../io/window.ts';
import { RdbInput } from '../../../rdb/input.ts';
import { checksumVersionMin, Opcode } from '../../../rdb/opcodes.ts';
import { Item, RdbReader } from '../../../rdb/reader.ts';
import { ValueCheck } from '../../../rdb/value-check.ts';
import { checkValue, valueType } from '../../../rdb/value-types.ts';
import type { Fork } from '../../../servers/value-type-id.ts';
import { isPlausibleLibrary } from '../function-library.ts';
import { type RecordLikelihood, valueBits } from './likelihood.ts';
import { lengthSize, type MemberForm, MemberReader, memberLayout } from './recovered-elements.ts';

/** A key longer than this is not plausible where reading goes on. */
const keyLengthMax = 64 * 1024;
/** No database number or moment of an expiry lies beyond these in a plausible record. */
const databaseMax = 1024;
const expireMax = 1e14;
/** First bytes of a value that are looked at. */
const headBytes = 64;
/** What speaks for a count that fits, and against a value that is not written as servers write it. */
const lengthBits = 2;
const ungainlyBits = -10;
/** What speaks against a key that NUL bytes read as. */
const nulRunBits = -30;
/** Bytes that are held of what lies far from where the search stands. */
export const farBytes = 4096;
/** Prefixes of a key, and bytes that they take at most. */
const prefixesMax = 2;
const prefixBytesMax = 32;
const star = 0x2a;
const hash = 0x23;
/** Bytes that trials may pass over beside those of the region that is searched, and the longest item once they are used up. */
const workMax = 512 * 1024 * 1024;
const shortItem = 4096;
/** The longest length of a string, with that of what it holds compressed. */
const lengthBytesMax = 19;
/** Types whose value is one string. */
const isStringType = new Uint8Array(256);
for (const type of [0, 9, 10, 11, 12, 13, 16, 17]) isStringType[type] = 1;

/** What a reading knows of the file when it meets damage. */
export interface RdbContext {
  readonly fork: Fork;
  readonly version: number;
  readonly templates: ReadonlyMap<bigint, readonly string[]>;
  /** Commands may follow the RDB. */
  readonly tail: boolean;
  readonly evidence: RecordLikelihood;
}

/** An item that can be read at some offset, sound in depth: where it ends, and how much speaks for it, in bits. */
export interface Candidate {
  readonly end: number;
  readonly bits: number;
  readonly last: boolean;
  readonly isKey: boolean;
  readonly isSelect: boolean;
}

const endMark = { last: true, isKey: false, isSelect: false } as const;

/** What comes before the value of a key, whether that can be read or not. */
export interface Head {
  /** What speaks for the type and the key. */
  readonly bits: number;
  readonly valueAt: number;
  /** Where its members begin, and how many it should have. */
  readonly row: { readonly form: MemberForm; readonly at: number; readonly declared: number } | undefined;
  /** Where a value that is one string, or one node, should end; -1 where nothing says it. */
  readonly end: number;
}

/** Tries to read items at any offset of an RDB. */
export class RdbCandidates {
  /** For each byte, whether an item may begin with it. */
  readonly mayBegin = new Uint8Array(256);
  private readonly input: RdbInput;
  private readonly reader: RdbReader;
  private readonly values: ValueCheck;
  private readonly members: MemberReader;
  private readonly sources: Sources;
  private readonly index: number;
  private readonly context: RdbContext;
  private readonly size: number;
  private readonly known = new Map<number, Candidate | null>();
  private work = 0;
  private valueAt = 0;

  constructor(sources: Sources, index: number, size: number, context: RdbContext) {
    this.input = new RdbInput(sources.reopen(index));
    this.reader = new RdbReader(this.input, { checksum: false });
    this.reader.fork = context.fork;
    this.reader.version = context.version;
    for (const [id, fields] of context.templates) this.reader.templates.set(id, fields);
    this.values = new ValueCheck(true, this.reader.templates, 0);
    this.values.ofFormat(context);
    this.members = new MemberReader(this.input, new Window(sources.reopen(index), farBytes), size);
    this.sources = sources;
    this.index = index;
    this.context = context;
    this.size = size;
    for (let byte = 0; byte < 256; byte++) {
      const opcode = byte >= Opcode.slotImport && byte !== Opcode.functionPreRelease;
      const since = byte < 0x40 ? (valueType(byte, context)?.since ?? 1000) : 1000;
      this.mayBegin[byte] = opcode || since <= context.version ? 1 : 0;
    }
  }

  /** The item at `offset`; undefined where none can be read. */
  at(offset: number): Candidate | undefined {
    const known = this.known.get(offset);
    if (known !== undefined) return known ?? undefined;
    const found = this.attempt(offset);
    this.known.set(offset, found ?? null);
    return found;
  }

  /** The same for an offset that is not asked for any more. */
  last(offset: number): Candidate | undefined {
    const known = this.known.size === 0 ? undefined : this.known.get(offset);
    if (known === undefined) return this.attempt(offset);
    this.known.delete(offset);
    return known ?? undefined;
  }

  private attempt(offset: number): Candidate | undefined {
    const { input, reader } = this;
    if (!this.mayBeItem(offset) || !input.seek(offset)) return undefined;
    const templates = reader.templates.size;
    try {
      return this.read(offset);
    } catch (error) {
      if (error instanceof FormatError) return undefined;
      throw error;
    } finally {
      this.work += Math.max(0, input.offset - offset);
      if (reader.templates.size > templates) reader.templates.delete([...reader.templates.keys()].at(-1) ?? 0n);
    }
  }

  /**
   * Whether the first bytes do not show yet that no item begins at `offset`: an exception for each offset at which none does is what a
   * search would spend its time on.
   */
  private mayBeItem(offset: number): boolean {
    const type = this.typeAt(offset);
    return type >= 0 && (isStringType[type] === 0 || this.members.framedEnd(this.valueAt) >= 0);
  }

  /** The type or opcode of what may begin at `offset`, and where the value of a key then begins; -1 where nothing can. */
  private typeAt(offset: number): number {
    const { input, members } = this;
    if (!input.seek(offset) || input.atEnd()) return -1;
    const at = this.behindPrefixes();
    if (at < 0) return -1;
    const type = input.bytes[input.position + at];
    if (at > prefixBytesMax || type >= 0x40) return 0xff;
    const keyAt = offset + at + 1;
    this.valueAt = members.framedEnd(keyAt);
    return this.valueAt < 0 || this.valueAt - keyAt > keyLengthMax + lengthBytesMax ? -1 : type;
  }

  /** Bytes of prefixes from the position on; -1 for too many. Writers put two before a key at most; a reader goes through any number. */
  private behindPrefixes(): number {
    const { input } = this;
    input.ensure(prefixBytesMax);
    const { bytes, limit } = input;
    let at = input.position;
    for (let count = 0; count <= prefixesMax; count++) {
      const opcode = at < limit ? bytes[at] : 0;
      if (opcode === Opcode.expireTimeMs) at += 9;
      else if (opcode === Opcode.expireTime) at += 5;
      else if (opcode === Opcode.freq) at += 2;
      else if (opcode === Opcode.idle) at += 1 + lengthSize(bytes[at + 1]);
      else return at - input.position;
    }
    return -1;
  }

  private read(offset: number): Candidate | undefined {
    const { reader, input } = this;
    const item = reader.next();
    if (item === Item.end) return this.readEnd();
    const bits = item === Item.key ? this.readKey() : this.itemBits(item);
    const end = input.offset;
    return bits === undefined || (this.work > workMax && end - offset > shortItem)
      ? undefined
      : { end, bits, last: false, isKey: item === Item.key, isSelect: item === Item.selectDb };
  }

  private readKey(): number | undefined {
    const { reader, values, input } = this;
    const bits = this.keyBits();
    if (bits === undefined) return undefined;
    const from = input.offset;
    if (this.work > workMax && input.ensure(1) && input.bytes[input.position] > 0x40) return undefined;
    values.begin();
    checkValue(input, reader.type, values);
    if (values.empty || values.notes.some(({ severity }) => severity === 'error')) return undefined;
    const end = input.offset;
    const said = this.memberBits(from, end) ?? valueBits(reader.type, this.headOf(from, end), end - from);
    const nul = this.isNulRun(said) ? nulRunBits : 0;
    input.seek(end);
    return bits + said + nul;
  }

  /** The first bytes of what lies at `[from, end)`, until the next read. */
  private headOf(from: number, end: number): Buffer {
    const { input } = this;
    const length = Math.min(headBytes, end - from);
    input.seek(from);
    input.ensure(length);
    return input.bytes.subarray(input.position, input.position + length);
  }

  /** Whether the item that was just read begins or ends in what may be a run of NUL bytes. `said`: what its value says. */
  private isNulRun(said: number): boolean {
    const { key, keyLength, itemOffset } = this.reader;
    if (said <= 0 && (keyLength === 0 || key[keyLength - 1] === 0)) return true;
    return keyLength === 0 && (itemOffset === 0 || this.sources.read(this.index, itemOffset - 1, 1)[0] === 0);
  }

  /** What speaks for the type and the key that were just read; undefined where nothing can. */
  private keyBits(): number | undefined {
    const { reader, context } = this;
    const { expire, keyLength } = reader;
    if (keyLength > keyLengthMax || expire < 0 || expire > expireMax || reader.freq > 255) return undefined;
    if ((valueType(reader.type, reader)?.since ?? 0) > context.version) return undefined;
    return context.evidence.keyBits(reader);
  }

  /** What the members of the value at `[from, end)` say; undefined where it has none, or they say it by their encoding. */
  private memberBits(from: number, end: number): number | undefined {
    const { reader, members, input } = this;
    if (reader.type === 0) return members.string(from) ? Math.max(members.bits, 0) : ungainlyBits;
    const layout = memberLayout(reader.type, reader.fork);
    if (layout === undefined || layout.nested) return undefined;
    input.seek(from + layout.before);
    input.length();
    let bits = lengthBits;
    for (let at = input.offset; at < end; at = members.end) {
      if (!members.read(layout.form, at)) return bits + ungainlyBits;
      bits += members.bits;
    }
    return bits;
  }

  /** What comes before the value of the key at `offset`. */
  headAt(offset: number): Head | undefined {
    const { input, reader } = this;
    if (this.typeAt(offset) < 0 || !input.seek(offset)) return undefined;
    try {
      if (reader.next() !== Item.key) return undefined;
      const bits = this.keyBits();
      const valueAt = input.offset;
      return bits === undefined ? undefined : { bits, valueAt, ...this.framing() };
    } catch (error) {
      if (error instanceof FormatError) return undefined;
      throw error;
    }
  }

  /** How the value behind a head is framed. */
  private framing(): Omit<Head, 'bits' | 'valueAt'> {
    const { input, reader, members } = this;
    const layout = memberLayout(reader.type, reader.fork);
    if (layout === undefined) {
      const at = input.offset + (reader.type === 25 ? 8 : 0);
      return { row: undefined, end: reader.type > 25 || reader.type === 7 ? -1 : members.framedEnd(at) };
    }
    input.pass(layout.before);
    const declared = input.length() * layout.each;
    if (declared === 0 || declared > this.size - input.offset) return { row: undefined, end: -1 };
    const at = input.offset;
    const isOne = layout.nested && declared === 1;
    return {
      row: { form: layout.form, at, declared },
      end: isOne ? members.framedEnd(layout.form === 'node' ? at + 1 : at) : -1,
    };
  }

  private itemBits(item: Item): number | undefined {
    const { reader } = this;
    if (item === Item.selectDb) return this.databaseBits();
    if (item === Item.resizeDb) return this.countsBits();
    if (item === Item.aux) return /^[a-z0-9-]{2,40}$/.test(reader.auxName) ? 8 + reader.auxName.length * 2 : -4;
    if (item === Item.function) return isPlausibleLibrary(reader.functionCode) ? 60 : undefined;
    return item === Item.slotInfo || item === Item.moduleAux ? 10 : 30;
  }

  /** Since 3.2 the counts of a database follow its number. */
  private databaseBits(): number | undefined {
    const { reader, input, context } = this;
    if (reader.db > databaseMax) return undefined;
    const counted = !input.atEnd() && input.bytes[input.position] === Opcode.resizeDb;
    return 8 + (reader.db < 16 ? 4 : 0) + (counted ? 8 : context.version < 7 ? 0 : -8);
  }

  /** Counts stand behind a database's number and nowhere else. */
  private countsBits(): number | undefined {
    const { reader, input, sources } = this;
    const { declaredKeys, declaredExpires, itemOffset } = reader;
    if (declaredKeys === 0 || declaredKeys > this.size - input.offset || declaredExpires > declaredKeys)
      return undefined;
    const [opcode, database] = sources.read(this.index, Math.max(0, itemOffset - 2), 2);
    return opcode === Opcode.selectDb && database < 0x40 ? 14 : 3;
  }

  /** An end mark is only believed at the end of the file, or where commands follow. */
  private readEnd(): Candidate | undefined {
    const { input, context } = this;
    const end = input.offset;
    if (input.atEnd()) return { end, bits: context.version < checksumVersionMin ? 8 : 28, ...endMark };
    const next = input.bytes[input.position];
    return context.tail && (next === star || next === hash) ? { end, bits: 14, ...endMark } : undefined;
  }
}
