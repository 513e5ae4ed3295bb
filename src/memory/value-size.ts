import { isVectorSet, ModuleValue } from '../rdb/codec/module-value.ts';
import { compactLimits } from '../servers/compact-limits.ts';
import { bitmapType, pathHashType, TypeId, valkeyHashType } from '../servers/value-type-id.ts';
import {
  allocation,
  bucketsBytes,
  collidingBytes,
  dictSlots,
  flaggedSdsBytes,
  grownSlots,
  sdsBytes,
} from './allocator.ts';
import { ElementWalk, isInteger, listpackEntryBytes, ziplistEntryBytes } from './element-walk.ts';
import { RadixTree } from './radix-tree.ts';
import type { MemoryRules } from './rules.ts';
import { SizeCursor } from './size-cursor.ts';

/** How a server would hold a value, by the names of OBJECT ENCODING, after it has loaded it with its default limits. */
export const encodingNames = [
  'int',
  'embstr',
  'raw',
  'listpack',
  'ziplist',
  'quicklist',
  'intset',
  'hashtable',
  'skiplist',
  'listpackex',
  'stream',
  'vectorset',
  'module',
  'other',
] as const;
export type EncodingName = (typeof encodingNames)[number];

export const Encoding = Object.fromEntries(encodingNames.map((name, index) => [name, index])) as Readonly<
  Record<EncodingName, number>
>;

/** What of a record decides its size. */
export interface SizedKey {
  readonly type: number;
  readonly rawFrom: number;
  readonly rawTo: number;
  readonly keyFrom: number;
  readonly keyTo: number;
  /** NaN for never. */
  readonly expire: number;
}

const robjBytes = 16;
const expiryBytes = 8;
/** Length of a name from which on there is room for an expiry. */
const expiryRoomMin = 128;
const listpackHeader = 7;
const ziplistHeader = 11;
const intsetHeader = 8;
const dictEntry = 24;
const packedNode = 2;
/** A vector set without elements, a node of its graph, and a link: two for each of M in the lowest layer, a third of one above it. */
const vectorSetBytes = 1783;
const vectorNode = 360;
const vectorLink = 56 / 3;
/** The tree of a stream's groups, where it counts. */
const groupsTree = 32;

/**
 * Estimates what MEMORY USAGE key SAMPLES 0 of a server would answer for a key after that server has loaded it, from the serialized value
 * alone: lengths are read, and nothing is built. docs/memory.md has the rules and how far they are off.
 */
export class KeySizer {
  /** Of the last key: bytes, elements (bytes of a string), and the encoding that the server would choose, by `Encoding`. */
  bytes = 0;
  elements = 0;
  encoding = 0;
  /** What the server allocates for the key beyond what MEMORY USAGE counts: its name (Valkey 8.1), and the rounding of allocations. */
  uncounted = 0;
  /** Bytes of the values of modules that are not known to this build: they count with their serialized length. */
  unknownBytes = 0;
  private readonly rules: MemoryRules;
  private readonly cursor = new SizeCursor();
  private readonly walk = new ElementWalk(this.cursor);
  private readonly tree = new RadixTree();
  /** Of the last stream: the largest tree of pending entries. */
  private references = 0;
  /** Expected bytes of a node of a skiplist without a member. */
  private readonly skiplistNode: number;

  constructor(rules: MemoryRules) {
    this.rules = rules;
    this.skiplistNode = this.expectedNode(0);
  }

  /** Estimates a key whose value is serialized, in `raw`. Throws FormatError, EncodingError where the value is damaged. */
  measure(record: SizedKey, raw: Buffer): void {
    this.measureValue(
      record.type,
      raw,
      record.rawFrom,
      record.rawTo,
      record.keyTo - record.keyFrom,
      !Number.isNaN(record.expire),
    );
  }

