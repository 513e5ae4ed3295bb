/**
 * One node of a stream: up to `stream-node-max-entries` entries in a listpack, under the id of the first (the master id).
 *
 *   listpack := u32 total bytes, u16 element count, count, deleted, body, FF
 *   body     := num_fields, field_1 .. field_N, 0, entry*
 *   entry    := flags, ms_delta, seq_delta, (values | num_fields, (field, value)*), lp_count
 *
 * flags: 1 deleted, 2 same fields as the master (values only). The two counters change in width, so they are kept apart and
 * the body alone is held as bytes: the very bytes that a server holds, which costs no object an entry.
 */

import { addU64, canonicalU64, subtractU64, type U64 } from '../encodings/u64.ts';
import { compareParts, type StreamId } from './stream-id.ts';
import {
  elementLength,
  elementOverheadMax,
  entryLength,
  integerLength,
  readInteger,
  readString,
  writeBigInteger,
  writeInteger,
  writeString,
} from './stream-listpack.ts';

const flagDeleted = 1;
const flagSameFields = 2;
/** Header (6 bytes) and terminator of a listpack. */
const listpackFrameLength = 7;
const bodySizeMin = 96;

/** Where the arguments of a command lie: what a Frame has of them. */
export type Arguments = {
  readonly bytes: Buffer;
  readonly starts: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
};

export class StreamNode {
  readonly ms: U64;
  readonly seq: U64;
  /** Live entries. */
  count = 0;
  /** Entries that are flagged as deleted and still there. */
  deleted = 0;
  /** Listpack elements, the two counters included. */
  elements = 2;
  body: Buffer;
  /** Bytes used of `body`. */
  length = 0;
  /** Number of master fields. */
  fieldCount = 0;
  /** Position in `body` of the first entry. */
  entriesPosition = 0;
  /** Id of the last entry, deleted or not. */
  lastMs: U64;
  lastSeq: U64;

  constructor(ms: U64, seq: U64, body: Buffer) {
    this.ms = ms;
    this.seq = seq;
    this.lastMs = ms;
    this.lastSeq = seq;
    this.body = body;
  }

  /** A node whose master fields are those of the entry that will be its first. */
  static create(id: StreamId, args: Arguments, first: number, pairs: number): StreamNode {
    const node = new StreamNode(id.ms, id.seq, Buffer.allocUnsafeSlow(bodySizeMin));
    node.fieldCount = pairs;
    node.appendInteger(pairs);
    for (let i = 0; i < pairs; i++) node.appendArgument(args, first + 2 * i);
    node.appendInteger(0);
    node.entriesPosition = node.length;
    return node;
  }

  /**
   * A node from the listpack of an RDB, which must have been validated (deep) before.
   * The bytes are copied: the blob may be a part of a window.
   */
  static decode(ms: U64, seq: U64, listpack: Buffer): StreamNode {
    const node = new StreamNode(ms, seq, Buffer.alloc(0));
    node.count = Number(readInteger(listpack, 6));
    const deletedPosition = 6 + elementLength(listpack, 6);
    node.deleted = Number(readInteger(listpack, deletedPosition));
    const start = deletedPosition + elementLength(listpack, deletedPosition);
    node.length = listpack.length - 1 - start;
    node.body = Buffer.allocUnsafeSlow(node.length);
    listpack.copy(node.body, 0, start, listpack.length - 1);
    node.fieldCount = Number(readInteger(node.body, 0));
    let position = elementLength(node.body, 0);
    for (let i = 0; i <= node.fieldCount; i++) position += elementLength(node.body, position);
    node.entriesPosition = position;
    node.elements = 4 + node.fieldCount;
    const cursor = new EntryCursor(node);
    while (cursor.next()) {
      node.elements += cursor.elementCount;
      node.lastMs = cursor.ms;
      node.lastSeq = cursor.seq;
    }
    return node;
  }

  /** The node's listpack, byte for byte as a server would hold it. */
  encode(): Buffer {
    const listpack = Buffer.allocUnsafe(this.byteLength());
    listpack.writeUInt32LE(listpack.length, 0);
    listpack.writeUInt16LE(Math.min(this.elements, 65535), 4);
    let position = writeInteger(listpack, 6, this.count);
    position = writeInteger(listpack, position, this.deleted);
    this.body.copy(listpack, position, 0, this.length);
    listpack[listpack.length - 1] = 0xff;
    return listpack;
  }

  /** Bytes of the listpack. */
  byteLength(): number {
    return listpackFrameLength + integerLength(this.count) + integerLength(this.deleted) + this.length;
  }

  /** Appends an entry whose pairs are arguments `first`, `first + 1`, ... The id must be above every other of the node. */
  append(id: StreamId, args: Arguments, first: number, pairs: number): void {
    const same = this.hasFields(args, first, pairs);
    this.appendInteger(same ? flagSameFields : 0);
    this.appendDelta(id.ms, this.ms);
    this.appendDelta(id.seq, this.seq);
    if (!same) this.appendInteger(pairs);
    for (let i = 0; i < pairs; i++) {
      if (!same) this.appendArgument(args, first + 2 * i);
      this.appendArgument(args, first + 2 * i + 1);
    }
    this.appendInteger(same ? pairs + 3 : 2 * pairs + 4);
    this.count++;
    this.lastMs = id.ms;
    this.lastSeq = id.seq;
  }

  /** Gives back the room that was kept for more entries. */
  seal(): void {
    if (this.body.length === this.length) return;
    const body = Buffer.allocUnsafeSlow(this.length);
    this.body.copy(body, 0, 0, this.length);
    this.body = body;
  }

