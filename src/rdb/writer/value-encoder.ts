/**
 * Values in the form that a server of the target's generation would itself have chosen for them, with default settings: which
 * type, which nodes, which order. Layouts are in ../values/, limits in ../targets.ts.
 *
 * In an RDB the type comes before the key and the value after it, so encoding takes two steps: `prepare` chooses the type and
 * builds what is compact, `write` writes the value.
 */

import { encodeDoubleText, formatDouble17 } from '../../encodings/double.ts';
import { Grisu2 } from '../../encodings/grisu2.ts';
import { isCanonicalInteger } from '../../encodings/integer-text.ts';
import { encodeIntset } from '../../encodings/intset.ts';
import { ListpackWriter } from '../../encodings/listpack-writer.ts';
import { encodeZiplist } from '../../encodings/ziplist-writer.ts';
import { bulkLengthMax, fieldExpireMax } from '../../limits.ts';
import { compactLimits } from '../../servers/compact-limits.ts';
import type { LossKind, LossSink } from '../../servers/losses.ts';
import type { Target } from '../../servers/targets.ts';
import { pathHashType, TypeId, valkeyHashType } from '../../servers/value-type-id.ts';
import type { ArrayValue } from '../../values/array.ts';
import type { GcraValue } from '../../values/gcra.ts';
import type { HashValue } from '../../values/hash.ts';
import type { ListValue } from '../../values/list.ts';
import type { PathHashValue } from '../../values/path-hash.ts';
import type { BitmapValue } from '../../values/roaring-bitmap.ts';
import type { SetValue } from '../../values/set.ts';
import type { SortedSetValue } from '../../values/sorted-set.ts';
import type { Stream } from '../../values/stream.ts';
import { Kind, type Value } from '../../values/value.ts';
import { VectorSet } from '../../values/vector-set.ts';
import { writeArray } from '../codec/array-value.ts';
import { ModuleValue } from '../codec/module-value.ts';
import type { RdbOutput } from '../output.ts';
import { reportStreamLosses, writeStream } from './encode-stream.ts';
import { listNodes, plainNode } from './list-nodes.ts';

const containerPlain = 1;
const containerPacked = 2;
/** Whole scores up to this size are integers in a listpack (double2ll in the servers' util.c; in 7.0 too, tried). */
const integerScoreMax = 2 ** 62;

export interface EncoderOptions {
  /** The moment of writing, milliseconds since 1970: producers' messages that are too old are left out. Default 0: none are. */
  readonly now?: number;
  readonly lose?: LossSink;
  /** The RDB is the base of an AOF, in which `commandsAfter` of each value will be written: what these say is no loss. */
  readonly commandsFollow?: boolean;
}

type Writing = (out: RdbOutput) => void;

export class ValueEncoder {
  readonly target: Target;
  /** Told what the target cannot hold of the value being prepared. */
  lose: LossSink;
  private readonly now: number;
  private readonly commandsFollow: boolean;
  private readonly listpack: ListpackWriter;
  private readonly grisu = new Grisu2();
  private readonly preparers: readonly ((value: never) => number)[];
  /** What `write` does, chosen by `prepare`; undefined for a blob. */
  private writing: Writing | undefined;
  private blob: Buffer = Buffer.alloc(0);

  constructor(target: Target, options: EncoderOptions = {}) {
    this.target = target;
    this.lose = options.lose ?? (() => {});
    this.now = options.now ?? 0;
    this.commandsFollow = options.commandsFollow ?? false;
    this.listpack = new ListpackWriter(target.backlenThreshold);
    this.preparers = this.table();
  }

  /** Chooses the canonical type of `value`; -1 where the target has none for it. The value must not change before `write`. */
  prepare(value: Value): number {
    if (typeof value === 'number') return this.later(TypeId.string, (out) => out.writeInteger(value));
    if (value instanceof Uint8Array) return this.later(TypeId.string, (out) => out.writeString(value));
    return this.preparers[value.kind](value as never);
  }

  /** Writes the value that was prepared last. */
  write(out: RdbOutput): void {
    if (this.writing !== undefined) this.writing(out);
    else out.writeString(this.blob);
  }

