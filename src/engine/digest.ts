import { Sha1 } from '../checksum/sha1.ts';
import { HashQueue } from '../checksum/sha1-queue.ts';
import type { Flavor, FlavorRules } from '../servers/flavor.ts';
import { flavorRules } from '../servers/flavor.ts';
import { ScoreText } from '../values/score-text.ts';
import type { DigestSink, ObjectValue, SourceReader, Value, ValueCodec } from '../values/value.ts';
import { Kind, objectKindMin } from '../values/value.ts';
import type { Dataset } from './dataset.ts';
import type { Keyspace } from './keyspace.ts';

/*
 * DEBUG DIGEST and DEBUG DIGEST-VALUE. A state is 20 bytes, D:
 *
 *   xor(D, data)   D ^= SHA1(data)              the order of several does not matter
 *   mix(D, data)   xor(D, data); D = SHA1(D)    the order matters
 *
 *   dataset F:  per database with keys, ascending: mix(F, u32 index); per key: D = 0, mix(D, key), VALUE(D), xor(F, D)
 *   VALUE(D):   mix(D, u32 type), the elements by their type's rule, and xor(D, "!!expire!!") where the key has a TTL
 */

export interface DigestOptions {
  readonly flavor?: Flavor;
  /** The moment that decides which hash fields are past, milliseconds since 1970. */
  readonly at: number;
  readonly codec?: ValueCodec;
  readonly reader?: SourceReader;
}

/** What the keys of a database add to the digest: five words. */
export interface DatabaseSum {
  readonly index: number;
  readonly sum: Int32Array;
}

/**
 * The number that the digest mixes in for a type, by kind; 0 (string) for the kinds below the collections. Of Redis 8.12's bitmap
 * (8), Valkey 9.2's path hash (7) and KeyDB's job (7) they were read in the servers' sources, not tried.
 */
const typeNumbers: Readonly<Record<number, number>> = {
  [Kind.List]: 1,
  [Kind.Set]: 2,
  [Kind.SortedSet]: 3,
  [Kind.Hash]: 4,
  [Kind.Module]: 5,
  [Kind.Stream]: 6,
  [Kind.Array]: 7,
  [Kind.Gcra]: 8,
  [Kind.PathHash]: 7,
  [Kind.Bitmap]: 8,
  [Kind.Cron]: 7,
};

/** Computes digests; one may be used for any number of datasets. */
export class Digester implements DigestSink {
  readonly rules: FlavorRules;
  readonly at: number;
  readonly #scores: ScoreText;
  readonly #sha = new Sha1();
  readonly #queue = new HashQueue();
  readonly #codec: ValueCodec | undefined;
  readonly #reader: SourceReader | undefined;
  /** SHA-1 of the type numbers 0 to 8 and of the two marks, which are xored in over and over. */
  readonly #typeHashes: Int32Array[];
  readonly #expiryMark: Int32Array;

  constructor(options: DigestOptions) {
    this.rules = flavorRules(options.flavor ?? 'redis-8');
    this.at = options.at;
    this.#codec = options.codec;
    this.#reader = options.reader;
    this.#scores = new ScoreText(this.rules);
    this.#typeHashes = Array.from({ length: 9 }, (_, type) => this.#hashed(`\0\0\0${String.fromCharCode(type)}`));
    this.#expiryMark = this.#hashed('!!expire!!');
  }