  /** The same for a value `raw[from, to)` of a canonical type, with a name of so many bytes. */
  measureValue(type: number, raw: Buffer, from: number, to: number, nameLength: number, expires: boolean): void {
    this.cursor.begin(raw, from, to);
    this.unknownBytes = this.uncounted = 0;
    if (type === TypeId.string) this.string(nameLength, expires);
    else this.bytes = this.value(type) + this.nameBytes(nameLength, expires);
  }

  private allocation(size: number): number {
    return allocation(size, this.rules.allocatesPages);
  }

  /** What the key is without its value, or with an integer. */
  private nameBytes(length: number, expires: boolean): number {
    const { rules } = this;
    if (rules.keyForm === 'robj') return robjBytes + dictEntry + this.allocation(sdsBytes(length));
    const bytes = this.allocation(robjBytes + embeddedName(length, expires));
    if (rules.countsName) return bytes;
    this.uncounted += bytes - robjBytes;
    return robjBytes;
  }

  private string(nameLength: number, expires: boolean): void {
    const { cursor, rules } = this;
    const from = cursor.position;
    const length = cursor.textLength();
    this.elements = length;
    if (cursor.mayBeInteger && (cursor.bytes[from] >= 0xc0 || this.isIntegerText(from + 1, length))) {
      this.encoding = Encoding.int;
      this.bytes = this.nameBytes(nameLength, expires);
      return;
    }
    if (rules.keyForm === 'robj') {
      const isShort = length <= rules.embeddedMax;
      this.encoding = isShort ? Encoding.embstr : Encoding.raw;
      const name = dictEntry + this.allocation(sdsBytes(nameLength));
      if (!isShort) this.bytes = name + robjBytes + this.allocation(sdsBytes(length));
      else if (rules.countsBareBytes) {
        this.bytes = name + robjBytes + 2 + length;
        this.uncounted = this.allocation(robjBytes + 4 + length) - robjBytes - 2 - length;
      } else this.bytes = name + this.allocation(robjBytes + 3 + length + 1);
      return;
    }
    const head = rules.embedsInPlaceOfPointer ? 8 : robjBytes;
    const whole = head + embeddedName(nameLength, expires) + flaggedSdsBytes(length);
    // Only Valkey 9 knows of the expiry when it makes the object; the others add it afterwards.
    const made = expires && !rules.embedsInPlaceOfPointer ? whole - expiryBytes : whole;
    const isShort = made <= rules.embeddedMax;
    this.encoding = isShort ? Encoding.embstr : Encoding.raw;
    this.bytes = isShort ? this.allocation(whole) : this.nameBytes(nameLength, expires) + this.sds(length);
  }

  private isIntegerText(from: number, length: number): boolean {
    const { bytes } = this.cursor;
    const last = bytes[from + length - 1];
    return last >= 0x30 && last <= 0x39 && isInteger(bytes.latin1Slice(from, from + length));
  }

  /** An sds string that MEMORY USAGE counts with what it allocated; Redis 8.6 counts a short one with its own bytes. */
  private sds(length: number): number {
    const { rules } = this;
    return rules.countsBareBytes && rules.keyForm === 'kvobj' && length > 0 && length < 32
      ? length + 2
      : this.allocation(sdsBytes(length));
  }

  /** A listpack, ziplist or intset of so many bytes. */
  private packed(bytes: number): number {
    const allocated = this.allocation(bytes);
    if (!this.rules.countsBareBytes) return allocated;
    this.uncounted += allocated - bytes;
    return bytes;
  }

