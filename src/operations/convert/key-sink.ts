import { Kind, type Value } from '../../engine/value.ts';
import type { Target } from '../../rdb/targets.ts';
import { TypeId } from '../../rdb/value-type-id.ts';
import { auxField, readsSlotImports, readsSlotSizes } from '../../rdb/writer/aux-fields.ts';
import type { Loss } from '../../rdb/writer/losses.ts';
import type { RdbWriter, Usage } from '../../rdb/writer/rdb-writer.ts';
import type { RespRewriter } from '../../resp/rewrite/resp-rewriter.ts';
import { commandsBehind, type TrailingCommand } from '../rewrite/dataset-writer.ts';
import type { KeyRecord, SlotRecord } from './key-record.ts';

/** Writes keys in one form: an RDB, or commands. */
export interface KeySink {
  readonly keys: number;
  function(code: string): void;
  moduleAux(bytes: Buffer, from: number, to: number): void;
  /** False where the form, or the target, has no such thing. */
  aux(name: string, value: string): boolean;
  slots(kind: SlotRecord, bytes: Buffer, from: number, to: number): boolean;
  database(database: number, keys: number, expires: number): void;
  key(record: KeyRecord): void;
  /** Keys as they stand in an RDB, where the form is that. */
  span?(bytes: Buffer, from: number, to: number, count: number): void;
  /** Keys as commands, where the form is that. */
  commands?(bytes: Buffer, length: number, count: number): void;
  finish(): void;
}

/** Keys into an RDB: what the target reads is copied, the rest decoded and encoded anew. */
export class RdbKeySink implements KeySink {
  readonly writer: RdbWriter;
  /** What an AOF must carry behind the RDB. */
  readonly trailing: TrailingCommand[] = [];

  constructor(writer: RdbWriter) {
    this.writer = writer;
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
    if (isModule(value)) {
      this.trailing.push(...commandsBehind(writer.target, record.database, record.name, expire, value));
    }
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
  return record.idle < 0 && record.freq < 0 && record.metadata.length === 0 ? undefined : record;
}

/** Keys as commands: serialized values straight from their bytes where that can be. */
export class RespKeySink implements KeySink {
  private readonly rewriter: RespRewriter;
  private readonly target: Target;
  private readonly onLoss: (loss: Loss) => void;

  constructor(rewriter: RespRewriter, onLoss: (loss: Loss) => void) {
    this.rewriter = rewriter;
    this.target = rewriter.target;
    this.onLoss = onLoss;
  }

  get keys(): number {
    return this.rewriter.keyCount;
  }

  function(code: string): void {
    this.rewriter.writeFunction(code);
  }

  moduleAux(): void {
    const reason = 'commands cannot carry what a module keeps beside keys';
    this.onLoss({ db: 0, key: '', kind: 'module-aux', outcome: 'part-dropped', reason });
  }

  aux(): boolean {
    return false;
  }

  slots(): boolean {
    return false;
  }

  database(database: number): void {
    this.rewriter.selectDatabase(database);
  }

  key(record: KeyRecord): void {
    const { type, key, keyFrom, keyTo, expire, raw, rawFrom, rawTo } = record;
    if (record.idle >= 0 || record.freq >= 0 || record.metadata.length > 0) this.loseUsage(record);
    // The bytes may not be changed while they are read: a rewriter only reads.
    if (type >= 0 && this.rewriter.writeRawKey(type, key, keyFrom, keyTo, expire, raw, rawFrom, rawTo)) return;
    this.rewriter.writeKey(key, keyFrom, keyTo, expire, record.decoded());
  }

  commands(bytes: Buffer, length: number, count: number): void {
    this.rewriter.writeCommands(bytes, length, count);
  }

  private loseUsage(record: KeyRecord): void {
    const kind = record.metadata.length > 0 ? 'key-metadata' : 'usage';
    const what = kind === 'usage' ? 'when or how often a key was used' : 'what modules attached to a key';
    const reason = `commands for ${this.target.name} cannot carry ${what}`;
    this.onLoss({ db: record.database, key: record.name, kind, outcome: 'part-dropped', reason });
  }

  finish(): void {
    this.rewriter.finish();
  }
}
