import { slotOf } from '../engine/slot.ts';
import { encodePayload } from '../rdb/codec/payload.ts';
import type { KeyRecord } from '../rdb/key-record.ts';
import type { Target } from '../servers/targets.ts';
import { type RdbFormat, TypeId, typeInFile } from '../servers/value-type-id.ts';
import type { ObjectValue } from '../values/value.ts';
import { EncodingReader } from './encoding.ts';
import { type KeyValue, keyValueOf } from './key-value.ts';
import { MemoryEstimate } from './memory-estimate.ts';
import type { ScanFacts } from './scan-keys.ts';
import { RecordSerializer } from './serializer.ts';

/** A key, its bytes its own. Moments are milliseconds since 1970. */
export interface Key {
  readonly database: number;
  readonly name: Buffer;
  /** As TYPE names it. */
  readonly type: string;
  /** When it expires; undefined for never. */
  readonly expiry?: number;
  /** Seconds since it was used, where the file says so (LRU). */
  readonly idle?: number;
  /** The counter of its use, 0 to 255, where the file says so (LFU). */
  readonly frequency?: number;
  /** Slot of a cluster, by its name. */
  readonly slot: number;
  /** The RDB that holds it, and where its record lies there, its expiry and usage included. Undefined for a key that commands made. */
  readonly file?: string;
  readonly offset?: number;
  readonly length?: number;
  /** With `raw`. Undefined for a value that no RDB holds: a vector set made by commands. */
  readonly raw?: RawValue;
  /** As OBJECT ENCODING names it, of the form in the file: a server may choose another when it loads that. With `encoded` and `value`. */
  readonly encoding?: string;
  /** Bytes of a string, elements of a list, fields of a hash and so on. With `encoded` and `value`. */
  readonly elements?: number;
  /** What it takes in the memory of the server release that wrote the file, bytes, by estimate (docs/memory.md). With `encoded` and `value`. */
  readonly memory?: number;
  /** With `value`. */
  readonly value?: KeyValue;
}

/** A value as it stands in an RDB. */
export interface RawValue {
  /** The number of its type in the file; of a fork and version, which decide what the number means. */
  readonly type: number;
  readonly format: RdbFormat;
  readonly bytes: Buffer;
  /** What DUMP would answer, for RESTORE. */
  dump(): Buffer;
}

const ofTemplate: ReadonlySet<number> = new Set([TypeId.templateListpackReference, TypeId.templateArrayReference]);

/** What of a key is made. */
export interface KeyParts {
  readonly raw?: boolean;
  readonly encoded?: boolean;
  readonly value?: boolean;
}

/** Makes keys of records. */
export class KeyMaker {
  private readonly parts: KeyParts;
  private readonly encodings = new EncodingReader();
  private serializer: RecordSerializer | undefined;
  private estimate: MemoryEstimate | undefined;
  private readonly wanted: Target | undefined;
  private dumpVersion = 0;
  private format: RdbFormat = { fork: 'redis', version: 0 };

  constructor(parts: KeyParts, target?: Target) {
    this.parts = parts;
    this.wanted = target;
  }

  begin(facts: ScanFacts): void {
    this.serializer = new RecordSerializer(facts, this.wanted);
    this.estimate = new MemoryEstimate(facts, this.serializer);
    this.format = { fork: this.serializer.target.fork, version: this.serializer.target.rdbVersion };
    if (facts.version > 0) this.format = { fork: facts.fork, version: facts.version };
    // What an RDB has is given as it stands there.
    this.dumpVersion = Math.max(facts.version, this.serializer.target.rdbVersion);
  }

  /** The encoding, as `Key` has it. */
  encoding(record: KeyRecord): string {
    return record.type < 0 && this.serializer?.serialize(record) !== true ? 'raw' : this.encodings.encoding(record);
  }

  /** The number of elements, as `Key` has it. */
  elements(record: KeyRecord): number {
    return record.type < 0 && this.serializer?.serialize(record) !== true
      ? (record.value as ObjectValue).count
      : this.encodings.elements(record);
  }

  /** Bytes in the memory of a server, by estimate; NaN for a value that no RDB holds. */
  memory(record: KeyRecord): number {
    return this.estimate?.bytes(record) ?? Number.NaN;
  }

  /** Bytes of a string; of another value its bytes in an RDB, 0 where none holds it. */
  valueLength(record: KeyRecord): number {
    if (record.type < 0 && this.serializer?.serialize(record) !== true) return 0;
    return record.type === TypeId.string ? this.encodings.elements(record) : record.rawLength;
  }

  make(record: KeyRecord): Key {
    const { raw, encoded, value } = this.parts;
    const name = Buffer.from(record.key.subarray(record.keyFrom, record.keyTo));
    const isInFile = record.offset >= 0;
    return {
      database: record.database,
      name,
      type: record.dataType,
      ...(!Number.isNaN(record.expire) && { expiry: record.expire }),
      ...(record.idle >= 0 && { idle: record.idle }),
      ...(record.freq >= 0 && { frequency: record.freq }),
      slot: slotOf(name, 0, name.length),
      ...(isInFile && { file: record.path, offset: record.offset, length: record.end - record.offset }),
      ...(raw && this.raw(record)),
      ...(encoded && this.encoded(record)),
      ...(value && { value: keyValueOf(record.decoded(), bytesOf) }),
    };
  }

  private raw(record: KeyRecord): { raw?: RawValue } {
    const { serializer, dumpVersion } = this;
    if (serializer === undefined || !serializer.serialize(record)) return {};
    // What refers to field lists beside the keys is written out.
    if (ofTemplate.has(record.type)) {
      record.value = record.decoded();
      record.type = -1;
      serializer.serialize(record);
    }
    const bytes = Buffer.from(record.raw.subarray(record.rawFrom, record.rawTo));
    const { type } = record;
    const dump = () => encodePayload(type, bytes, { rdbVersion: dumpVersion });
    return { raw: { type: typeInFile(type), format: this.format, bytes, dump } };
  }

  private encoded(record: KeyRecord): { encoding?: string; elements?: number; memory?: number } {
    const memory = this.memory(record);
    return {
      elements: this.elements(record),
      encoding: this.encoding(record),
      ...(!Number.isNaN(memory) && { memory }),
    };
  }
}

const bytesOf = (binary: string): Buffer => Buffer.from(binary, 'latin1');
