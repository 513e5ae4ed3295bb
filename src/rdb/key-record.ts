import { typeOf, type Value } from '../values/value.ts';
import type { RdbCodec } from './codec/codec.ts';
import { dataTypeOf } from './value-types.ts';

const nothing = Buffer.alloc(0);

/**
 * One key, as readers tell it and writers take it: its value either serialized, `raw[rawFrom, rawTo)` of the canonical type `type`,
 * or of the engine. A reader has one record for all of its keys; what it refers to is valid only during the call.
 */
export class KeyRecord {
  database = 0;
  key: Buffer = nothing;
  keyFrom = 0;
  keyTo = 0;
  /** Milliseconds since 1970; NaN for never. */
  expire = Number.NaN;
  /** Seconds since the last use and counter of use; -1 where the source does not say. */
  idle = -1;
  freq = -1;
  /** The key is not to be evicted (BLESS of Redis 8.12). */
  noEvict = false;
  /** What modules attached, from its opcode on; empty for nothing. */
  metadata: Buffer = nothing;
  /** The file that the key was read from, where its record begins there, prefixes included, and ends; -1 for a value of the engine. */
  path = '';
  offset = -1;
  end = -1;
  /** Canonical type of `raw`; -1 where `value` holds the value. */
  type = -1;
  rawFrom = 0;
  rawTo = 0;
  /** Bytes of `raw`, at its end, about a stream's idempotent producers (8.6); 0 for none. */
  idempotencyLength = 0;
  value: Value = 0;
  private bytes: Buffer = nothing;
  private read: (() => Buffer) | undefined;
  /** Decodes `raw`. */
  codec: RdbCodec;

  constructor(codec: RdbCodec) {
    this.codec = codec;
  }

  /** The bytes around a serialized value. */
  get raw(): Buffer {
    if (this.read !== undefined) this.raw = this.read();
    return this.bytes;
  }

  set raw(bytes: Buffer) {
    this.read = undefined;
    this.bytes = bytes;
  }

  /** A serialized value that is read from its file only when somebody asks for it. */
  deferRaw(read: () => Buffer, length: number): void {
    this.read = read;
    this.rawFrom = 0;
    this.rawTo = length;
  }

  /** Bytes of a serialized value. */
  get rawLength(): number {
    return this.rawTo - this.rawFrom;
  }

  /** The key's name, a binary string. */
  get name(): string {
    return this.key.latin1Slice(this.keyFrom, this.keyTo);
  }

  /** The data type as TYPE names it. */
  get dataType(): string {
    if (this.type >= 0) return dataTypeOf(this.type);
    const { value } = this;
    return typeof value === 'number' || value instanceof Uint8Array ? 'string' : typeOf(value.kind);
  }

  /** The value of the engine; a serialized one is decoded. Throws FormatError where it is damaged. */
  decoded(): Value {
    return this.type < 0 ? this.value : this.codec.decode(this.type, this.raw, this.rawFrom, this.rawTo);
  }

  /** Another name for the key. */
  rename(name: string): void {
    this.key = Buffer.from(name, 'latin1');
    this.keyFrom = 0;
    this.keyTo = this.key.length;
  }
}
