import { parseSafeInteger } from '../encodings/number-text.ts';
import { LimitError } from '../errors.ts';
import { decompressionRatio, limits } from '../limits.ts';
import type { CommandView } from '../resp/command-view.ts';
import { findCommand, isModuleName } from '../servers/command-catalog.ts';
import type { Flavor, FlavorRules } from '../servers/flavor.ts';
import { flavorRules } from '../servers/flavor.ts';
import { Interner } from '../values/intern.ts';
import type { ObjectValue, SourceReader, Value, ValueCodec } from '../values/value.ts';
import { Kind, OwnString, objectKindMin } from '../values/value.ts';
import type { Dataset } from './dataset.ts';
import type { Keyspace } from './keyspace.ts';
import type { Command, Registry } from './registry.ts';
import * as replies from './replies.ts';
import { TransactionQueue } from './transaction-queue.ts';

/** One command that a server would have answered with an error. */
export interface ReplyError {
  /** How many commands came before it in its file. */
  readonly ordinal: number;
  /** Absolute offset of the command's name in its file. */
  readonly offset: number;
  readonly source: number;
  readonly command: string;
  readonly message: string;
}

/** Why the engine cannot know what a command does. */
export type OpaqueReason = 'script' | 'function' | 'module' | 'unknown';

/** Called for each command whose effect is unknown; an error text is noted like an error reply. */
export type OpaqueHandler = (session: Session, frame: CommandView, reason: OpaqueReason) => string | undefined;

export interface SessionOptions {
  readonly flavor?: Flavor;
  /** The moment of loading, milliseconds since 1970: relative expiry counts from here. */
  readonly now: number;
  /** Decodes values of RDB files and RESTORE payloads. Without it such a value cannot be touched. */
  readonly codec?: ValueCodec;
  /** Reads references and serialized values again. */
  readonly reader?: SourceReader;
  readonly opaque?: OpaqueHandler;
  /** Whether a command of no family, upper case, only reads and so may be skipped. Default: what the catalog says. */
  readonly readOnly?: (name: string) => boolean;
  /** How many error replies are kept; all are counted. */
  readonly errorsMax?: number;
}

const emptyBytes: Buffer = Buffer.alloc(0);

/** Replays commands on a dataset as a server's AOF loader does: expired keys stay, an error is noted and replay goes on. */
export class Session {
  readonly dataset: Dataset;
  readonly registry: Registry<Session>;
  readonly flavor: Flavor;
  readonly rules: FlavorRules;
  readonly codec: ValueCodec | undefined;
  readonly reader: SourceReader | undefined;
  /** What the compressed values that were decoded so far came to, and their own bytes: those that are gone again, too. */
  #decompressed = 0;
  #compressed = 0;
  /** The moment of loading, milliseconds since 1970. */
  now: number;
  /** Index of the selected database. */
  database = 0;
  /** The selected database. */
  keys: Keyspace;
  /** The command that is being run. */
  command: Command<Session> | undefined;

  /** Commands run and errors among them, by `Command.id`. */
  readonly calls: Float64Array;
  readonly failures: Float64Array;
  /** Commands run, including MULTI, EXEC and those that are only read. */
  commandCount = 0;
  errorCount = 0;
  readonly errors: ReplyError[] = [];
  /** Commands that were neither in a family nor known to only read. */
  unknownCount = 0;

  readonly #interner = new Interner();
  readonly #errorsMax: number;
  readonly #opaque: OpaqueHandler | undefined;
  readonly #readOnly: ((name: string) => boolean) | undefined;
  readonly #queue: TransactionQueue<Command<Session>>;
  readonly #multi: Command<Session> | undefined;
  readonly #exec: Command<Session> | undefined;
  #inTransaction = false;

  constructor(dataset: Dataset, registry: Registry<Session>, options: SessionOptions) {
    this.dataset = dataset;
    this.registry = registry;
    this.flavor = options.flavor ?? 'redis-8';
    this.rules = flavorRules(this.flavor);
    this.now = options.now;
    this.codec = options.codec;
    this.reader = options.reader;
    this.#opaque = options.opaque;
    this.#readOnly = options.readOnly;
    this.#errorsMax = options.errorsMax ?? 100;
    this.keys = dataset.select(0);
    this.calls = new Float64Array(registry.commands.length);
    this.failures = new Float64Array(registry.commands.length);
    this.#queue = new TransactionQueue(registry.commands, options.reader);
    this.#multi = registry.named('MULTI');
    this.#exec = registry.named('EXEC');
  }

