import type { AofWriter } from '../aof/writer/aof-writer.ts';
import { append } from '../arrays.ts';
import { fileRuns } from '../dataset/file-order.ts';
import type { Loaded } from '../dataset/load.ts';
import { parseSafeInteger } from '../encodings/number-text.ts';
import type { Keyspace } from '../engine/keyspace.ts';
import { sideOf } from '../engine/partition.ts';
import type { Session } from '../engine/session.ts';
import type { RdbWriter, Usage } from '../rdb/writer/rdb-writer.ts';
import { commandsAfter } from '../rdb/writer/value-encoder.ts';
import type { Target } from '../servers/targets.ts';
import { TypeId } from '../servers/value-type-id.ts';
import { Kind, objectKindMin, type Value } from '../values/value.ts';
import { VectorSet } from '../values/vector-set.ts';

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

/** How large a database is. */
export interface DatabaseSize {
  readonly index: number;
  readonly keys: number;
  readonly expires: number;
}

/** What is told while keys are written: those of a database in runs, numbered from 0. */
export interface RunVisitor {
  /** Databases that are in another shard, all or in part. */
  readonly others: readonly DatabaseSize[];
  begin(database: number, run: number): void | Promise<void>;
  /** A key was written: its value is at hand now. */
  key?(database: number, keys: Keyspace, entry: number): void;
  end(database: number, run: number): Promise<void>;
}

/**
 * Writes the keys of a loaded dataset to an RDB or as commands. Keys of one side (`sideOf`) come before those of the other, so that
 * two threads can write them, and whoever loads what was written and writes it again keeps the order: that is why in commands what
 * stays in a file, payloads of RESTORE and strings, makes runs of its own behind the collections and integers.
 */
export class DatasetWriter {
  keys = 0;
  /** Commands that an AOF must carry after an RDB base. */
  readonly trailing: TrailingCommand[] = [];
  /** Those that make keys of which the RDB has nothing: they come last in a database, as a loader of both finds these keys last. */
  private readonly making: TrailingCommand[] = [];
  private readonly loaded: Loaded;
  private readonly session: Session;
  private readonly pause: () => Promise<void>;
  private readonly visitor: RunVisitor | undefined;

  constructor(loaded: Loaded, pause: () => Promise<void>, visitor?: RunVisitor) {
    this.loaded = loaded;
    this.session = loaded.session;
    this.pause = pause;
    this.visitor = visitor;
  }

  /** Everything between header and end of an RDB. */
  async toRdb(writer: RdbWriter): Promise<void> {
    for (const code of this.loaded.dataset.libraries.values()) writer.writeFunction(code);
    for (const { index, keys: count, expires } of this.sizes()) {
      const keys = this.loaded.dataset.database(index);
      writer.selectDatabase(index, count, expires);
      // A loader of an RDB leaves every value in its file, so that only texts of the input need to be told from the rest.
      // A vector set with commands behind the RDB is opened again by them: those come last, in a run of their own.
      const part = (entry: number) => (isOpened(keys, entry) ? 4 : Number(isPlainText(keys.kind(entry))));
      const place = (entry: number) => sideOfEntry(keys, entry) * 2 + part(entry);
      await this.eachRun(index, 2, 4, place, (entry) => this.keyToRdb(writer, index, keys, entry));
      append(this.trailing, this.making.splice(0));
    }
  }

  /** The databases that hold keys, in this shard or another, in ascending order. */
  private sizes(): DatabaseSize[] {
    const { dataset } = this.loaded;
    const others = new Map(this.visitor?.others.map((size) => [size.index, size]));
    const indexes = new Set([...dataset.occupied(), ...others.keys()]);
    return [...indexes]
      .sort((a, b) => a - b)
      .map((index) => {
        const { count, expiring } = dataset.database(index);
        const other = others.get(index);
        return { index, keys: count + (other?.keys ?? 0), expires: expiring + (other?.expires ?? 0) };
      });
  }

