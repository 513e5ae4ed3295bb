import { EncodingError, FormatError } from '../faults.ts';
import type { CheckKernel } from '../kernels/check-kernel.ts';
import { blobBytesMax } from '../limits.ts';
import { canonicalType } from '../servers/value-type-id.ts';
import type { RdbCodec } from './codec/codec.ts';
import type { RdbInput } from './input.ts';
import { KeyRecord } from './key-record.ts';
import { PlaceBatch, type PlaceReceiver } from './place-batch.ts';
import { Item, RdbReader } from './reader.ts';
import { ValueCheck } from './value-check.ts';
import { checkValue } from './value-types.ts';

/** What is told of an RDB, item by item. */
export interface RdbVisitor {
  /** A key whose value has elements; false ends the reading. Throws FormatError or EncodingError where it looks into a damaged value. */
  key(record: KeyRecord): boolean | undefined;
  /** Told of such an error; the reading goes on with the next key. Without it, the error ends the reading. */
  damaged?(record: KeyRecord, error: FormatError | EncodingError): void;
  /** All keys so far lie in the window, which may move now. */
  passed?(): void;
  /** An item that is no key, as the reader has it. */
  item?(item: Item, reader: RdbReader): void;
}

export interface RdbReadOptions {
  /** Name of the file, for the records. */
  readonly path: string;
  readonly codec: RdbCodec;
  /** Kernels whose window the input has, where there are any. */
  readonly checkKernel?: CheckKernel;
  /** Whether the checksum is computed on the way. Default true. */
  readonly checksum?: boolean;
  /** Bytes of the file that have left the window: of values larger than that. */
  readonly read: (offset: number, length: number) => Buffer;
  readonly pause: () => Promise<void>;
}

/** Items between two pauses. */
const itemsBetweenPauses = 1 << 14;

/**
 * Reads an RDB from its front and tells a visitor its keys, with their values serialized. What stands in values is not looked into: the
 * checksum vouches for it, and whoever decodes it meets what is damaged.
 */
export class RdbReading {
  readonly reader: RdbReader;
  /** Keys that were told. */
  keys = 0;
  private stopped = false;
  private readonly input: RdbInput;
  private readonly visitor: RdbVisitor;
  private readonly options: RdbReadOptions;
  private readonly batch: PlaceBatch | undefined;
  private readonly values: ValueCheck;
  private readonly record: KeyRecord;
  private readonly receive: PlaceReceiver;

  constructor(input: RdbInput, visitor: RdbVisitor, options: RdbReadOptions) {
    const { checkKernel, checksum, codec, path } = options;
    this.input = input;
    this.visitor = visitor;
    this.options = options;
    this.reader = new RdbReader(input, { checkKernel, checksum });
    this.batch = checkKernel && new PlaceBatch(this.reader, checkKernel);
    this.values = new ValueCheck(false, this.reader.templates, 0);
    input.trusting = true;
    codec.templates = this.reader.templates;
    this.record = new KeyRecord(codec);
    this.record.path = path;
    this.receive = (key, length, type, from, to, expiry) => this.place(key, length, type, from, to, expiry);
  }

  /** True at the end of the RDB, false where the visitor has ended it. Throws FormatError or EncodingError. */
  async run(): Promise<boolean> {
    this.reader.readHeader();
    this.values.ofFormat(this.reader);
    while (!this.readItems()) {
      if (this.stopped) return false;
      await this.options.pause();
    }
    return !this.stopped;
  }

  /** True at the end. */
  private readItems(): boolean {
    const { reader, visitor } = this;
    for (let index = 0; index < itemsBetweenPauses; index++) {
      while (this.batch?.pass(this.receive)) {
        visitor.passed?.();
        if (this.stopped) return false;
        index += this.batch.seen;
      }
      const item = reader.next();
      if (item === Item.key) this.readKey();
      else visitor.item?.(item, reader);
      if (item === Item.end) return true;
      if (this.stopped) return false;
    }
    return false;
  }

  private tell(record: KeyRecord): void {
    try {
      if (this.visitor.key(record) === false) this.stopped = true;
      this.keys++;
    } catch (error) {
      const isDamage = error instanceof FormatError || error instanceof EncodingError;
      if (!isDamage || this.visitor.damaged === undefined) throw error;
      this.visitor.damaged(record, error);
    }
  }

  /** An ordinary key of the window. Positions count from the window's front. */
  private place(key: number, length: number, type: number, from: number, to: number, expiryAt: number): void {
    if (this.stopped) return;
    const { record, input, reader } = this;
    const { bytes, base } = input;
    record.database = reader.db;
    record.key = bytes;
    record.keyFrom = key;
    record.keyTo = key + length;
    record.expire = expiryAt < 0 ? Number.NaN : millisecondsAt(bytes, expiryAt);
    record.idle = record.freq = -1;
    record.noEvict = false;
    record.type = canonicalType(type, reader);
    record.raw = bytes;
    record.rawFrom = from;
    record.rawTo = to;
    record.offset = base + itemStart(key, length, expiryAt);
    record.end = base + to;
    this.tell(record);
  }

  private readKey(): void {
    const { reader, input, values, record, options } = this;
    const from = input.offset;
    if (reader.keyTooLong)
      throw new FormatError('rdb.string.long', from, `a key of at most ${blobBytesMax} bytes`, 'a longer one');
    values.begin();
    checkValue(input, reader.type, values);
    // A server skips a key without elements.
    if (values.empty) return;
    record.database = reader.db;
    record.key = reader.key;
    record.keyFrom = 0;
    record.keyTo = reader.keyLength;
    record.expire = reader.expire;
    record.idle = reader.idle;
    record.freq = reader.freq;
    record.noEvict = reader.noEvict;
    record.type = canonicalType(reader.type, reader);
    const to = input.offset;
    if (from >= input.base) {
      record.raw = input.bytes;
      record.rawFrom = from - input.base;
      record.rawTo = to - input.base;
    } else record.deferRaw(() => options.read(from, to - from), to - from);
    record.offset = reader.itemOffset;
    record.end = to;
    this.tell(record);
  }
}

/** A moment as an RDB has it: 8 bytes, little-endian, milliseconds since 1970. */
export function millisecondsAt(bytes: Buffer, position: number): number {
  return bytes.readInt32LE(position + 4) * 2 ** 32 + bytes.readUInt32LE(position);
}

/** Where an item begins, by where its key does and, if it expires, the moment: positions in the window, -1 for no moment. */
export function itemStart(key: number, length: number, expiryAt: number): number {
  if (expiryAt >= 0) return expiryAt - 1;
  const lengthBytes = length < 64 ? 1 : length < 16_384 ? 2 : 5;
  return key - lengthBytes - 1;
}
