import type { ByteSink } from '../../io/writer.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import { auxField, readsSlotImports, readsSlotSizes } from '../../rdb/writer/aux-fields.ts';
import { RdbWriter, type RdbWriterOptions, type Usage } from '../../rdb/writer/rdb-writer.ts';
import { TypeId } from '../../servers/value-type-id.ts';
import { Kind, type Value } from '../../values/value.ts';
import type { SlotRecord } from './key-receiver.ts';
import type { KeySink } from './key-sink.ts';

/** Keys into an RDB: what the target reads is copied, the rest decoded and encoded anew. */
export class RdbKeySink implements KeySink {
  readonly writer: RdbWriter;
  /** Told of each value of a module that was not copied: an AOF must carry commands for it behind the RDB. */
  onModule: ((record: KeyRecord, value: Value) => void) | undefined;

  constructor(sink: ByteSink, options: RdbWriterOptions) {
    this.writer = new RdbWriter(sink, options);
  }

  get keys(): number {
    return this.writer.keyCount;
  }

  function(code: string): void {
    this.writer.writeFunction(code);
  }

  moduleAux(bytes: Buffer, from: number, to: number): void {
    this.writer.writeModuleAux(bytes, from, to);
  }

  aux(name: string, value: string): boolean {
    const { writer } = this;
    if (!auxField(name).reads(writer.target)) return false;
    writer.writeAux(name, value);
    return true;
  }

  slots(kind: SlotRecord, bytes: Buffer, from: number, to: number): boolean {
    const { target } = this.writer;
    if (kind === 'sizes' ? !readsSlotSizes(target) : !readsSlotImports(target)) return false;
    this.writer.writeRecord(bytes, from, to);
    return true;
  }

  database(database: number, keys: number, expires: number): void {
    this.writer.selectDatabase(database, keys, expires);
  }

  key(record: KeyRecord): void {
    const { writer } = this;
    if (record.type === TypeId.stream4 && writer.target.streamVersion === 3) leaveOutIdempotency(record);
    const { type, key, keyFrom, keyTo, expire, raw, rawFrom, rawTo } = record;
    const usage = usageOf(record);
    if (type >= 0 && writer.canCopy(type, raw, rawFrom, rawTo)) {
      writer.writeRawKey(type, key, keyFrom, keyTo, expire, raw, rawFrom, rawTo, usage);
      return;
    }
    const value = record.decoded();
    writer.writeKey(key, keyFrom, keyTo, expire, value, usage);
    if (isModule(value)) this.onModule?.(record, value);
  }

  span(bytes: Buffer, from: number, to: number, count: number): void {
    this.writer.copyRecords(bytes, from, to, count);
  }

  finish(): void {
    this.writer.finish();
  }
}

/** Duration 100, size 100, no producers, nothing added, no duplicates. */
const noIdempotency = Buffer.from([0x40, 0x64, 0x40, 0x64, 0, 0, 0]);

/** A stream as 8.6 writes it is one of 7.2 where nobody sent idempotent messages, but for what says just that at its end. */
function leaveOutIdempotency(record: KeyRecord): void {
  const { raw, rawTo, idempotencyLength } = record;
  if (idempotencyLength !== noIdempotency.length) return;
  const from = rawTo - idempotencyLength;
  if (noIdempotency.compare(raw, from, rawTo) !== 0) return;
  record.type = TypeId.stream3;
  record.rawTo = from;
}

const isModule = (value: Value) =>
  typeof value !== 'number' && !(value instanceof Uint8Array) && value.kind === Kind.Module;

function usageOf(record: KeyRecord): Usage | undefined {
  const { idle, freq, metadata, noEvict } = record;
  return idle < 0 && freq < 0 && metadata.length === 0 && !noEvict ? undefined : record;
}