  private table(): ((value: never) => number)[] {
    const table: ((value: never) => number)[] = [];
    table[Kind.List] = (list: ListValue) => this.list(list);
    table[Kind.Set] = (set: SetValue) => this.set(set);
    table[Kind.SortedSet] = (set: SortedSetValue) => this.sortedSet(set);
    table[Kind.Hash] = (hash: HashValue) => this.hash(hash);
    table[Kind.Stream] = (stream: Stream) => this.stream(stream);
    table[Kind.Array] = (array: ArrayValue) => this.array(array);
    table[Kind.Module] = (module: ModuleValue | VectorSet) => this.module(module);
    table[Kind.PathHash] = (value: PathHashValue) => this.pathHash(value);
    table[Kind.Bitmap] = (bitmap: BitmapValue) => this.bitmap(bitmap);
    table[Kind.Cron] = () => this.unknown('cron', noScheduledJobs);
    table[Kind.Gcra] = (gcra: GcraValue) => this.gcra(gcra);
    return table;
  }

  private later(type: number, writing: Writing): number {
    this.writing = writing;
    return type;
  }

  private compact(type: number, blob: Buffer): number {
    this.writing = undefined;
    this.blob = blob;
    return type;
  }

  private list(list: ListValue): number {
    const { listForm } = this.target;
    if (listForm === 'ziplist') return this.oldList(list);
    const nodes = listNodes(list, this.target);
    if (listForm === 'quicklist') return this.later(TypeId.listQuicklist, (out) => writeZiplistNodes(out, list, nodes));
    return this.later(TypeId.listQuicklist2, (out) => this.writeListpackNodes(out, list, nodes));
  }

  /** Before 3.2: one ziplist, or strings. */
  private oldList(list: ListValue): number {
    const { listEntries, listValueBytes } = compactLimits;
    let isCompact = list.count <= listEntries;
    for (let index = 0; isCompact && index < list.count; index++) isCompact = list.at(index).length <= listValueBytes;
    if (isCompact) return this.compact(TypeId.listZiplist, encodeZiplist([...list.values()]));
    return this.later(TypeId.list, (out) => {
      out.writeLength(list.count);
      for (let index = 0; index < list.count; index++) writeElement(out, list.at(index));
    });
  }

  private writeListpackNodes(out: RdbOutput, list: ListValue, nodes: readonly number[]): void {
    const { listpack } = this;
    out.writeLength(nodes.length);
    let index = 0;
    for (const count of nodes) {
      if (count === plainNode) {
        out.writeLength(containerPlain);
        writeElement(out, list.at(index++));
        continue;
      }
      listpack.reset();
      for (const end = index + count; index < end; index++) listpack.append(list.at(index));
      out.writeLength(containerPacked);
      out.writeString(listpack.finish());
      out.settle();
    }
  }

  private set(set: SetValue): number {
    const { intsetEntries, setEntries, setValueBytes } = compactLimits;
    const { count } = set;
    if (set.hasExpiries) loseMemberExpiry(this.target, this.lose);
    if (count <= intsetEntries && isIntegerSet(set))
      return this.compact(TypeId.setIntset, encodeIntset([...set.values()]));
    if (this.target.hasSetListpacks && count <= setEntries) {
      const { listpack } = this;
      let isShort = true;
      listpack.reset();
      for (const member of set.values()) {
        isShort &&= member.length <= setValueBytes;
        if (!isShort) break;
        listpack.append(member);
      }
      if (isShort) return this.compact(TypeId.setListpack, listpack.finish());
    }
    return this.later(TypeId.set, (out) => {
      out.writeLength(count);
      for (const member of set.values()) writeElement(out, member);
    });
  }

