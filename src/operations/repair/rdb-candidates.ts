import { FlawError } from '../../rdb/encodings/flaw.ts';
import { RdbFault, RdbInput } from '../../rdb/input.ts';
import { checksumVersionMin, Opcode } from '../../rdb/opcodes.ts';
import { type Fork, Item, RdbReader } from '../../rdb/reader.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue, valueType } from '../../rdb/value-types.ts';
import type { Sources } from '../dataset/sources.ts';
import { isPlausibleLibrary } from './function-library.ts';
import { type RdbEvidence, valueBits } from './rdb-evidence.ts';

/** A key longer than this is not plausible where reading goes on. */
const keyLengthMax = 64 * 1024;
/** No database number or moment of an expiry lies beyond these in a plausible record. */
const databaseMax = 1024;
const expireMax = 1e14;
/** First bytes of a value that are looked at. */
const headBytes = 192;
const star = 0x2a;
const hash = 0x23;
/** Bytes that trials may pass over beside those of the region that is searched, and the longest item once they are used up. */
const workMax = 512 * 1024 * 1024;
const shortItem = 4096;

/** What a reading knows of the file when it meets damage. */
export interface RdbContext {
  readonly fork: Fork;
  readonly version: number;
  readonly templates: ReadonlyMap<bigint, readonly string[]>;
  /** Commands may follow the RDB. */
  readonly tail: boolean;
  readonly evidence: RdbEvidence;
}

/** An item that can be read at some offset, sound in depth: where it ends, and how much speaks for it, in bits. */
export interface Candidate {
  readonly end: number;
  readonly bits: number;
  readonly last: boolean;
}

/** Tries to read items at any offset of an RDB. */
export class RdbCandidates {
  /** For each byte, whether an item may begin with it. */
  readonly mayBegin = new Uint8Array(256);
  private readonly input: RdbInput;
  private readonly reader: RdbReader;
  private readonly values: ValueCheck;
  private readonly context: RdbContext;
  private readonly size: number;
  private readonly known = new Map<number, Candidate | null>();
  private work = 0;
  private readonly head = Buffer.alloc(headBytes);

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
    for (let byte = 0; byte < 256; byte++) {
      const opcode = byte >= Opcode.slotImport && byte !== Opcode.functionPreRelease;
      const since = byte < 0x40 ? (valueType(byte, context.fork)?.since ?? 1000) : 1000;
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

  /** What was found before `offset` is not asked for any more. */
  forget(offset: number): void {
    this.known.delete(offset);
  }

  private attempt(offset: number): Candidate | undefined {
    const { input, reader } = this;
    if (!input.seek(offset) || input.atEnd()) return undefined;
    const templates = reader.templates.size;
    try {
      return this.read(offset);
    } catch (error) {
      if (error instanceof RdbFault || error instanceof FlawError) return undefined;
      throw error;
    } finally {
      this.work += Math.max(0, input.offset - offset);
      if (reader.templates.size > templates) reader.templates.delete([...reader.templates.keys()].at(-1) ?? 0n);
    }
  }

  private read(offset: number): Candidate | undefined {
    const { reader, input } = this;
    const item = reader.next();
    if (item === Item.end) return this.readEnd();
    const bits = item === Item.key ? this.readKey() : this.itemBits(item);
    const end = input.offset;
    return bits === undefined || (this.work > workMax && end - offset > shortItem)
      ? undefined
      : { end, bits, last: false };
  }

  private readKey(): number | undefined {
    const { reader, values, input, context } = this;
    const { expire, keyLength } = reader;
    if (keyLength > keyLengthMax || expire < 0 || expire > expireMax || reader.freq > 255) return undefined;
    if ((valueType(reader.type, reader.fork)?.since ?? 0) > context.version) return undefined;
    const bits = context.evidence.keyBits(reader);
    const from = input.offset;
    input.ensure(headBytes);
    const length = Math.min(headBytes, input.limit - input.position);
    input.bytes.copy(this.head, 0, input.position, input.position + length);
    if (this.work > workMax && this.head[0] > 0x40) return undefined;
    values.begin();
    checkValue(input, reader.type, values);
    if (values.empty || values.notes.some(({ severity }) => severity === 'error')) return undefined;
    return bits + valueBits(reader.type, this.head.subarray(0, length), input.offset - from);
  }

  private itemBits(item: Item): number | undefined {
    const { reader } = this;
    if (item === Item.selectDb) return this.databaseBits();
    if (item === Item.resizeDb) {
      const most = this.size - this.input.offset;
      const { declaredKeys, declaredExpires } = reader;
      return declaredKeys > 0 && declaredKeys <= most && declaredExpires <= declaredKeys ? 14 : undefined;
    }
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

  /** An end mark is only believed at the end of the file, or where commands follow. */
  private readEnd(): Candidate | undefined {
    const { input, context } = this;
    const end = input.offset;
    if (input.atEnd()) return { end, bits: context.version < checksumVersionMin ? 8 : 28, last: true };
    const next = input.bytes[input.position];
    return context.tail && (next === star || next === hash) ? { end, bits: 14, last: true } : undefined;
  }
}
