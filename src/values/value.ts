import type { CommandView } from '../resp/command-view.ts';
import type { FlavorRules } from '../servers/flavor.ts';

/**
 * What an entry of the keyspace holds. The first four are plain strings or a value that is still in its file; the rest are
 * objects. A number and not a string, because it lives in a typed array.
 */
export const Kind = {
  /** No entry. */
  Free: 0,
  /** A plain string that can be read again: (source, absolute offset, length). */
  Reference: 1,
  /** A plain string that is the decimal text of a safe integer. */
  Integer: 2,
  /** A plain string with bytes of its own: an `OwnString`. */
  Bytes: 3,
  /** A value of an RDB file or a RESTORE payload that no command has touched: (source, absolute offset, length, RDB type). */
  Serialized: 4,
  List: 16,
  Set: 17,
  SortedSet: 18,
  Hash: 19,
  Stream: 20,
  Array: 21,
  Module: 22,
  Gcra: 23,
  /** Valkey 9.2. */
  PathHash: 24,
  /** Redis 8.12. */
  Bitmap: 25,
  /** KeyDB. */
  Cron: 26,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** A data type of a server, as TYPE names it. */
export type TypeName =
  | 'string'
  | 'list'
  | 'set'
  | 'zset'
  | 'hash'
  | 'module'
  | 'stream'
  | 'array'
  | 'gcra'
  | 'pathhash'
  | 'bitmap'
  | 'cron';

/** Kinds at or above this one are `ObjectValue`s. */
export const objectKindMin = Kind.List;

/** A collection: what `src/engine/values/*.ts` implement. A module's value that is carried along is one too. */
export interface ObjectValue {
  readonly kind: Kind;
  /** Number of elements (members, fields, entries). */
  readonly count: number;
  /** A deep copy, for COPY. */
  copy(): ObjectValue;
  /** Tells the digest its elements, by the rules of DEBUG DIGEST (everything after the type number, without the key's TTL). */
  digest(sink: DigestSink): void;
}

/**
 * The two primitives of DEBUG DIGEST on the value's state, and the same two on an element's own state, whose hash is xored into
 * the value's by `endElement`; the next element's starts at zero. Text is a binary string.
 */
export interface DigestSink {
  readonly rules: FlavorRules;
  /** The moment that decides which hash fields are past, milliseconds since 1970. */
  readonly at: number;
  mix(text: string): void;
  mixBytes(bytes: Uint8Array, start: number, length: number): void;
  xor(text: string): void;
  elementMix(text: string): void;
  elementMixBytes(bytes: Uint8Array, start: number, length: number): void;
  elementXor(text: string): void;
  endElement(): void;
  /** A sorted set's score in the flavor's text. */
  scoreText(score: number): string;
}

/** What a codec returns and COPY makes: bytes or a safe integer for a plain string, else a collection. */
export type Value = ObjectValue | Buffer | number;

/** A plain string that was changed in place: `length` bytes of `buffer`, which may be longer so that APPEND need not copy. */
export class OwnString {
  buffer: Buffer;
  length: number;

  constructor(buffer: Buffer, length: number = buffer.length) {
    this.buffer = buffer;
    this.length = length;
  }

  /** The bytes, a view. */
  view(): Buffer {
    return this.length === this.buffer.length ? this.buffer : this.buffer.subarray(0, this.length);
  }

  /** Makes the string at least `length` bytes long, filled with zero bytes, and gives the view. */
  extend(length: number): Buffer {
    if (length > this.buffer.length) {
      // Doubling, as sds does up to 1 MiB; then a quarter more, so that a long string does not cost twice its size.
      const size = length < 1 << 20 ? length * 2 : length + (length >> 2);
      const grown = Buffer.alloc(size);
      this.buffer.copy(grown, 0, 0, this.length);
      this.buffer = grown;
    } else if (length > this.length) {
      this.buffer.fill(0, this.length, length);
    }
    if (length > this.length) this.length = length;
    return this.view();
  }
}

/** Where in a RESTORE payload the value lies: `bytes[from, to)`, without the type byte and the footer. */
export interface RestoredPayload {
  readonly rdbType: number;
  readonly from: number;
  readonly to: number;
}

/** Reads values of RDB files; injected, because the engine knows no file format. */
export interface ValueCodec {
  /** Decodes `bytes[from, to)`, a value of `rdbType` without its type byte. Throws a data error if it is damaged. */
  decode(rdbType: number, bytes: Buffer, from: number, to: number): Value;
  /** What the compressed strings of the last value came to, bytes. */
  readonly decompressed: number;
  /** Checks version, checksum and structure of the payload of a RESTORE, `frame`. A string is the server's error reply. */
  restorePayload(bytes: Buffer, frame?: CommandView): RestoredPayload | string;
  /** Checks a FUNCTION RESTORE payload and gives each library's source text as a binary string. A string is the error reply. */
  functionPayload(bytes: Buffer): readonly string[] | string;
}

/** Reads bytes of a source again; the buffer may be reused by the next call. */
export interface SourceReader {
  read(source: number, offset: number, length: number): Buffer;
}

/** The name of the type that `kind` has, for kinds that are not serialized. */
export function typeOf(kind: Kind): TypeName {
  switch (kind) {
    case Kind.List:
      return 'list';
    case Kind.Set:
      return 'set';
    case Kind.SortedSet:
      return 'zset';
    case Kind.Hash:
      return 'hash';
    case Kind.Stream:
      return 'stream';
    case Kind.Array:
      return 'array';
    case Kind.Module:
      return 'module';
    case Kind.Gcra:
      return 'gcra';
    case Kind.PathHash:
      return 'pathhash';
    case Kind.Bitmap:
      return 'bitmap';
    case Kind.Cron:
      return 'cron';
    default:
      return 'string';
  }
}