  private keyToRdb(writer: RdbWriter, database: number, keys: Keyspace, entry: number): void {
    const key = keys.keyBlock(entry);
    const from = keys.keyStart(entry);
    const to = from + keys.keyLength(entry);
    const expire = keys.expiry(entry);
    let usage: Usage | undefined = keys.noEvict(entry) ? { idle: -1, freq: -1, noEvict: true } : undefined;
    if (keys.kind(entry) === Kind.Serialized) {
      const type = keys.rdbType(entry);
      usage = this.loaded.usage.find(keys.source(entry), keys.offset(entry));
      if (keys.noEvict(entry)) usage = { idle: -1, freq: -1, ...usage, noEvict: true };
      const raw = this.loaded.sources.read(keys.source(entry), keys.offset(entry), keys.length(entry));
      if (writer.canCopy(type, raw, 0, raw.length)) {
        writer.writeRawKey(type, key, from, to, expire, raw, 0, raw.length, usage);
        return;
      }
    }
    const value = this.value(keys, entry);
    writer.writeKey(key, from, to, expire, value, usage);
    if (typeof value === 'number' || value instanceof Uint8Array || value.kind !== Kind.Module) return;
    const isMade = value instanceof VectorSet && value.base === undefined;
    const commands = commandsBehind(writer.target, database, keys.keyText(entry), expire, value);
    append(isMade ? this.making : this.trailing, commands);
  }

  /** Everything as commands, in the shape of BGREWRITEAOF. */
  async toCommands(writer: AofWriter): Promise<void> {
    for (const code of this.loaded.dataset.libraries.values()) writer.writeFunction(code);
    for (const { index } of this.sizes()) {
      const keys = this.loaded.dataset.database(index);
      writer.selectDatabase(index);
      const rank = (entry: number) => (this.isText(keys, entry) ? 2 : Number(isPayload(keys, entry)));
      const place = (entry: number) => rank(entry) * 2 + sideOfEntry(keys, entry);
      await this.eachRun(index, 3, 2, place, (entry) => this.keyToCommands(writer, keys, entry));
    }
  }

  private keyToCommands(writer: AofWriter, keys: Keyspace, entry: number): void {
    const key = keys.keyBlock(entry);
    const from = keys.keyStart(entry);
    const to = from + keys.keyLength(entry);
    const expire = keys.expiry(entry);
    if (keys.kind(entry) === Kind.Serialized) {
      const raw = this.loaded.sources.read(keys.source(entry), keys.offset(entry), keys.length(entry));
      if (writer.writeRawKey(keys.rdbType(entry), key, from, to, expire, raw, 0, raw.length, keys.noEvict(entry)))
        return;
    }
    writer.writeKey(key, from, to, expire, this.value(keys, entry), keys.noEvict(entry));
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

  /** Writes the keys of a database in runs, each of which has parts: `place` numbers the parts of all runs. */
  private async eachRun(
    database: number,
    runs: number,
    parts: number,
    place: (entry: number) => number,
    write: (entry: number) => void,
  ): Promise<void> {
    const { visitor } = this;
    const keys = this.loaded.dataset.database(database);
    const orders = fileRuns(keys, runs * parts, place);
    const writeOne =
      visitor?.key === undefined
        ? write
        : (entry: number) => {
            write(entry);
            visitor.key?.(database, keys, entry);
          };
    for (let run = 0; run < runs; run++) {
      await visitor?.begin(database, run);
      for (let part = 0; part < parts; part++) await this.each(orders[run * parts + part], writeOne);
      await visitor?.end(database, run);
    }
  }

  private async each(order: Uint32Array, write: (entry: number) => void): Promise<void> {
    for (let index = 0; index < order.length; index++) {
      write(order[index]);
      this.keys++;
      if (this.keys % keysBetweenPauses === 0) await this.pause();
    }
  }
}

const sideOfEntry = (keys: Keyspace, entry: number): number =>
  sideOf(keys.keyBlock(entry), keys.keyStart(entry), keys.keyLength(entry));

/** Whether a vector set of an RDB was changed by commands. */
function isOpened(keys: Keyspace, entry: number): boolean {
  if (keys.kind(entry) !== Kind.Module) return false;
  const value = keys.object(entry);
  return value instanceof VectorSet && value.base !== undefined;
}

const isPlainText = (kind: Kind): boolean => kind === Kind.Reference || kind === Kind.Bytes;

/** Whether a value is written as a RESTORE: those of modules. */
function isPayload(keys: Keyspace, entry: number): boolean {
  const kind = keys.kind(entry);
  return kind === Kind.Module || (kind === Kind.Serialized && keys.rdbType(entry) === TypeId.module);
}