  #hashed(text: string): Int32Array {
    this.#sha.hashText(text);
    return this.#sha.state.slice();
  }

  // ---- the dataset

  /**
   * Equal to DEBUG DIGEST of a server that holds this dataset: 40 hexadecimal digits. `order` names the entries of a database in
   * an order that suits the reader; the digest does not depend on it.
   */
  dataset(dataset: Dataset, order?: (keys: Keyspace) => Iterable<number>): string {
    const sums = dataset.occupied().map((index): DatabaseSum => {
      const keys = dataset.database(index);
      return { index, sum: this.sum(keys, order === undefined ? every(keys) : order(keys)) };
    });
    return digestOfSums(sums);
  }

  /** What these keys of a database add to the digest, xored: five words. */
  sum(keys: Keyspace, entries: Iterable<number>): Int32Array {
    this.takeSum();
    for (const entry of entries) this.add(keys, entry);
    return this.takeSum();
  }

  /** Adds a key to the sum. */
  add(keys: Keyspace, entry: number): void {
    this.#queue.mixBytes(keys.keyBlock(entry), keys.keyStart(entry), keys.keyLength(entry));
    this.#mixEntry(keys, entry);
    this.#queue.endKey();
  }

  /** Adds a key that is in no keyspace: its name is `bytes[start, start + length)`. */
  addKey(bytes: Uint8Array, start: number, length: number, value: Value, expires: boolean): void {
    this.#queue.mixBytes(bytes, start, length);
    this.#mixValue(value);
    if (expires) this.#queue.xorHash(this.#expiryMark);
    this.#queue.endKey();
  }

  /** SHA-1 of the type numbers 0 to 8 and of the mark of an expiry, five words each: for who computes digests otherwise. */
  knownHashes(): Int32Array {
    return Int32Array.from([...this.#typeHashes, this.#expiryMark].flatMap((words) => [...words]));
  }

  /** The sum of the keys that were added, five words; it begins anew. */
  takeSum(): Int32Array {
    return this.#queue.takeTotal();
  }

  /** Equal to DEBUG DIGEST-VALUE of the entry's key. */
  entry(keys: Keyspace, entry: number): string {
    this.#mixEntry(keys, entry);
    return hex(this.#queue.takeKey());
  }

  /** DEBUG DIGEST-VALUE of a value alone, with or without an expiry. */
  value(value: Value, expires = false): string {
    this.#mixValue(value);
    if (expires) this.#queue.xorHash(this.#expiryMark);
    return hex(this.#queue.takeKey());
  }

  #mixEntry(keys: Keyspace, entry: number): void {
    const kind = keys.kind(entry);
    if (kind === Kind.Serialized) this.#mixValue(this.#decode(keys, entry));
    else if (kind >= objectKindMin) this.#mixObject(keys.object(entry));
    else this.#mixString(keys, entry, kind);
    if (keys.hasExpiry(entry)) this.#queue.xorHash(this.#expiryMark);
  }

  #mixString(keys: Keyspace, entry: number, kind: Kind): void {
    this.#queue.mixHash(this.#typeHashes[0]);
    if (kind === Kind.Integer) {
      this.mix(String(keys.integer(entry)));
      return;
    }
    if (kind === Kind.Bytes) {
      const own = keys.own(entry);
      this.mixBytes(own.buffer, 0, own.length);
      return;
    }
    const bytes = this.#read(keys, entry);
    this.mixBytes(bytes, 0, bytes.length);
  }

  #read(keys: Keyspace, entry: number): Buffer {
    if (this.#reader === undefined) throw new Error('a reference needs a reader');
    return this.#reader.read(keys.source(entry), keys.offset(entry), keys.length(entry));
  }

  #decode(keys: Keyspace, entry: number): Value {
    if (this.#codec === undefined) throw new Error('a serialized value needs a codec');
    const bytes = this.#read(keys, entry);
    return this.#codec.decode(keys.rdbType(entry), bytes, 0, bytes.length);
  }

  #mixValue(value: Value): void {
    if (typeof value === 'number') {
      this.#queue.mixHash(this.#typeHashes[0]);
      this.mix(String(value));
    } else if (Buffer.isBuffer(value)) {
      this.#queue.mixHash(this.#typeHashes[0]);
      this.mixBytes(value, 0, value.length);
    } else this.#mixObject(value);
  }

  #mixObject(value: ObjectValue): void {
    this.#queue.mixHash(this.#typeHashes[typeNumbers[value.kind] ?? 0]);
    value.digest(this);
  }

  // ---- the two primitives

  mix(text: string): void {
    this.#queue.mixText(text);
  }

  mixBytes(bytes: Uint8Array, start: number, length: number): void {
    this.#queue.mixBytes(bytes, start, length);
  }

  xor(text: string): void {
    this.#queue.xorText(text);
  }

  elementMix(text: string): void {
    this.#queue.elementMixText(text);
  }

  elementMixBytes(bytes: Uint8Array, start: number, length: number): void {
    this.#queue.elementMixBytes(bytes, start, length);
  }

  elementXor(text: string): void {
    this.#queue.elementXorText(text);
  }

  endElement(): void {
    this.#queue.endElement();
  }

  scoreText(score: number): string {
    return this.#scores.format(score);
  }
}

/** The digest of a dataset, 40 hexadecimal digits, of which these sums are all; a database may be there several times. */
export function digestOfSums(sums: Iterable<DatabaseSum>): string {
  const databases = new Map<number, Int32Array>();
  for (const { index, sum } of sums) {
    const known = databases.get(index);
    if (known === undefined) databases.set(index, sum.slice());
    else xorInto(known, sum);
  }
  const sha = new Sha1();
  const total = new Int32Array(5);
  for (const [index, sum] of [...databases].sort(([first], [second]) => first - second)) {
    sha.hashText(bigEndianText(index));
    xorInto(total, sha.state);
    sha.hashWords(total);
    total.set(sha.state);
    xorInto(total, sum);
  }
  return hex(total);
}

function* every(keys: Keyspace): Iterable<number> {
  for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) yield entry;
}

/** Xors five words into others. */
function xorInto(state: Int32Array, words: Int32Array): void {
  for (let word = 0; word < 5; word++) state[word] ^= words[word];
}

function bigEndianText(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

function hex(state: Int32Array): string {
  let text = '';
  for (const word of state) text += (word >>> 0).toString(16).padStart(8, '0');
  return text;
}