  private value(type: number): number {
    switch (type) {
      case TypeId.list:
        return this.walkedList(this.cursor.count());
      case TypeId.listZiplist:
        this.walk.begin('ziplist');
        return this.walkedList(-1);
      case TypeId.listQuicklist:
        return this.quicklist(false);
      case TypeId.listQuicklist2:
        return this.quicklist(true);
      case TypeId.set:
      case TypeId.setExpiry:
        return this.setOfStrings();
      case TypeId.setIntset:
        return this.setOfIntegers();
      case TypeId.setListpack:
      case TypeId.setListpackExpiry:
        return this.setOfListpack();
      case TypeId.sortedSetText:
        return this.skiplistOfStrings(true);
      case TypeId.sortedSet:
        return this.skiplistOfStrings(false);
      case TypeId.sortedSetZiplist:
        return this.pairs('ziplist', compactLimits.sortedSetEntries, false);
      case TypeId.sortedSetListpack:
        return this.pairs('listpack', compactLimits.sortedSetEntries, false);
      case TypeId.hashZiplist:
        return this.pairs('ziplist', compactLimits.hashEntries, true);
      case TypeId.hashListpack:
        return this.pairs('listpack', compactLimits.hashEntries, true);
      case TypeId.hashZipmap:
        this.walk.begin('zipmap');
        return this.walkedHash(-1);
      case TypeId.hash:
        return this.hashOfStrings();
      case TypeId.hashListpackExpiry:
        this.cursor.int64();
        return this.expiringListpack();
      case TypeId.hashListpackExpiryPreRelease:
        return this.expiringListpack();
      case TypeId.hashExpiry:
        this.cursor.int64();
        return this.expiringHash(true);
      case TypeId.hashExpiryPreRelease:
        return this.expiringHash(true);
      case valkeyHashType:
        return this.expiringHash(false);
      case TypeId.module:
        return this.module();
      default:
        return type >= TypeId.stream1 && type <= TypeId.stream5 && streamVersions[type] !== undefined
          ? this.stream(streamVersions[type])
          : this.other(type);
    }
  }

  // Lists.

  private quicklist(hasContainers: boolean): number {
    const { cursor, rules } = this;
    const nodes = cursor.count();
    let bytes = 0;
    let elements = 0;
    let single = 0;
    for (let node = 0; node < nodes; node++) {
      const isPacked = !hasContainers || cursor.length() === packedNode;
      const isForeign = isPacked && hasContainers === rules.usesZiplists;
      const at = cursor.position;
      let length = cursor.packedLength();
      if (!isPacked) elements++;
      else elements += cursor.head.readUInt16LE(cursor.headStart + (hasContainers ? 4 : 8));
      if (isForeign) {
        cursor.position = at;
        length = this.converted(hasContainers ? 'listpack' : 'ziplist');
      }
      bytes += rules.quicklistNode + this.packed(length);
      single = isPacked ? length : Number.POSITIVE_INFINITY;
    }
    this.elements = elements;
    if (nodes === 1 && rules.hasSmallListpacks && single <= compactLimits.listNodeBytes) {
      this.encoding = Encoding.listpack;
      return this.packed(single);
    }
    this.encoding = Encoding.quicklist;
    return rules.quicklist + bytes;
  }

  /** Bytes of a packed value of the other form, once a server has converted it. */
  private converted(form: 'listpack' | 'ziplist'): number {
    const { walk } = this;
    walk.begin(form);
    let bytes = form === 'ziplist' ? listpackHeader : ziplistHeader;
    for (let previous = 0; walk.next(); bytes += previous)
      previous = form === 'ziplist' ? listpackEntryBytes(walk) : ziplistEntryBytes(walk, previous);
    return bytes;
  }

  private walkedList(count: number): number {
    const { walk, rules } = this;
    if (count >= 0) walk.strings(count);
    let elements = 0;
    let bytes = 0;
    let nodes = 0;
    let node = listpackHeader;
    for (; walk.next(); elements++) {
      const entry = rules.usesZiplists ? ziplistEntryBytes(walk, 0) : listpackEntryBytes(walk);
      if (node + entry > compactLimits.listNodeBytes && node > listpackHeader) {
        bytes += rules.quicklistNode + this.packed(node);
        nodes++;
        node = listpackHeader;
      }
      node += entry;
    }
    this.elements = elements;
    if (nodes === 0 && rules.hasSmallListpacks) {
      this.encoding = Encoding.listpack;
      return this.packed(node);
    }
    this.encoding = Encoding.quicklist;
    return rules.quicklist + bytes + rules.quicklistNode + this.packed(node);
  }

