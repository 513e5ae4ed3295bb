import type { KeyFacts } from '../../dataset/filter.ts';
import type { RdbCodec } from '../../rdb/codec/codec.ts';
import { dataTypeOf } from '../../rdb/value-types.ts';
import { typeOf, type Value } from '../../values/value.ts';

const nothing = Buffer.alloc(0);

/**
 * A key on its way from a source to a sink: its value either serialized, `raw[rawFrom, rawTo)` of the canonical type `type`, or of
 * the engine. There is one record for a whole conversion; what it refers to is valid only during the call.
 */
export class KeyRecord implements KeyFacts {
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
  /** Canonical type of `raw`; -1 where `value` holds the value. */
  type = -1;
  raw: Buffer = nothing;
  rawFrom = 0;
  rawTo = 0;
  /** Bytes of `raw`, at its end, about a stream's idempotent producers (8.6); 0 for none. */
  idempotencyLength = 0;
  value: Value = 0;
  /** Decodes `raw`. */
  codec: RdbCodec;

  constructor(codec: RdbCodec) {
    this.codec = codec;
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

/** Whether ordinary keys are copied as they stand, and if so whether somebody must look into their values first. */
export type SpanCopying = 'none' | 'unseen' | 'looked-into';

/** Which ordinary keys a kernel may turn into commands: none, all, or all but those with scores, which the target prints otherwise. */
export type CommandCopying = 'none' | 'unscored' | 'all';

/** What a cluster says of slots between keys. */
export type SlotRecord = 'sizes' | 'import';

/** What sources tell, in the order of an RDB: functions and modules' data first, then per database its keys. */
export interface KeyReceiver {
  function(code: string): void;
  /** What a module keeps beside keys, `bytes[from, to)` from its opcode on. */
  moduleAux(moduleName: string, bytes: Buffer, from: number, to: number): void;
  /** An aux field, binary strings. */
  aux(name: string, value: string): void;
  /** A record of a cluster as it stands in the RDB, `bytes[from, to)`: how many keys a slot has, or slots that are being imported. */
  slots(kind: SlotRecord, bytes: Buffer, from: number, to: number): void;
  /** The keys that follow are of this database; the counts are hints. */
  database(database: number, keys: number, expires: number): void;
  key(record: KeyRecord): void;
  /** Whether `span` may be called. */
  readonly spans: SpanCopying;
  /** `count` ordinary keys as they stand in an RDB, `bytes[from, to)`. */
  span(bytes: Buffer, from: number, to: number, count: number): void;
  /** Whether, and for which keys, `commands` may be called. */
  readonly commandCopying: CommandCopying;
  /** `count` ordinary keys as the commands that rebuild them, `bytes[0, length)`. */
  commands(bytes: Buffer, length: number, count: number): void;
}
