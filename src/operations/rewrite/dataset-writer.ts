import type { Keyspace } from '../../engine/keyspace.ts';
import type { Session } from '../../engine/session.ts';
import { Kind, objectKindMin, type Value } from '../../engine/value.ts';
import { parseSafeInteger } from '../../engine/values/number-text.ts';
import type { Target } from '../../rdb/targets.ts';
import { TypeId } from '../../rdb/value-type-id.ts';
import type { RdbWriter } from '../../rdb/writer/rdb-writer.ts';
import { commandsAfter } from '../../rdb/writer/value-encoder.ts';
import type { RespRewriter } from '../../resp/rewrite/resp-rewriter.ts';
import { fileOrder } from '../dataset/file-order.ts';
import type { Loaded } from '../dataset/load.ts';

/** Keys between two pauses. */
const keysBetweenPauses = 1 << 16;

/** What a value is followed by in an AOF, because an RDB cannot hold it. */
export interface TrailingCommand {
  readonly database: number;
  readonly args: readonly string[];
}

/** What an AOF must carry behind an RDB of this key; nothing where the target lacks the type. */
export function commandsBehind(
  target: Target,
  database: number,
  name: string,
  expire: number,
  value: Value,
): TrailingCommand[] {
  const after = target.hasVectorSets ? commandsAfter(value, name) : [];
  if (after.length > 0 && !Number.isNaN(expire)) after.push(['PEXPIREAT', name, String(expire)]);
  return after.map((args) => ({ database, args }));
}

/**
 * Writes the keys of a loaded dataset to an RDB or as commands: collections and integers, then other strings. Whoever loads what
 * was written in that order and writes it again keeps it: that is why what stays in a file, payloads of RESTORE and strings,
 * comes last.
 */
export class DatasetWriter {
  keys = 0;
  /** Told the number of keys written, now and then. */
  onProgress: ((keys: number) => void) | undefined;
  /** Commands that an AOF must carry after an RDB base. */
  readonly trailing: TrailingCommand[] = [];
  private readonly loaded: Loaded;
  private readonly session: Session;
  private readonly pause: () => Promise<void>;

  constructor(loaded: Loaded, pause: () => Promise<void>) {
    this.loaded = loaded;
    this.session = loaded.session;
    this.pause = pause;
  }

  /** Everything between header and end of an RDB. */
  async toRdb(writer: RdbWriter): Promise<void> {
    for (const code of this.loaded.dataset.libraries.values()) writer.writeFunction(code);
    for (const database of this.loaded.dataset.occupied()) {
      const keys = this.loaded.dataset.database(database);
      // A loader of an RDB leaves every value in its file, so that only texts of the input need to be told from the rest.
      const order = fileOrder(keys, (entry) => isPlainText(keys.kind(entry)));
      writer.selectDatabase(database, order.length, keys.expiring);
      await this.each(order, (entry) => this.keyToRdb(writer, database, keys, entry));
    }
  }

  private keyToRdb(writer: RdbWriter, database: number, keys: Keyspace, entry: number): void {
    const key = keys.keyBlock(entry);
    const from = keys.keyStart(entry);
    const to = from + keys.keyLength(entry);
    const expire = keys.expiry(entry);
    if (keys.kind(entry) === Kind.Serialized) {
      const type = keys.rdbType(entry);
      const raw = this.loaded.sources.read(keys.source(entry), keys.offset(entry), keys.length(entry));
      if (writer.canCopy(type, raw, 0, raw.length)) {
        writer.writeRawKey(type, key, from, to, expire, raw, 0, raw.length);
        return;
      }
    }
    const value = this.value(keys, entry);
    writer.writeKey(key, from, to, expire, value);
    if (typeof value === 'number' || value instanceof Uint8Array || value.kind !== Kind.Module) return;
    this.trailing.push(...commandsBehind(writer.target, database, keys.keyText(entry), expire, value));
  }

  /** Everything as commands, in the shape of BGREWRITEAOF. */
  async toCommands(writer: RespRewriter): Promise<void> {
    for (const code of this.loaded.dataset.libraries.values()) writer.writeFunction(code);
    for (const database of this.loaded.dataset.occupied()) {
      const keys = this.loaded.dataset.database(database);
      const order = fileOrder(keys, (entry) => (this.isText(keys, entry) ? 2 : Number(isPayload(keys, entry))));
      writer.selectDatabase(database);
      await this.each(order, (entry) => this.keyToCommands(writer, keys, entry));
    }
  }

  private keyToCommands(writer: RespRewriter, keys: Keyspace, entry: number): void {
    const key = keys.keyBlock(entry);
    const from = keys.keyStart(entry);
    const to = from + keys.keyLength(entry);
    const expire = keys.expiry(entry);
    if (keys.kind(entry) === Kind.Serialized) {
      const raw = this.loaded.sources.read(keys.source(entry), keys.offset(entry), keys.length(entry));
      if (writer.writeRawKey(keys.rdbType(entry), key, from, to, expire, raw, 0, raw.length)) return;
    }
    writer.writeKey(key, from, to, expire, this.value(keys, entry));
  }

  private isText(keys: Keyspace, entry: number): boolean {
    const kind = keys.kind(entry);
    if (kind === Kind.Reference) return true;
    if (kind === Kind.Bytes) return !this.isInteger(keys.own(entry).view());
    if (kind !== Kind.Serialized || keys.rdbType(entry) !== TypeId.string) return false;
    const value = this.value(keys, entry);
    return value instanceof Uint8Array && !this.isInteger(value);
  }

  /** Whether a loader will take the text of a SET for an integer. */
  private isInteger(text: Uint8Array): boolean {
    return text.length <= 16 && !Number.isNaN(parseSafeInteger(text, 0, text.length));
  }

  private value(keys: Keyspace, entry: number): Value {
    const kind = keys.kind(entry);
    if (kind >= objectKindMin) return keys.object(entry);
    if (kind === Kind.Integer) return keys.integer(entry);
    if (kind !== Kind.Serialized) return this.session.stringBytes(keys, entry);
    const bytes = this.loaded.sources.read(keys.source(entry), keys.offset(entry), keys.length(entry));
    return this.loaded.codec.decode(keys.rdbType(entry), bytes, 0, bytes.length);
  }

  private async each(order: Uint32Array, write: (entry: number) => void): Promise<void> {
    for (let index = 0; index < order.length; index++) {
      write(order[index]);
      this.keys++;
      if (this.keys % keysBetweenPauses === 0) {
        this.onProgress?.(this.keys);
        await this.pause();
      }
    }
  }
}

const isPlainText = (kind: Kind): boolean => kind === Kind.Reference || kind === Kind.Bytes;

/** Whether a value is written as a RESTORE: those of modules. */
function isPayload(keys: Keyspace, entry: number): boolean {
  const kind = keys.kind(entry);
  return kind === Kind.Module || (kind === Kind.Serialized && keys.rdbType(entry) === TypeId.module);
}