  private sortedSet(set: SortedSetValue): number {
    const { sortedSetEntries, sortedSetValueBytes } = compactLimits;
    if (set.hasExpiries) loseSortedExpiry(this.target, this.lose);
    const entries = [...set.entries()];
    entries.sort(byScore);
    const isCompact =
      entries.length <= sortedSetEntries && entries.every(([member]) => member.length <= sortedSetValueBytes);
    if (isCompact) return this.compactSortedSet(entries);
    if (!this.target.hasBinaryScores) return this.later(TypeId.sortedSetText, (out) => writeTextScores(out, entries));
    return this.later(TypeId.sortedSet, (out) => {
      out.writeLength(entries.length);
      // From the highest to the lowest: a loader then always inserts at the front.
      for (let index = entries.length - 1; index >= 0; index--) {
        out.writeStringText(entries[index][0]);
        out.writeDouble(entries[index][1]);
        out.settle();
      }
    });
  }

  private compactSortedSet(entries: readonly (readonly [string, number])[]): number {
    if (!this.target.usesListpacks) {
      const texts = entries.flatMap(([member, score]) => [member, this.scoreText(score)]);
      return this.compact(TypeId.sortedSetZiplist, encodeZiplist(texts));
    }
    const { listpack } = this;
    listpack.reset();
    for (const [member, score] of entries) {
      listpack.append(member);
      this.appendScore(score);
    }
    return this.compact(TypeId.sortedSetListpack, listpack.finish());
  }

  private appendScore(score: number): void {
    // A server that is given -0 stores 0; one that loads a ziplist of before 7.0 keeps the text, and so the sign.
    const isWhole = Number.isInteger(score) && Math.abs(score) <= integerScoreMax && !Object.is(score, -0);
    if (!isWhole) this.listpack.append(this.scoreText(score));
    else if (Number.isSafeInteger(score)) this.listpack.appendInteger(score);
    else this.listpack.appendInt64(BigInt(score));
  }

  private scoreText(score: number): string {
    if (!Number.isFinite(score)) return score > 0 ? 'inf' : '-inf';
    return this.target.scoreText === 'printf' ? formatDouble17(score) : this.grisu.format(score);
  }

  private hash(hash: HashValue): number {
    const expiring = hash.hasExpiries ? this.keptExpiries(hash) : 0;
    if (expiring > 0 && this.target.fieldExpiry === 'valkey') {
      return this.later(valkeyHashType, (out) => writeValkeyHash(out, hash));
    }
    if (expiring > 0) return this.redisExpiryHash(hash);
    if (hash.count <= compactLimits.hashEntries) {
      const blob = this.compactHash(hash);
      if (blob !== undefined) return blob;
    }
    return this.later(TypeId.hash, (out) => {
      out.writeLength(hash.count);
      for (const [field, value] of hash.entries()) {
        out.writeStringText(field);
        writeElement(out, value);
      }
    });
  }

  /** How many expiries of fields the target can hold; says so where it is not all. */
  private keptExpiries(hash: HashValue): number {
    const { target } = this;
    let kept = 0;
    let lost = 0;
    for (const [field] of hash.entries()) {
      const expiry = hash.expiry(field);
      if (Number.isNaN(expiry)) continue;
      if (holdsExpiry(target, expiry)) kept++;
      else lost++;
    }
    if (lost > 0) this.lose('field-expiry', 'part-dropped', `${target.name} cannot hold the expiry of ${lost} fields`);
    return kept;
  }

  /** The type, or undefined where a field or value is too long. */
  private compactHash(hash: HashValue): number | undefined {
    const { hashValueBytes } = compactLimits;
    if (!this.target.usesListpacks) {
      const texts = [...hash.entries()].flat();
      if (texts.some((text) => text.length > hashValueBytes)) return undefined;
      return this.compact(TypeId.hashZiplist, encodeZiplist(texts));
    }
    const { listpack } = this;
    listpack.reset();
    for (const [field, value] of hash.entries()) {
      if (field.length > hashValueBytes || value.length > hashValueBytes) return undefined;
      listpack.append(field);
      listpack.append(value);
    }
    return this.compact(TypeId.hashListpack, listpack.finish());
  }

