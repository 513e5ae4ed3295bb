import type { Sources } from '../../dataset/sources.ts';
import { FormatError } from '../../faults.ts';
import { borrowCheckKernel, type CheckKernel, returnCheckKernel } from '../../kernels/check-kernel.ts';
import { type CommandsKernel, commandsKeysMax, openCommandsKernel } from '../../kernels/commands-kernel.ts';
import { blobBytesMax, windowBytes } from '../../limits.ts';
import { RdbCodec } from '../../rdb/codec/codec.ts';
import { DuplicateKeys } from '../../rdb/duplicate-keys.ts';
import { RdbInput } from '../../rdb/input.ts';
import { KeyRecord } from '../../rdb/key-record.ts';
import type { NotedValues } from '../../rdb/noted-values.ts';
import { isMemberExpiry } from '../../rdb/product.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { RecordBatch } from '../../rdb/record-batch.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue } from '../../rdb/value-types.ts';
import { mayHoldNegativeZero } from '../../rdb/writer/copies.ts';
import { canonicalType } from '../../servers/value-type-id.ts';
import type { KeyReceiver } from './key-receiver.ts';

/** What somebody took for granted of a file that nobody has read before. */
export interface Assumptions {
  /** Bytes of the whole RDB. */
  readonly bytes: number;
  /** Whether its checksum is computed on the way; else somebody else does that. */
  readonly summed: boolean;
  readonly seed: number;
  /** Takes what is found in its values. */
  readonly noted: NotedValues;
}

/** Thrown where a file is not what was expected of it. */
export class PlanInvalidated extends Error {}

export interface RdbSourceOptions {
  readonly sources: Sources;
  readonly source: number;
  /** Undefined for a file that was surveyed. */
  readonly expectation: Assumptions | undefined;
  /** It is of a server that keeps the sign of a score of -0 in a small sorted set, and the output's does not when it loads a skiplist. */
  readonly losesNegativeZero: boolean;
  /** By the rules of loading, small sorted sets keep that sign. */
  readonly keepsNegativeZero: boolean;
  readonly onProgress?: (offset: number) => void;
  readonly pause: () => Promise<void>;
}

/** Items between two pauses. */
const itemsBetweenPauses = 1 << 16;

/**
 * Reads the RDB at the front of a source, key by key and in constant memory. Of one that was surveyed before it throws FormatError or
 * EncodingError only where a value is damaged and its checksum says so, or the file has changed since. Of another one it throws these or
 * PlanInvalidated for whatever a survey would have found: then nothing that the receiver got is worth anything.
 */
export class RdbSource {
  private readonly reader: RdbReader;
  private readonly input: RdbInput;
  private readonly checkKernel: CheckKernel | undefined;
  private readonly batch: RecordBatch | undefined;
  private readonly kernel: CommandsKernel | undefined;
  private readonly seed: number;
  private readonly duplicates: DuplicateKeys | undefined;
  private readonly values: ValueCheck;
  /** For keys that a lane has passed: it has looked into their values and noted their names. */
  private readonly passed: ValueCheck;
  private readonly record: KeyRecord;
  private readonly receiver: KeyReceiver;
  private readonly options: RdbSourceOptions;

  constructor(receiver: KeyReceiver, options: RdbSourceOptions) {
    this.receiver = receiver;
    this.options = options;
    const source = options.sources.reopen(options.source);
    const { expectation } = options;
    const looks = expectation !== undefined;
    const inCommands = receiver.commandCopying !== 'none';
    this.checkKernel = receiver.spans === 'none' && (inCommands || !looks) ? undefined : borrowCheckKernel();
    this.seed = expectation?.seed ?? 0;
    this.duplicates = expectation === undefined ? undefined : new DuplicateKeys(this.seed);
    this.kernel = inCommands ? openCommandsKernel() : undefined;
    this.input = new RdbInput(source, windowBytes, this.checkKernel?.window() ?? this.kernel?.window);
    this.input.trusting = !looks;
    this.input.onProgress = options.onProgress;
    this.reader = new RdbReader(this.input, { checksum: expectation?.summed === true, checkKernel: this.checkKernel });
    const deep = looks || (receiver.spans === 'looked-into' && 'long');
    this.batch = this.checkKernel && new RecordBatch(this.reader, this.checkKernel, { deep, seed: this.seed });
    this.values = new ValueCheck(looks, this.reader.templates, this.seed);
    this.passed = new ValueCheck(false, this.reader.templates, this.seed);
    const { keepsNegativeZero } = options;
    this.record = new KeyRecord(new RdbCodec({ templates: this.reader.templates, keepsNegativeZero }));
  }

  async run(): Promise<void> {
    const { reader, values, options } = this;
    try {
      reader.readHeader();
      values.ofFormat(reader);
      this.passed.ofFormat(reader);
      while (!this.readItems()) await options.pause();
      this.checkAssumptions();
    } finally {
      returnCheckKernel(this.checkKernel);
    }
  }

  private checkAssumptions(): void {
    const { expectation } = this.options;
    if (expectation === undefined) return;
    if (this.reader.checksumState === 'mismatch') throw new PlanInvalidated('it is damaged');
    if (this.reader.endOffset !== expectation.bytes) throw new PlanInvalidated('it ends elsewhere');
    if (this.duplicates?.suspicious === true) throw new PlanInvalidated('keys may stand twice');
  }