  clone(): StreamNode {
    const body = Buffer.allocUnsafeSlow(this.length);
    this.body.copy(body, 0, 0, this.length);
    const node = new StreamNode(this.ms, this.seq, body);
    node.count = this.count;
    node.deleted = this.deleted;
    node.elements = this.elements;
    node.length = this.length;
    node.fieldCount = this.fieldCount;
    node.entriesPosition = this.entriesPosition;
    node.lastMs = this.lastMs;
    node.lastSeq = this.lastSeq;
    return node;
  }

  /** Whether the entry's fields are the master's, in the same order. */
  private hasFields(args: Arguments, first: number, pairs: number): boolean {
    if (pairs !== this.fieldCount) return false;
    let position = elementLength(this.body, 0);
    for (let i = 0; i < pairs; i++) {
      if (!this.elementEquals(position, args.bytes, args.starts[first + 2 * i], args.lengths[first + 2 * i]))
        return false;
      position += elementLength(this.body, position);
    }
    return true;
  }

  private elementEquals(position: number, bytes: Buffer, start: number, length: number): boolean {
    const body = this.body;
    const kind = body[position];
    if (kind < 0x80 || (kind >= 0xc0 && kind < 0xe0) || kind > 0xf0) {
      return length <= 20 && readString(body, position) === bytes.latin1Slice(start, start + length);
    }
    const header = kind < 0xc0 ? 1 : kind < 0xf0 ? 2 : 5;
    if (entryLength(body, position) !== header + length) return false;
    for (let i = 0; i < length; i++) if (body[position + header + i] !== bytes[start + i]) return false;
    return true;
  }

  private appendDelta(value: U64, master: U64): void {
    const delta = subtractU64(value, master);
    this.reserve(elementOverheadMax);
    this.elements++;
    if (typeof delta === 'number') this.length = writeInteger(this.body, this.length, delta);
    else this.length = writeBigInteger(this.body, this.length, BigInt.asIntN(64, delta));
  }

  private appendInteger(value: number): void {
    this.reserve(elementOverheadMax);
    this.elements++;
    this.length = writeInteger(this.body, this.length, value);
  }

  private appendArgument(args: Arguments, index: number): void {
    const length = args.lengths[index];
    this.reserve(length + elementOverheadMax);
    this.elements++;
    this.length = writeString(this.body, this.length, args.bytes, args.starts[index], length);
  }

  private reserve(length: number): void {
    const need = this.length + length;
    if (need <= this.body.length) return;
    const body = Buffer.allocUnsafeSlow(Math.max(need, this.body.length * 2));
    this.body.copy(body, 0, 0, this.length);
    this.body = body;
  }
}

/** Walks the entries of one node, oldest first. */
export class EntryCursor {
  private readonly node: StreamNode;
  private following: number;
  private valuesPosition = 0;
  private flagsPosition = 0;
  ms: U64 = 0;
  seq: U64 = 0;
  deleted = false;
  sameFields = false;
  /** Number of field-value pairs of the entry. */
  pairs = 0;
  /** Listpack elements of the entry. */
  elementCount = 0;

  constructor(node: StreamNode) {
    this.node = node;
    this.following = node.entriesPosition;
  }

  /** Goes to the next entry, deleted ones included; false after the last. */
  next(): boolean {
    const { body, length, fieldCount } = this.node;
    let position = this.following;
    if (position >= length) return false;
    this.flagsPosition = position;
    const flags = body[position];
    this.deleted = (flags & flagDeleted) !== 0;
    this.sameFields = (flags & flagSameFields) !== 0;
    position += 2;
    this.ms = applyDelta(this.node.ms, readInteger(body, position));
    position += elementLength(body, position);
    this.seq = applyDelta(this.node.seq, readInteger(body, position));
    position += elementLength(body, position);
    this.pairs = fieldCount;
    if (!this.sameFields) {
      this.pairs = Number(readInteger(body, position));
      position += elementLength(body, position);
    }
    this.valuesPosition = position;
    const strings = this.sameFields ? this.pairs : 2 * this.pairs;
    for (let i = 0; i < strings; i++) position += elementLength(body, position);
    this.following = position + elementLength(body, position);
    this.elementCount = strings + (this.sameFields ? 4 : 5);
    return true;
  }

  /** Flags the entry as deleted: false where it already was. */
  markDeleted(): boolean {
    if (this.deleted) return false;
    this.deleted = true;
    this.node.body[this.flagsPosition] |= flagDeleted;
    this.node.count--;
    this.node.deleted++;
    return true;
  }

  /** The entry's pairs: field, value, field, value, ... as binary strings. */
  fields(): string[] {
    const { body } = this.node;
    const out: string[] = [];
    let field = elementLength(body, 0);
    let position = this.valuesPosition;
    for (let i = 0; i < this.pairs; i++) {
      if (this.sameFields) {
        out.push(readString(body, field));
        field += elementLength(body, field);
      } else {
        out.push(readString(body, position));
        position += elementLength(body, position);
      }
      out.push(readString(body, position));
      position += elementLength(body, position);
    }
    return out;
  }
}

function applyDelta(master: U64, delta: number | bigint): U64 {
  if (delta === 0) return master;
  if (typeof master === 'number' && typeof delta === 'number') {
    const sum = master + delta;
    if (sum >= 0 && sum <= Number.MAX_SAFE_INTEGER) return sum;
  }
  return canonicalU64(BigInt.asUintN(64, BigInt(addU64(master, delta))));
}

/** Order of the node's master id and an id. */
export function compareNode(node: StreamNode, id: StreamId): number {
  return compareParts(node.ms, node.seq, id.ms, id.seq);
}