  private redisExpiryHash(hash: HashValue): number {
    const { hashEntries, hashValueBytes } = compactLimits;
    const { target } = this;
    const entries: ExpiringField[] = [];
    let earliest = Number.POSITIVE_INFINITY;
    let lengthMax = 0;
    for (const [field, value] of hash.entries()) {
      const expiry = holdsExpiry(target, hash.expiry(field)) ? hash.expiry(field) : 0;
      if (expiry !== 0 && expiry < earliest) earliest = expiry;
      lengthMax = Math.max(lengthMax, field.length, value.length);
      entries.push({ field, value, expiry });
    }
    if (entries.length > hashEntries || lengthMax > hashValueBytes) {
      return this.later(TypeId.hashExpiry, (out) => writeExpiryTable(out, entries, earliest));
    }
    // Fields without an expiry come last.
    entries.sort((a, b) => (a.expiry || Number.POSITIVE_INFINITY) - (b.expiry || Number.POSITIVE_INFINITY) || 0);
    return this.later(TypeId.hashListpackExpiry, (out) => this.writeExpiryListpack(out, entries, earliest));
  }

  private writeExpiryListpack(out: RdbOutput, entries: readonly ExpiringField[], earliest: number): void {
    const { listpack } = this;
    listpack.reset();
    for (const { field, value, expiry } of entries) {
      listpack.append(field);
      listpack.append(value);
      listpack.appendInteger(expiry);
    }
    out.writeInt64(earliest);
    out.writeString(listpack.finish());
  }

  private stream(stream: Stream): number {
    const { target } = this;
    if (target.streamVersion === 0) return this.unknown('stream', `${target.name} has no streams`);
    reportStreamLosses(stream, target, this.lose);
    return this.later(streamTypes[target.streamVersion - 1], (out) => writeStream(out, stream, target, this.now));
  }

  private array(array: ArrayValue): number {
    if (!this.target.hasArrays) return this.unknown('array', `${this.target.name} has no arrays`);
    return this.later(TypeId.array, (out) => writeArray(out, array));
  }

  /** A vector set that came from an RDB is written as it was then: `commandsAfter` gives what is to follow. */
  private module(module: ModuleValue | VectorSet): number {
    const { target } = this;
    const base = module instanceof VectorSet ? module.base : module;
    if ((base === undefined || base.typeName === 'vectorset') && !target.hasVectorSets) {
      return this.unknown('vector-set', `${target.name} has no vector sets`);
    }
    if (!target.hasModules) return this.unknown('module', `${target.name} has no modules`);
    if (base instanceof ModuleValue) {
      const isChanged = module instanceof VectorSet && module.later.length > 0;
      if (isChanged && !this.commandsFollow)
        this.lose('vector-set', 'part-dropped', 'commands on it cannot be applied here');
      return this.later(TypeId.module, (out) => out.writeBytes(base.rawFor(target)));
    }
    if (this.commandsFollow) return -1;
    return this.unknown('vector-set', 'only VADD can build the graph of a vector set, so an RDB cannot hold it');
  }

  private gcra(gcra: GcraValue): number {
    if (!this.target.hasGcra) return this.unknown('gcra', `${this.target.name} has no rate limiters`);
    return this.later(TypeId.gcra, (out) => out.writeUnsigned(gcra.arrival));
  }

  private pathHash(value: PathHashValue): number {
    if (!this.target.hasPathHashes) return this.unknown('path-hash', `${this.target.name} has no path hashes`);
    return this.later(pathHashType, (out) => writePathHash(out, value));
  }

  /** As a string with the same bits: that the type number of bitmaps is right was not seen on a server yet. */
  private bitmap(bitmap: BitmapValue): number {
    const bytes = bitmapString(bitmap, this.lose);
    return bytes === undefined ? -1 : this.later(TypeId.string, (out) => out.writeString(bytes));
  }

  private unknown(kind: LossKind, reason: string): number {
    this.lose(kind, 'key-dropped', reason);
    return -1;
  }
}

/** Of KeyDB, which is no target. */
export const noScheduledJobs = 'only KeyDB has scheduled jobs (KEYDB.CRON)';

interface ExpiringField {
  readonly field: string;
  readonly value: string;
  /** Milliseconds since 1970; 0 for never. */
  readonly expiry: number;
}

const streamTypes = [TypeId.stream1, TypeId.stream2, TypeId.stream3, TypeId.stream4, TypeId.stream5];

/**
 * Commands on the key that an RDB of the value must be followed by in an AOF, because the RDB cannot hold their effect: those of
 * a vector set. Where `encodeValue` refuses the value they build it whole.
 */