  // Sets.

  private setOfIntegers(): number {
    const { cursor } = this;
    const from = cursor.position;
    const length = cursor.packedLength();
    const count = cursor.head.readUInt32LE(cursor.headStart + 4);
    this.elements = count;
    if (count <= compactLimits.intsetEntries) {
      this.encoding = Encoding.intset;
      return this.packed(length);
    }
    cursor.position = from;
    this.walk.begin('intset');
    return this.walkedSet(count);
  }

  private setOfListpack(): number {
    const { cursor, rules } = this;
    const from = cursor.position;
    const length = cursor.packedLength();
    const count = cursor.head.readUInt16LE(cursor.headStart + 4);
    this.elements = count;
    if (rules.hasSmallListpacks && count <= compactLimits.setEntries) {
      this.encoding = Encoding.listpack;
      return this.packed(length);
    }
    cursor.position = from;
    this.walk.begin('listpack');
    return this.walkedSet(count);
  }

  private setOfStrings(): number {
    const count = this.cursor.count();
    this.walk.strings(count);
    return this.walkedSet(count);
  }

  private walkedSet(count: number): number {
    const { walk, rules } = this;
    let members = 0;
    let bytes = 0;
    let listpack = listpackHeader;
    let longest = 0;
    let width = 2;
    let isIntegers = count <= compactLimits.intsetEntries;
    for (; walk.next(); members++) {
      const { length } = walk;
      bytes += this.sds(length);
      if (length > longest) longest = length;
      if (count > compactLimits.intsetEntries) continue;
      listpack += listpackEntryBytes(walk);
      if (!walk.isInteger) isIntegers = false;
      else width = Math.max(width, integerWidth(walk.integer));
    }
    this.elements = members;
    if (isIntegers) {
      this.encoding = Encoding.intset;
      return this.packed(intsetHeader + width * members);
    }
    if (rules.hasSmallListpacks && members <= compactLimits.setEntries && longest <= compactLimits.setValueBytes) {
      this.encoding = Encoding.listpack;
      return this.packed(listpack);
    }
    this.encoding = Encoding.hashtable;
    return (
      rules.table + bytes + this.tableBytes(members, dictSlots(members), members, dictEntry, !rules.hasSmallListpacks)
    );
  }

  /** Entries and slots of a dict, or the buckets of a hashtable. Without `hasEntries`, most keys of a dict have none, though they count. */
  private tableBytes(count: number, slots: number, reserved: number, entry: number, hasEntries: boolean): number {
    if (this.rules.hasBuckets) return bucketsBytes(count, reserved);
    // What counts with its own bytes is rounded up by 8 on average.
    if (this.rules.countsBareBytes && this.rules.keyForm === 'kvobj') this.uncounted += 8 * count;
    this.uncounted += (hasEntries ? this.allocation(entry) * count : collidingBytes(count, slots)) - entry * count;
    return entry * count + 8 * slots;
  }

  // Sorted sets.

  private skiplistOfStrings(hasTexts: boolean): number {
    const { cursor, walk, rules } = this;
    const count = cursor.count();
    walk.strings(count);
    let bytes = 0;
    let packed = rules.usesZiplists ? ziplistHeader : listpackHeader;
    let longest = 0;
    for (let member = 0; member < count && walk.next(); member++) {
      const { length } = walk;
      bytes += this.sortedSetMember(length);
      if (length > longest) longest = length;
      const isSmall = count <= compactLimits.sortedSetEntries;
      if (isSmall) packed += rules.usesZiplists ? ziplistEntryBytes(walk, 0) : listpackEntryBytes(walk);
      const score = hasTexts ? textScore(cursor) : cursor.double();
      if (isSmall) packed += scoreBytes(score);
    }
    this.elements = count;
    if (count <= compactLimits.sortedSetEntries && longest <= compactLimits.sortedSetValueBytes) {
      this.encoding = rules.usesZiplists ? Encoding.ziplist : Encoding.listpack;
      return this.packed(packed);
    }
    return this.skiplist(count, bytes);
  }