  /** True at the end. */
  private readItems(): boolean {
    const { reader } = this;
    for (let index = 0; index < itemsBetweenPauses; index++) {
      index += this.passKeys();
      const item = reader.next();
      if (item === Item.key) this.readKey();
      else if (item === Item.end) return true;
      else this.readOther(item);
    }
    return false;
  }

  /** Hands on whatever a kernel takes over as it is; how many keys those were. */
  private passKeys(): number {
    const { input, batch, kernel, receiver } = this;
    let count = 0;
    if (batch !== undefined) {
      for (let from = input.offset; batch.pass(); from = input.offset) {
        const position = from - input.base;
        this.duplicates?.addPrints(batch.prints, batch.count);
        count += batch.count;
        if (this.mustReadApart(position)) {
          input.position = position;
          this.readKeysApart(batch.count);
        } else receiver.span(input.bytes, position, input.position, batch.count);
      }
    } else if (kernel !== undefined) {
      for (let passed = this.rewriteKeys(kernel); passed > 0; passed = this.rewriteKeys(kernel)) count += passed;
    }
    return count;
  }

  /** Whether the keys that the lane has passed from there on must be written anew, or some of them. */
  private mustReadApart(position: number): boolean {
    const { input, receiver, options } = this;
    if (receiver.spans === 'none') return true;
    return options.losesNegativeZero && mayHoldNegativeZero(input.bytes, position, input.position);
  }

  /** Ordinary keys, each by itself. */
  private readKeysApart(count: number): void {
    const { reader, input } = this;
    const { trusting } = input;
    input.trusting = true;
    for (let index = 0; index < count; index++) if (reader.next() === Item.key) this.readKey(this.passed);
    input.trusting = trusting;
  }

  private rewriteKeys(kernel: CommandsKernel): number {
    const { input, receiver } = this;
    if (this.reader.pending) return 0;
    const refill = input.home.length >> 2;
    if (input.limit - input.position < refill) input.ensure(refill);
    if (!kernel.owns(input.bytes)) return 0;
    const flags = (receiver.commandCopying === 'all' ? 1 : 0) | (input.trusting ? 0 : 2);
    const count = kernel.rewriteKeys(input.position, input.limit, commandsKeysMax, flags, this.seed, this.reader.db);
    if (count === 0) return 0;
    this.duplicates?.addPrints(kernel.prints, count);
    input.position = kernel.result[0];
    receiver.commands(kernel.output, kernel.result[1], count);
    return count;
  }

  private readKey(values = this.values): void {
    const { reader, input, record, options } = this;
    const from = input.offset;
    if (reader.keyTooLong) {
      const limit = `a key of at most ${blobBytesMax} bytes`;
      throw new FormatError('rdb.string.long', reader.itemOffset, limit, 'a longer one');
    }
    if (values !== this.passed) this.duplicates?.add(reader.key, reader.keyLength, reader.db);
    values.begin();
    checkValue(input, reader.type, values);
    options.expectation?.noted.addValue(this.path, reader, values);
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
    if (reader.metaLength > 0) record.metadata = Buffer.from(this.bytesAt(reader.metaOffset, reader.metaLength));
    else if (record.metadata.length > 0) record.metadata = Buffer.alloc(0);
    const to = input.offset;
    const isHere = from >= input.base;
    record.raw = isHere ? input.bytes : this.bytesAt(from, to - from);
    record.rawFrom = isHere ? from - input.base : 0;
    record.rawTo = record.rawFrom + to - from;
    record.idempotencyLength = values.idempotencyOffset < 0 ? 0 : to - values.idempotencyOffset;
    this.receiver.key(record);
  }

  private get path(): string {
    return this.options.sources.pathOf(this.options.source);
  }

  /** Bytes that may have left the window. */
  private bytesAt(offset: number, length: number): Buffer {
    const { input, options } = this;
    if (offset < input.base) return options.sources.read(options.source, offset, length);
    return input.bytes.subarray(offset - input.base, offset - input.base + length);
  }

  /** A key takes at least three bytes, so that a file cannot claim more memory than it is worth. */
  private resize(): void {
    const { reader, receiver, input } = this;
    const { db, declaredKeys, declaredExpires } = reader;
    receiver.database(db, declaredKeys, declaredExpires);
    this.duplicates?.expect(Math.min(declaredKeys, (input.remaining ?? 0) / 3));
  }

  private readOther(item: Item): void {
    const { reader, receiver, input } = this;
    if (item === Item.selectDb) receiver.database(reader.db, 0, 0);
    else if (item === Item.resizeDb) this.resize();
    else if (item === Item.function) {
      this.options.expectation?.noted.addLibrary(this.path, reader);
      receiver.function(reader.functionCode);
    } else if (item === Item.aux) {
      if (isMemberExpiry(reader.auxName)) throw new PlanInvalidated('members of its keys expire');
      receiver.aux(reader.auxName, reader.auxValue);
    } else if (item === Item.update) throw new PlanInvalidated('it holds commands');
    else if (item === Item.moduleAux || item === Item.slotInfo || item === Item.slotImport) {
      const bytes = this.bytesAt(reader.itemOffset, input.offset - reader.itemOffset);
      if (item === Item.moduleAux) receiver.moduleAux(reader.moduleName, bytes, 0, bytes.length);
      else receiver.slots(item === Item.slotInfo ? 'sizes' : 'import', bytes, 0, bytes.length);
    }
  }
}
