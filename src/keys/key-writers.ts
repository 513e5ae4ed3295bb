import { AofWriter } from '../aof/writer/aof-writer.ts';
import { targetOfName } from '../dataset/flavor-choice.ts';
import { UsageError } from '../errors.ts';
import type { ByteSink } from '../io/writer.ts';
import { RdbCodec } from '../rdb/codec/codec.ts';
import { RdbWriter } from '../rdb/writer/rdb-writer.ts';
import type { Loss } from '../servers/losses.ts';
import type { Target } from '../servers/targets.ts';
import { canonicalType } from '../servers/value-type-id.ts';
import type { Value } from '../values/value.ts';
import type { RawValue } from './key-maker.ts';
import { bytesOf, engineValue, type Text, type WrittenValue } from './written-value.ts';

/** A key to be written: with a value, or with one as it was read from a file. A `Key` that was read is one. */
export interface WrittenKey {
  /** Default 0. All keys of a database are written one after the other. */
  readonly database?: number;
  readonly name: Text;
  /** Milliseconds since 1970; undefined for never. */
  readonly expiry?: number;
  /** Seconds since it was used. */
  readonly idle?: number;
  /** Counter of its use, 0 to 255. */
  readonly frequency?: number;
  readonly value?: WrittenValue;
  readonly raw?: RawValue;
}

export interface KeyWriterOptions {
  /** For which server version, such as `redis-8.6` or `valkey-9.1`. */
  readonly target: string;
  /** When the file is made, seconds since 1970. An RDB says 0 without it, an AOF nothing. */
  readonly time?: number;
  /** Whether an RDB ends in its CRC-64. Default true. */
  readonly checksum?: boolean;
  /** Whether strings of an RDB are compressed. Default true. */
  readonly compress?: boolean;
  /** Told everything that the target cannot hold. Without it, such a key is an error. */
  readonly onLoss?: (loss: Loss) => void;
}

type LossTaker = (loss: Loss) => void;

/** Who takes losses: somebody, or a UsageError. */
function lossTaker({ onLoss }: KeyWriterOptions, target: Target): LossTaker {
  return (
    onLoss ??
    (({ key, reason }) => {
      throw new UsageError(`${target.name} cannot hold the key ${JSON.stringify(key)}: ${reason}`);
    })
  );
}

/** Tells where the keys of another database begin; each may come once. */
class DatabaseOrder {
  private last = -1;
  private readonly seen = new Set<number>();

  /** Whether the database is another than before. Throws UsageError where it comes a second time. */
  begins(database: number): boolean {
    if (database === this.last) return false;
    if (this.seen.has(database)) throw new UsageError(`keys of database ${database} come after those of another`);
    this.seen.add(database);
    this.last = database;
    return true;
  }
}

/** The value of the engine. */
function decodedValue({ value, raw, name }: WrittenKey, target: Target): Value {
  if (value !== undefined) return engineValue(value);
  if (raw === undefined) throw new UsageError(`the key ${JSON.stringify(bytesOf(name).toString())} has no value`);
  const keepsNegativeZero = !target.usesListpacks;
  return new RdbCodec({ fork: raw.format.fork, keepsNegativeZero }).decode(
    canonicalType(raw.type, raw.format),
    raw.bytes,
    0,
    raw.bytes.length,
  );
}

/** Writes keys as an RDB, with its header and its checksum: `key` for each, then `finish`. */
export class RdbKeyWriter {
  private readonly writer: RdbWriter;
  private readonly order = new DatabaseOrder();

  constructor(sink: ByteSink, options: KeyWriterOptions) {
    const { checksum, compress, time = 0 } = options;
    const target = targetOfName(options.target);
    const onLoss = lossTaker(options, target);
    const keepsNegativeZero = !target.usesListpacks;
    this.writer = new RdbWriter(sink, { target, checksum, compress, onLoss, keepsNegativeZero });
    this.writer.writeHeader({ ctime: time });
  }

  /** Writes a function library, before the first key. */
  function(code: Text): void {
    this.writer.writeFunction(bytesOf(code).latin1Slice());
  }

  /** Writes a key. Throws UsageError where a database comes a second time, or the target cannot hold the key and nobody takes losses. */
  key(key: WrittenKey): void {
    const { database = 0, expiry = Number.NaN, idle = -1, frequency: freq = -1, raw, value } = key;
    const { writer } = this;
    if (this.order.begins(database)) writer.selectDatabase(database, 0, 0);
    const name = bytesOf(key.name);
    const usage = idle < 0 && freq < 0 ? undefined : { idle, freq };
    if (value === undefined && raw !== undefined) {
      const type = canonicalType(raw.type, raw.format);
      if (writer.canCopy(type, raw.bytes, 0, raw.bytes.length)) {
        writer.writeRawKey(type, name, 0, name.length, expiry, raw.bytes, 0, raw.bytes.length, usage);
        return;
      }
    }
    writer.writeKey(name, 0, name.length, expiry, decodedValue(key, writer.target), usage);
  }

  /** Writes the end, and hands everything to the sink: the file's length, and its CRC-64. */
  finish(): { readonly bytes: number; readonly checksum: bigint } {
    return this.writer.finish();
  }
}

/** Writes keys as the commands that rebuild them, in the form of BGREWRITEAOF: `key` for each, then `finish`. */
export class AofKeyWriter {
  private readonly writer: AofWriter;
  private readonly order = new DatabaseOrder();

  constructor(sink: ByteSink, options: KeyWriterOptions) {
    const target = targetOfName(options.target);
    this.writer = new AofWriter(sink, { target, onLoss: lossTaker(options, target) });
    if (options.time !== undefined) this.writer.writeTimestamp(options.time);
  }

  /** Writes a function library, before the first key. */
  function(code: Text): void {
    this.writer.writeFunction(bytesOf(code).latin1Slice());
  }

  /** Writes a key. Throws as RdbWriter does. */
  key(key: WrittenKey): void {
    const { database = 0, expiry = Number.NaN } = key;
    const { writer } = this;
    if (this.order.begins(database)) writer.selectDatabase(database);
    const name = bytesOf(key.name);
    writer.writeKey(name, 0, name.length, expiry, decodedValue(key, writer.target));
  }

  /** Hands everything to the sink; the file's length. */
  finish(): number {
    return this.writer.finish();
  }
}