  private skiplist(count: number, bytes: number): number {
    const { rules } = this;
    this.encoding = Encoding.skiplist;
    return (
      rules.skiplist +
      rules.table +
      bytes +
      this.tableBytes(count, dictSlots(count), count, rules.sortedSetEntry, rules.keyForm === 'robj')
    );
  }

  private sortedSetMember(length: number): number {
    return this.rules.embedsMember ? this.expectedNode(sdsBytes(length)) : this.skiplistNode + this.sds(length);
  }

  /** A node has one level, and each further one in one of four cases. */
  private expectedNode(more: number): number {
    const { skiplistNode } = this.rules;
    let bytes = 0;
    let chance = 0.75;
    for (let level = 1; level <= 8; level++, chance /= 4) {
      const size = skiplistNode + 16 * level + more;
      bytes += chance * this.allocation(size);
    }
    return bytes;
  }

  // Hashes.

  /** Pairs in one string, a hash's or a sorted set's: they stay so up to `max`. */
  private pairs(form: 'listpack' | 'ziplist', max: number, isHash: boolean): number {
    const { cursor, rules } = this;
    const from = cursor.position;
    const length = cursor.packedLength();
    const count = cursor.head.readUInt16LE(cursor.headStart + (form === 'listpack' ? 4 : 8)) >> 1;
    this.elements = count;
    if (count <= max && rules.usesZiplists === (form === 'ziplist')) {
      this.encoding = rules.usesZiplists ? Encoding.ziplist : Encoding.listpack;
      return this.packed(length);
    }
    cursor.position = from;
    this.walk.begin(form);
    return isHash ? this.walkedHash(count) : this.walkedPairs(count, max);
  }

  private walkedPairs(count: number, max: number): number {
    const { walk, rules } = this;
    let packed = rules.usesZiplists ? ziplistHeader : listpackHeader;
    let previous = 0;
    let bytes = 0;
    for (let index = 0; walk.next(); index++) {
      if (index % 2 === 0) bytes += this.sortedSetMember(walk.length);
      previous = rules.usesZiplists ? ziplistEntryBytes(walk, previous) : listpackEntryBytes(walk);
      packed += previous;
    }
    if (count > max) return this.skiplist(count, bytes);
    this.encoding = rules.usesZiplists ? Encoding.ziplist : Encoding.listpack;
    return this.packed(packed);
  }

  private hashOfStrings(): number {
    const count = this.cursor.count();
    this.walk.strings(2 * count);
    return this.walkedHash(count);
  }

  /** `count`: how many fields the value says that it has, -1 for unknown; from it servers choose the encoding to begin with. */
  private walkedHash(count: number): number {
    const { walk, rules } = this;
    const mayBePacked = count <= compactLimits.hashEntries;
    let fields = 0;
    let bytes = 0;
    let packed = rules.usesZiplists ? ziplistHeader : listpackHeader;
    let previous = 0;
    let firstLong = -1;
    while (walk.next()) {
      const field = walk.length;
      if (mayBePacked)
        packed += previous = rules.usesZiplists ? ziplistEntryBytes(walk, previous) : listpackEntryBytes(walk);
      if (!walk.next()) break;
      if (mayBePacked)
        packed += previous = rules.usesZiplists ? ziplistEntryBytes(walk, previous) : listpackEntryBytes(walk);
      if (firstLong < 0 && (field > compactLimits.hashValueBytes || walk.length > compactLimits.hashValueBytes))
        firstLong = fields;
      bytes += this.field(field, walk.length, false);
      fields++;
    }
    this.elements = fields;
    if (mayBePacked && firstLong < 0) {
      this.encoding = rules.usesZiplists ? Encoding.ziplist : Encoding.listpack;
      return this.packed(packed);
    }
    return this.hashtable(fields, bytes, mayBePacked ? firstLong : -1);
  }