  // ---- running commands

  /** Runs one command, or queues it inside a transaction. Gives the error reply, if it makes one. */
  execute(frame: CommandView): string | undefined {
    const command = this.registry.find(frame);
    if (this.#inTransaction && command !== this.#exec) {
      this.#queue.push(frame, command);
      return undefined;
    }
    if (command !== undefined && command === this.#exec) return this.#runTransaction(frame, command);
    return this.#run(frame, command);
  }

  /** For a handler: runs a command that another one carries. A transaction among such commands needs no marks: nothing comes between them. */
  runWithin(frame: CommandView): string | undefined {
    const command = this.registry.find(frame);
    if (command !== undefined && (command === this.#multi || command === this.#exec)) return undefined;
    return this.#run(frame, command);
  }

  #run(frame: CommandView, command: Command<Session> | undefined): string | undefined {
    this.commandCount++;
    if (command === undefined) return this.#runUnknown(frame);
    this.calls[command.id]++;
    this.command = command;
    const arity = command.arity;
    const fits = arity >= 0 ? frame.argc === arity : frame.argc >= -arity;
    const error = fits ? this.#call(frame, command) : replies.wrongArgumentCount(command.name);
    if (error !== undefined) {
      this.failures[command.id]++;
      this.#note(frame, command.name, error);
    }
    return error;
  }

  #call(frame: CommandView, command: Command<Session>): string | undefined {
    if (command === this.#multi) {
      // Inside a transaction Redis refuses another one, and Valkey goes on without a word.
      if (this.#inTransaction) return this.rules.fork === 'redis' ? replies.nestedMulti : undefined;
      this.#inTransaction = true;
      this.#queue.clear();
      return undefined;
    }
    return command.handler(this, frame);
  }

  #runTransaction(frame: CommandView, exec: Command<Session>): string | undefined {
    if (!this.#inTransaction) {
      this.commandCount++;
      this.calls[exec.id]++;
      this.failures[exec.id]++;
      this.#note(frame, exec.name, replies.execWithoutMulti);
      return replies.execWithoutMulti;
    }
    let first: string | undefined;
    // A MULTI among the queued ones fails, as it still is inside this transaction.
    this.#queue.forEach((queued, command) => {
      const error = this.#run(queued, command);
      first ??= error;
    });
    this.#inTransaction = false;
    this.commandCount++;
    this.calls[exec.id]++;
    return first;
  }

  /** A command of no family: one that only reads is skipped, of any other the effect is not known. */
  #runUnknown(frame: CommandView): string | undefined {
    if (this.skips(frame)) return undefined;
    const name = frame.text(0);
    this.unknownCount++;
    const error = this.opaque(frame, isModuleName(name) ? 'module' : 'unknown');
    if (error !== undefined) this.#note(frame, name, error);
    return error;
  }

  /** Whether a command of no family only reads. */
  skips(frame: CommandView): boolean {
    const known = findCommand(frame.bytes, frame.starts[0], frame.lengths[0]);
    return this.#readOnly?.(frame.text(0).toUpperCase()) ?? (known !== undefined && !known.write);
  }

  /** For a handler: this command's effect is not known. */
  opaque(frame: CommandView, reason: OpaqueReason): string | undefined {
    if (this.#opaque !== undefined) return this.#opaque(this, frame, reason);
    return reason === 'unknown' ? replies.unknownCommand(frame.text(0)) : replies.unknownEffect(frame.text(0));
  }

  #note(frame: CommandView, command: string, message: string): void {
    this.errorCount++;
    if (this.errors.length >= this.#errorsMax) return;
    const { ordinal, source } = frame;
    this.errors.push({ ordinal, offset: frame.base + frame.starts[0], source, command, message });
  }

  /** Whether a MULTI is open. */
  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  /** A file has ended, or the next one starts: an open transaction is dropped and database 0 is selected. Gives how many commands were dropped. */
  endFile(): number {
    const dropped = this.#inTransaction ? this.#queue.count : 0;
    this.#inTransaction = false;
    this.#queue.clear();
    this.select(0);
    return dropped;
  }

  /** Selects a database; false where the index is out of range, and the selection stays. */
  select(index: number): boolean {
    if (!(index >= 0 && index < this.dataset.databaseLimit)) return false;
    this.database = index;
    this.keys = this.dataset.select(index);
    return true;
  }

  /** Argument `index` as a binary string that is shared with earlier equal ones where it is short: for field names. */
  intern(frame: CommandView, index: number): string {
    return this.#interner.text(frame.bytes, frame.starts[index], frame.lengths[index]);
  }

  // ---- keys

  /** The entry of the key at argument `index`, or -1. */
  find(frame: CommandView, index: number): number {
    return this.keys.find(frame.bytes, frame.starts[index], frame.lengths[index]);
  }

  /** The entry of the key at argument `index`, made if it is not there (with no expiry and the integer 0). */
  findOrInsert(frame: CommandView, index: number): number {
    const keys = this.keys;
    const start = frame.starts[index];
    const length = frame.lengths[index];
    const entry = keys.find(frame.bytes, start, length);
    return entry >= 0 ? entry : keys.insertAfterFind(frame.bytes, start, length);
  }

  /** Removes the key at argument `index`; false if there is none. */
  remove(frame: CommandView, index: number): boolean {
    const entry = this.find(frame, index);
    if (entry < 0) return false;
    this.keys.remove(entry);
    return true;
  }

  /** The kind of an entry, after decoding a serialized value. */
  kind(entry: number): Kind {
    const kind = this.keys.kind(entry);
    if (kind !== Kind.Serialized) return kind;
    this.#decode(this.keys, entry);
    return this.keys.kind(entry);
  }

  #decode(keys: Keyspace, entry: number): void {
    const { codec, reader } = this;
    if (codec === undefined || reader === undefined) throw new Error('a serialized value needs a codec and a reader');
    const bytes = reader.read(keys.source(entry), keys.offset(entry), keys.length(entry));
    this.store(entry, this.decode(codec, keys.rdbType(entry), bytes, 0, bytes.length));
  }

  /** Decodes a value to be held: what all of them were decompressed to is bounded. Throws LimitError. */
  decode(codec: ValueCodec, rdbType: number, bytes: Buffer, from: number, to: number): Value {
    const value = codec.decode(rdbType, bytes, from, to);
    if (codec.decompressed === 0) return value;
    this.#decompressed += codec.decompressed;
    this.#compressed += to - from;
    const most = limits().decompressedBytes;
    if (this.#decompressed <= most || this.#decompressed <= this.#compressed * decompressionRatio) return value;
    throw new LimitError(
      '',
      `the values that commands read or change, ${this.#compressed} bytes, come to more than ${most} bytes`,
      '--max-decompressed',
    );
  }

  /** Whether an entry holds a plain string. */
  isString(entry: number): boolean {
    return this.kind(entry) < objectKindMin;
  }

  // ---- collections

  /**
   * The collection at the key of argument `index`: undefined if there is no such key, the WRONGTYPE reply (a string) if it
   * holds something else. What is returned may be changed in place.
   */
  read<T extends ObjectValue>(frame: CommandView, index: number, kind: Kind): T | undefined | string {
    const keys = this.keys;
    const entry = keys.find(frame.bytes, frame.starts[index], frame.lengths[index]);
    if (entry < 0) return undefined;
    const found = this.kind(entry);
    return found === kind ? (keys.object(entry) as T) : replies.wrongType;
  }

  /** Adds a key that `read` or `find` has just not found. No other lookup may lie between. */
  add(frame: CommandView, index: number, value: ObjectValue): void {
    const keys = this.keys;
    const entry = keys.insertAfterFind(frame.bytes, frame.starts[index], frame.lengths[index]);
    keys.setObject(entry, value);
  }

  /** Makes `value` the whole value of the key at argument `index` and drops its expiry: what *STORE does. An empty collection removes the key. */
  replace(frame: CommandView, index: number, value: ObjectValue): void {
    if (value.count === 0 && value.kind !== Kind.Stream && value.kind !== Kind.Bitmap) {
      this.remove(frame, index);
      return;
    }
    const entry = this.findOrInsert(frame, index);
    this.keys.setObject(entry, value);
    this.keys.setExpiry(entry, Number.NaN);
  }

  /** Removes the key at argument `index` if the collection it holds has no element. */
  removeIfEmpty(frame: CommandView, index: number, value: ObjectValue): void {
    if (value.count === 0) this.remove(frame, index);
  }

  // ---- plain strings

  /** The plain string at the key of argument `index` to read: undefined if there is none, WRONGTYPE (a string) for another type. Valid until the next such call. */
  readString(frame: CommandView, index: number): Buffer | undefined | string {
    const entry = this.find(frame, index);
    if (entry < 0) return undefined;
    return this.isString(entry) ? this.stringBytes(this.keys, entry) : replies.wrongType;
  }

  /** The bytes of an entry that holds a plain string, to read only. Valid until the next such call. */
  stringBytes(keys: Keyspace, entry: number): Buffer {
    const kind = keys.kind(entry);
    if (kind === Kind.Bytes) return keys.own(entry).view();
    if (kind === Kind.Integer) return Buffer.from(String(keys.integer(entry)), 'latin1');
    if (keys.length(entry) === 0) return emptyBytes;
    if (this.reader === undefined) throw new Error('a reference needs a reader');
    return this.reader.read(keys.source(entry), keys.offset(entry), keys.length(entry));
  }

  /** Length of the plain string that an entry holds, bytes. */
  stringLength(keys: Keyspace, entry: number): number {
    const kind = keys.kind(entry);
    if (kind === Kind.Reference) return keys.length(entry);
    return kind === Kind.Bytes ? keys.own(entry).length : String(keys.integer(entry)).length;
  }

  /**
   * The plain string at the key of argument `index` as bytes to change in place, grown with zero bytes to at least
   * `length` (and made if there is no such key). WRONGTYPE (a string) for another type. The expiry stays.
   */
  writableString(frame: CommandView, index: number, length: number): Buffer | string {
    const entry = this.find(frame, index);
    if (entry >= 0 && !this.isString(entry)) return replies.wrongType;
    const target = entry >= 0 ? entry : this.findOrInsert(frame, index);
    return this.#ownString(target, entry < 0).extend(length);
  }

  #ownString(entry: number, fresh: boolean): OwnString {
    const keys = this.keys;
    if (keys.kind(entry) === Kind.Bytes) return keys.own(entry);
    const own = new OwnString(fresh ? emptyBytes : Buffer.from(this.stringBytes(keys, entry)));
    keys.setOwn(entry, own);
    return own;
  }

  /** Makes `bytes` (not copied) the whole value of the key at argument `index`. The expiry is dropped unless `keepExpiry`. */
  replaceString(frame: CommandView, index: number, bytes: Buffer, keepExpiry: boolean): void {
    const entry = this.findOrInsert(frame, index);
    this.keys.setOwn(entry, new OwnString(bytes));
    if (!keepExpiry) this.keys.setExpiry(entry, Number.NaN);
  }

  /** Makes argument `argument` the value of `entry`, without copying it where it can be read again. */
  storeArgument(entry: number, frame: CommandView, argument: number): void {
    const keys = this.keys;
    const start = frame.starts[argument];
    const length = frame.lengths[argument];
    if (length <= 16) {
      const integer = parseSafeInteger(frame.bytes, start, length);
      if (!Number.isNaN(integer)) {
        keys.setInteger(entry, integer);
        return;
      }
    }
    if (frame.source >= 0) keys.setReference(entry, frame.source, frame.base + start, length);
    else keys.setOwn(entry, new OwnString(frame.copy(argument)));
  }

  /** Makes `value` the value of `entry`; its expiry stays. */
  store(entry: number, value: Value): void {
    const keys = this.keys;
    if (typeof value === 'number') keys.setInteger(entry, value);
    else if (Buffer.isBuffer(value)) keys.setOwn(entry, new OwnString(value));
    else keys.setObject(entry, value);
  }
}
