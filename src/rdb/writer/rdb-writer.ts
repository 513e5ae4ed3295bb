import { Crc64 } from '../../checksum/crc64.ts';
import type { ByteSink } from '../../io/writer.ts';
import type { Loss, LossKind } from '../../servers/losses.ts';
import type { Target } from '../../servers/targets.ts';
import { typeInFile } from '../../servers/value-type-id.ts';
import type { Value } from '../../values/value.ts';
import { checksumVersionMin, Opcode } from '../opcodes.ts';
import { RdbOutput } from '../output.ts';
import { copiesTo } from './copies.ts';
import { ValueEncoder } from './value-encoder.ts';

export interface RdbWriterOptions {
  readonly target: Target;
  /**
   * Whether the file ends in its CRC-64, or in zeros (`rdbchecksum`); or who tells the CRC-64 of all that the sink got, where that
   * is computed elsewhere. Default true.
   */
  readonly checksum?: boolean | (() => bigint);
  /** Whether strings are compressed (`rdbcompression`). Default true. */
  readonly compress?: boolean;
  /** The moment of writing, ms since 1970: what a stream's producers sent too long ago is left out. Default 0: nothing is. */
  readonly now?: number;
  /** The RDB is the base of an AOF, in which `commandsAfter` of each value will be written: what these say is no loss. */
  readonly commandsFollow?: boolean;
  /** Values come from a server that keeps the sign of a score of -0 in a small sorted set (up to 6.2). Default false. */
  readonly keepsNegativeZero?: boolean;
  /** Told everything that the target cannot hold. */
  readonly onLoss?: (loss: Loss) => void;
}

/** What the aux fields say. */
export interface RdbHeader {
  /** When the file was made, seconds since 1970. */
  readonly ctime: number;
  /** Bytes of memory that the server used; 0 where nobody knows. */
  readonly usedMemory?: number;
  /** Whether the RDB is the base of an AOF. */
  readonly isBase?: boolean;
  /** More aux fields, by name, in their order: they stand before the last of the others. */
  readonly more?: readonly (readonly [name: string, value: string])[];
  /** Replaces the version of the target in `redis-ver` or `valkey-ver`. */
  readonly version?: string;
}

/** What the source says of a key beside its value and its expiry. */
export interface Usage {
  /** Seconds since the last use; -1 for not known. */
  readonly idle: number;
  /** LFU counter; -1 for not known. */
  readonly freq: number;
  /** The key is not to be evicted (BLESS). */
  readonly noEvict?: boolean;
  /** What modules attached to the key, from its opcode on (RdbReader's `metaOffset`, `metaLength`). */
  readonly metadata?: Uint8Array;
}

/**
 * Writes an RDB for a target, item by item and in the order of the file:
 * `writeHeader`, functions, per database `selectDatabase` and its keys, `finish`.
 *
 * What the target cannot hold is left out and reported to `onLoss`. The sink gets pieces of at least 256 KiB.
 */
export class RdbWriter {
  readonly target: Target;
  /** Keys written. */
  keyCount = 0;
  private readonly out: RdbOutput;
  private readonly crc: Crc64 | undefined;
  private readonly sum: () => bigint;
  private readonly encoder: ValueEncoder;
  private readonly onLoss: (loss: Loss) => void;
  private readonly keepsNegativeZero: boolean;
  private db = 0;
  /** The key that is being written, for reports. */
  private key: Uint8Array = new Uint8Array(0);
  private keyFrom = 0;
  private keyTo = 0;

  constructor(sink: ByteSink, options: RdbWriterOptions) {
    const { target } = options;
    this.target = target;
    this.keepsNegativeZero = options.keepsNegativeZero ?? false;
    const { checksum = true } = options;
    this.crc = checksum === true ? new Crc64() : undefined;
    this.sum = typeof checksum === 'function' ? checksum : () => this.crc?.value() ?? 0n;
    this.onLoss = options.onLoss ?? (() => {});
    this.out = new RdbOutput({ write: (bytes) => this.pass(sink, bytes) });
    this.out.compress = options.compress ?? true;
    this.encoder = new ValueEncoder(target, {
      now: options.now,
      commandsFollow: options.commandsFollow,
      lose: (kind, outcome, reason) => this.lose(kind, outcome, reason),
    });
  }

  private pass(sink: ByteSink, bytes: Uint8Array): void {
    this.crc?.update(bytes);
    sink.write(bytes);
  }

  private lose(kind: LossKind, outcome: Loss['outcome'], reason: string): void {
    const { key, keyFrom, keyTo, db } = this;
    const name = Buffer.from(key.buffer, key.byteOffset, key.byteLength).latin1Slice(keyFrom, keyTo);
    this.onLoss({ db, key: name, kind, outcome, reason });
  }

  /** Bytes written so far. */
  get offset(): number {
    return this.out.offset;
  }

  /** Magic, version and the aux fields that the target writes. */
  writeHeader(header: RdbHeader): void {
    const { target } = this;
    this.out.writeText(target.magic);
    if (!target.hasAux) return;
    this.writeAux(target.versionField ?? 'redis-ver', header.version ?? target.version);
    this.writeAux('redis-bits', '64');
    this.writeAux('ctime', String(header.ctime));
    this.writeAux('used-mem', String(header.usedMemory ?? 0));
    for (const [name, value] of header.more ?? []) this.writeAux(name, value);
    if (target.baseField !== undefined) this.writeAux(target.baseField, header.isBase ? '1' : '0');
  }

  /** One more aux field; nothing where the target has none. */
  writeAux(name: string, value: string): void {
    if (!this.target.hasAux) return;
    this.out.writeByte(Opcode.aux);
    this.out.writeStringText(name);
    this.out.writeStringText(value);
  }