  /** `converted`: so many fields were in a listpack when it became too long; -1 for a hash that was a table from the start. */
  private hashtable(count: number, bytes: number, converted: number): number {
    const { rules } = this;
    this.encoding = Encoding.hashtable;
    const left = count - converted - 1;
    const reserved = converted < 0 ? count : left > 4 ? left : 0;
    let slots = dictSlots(count);
    if (converted >= 0)
      slots = grownSlots(Math.max(dictSlots(converted), reserved > converted + 1 ? dictSlots(reserved) : 4), count);
    return (
      rules.hashTable +
      bytes +
      this.tableBytes(count, slots, Math.max(reserved, converted), dictEntry, rules.keyForm === 'robj')
    );
  }

  /** A field, its value, and its expiry. */
  private field(field: number, value: number, expires: boolean): number {
    const { rules } = this;
    const hasExpiry = expires && rules.fieldExpiry > 0;
    if (rules.fieldForm === 'entry') return this.entry(field, value, hasExpiry ? rules.fieldExpiry : 0);
    const name = hasExpiry ? this.allocation(sdsBytes(field) + rules.fieldExpiry) : this.allocation(sdsBytes(field));
    return name + this.allocation(sdsBytes(value));
  }

  /** One allocation with the field, its expiry and the value, or a pointer to a long value. */
  private entry(field: number, value: number, expiry: number): number {
    const isBare = this.rules.countsBareBytes;
    const name = (expiry > 0 ? flaggedSdsBytes(field) : sdsBytes(field)) + expiry;
    const whole = name + flaggedSdsBytes(value);
    if (whole <= 128) return isBare ? whole : this.allocation(whole);
    const apart = 8 + flaggedSdsBytes(field) + expiry;
    return (isBare ? apart : this.allocation(apart)) + this.sds(value);
  }

  private expiringListpack(): number {
    const { cursor, rules, walk } = this;
    const from = cursor.position;
    const length = cursor.packedLength();
    const count = Math.floor(cursor.head.readUInt16LE(cursor.headStart + 4) / 3);
    this.elements = count;
    if (rules.hasExpiryListpacks && count <= compactLimits.hashEntries) {
      this.encoding = Encoding.listpackex;
      return expiryListpackBytes(rules) + this.packed(length);
    }
    cursor.position = from;
    walk.begin('listpack');
    return this.walkedExpiries(count);
  }

  private walkedExpiries(count: number): number {
    const { walk, rules } = this;
    let bytes = 0;
    let expiries = 0;
    let packed = rules.usesZiplists ? ziplistHeader : listpackHeader;
    while (walk.next()) {
      const field = walk.length;
      packed += listpackEntryBytes(walk);
      if (!walk.next()) break;
      packed += listpackEntryBytes(walk);
      const value = walk.length;
      if (!walk.next()) break;
      if (walk.integer > 0) expiries++;
      bytes += this.field(field, value, walk.integer > 0);
    }
    if (rules.fieldExpiry === 0 && count <= compactLimits.hashEntries) {
      this.encoding = rules.usesZiplists ? Encoding.ziplist : Encoding.listpack;
      return this.packed(packed);
    }
    return this.expiringTable(count, bytes, expiries);
  }

