import { RdbInput } from '../../rdb/input.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { canonicalType } from '../../servers/value-type-id.ts';
import { DescriptorSource, readFully } from '../sources.ts';

/** Only the head of a record is read through a window. */
const windowBytes = 4096;

/** A key as it stands in an RDB. */
export interface KeyRecordBytes {
  /** Canonical type of the value. */
  readonly type: number;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly expires: boolean;
}

/** Reads records of an RDB at the places where they are known to be. */
export class RecordReader {
  private readonly descriptor: number;
  private readonly input: RdbInput;
  private readonly reader: RdbReader;
  private value = Buffer.alloc(0);

  constructor(descriptor: number) {
    this.descriptor = descriptor;
    this.input = new RdbInput(new DescriptorSource('', descriptor), windowBytes);
    this.reader = new RdbReader(this.input, { checksum: false });
  }

  /** Reads `length` bytes of the file from `offset` on. */
  read(offset: number, into: Buffer, length: number): void {
    if (readFully(this.descriptor, into, length, offset) < length) throw fileChanged();
  }

  /** The key whose record is `[from, to)`; good until the next call. */
  key(from: number, to: number): KeyRecordBytes {
    const { input, reader } = this;
    if (reader.version === 0) reader.readHeader();
    input.seek(from);
    if (reader.next() !== Item.key) throw fileChanged();
    const { type, key, keyLength, expire } = reader;
    const length = to - input.offset;
    if (this.value.length < length) this.value = Buffer.allocUnsafeSlow(length);
    this.read(input.offset, this.value, length);
    return {
      type: canonicalType(type, reader),
      key: key.subarray(0, keyLength),
      value: this.value.subarray(0, length),
      expires: !Number.isNaN(expire),
    };
  }
}

/** A file that was read before is not as it was. */
export const fileChanged = () => new Error('the file has changed while it was read');