  /** A function library's code, a binary string. */
  writeFunction(code: string): void {
    if (!this.target.hasFunctions) {
      this.keyFrom = this.keyTo = 0;
      this.lose('function', 'part-dropped', `${this.target.name} has no functions`);
      return;
    }
    this.out.writeByte(Opcode.function2);
    this.out.writeStringText(code);
    this.out.settle();
  }

  /** What a module keeps beside its keys, `bytes[from, to)` from its opcode on: copied, or reported where there are no modules. */
  writeModuleAux(bytes: Uint8Array, from: number, to: number): void {
    if (this.target.hasModules && this.target.hasUsage) this.out.writeBytes(bytes, from, to);
    else {
      this.keyFrom = this.keyTo = 0;
      this.lose('module-aux', 'part-dropped', `${this.target.name} keeps no data of modules beside keys`);
    }
  }

  /** A record that is of no key, as it stands in an RDB of the same fork: the target must read it. */
  writeRecord(bytes: Uint8Array, from: number, to: number): void {
    this.out.writeBytes(bytes, from, to);
  }

  /** The keys that follow are of this database; the counts are a hint to the loader. */
  selectDatabase(db: number, keys: number, expires: number): void {
    this.db = db;
    this.out.writeByte(Opcode.selectDb);
    this.out.writeLength(db);
    if (!this.target.hasAux) return;
    this.out.writeByte(Opcode.resizeDb);
    this.out.writeLength(keys);
    this.out.writeLength(expires);
  }

  /**
   * Writes the key `key[keyFrom, keyTo)` with a value of the engine, in the encoding that the target would choose. `expire` in
   * ms since 1970, NaN for never. False where the target cannot hold the value.
   */
  writeKey(key: Uint8Array, keyFrom: number, keyTo: number, expire: number, value: Value, usage?: Usage): boolean {
    this.key = key;
    this.keyFrom = keyFrom;
    this.keyTo = keyTo;
    const type = this.encoder.prepare(value);
    if (type < 0) return false;
    this.writePrefixes(expire, usage);
    const { out } = this;
    out.writeByte(typeInFile(type));
    out.writeString(key, keyFrom, keyTo);
    this.encoder.write(out);
    this.keyCount++;
    out.settle();
    return true;
  }

  /** Whether a serialized value of this canonical type can be copied; where not, it must be decoded and written with `writeKey`. */
  canCopy(type: number, raw: Buffer, rawFrom: number, rawTo: number): boolean {
    return copiesTo(this.target, type, raw, rawFrom, rawTo, this.keepsNegativeZero);
  }

  /** Writes a key whose serialized value, `raw[rawFrom, rawTo)` of this canonical type, is copied: `canCopy` must have said so. */
  writeRawKey(
    type: number,
    key: Uint8Array,
    keyFrom: number,
    keyTo: number,
    expire: number,
    raw: Uint8Array,
    rawFrom: number,
    rawTo: number,
    usage?: Usage,
  ): void {
    this.key = key;
    this.keyFrom = keyFrom;
    this.keyTo = keyTo;
    this.writePrefixes(expire, usage);
    const { out } = this;
    out.writeByte(typeInFile(type));
    out.writeString(key, keyFrom, keyTo);
    out.writeBytes(raw, rawFrom, rawTo);
    this.keyCount++;
    out.settle();
  }

  /**
   * Copies `count` whole records of an RDB of the same fork as they are: `bytes[from, to)` from the first one's type byte, or from
   * the prefixes before it, to the last one's end. The target must read their types and prefixes.
   */
  copyRecords(bytes: Uint8Array, from: number, to: number, count: number): void {
    this.out.writeBytes(bytes, from, to);
    this.keyCount += count;
    this.out.settle();
  }

  private writePrefixes(expire: number, usage: Usage | undefined): void {
    const { out } = this;
    if (!Number.isNaN(expire)) {
      out.writeByte(Opcode.expireTimeMs);
      out.writeInt64(expire);
    }
    if (usage === undefined) return;
    if (usage.idle >= 0 || usage.freq >= 0) this.writeUsage(usage);
    if (usage.noEvict === true) this.writeNoEvict();
    if (usage.metadata === undefined || usage.metadata.length === 0) return;
    if (this.target.hasKeyMetadata) out.writeBytes(usage.metadata);
    else this.lose('key-metadata', 'part-dropped', `${this.target.name} keeps no metadata of modules with keys`);
  }

  private writeNoEvict(): void {
    if (this.target.hasNoEvict) this.out.writeByte(Opcode.noEvict);
    else this.lose('no-evict', 'part-dropped', `${this.target.name} does not know BLESS`);
  }

  private writeUsage(usage: Usage): void {
    const { out } = this;
    if (!this.target.hasUsage) {
      this.lose('usage', 'part-dropped', `${this.target.name} keeps no idle times or counters of use`);
      return;
    }
    if (usage.idle >= 0) {
      out.writeByte(Opcode.idle);
      out.writeLength(usage.idle);
    }
    if (usage.freq >= 0) {
      out.writeByte(Opcode.freq);
      out.writeByte(usage.freq);
    }
  }

  /** Hands what was written so far to the sink. */
  spill(): void {
    this.out.spill();
  }

  /** The end mark and the checksum; hands everything to the sink. The file's length and its CRC-64, 0 for none. */
  finish(): { readonly bytes: number; readonly checksum: bigint } {
    const { out } = this;
    out.writeByte(Opcode.eof);
    out.spill();
    const checksum = this.sum();
    if (this.target.rdbVersion >= checksumVersionMin) out.writeInt64(checksum);
    out.spill();
    return { bytes: out.offset, checksum };
  }
}