  /** Fields with an expiry each: before it a relative one (Redis), or 8 bytes behind (Valkey). */
  private expiringHash(isBefore: boolean): number {
    const { cursor, walk, rules } = this;
    const count = cursor.count(3);
    let bytes = 0;
    let packed = listpackHeader;
    let firstLong = -1;
    let expiries = 0;
    for (let index = 0; index < count; index++) {
      const before = isBefore ? cursor.length() : 0;
      walk.strings(2);
      walk.next();
      const field = walk.length;
      packed += listpackEntryBytes(walk);
      walk.next();
      const value = walk.length;
      packed += listpackEntryBytes(walk);
      const hasExpiry = isBefore ? before > 0 : cursor.int64() !== -1;
      packed += hasExpiry ? 10 : 2;
      if (hasExpiry) expiries++;
      bytes += this.field(field, value, hasExpiry);
      if (firstLong < 0 && (field > compactLimits.hashValueBytes || value > compactLimits.hashValueBytes))
        firstLong = index;
    }
    this.elements = count;
    if (
      count <= compactLimits.hashEntries &&
      firstLong < 0 &&
      (rules.hasExpiryListpacks || expiries === 0 || rules.fieldExpiry === 0)
    ) {
      const isPlain = expiries === 0 || !rules.hasExpiryListpacks;
      this.encoding = isPlain ? (rules.usesZiplists ? Encoding.ziplist : Encoding.listpack) : Encoding.listpackex;
      return isPlain ? this.packed(packed - 2 * count) : expiryListpackBytes(rules) + this.packed(packed);
    }
    return this.expiringTable(count, bytes, expiries);
  }

  /** Redis makes no room for such a table beforehand; Valkey lists the fields that expire. */
  private expiringTable(count: number, bytes: number, expiries: number): number {
    const { rules } = this;
    this.encoding = Encoding.hashtable;
    const list =
      rules.hasBuckets && rules.fieldExpiry > 0 && expiries > 1 ? 8 + expiries * (expiries > 127 ? 9 : 8) : 0;
    return (
      rules.hashTable +
      bytes +
      list +
      this.tableBytes(count, grownSlots(4, count), 0, dictEntry, rules.keyForm === 'robj')
    );
  }

  // Streams.

  private stream(version: number): number {
    const { cursor, tree, rules } = this;
    this.encoding = Encoding.stream;
    let bytes = 0;
    tree.begin();
    for (let nodes = cursor.count(2); nodes > 0; nodes--) {
      cursor.blob();
      if (cursor.blobEnd - cursor.blobStart === 16) tree.add(cursor.blobBytes, cursor.blobStart);
      bytes += this.packed(cursor.textLength());
    }
    bytes += rules.stream + this.treeBytes();
    this.elements = cursor.length();
    for (let skipped = version >= 2 ? 7 : 2; skipped > 0; skipped--) cursor.length();
    this.references = 0;
    const groups = cursor.count(4);
    for (let left = groups; left > 0; left--) bytes += this.group(version);
    if (groups > 0 && rules.hasReferences) bytes += groupsTree + this.references;
    return bytes;
  }

  private treeBytes(): number {
    const { tree, rules } = this;
    const counted = tree.end(rules.tree);
    if (rules.tree === 0) this.uncounted += tree.allocated - counted;
    return counted;
  }

  private group(version: number): number {
    const { cursor, tree, rules } = this;
    const name = cursor.textLength();
    for (let skipped = version >= 2 ? 3 : 2; skipped > 0; skipped--) cursor.length();
    let bytes = rules.streamGroup + (rules.streamGroupName ? this.sds(name) : 0);
    tree.begin();
    const pending = cursor.count(25);
    for (let left = pending; left > 0; left--) {
      this.pendingId();
      cursor.need(8);
      cursor.position += 8;
      cursor.length();
    }
    const trees = this.treeBytes();
    if (pending > 0) this.references = Math.max(this.references, trees);
    bytes += trees + rules.streamPending * pending;
    for (let consumers = cursor.count(10); consumers > 0; consumers--) bytes += this.consumer(version);
    if (version >= 5) {
      const unowned = cursor.count(16);
      cursor.need(unowned * 16);
      cursor.position += unowned * 16;
    }
    return bytes;
  }