export function commandsAfter(value: Value, key: string): string[][] {
  return value instanceof VectorSet ? [...value.rewrite(key)] : [];
}

/** Encodes `value` at once and gives its canonical type, -1 where the target has none: `out` then has no type byte. */
export function encodeValue(out: RdbOutput, value: Value, target: Target, options: EncoderOptions = {}): number {
  const encoder = new ValueEncoder(target, options);
  const type = encoder.prepare(value);
  if (type >= 0) encoder.write(out);
  return type;
}

function writeElement(out: RdbOutput, text: string): void {
  out.writeStringText(text);
  out.settle();
}

function writeZiplistNodes(out: RdbOutput, list: ListValue, nodes: readonly number[]): void {
  out.writeLength(nodes.length);
  let index = 0;
  for (const count of nodes) {
    const elements: string[] = [];
    for (const end = index + count; index < end; index++) elements.push(list.at(index));
    out.writeString(encodeZiplist(elements));
    out.settle();
  }
}

function isIntegerSet(set: SetValue): boolean {
  for (const member of set.values()) if (!isCanonicalInteger(member)) return false;
  return true;
}

function byScore(a: readonly [string, number], b: readonly [string, number]): number {
  if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1;
  return a[0] < b[0] ? -1 : 1;
}

function writeTextScores(out: RdbOutput, entries: readonly (readonly [string, number])[]): void {
  out.writeLength(entries.length);
  for (const [member, score] of entries) {
    out.writeStringText(member);
    out.writeBytes(encodeDoubleText(score));
    out.settle();
  }
}

/** NaN, no expiry, is not held either. */
function holdsExpiry(target: Target, expiry: number): boolean {
  if (target.fieldExpiry === 'none') return false;
  return target.fieldExpiry === 'valkey' ? expiry >= 0 : expiry > 0 && expiry <= fieldExpireMax;
}

function writeExpiryTable(out: RdbOutput, entries: readonly ExpiringField[], earliest: number): void {
  out.writeInt64(earliest);
  out.writeLength(entries.length);
  for (const { field, value, expiry } of entries) {
    out.writeLength(expiry === 0 ? 0 : expiry - earliest + 1);
    out.writeStringText(field);
    writeElement(out, value);
  }
}

function writeValkeyHash(out: RdbOutput, hash: HashValue): void {
  out.writeLength(hash.count);
  for (const [field, value] of hash.entries()) {
    const expiry = hash.expiry(field);
    out.writeStringText(field);
    out.writeStringText(value);
    out.writeInt64(expiry >= 0 ? expiry : -1);
    out.settle();
  }
}

function writePathHash(out: RdbOutput, value: PathHashValue): void {
  out.writeLength(value.count);
  for (const [path, fields] of value.ordered()) {
    out.writeStringText(path);
    out.writeLength(fields.count);
    for (const [field, text] of fields.entries()) {
      out.writeStringText(field);
      writeElement(out, text);
    }
  }
}

/** The string that stands for a native bitmap; undefined where it would be longer than a server takes. */
export function bitmapString(bitmap: BitmapValue, lose: LossSink): Buffer | undefined {
  if (bitmap.byteLength > bulkLengthMax) {
    lose('bitmap', 'key-dropped', `a bitmap of ${bitmap.byteLength} bytes is too long for a string`);
    return undefined;
  }
  lose('bitmap', 'flattened', 'a native bitmap becomes a string with the same bits');
  return bitmap.toBytes();
}

/** Members of sorted sets expire in KeyDB alone. */
export function loseSortedExpiry({ name }: Target, lose: LossSink): void {
  lose('member-expiry', 'part-dropped', `${name} has no expiry of members of sorted sets`);
}

/** No RDB is written with it, not for a server that has it: no release confirms the form. */
function loseMemberExpiry({ name, hasMemberExpiry }: Target, lose: LossSink): void {
  const reason = hasMemberExpiry
    ? `no release confirms how an RDB of ${name} holds the expiry of set members`
    : `${name} has no expiry of set members`;
  lose('member-expiry', 'part-dropped', reason);
}
