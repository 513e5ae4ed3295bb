/**
 * Values of RDB files as the engine wants them, and RESTORE payloads: the codec that is handed to a Session.
 */

import { EncodingError, FormatError } from '../../faults.ts';
import type { CommandView } from '../../resp/command-view.ts';
import type { Fork } from '../../servers/value-type-id.ts';
import { bitmapType, canonicalType, pathHashType, TypeId, valkeyHashType } from '../../servers/value-type-id.ts';
import { CronValue } from '../../values/cron.ts';
import { GcraValue } from '../../values/gcra.ts';
import type { RestoredPayload, Value, ValueCodec } from '../../values/value.ts';
import { decodeArray } from './array-value.ts';
import { decodeBitmap } from './bitmap-value.ts';
import { ValueCursor } from './cursor.ts';
import { CollectionDecoder } from './decode-collections.ts';
import { HashDecoder, type HashTemplates } from './decode-hash.ts';
import { decodeStream } from './decode-stream.ts';
import { ModuleValue } from './module-value.ts';
import { checkFunctionPayload, checkPayload, type PayloadRules, payloadRules } from './payload.ts';

export interface CodecOptions {
  /** The fork whose file the values come from: what a type of 22 means. Types may also be canonical. Default: redis. */
  readonly fork?: Fork;
  /** Field lists of the file (RdbReader's `templates`). */
  readonly templates?: HashTemplates;
  /** Which RESTORE payloads are taken. Default: those that redis-8 takes. */
  readonly payloads?: PayloadRules;
  /** A small sorted set keeps the sign of a score of -0, as up to Redis 6.2. Default false. */
  readonly keepsNegativeZero?: boolean;
}

type Decoder = () => Value;

export class RdbCodec implements ValueCodec {
  /** The RESTORE whose payload is being checked, or was last. */
  restoring: CommandView | undefined;
  private readonly fork: Fork;
  private readonly payloads: PayloadRules;
  private readonly cursor = new ValueCursor();
  private readonly hashes = new HashDecoder(this.cursor);
  private readonly decoders: readonly (Decoder | undefined)[];

  constructor(options: CodecOptions = {}) {
    this.fork = options.fork ?? 'redis';
    this.payloads = options.payloads ?? payloadRules('redis-8');
    if (options.templates !== undefined) this.hashes.templates = options.templates;
    this.decoders = this.table(options.keepsNegativeZero ?? false);
  }

  get templates(): HashTemplates {
    return this.hashes.templates;
  }

  /** The field lists of the file that values come from. */
  set templates(templates: HashTemplates) {
    this.hashes.templates = templates;
  }

  /** Decodes `bytes[from, to)`, a value without its type byte. Throws FormatError, its offset counted from the value's start. */
  decode(rdbType: number, bytes: Buffer, from: number, to: number): Value {
    const type = canonicalType(rdbType, { fork: this.fork, version: 0 });
    const decoder = this.decoders[type];
    this.cursor.begin(bytes, from, to);
    if (decoder === undefined) return this.cursor.fail('rdb.opcode.unknown', 'a value type', String(rdbType));
    try {
      return decoder();
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error;
      const { code, offset, expected, found } = error;
      throw new FormatError(code, offset, expected, found);
    }
  }

  get decompressed(): number {
    return this.cursor.decompressed;
  }

  /** Checks a RESTORE payload; a string is the error that a server replies. */
  restorePayload(bytes: Buffer, frame?: CommandView): RestoredPayload | string {
    this.restoring = frame;
    return checkPayload(bytes, this.payloads);
  }

  /** The libraries of a FUNCTION RESTORE payload, binary strings; a string is the error that a server replies. */
  functionPayload(bytes: Buffer): readonly string[] | string {
    return checkFunctionPayload(bytes, this.payloads);
  }

  private table(keepsNegativeZero: boolean): (Decoder | undefined)[] {
    const { cursor, hashes } = this;
    const collections = new CollectionDecoder(cursor, keepsNegativeZero);
    const table: (Decoder | undefined)[] = [];
    table[TypeId.string] = () => cursor.plain();
    table[TypeId.list] = () => collections.linkedList();
    table[TypeId.set] = () => collections.hashtableSet();
    table[TypeId.sortedSetText] = () => collections.skiplist('text');
    table[TypeId.hash] = () => hashes.hashtable();
    table[TypeId.sortedSet] = () => collections.skiplist('binary');
    table[TypeId.module] = () => new ModuleValue(Buffer.from(cursor.bytes.subarray(cursor.position, cursor.end)));
    table[TypeId.hashZipmap] = () => hashes.zipmap();
    table[TypeId.listZiplist] = () => collections.ziplistList();
    table[TypeId.setIntset] = () => collections.intset();
    table[TypeId.sortedSetZiplist] = () => collections.compactSortedSet('ziplist');
    table[TypeId.hashZiplist] = () => hashes.compact('ziplist');
    table[TypeId.listQuicklist] = () => collections.quicklist();
    table[TypeId.hashListpack] = () => hashes.compact('listpack');
    table[TypeId.sortedSetListpack] = () => collections.compactSortedSet('listpack');
    table[TypeId.listQuicklist2] = () => collections.quicklist2();
    table[TypeId.setListpack] = () => collections.listpackSet();
    table[TypeId.hashExpiryPreRelease] = () => hashes.preRelease();
    table[TypeId.hashListpackExpiryPreRelease] = () => hashes.compactExpiry(false);
    table[TypeId.hashExpiry] = () => hashes.hashtableExpiry();
    table[TypeId.hashListpackExpiry] = () => hashes.compactExpiry(true);
    table[TypeId.templateListpack] = () => hashes.ownTemplate('listpack');
    table[TypeId.templateListpackReference] = () => hashes.templateListpack();
    table[TypeId.templateArray] = () => hashes.ownTemplate('strings');
    table[TypeId.templateArrayReference] = () => hashes.templateArray();
    table[TypeId.array] = () => decodeArray(cursor);
    table[TypeId.gcra] = () => new GcraValue(BigInt(cursor.unsigned()));
    table[TypeId.setListpackExpiry] = () => collections.listpackExpirySet();
    table[TypeId.setExpiry] = () => collections.expirySet();
    table[valkeyHashType] = () => hashes.valkeyHashtable();
    table[pathHashType] = () => hashes.pathHash();
    table[bitmapType] = () => decodeBitmap(cursor);
    table[TypeId.cron] = () => decodeCron(cursor);
    const streams = [TypeId.stream1, TypeId.stream2, TypeId.stream3, TypeId.stream4, TypeId.stream5];
    for (const [index, type] of streams.entries()) table[type] = () => decodeStream(cursor, index + 1);
    return table;
  }
}

function decodeCron(cursor: ValueCursor): CronValue {
  const script = cursor.text();
  const start = cursor.int64();
  const interval = cursor.int64();
  const texts = () => Array.from({ length: cursor.count() }, () => cursor.text());
  return new CronValue({ script, start, interval, keys: texts(), args: texts() });
}