  private consumer(version: number): number {
    const { cursor, tree, rules } = this;
    const name = cursor.textLength();
    cursor.need(version >= 3 ? 16 : 8);
    cursor.position += version >= 3 ? 16 : 8;
    tree.begin();
    for (let pending = cursor.count(16); pending > 0; pending--) this.pendingId();
    return rules.streamConsumer + name + this.treeBytes();
  }

  private pendingId(): void {
    const { cursor, tree } = this;
    cursor.need(16);
    tree.add(cursor.bytes, cursor.position);
    cursor.position += 16;
  }

  // What is left.

  private module(): number {
    const { cursor } = this;
    const { bytes, position, end } = cursor;
    if (!isVectorSet(bytes, position, end)) {
      this.encoding = Encoding.module;
      this.elements = 1;
      this.unknownBytes = end - position;
      return end - position;
    }
    this.encoding = Encoding.vectorset;
    return this.vectorSet(new ModuleValue(bytes.subarray(position, end)));
  }

  /** What the module answers: each node, its links in all layers as they may be expected, its vector, and two strings. */
  private vectorSet(value: ModuleValue): number {
    const { count, dimension, quantization, links, elements } = value.vectorSet();
    this.elements = count;
    const components = quantization === 'BIN' ? Math.ceil(dimension / 64) * 8 : dimension;
    const vector = quantization === 'NOQUANT' ? dimension * 4 : components;
    let bytes = vectorSetBytes - (this.rules.keyForm === 'robj' ? robjBytes : 0);
    for (const [name, { attribute }] of elements) {
      bytes += vectorNode + vectorLink * links + vector + this.stringObject(name.length);
      if (attribute !== undefined) bytes += this.stringObject(attribute.length);
    }
    return bytes;
  }

  private stringObject(length: number): number {
    if (length <= 44) return this.allocation(robjBytes + 3 + length + 1);
    return robjBytes + this.allocation(sdsBytes(length));
  }

  /** Types of releases that were not measured: their elements as strings. */
  private other(type: number): number {
    const { cursor } = this;
    this.encoding = Encoding.other;
    const length = cursor.end - cursor.position;
    this.elements = type === bitmapType || type === pathHashType || type === TypeId.array ? cursor.length() : 1;
    this.unknownBytes = length;
    return this.allocation(length);
  }
}

const streamVersions: Readonly<Record<number, number>> = {
  [TypeId.stream1]: 1,
  [TypeId.stream2]: 2,
  [TypeId.stream3]: 3,
  [TypeId.stream4]: 4,
  [TypeId.stream5]: 5,
};

/** The name in an object: the size of its header, the string, and the expiry. */
function embeddedName(length: number, expires: boolean): number {
  return 1 + sdsBytes(length) + (expires || length >= expiryRoomMin ? expiryBytes : 0);
}

const expiryListpackBytes = ({ countsBareBytes }: MemoryRules): number => (countsBareBytes ? 24 : 32);

function integerWidth(integer: number): number {
  if (integer >= -32768 && integer < 32768) return 2;
  return integer >= -(2 ** 31) && integer < 2 ** 31 ? 4 : 8;
}

/** A score as an entry of a listpack: an integer, or a text. */
function scoreBytes(score: number): number {
  if (!Number.isInteger(score) || Math.abs(score) >= 2 ** 53) return String(score).length + 2;
  const wide = Math.abs(score);
  return wide < 128 ? 2 : wide < 4096 ? 3 : wide < 2 ** 15 ? 4 : wide < 2 ** 23 ? 5 : wide < 2 ** 31 ? 6 : 10;
}

/** A score as text behind its length; 253 to 255 stand for NaN and the infinities. */
function textScore(cursor: SizeCursor): number {
  const length = cursor.byte();
  if (length >= 253) return Number.NaN;
  cursor.need(length);
  cursor.position += length;
  return Number(cursor.bytes.latin1Slice(cursor.position - length, cursor.position));
}
