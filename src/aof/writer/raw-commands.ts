/**
 * Serialized values straight to commands, without the engine's values in between: strings, and collections whose elements can
 * be passed on as they lie there. The bytes are those that decoding and rewriting would give.
 */

import { compactScore, parseScore } from '../../encodings/double.ts';
import { Grisu2 } from '../../encodings/grisu2.ts';
import { countListpack, entryFlaw, validateListpackHeader } from '../../encodings/listpack.ts';
import {
  isIntegerEntry,
  listpackEntryText,
  listpackHeaderBytes,
  nextListpackEntry,
  stringEntryHead,
  stringEntryLength,
} from '../../encodings/listpack-entry.ts';
import { EncodingError } from '../../faults.ts';
import { ValueCursor } from '../../rdb/codec/cursor.ts';
import { TypeId } from '../../servers/value-type-id.ts';
import { formatGeneral17 } from '../../values/score-text.ts';
import { itemsPerCommand, type KeyCommands } from './key-commands.ts';

const containerPacked = 2;
const minus = 0x2d;

export class RawRewriter {
  private readonly commands: KeyCommands;
  private readonly cursor = new ValueCursor();
  private readonly grisu = new Grisu2();
  /** The walk over a listpack's elements. */
  private bytes: Buffer = Buffer.alloc(0);
  private from = 0;
  private position = 0;
  private end = 0;
  /** Where the members of a sorted set lie, and their scores. */
  private members = new Float64Array(64);
  private scores = new Float64Array(64);

  constructor(commands: KeyCommands) {
    this.commands = commands;
  }

  /** Writes the commands for `raw[from, to)` of this canonical type; false, with nothing written, where it must be decoded. */
  rewrite(type: number, raw: Buffer, from: number, to: number): boolean {
    this.cursor.begin(raw, from, to);
    switch (type) {
      case TypeId.string:
        return this.string();
      case TypeId.hashListpack:
        return this.listpack('HMSET', 2);
      case TypeId.setListpack:
        return this.listpack('SADD', 1);
      case TypeId.sortedSetListpack:
        return this.sortedSet();
      case TypeId.listQuicklist2:
        return this.singleNode();
      case TypeId.sortedSet:
        return this.skiplist();
      case TypeId.hash:
        return this.strings('HMSET', 2);
      case TypeId.set:
        return this.strings('SADD', 1);
      case TypeId.list:
        return this.strings('RPUSH', 1);
      default:
        return false;
    }
  }

  private string(): boolean {
    this.commands.begin(3, 'SET');
    this.bulkString();
    return true;
  }

  private bulkString(): void {
    const { cursor } = this;
    cursor.blob();
    this.commands.out.bulk(cursor.blobBytes, cursor.blobStart, cursor.blobEnd);
  }

  /** count × size strings */
  private strings(name: string, size: number): boolean {
    const count = this.cursor.count(size);
    for (let start = 0; start < count; start += itemsPerCommand) {
      const items = Math.min(count - start, itemsPerCommand) * size;
      this.commands.begin(2 + items, name);
      for (let item = 0; item < items; item++) this.bulkString();
    }
    return true;
  }

  /** A list of one packed node; of a longer one the number of elements is not known beforehand. */
  private singleNode(): boolean {
    const { cursor } = this;
    if (cursor.length() !== 1 || cursor.length() !== containerPacked) return false;
    return this.listpack('RPUSH', 1);
  }

  private listpack(name: string, size: number): boolean {
    const count = this.beginListpack() / size;
    for (let start = 0; start < count; start += itemsPerCommand) {
      const items = Math.min(count - start, itemsPerCommand) * size;
      this.commands.begin(2 + items, name);
      for (let item = 0; item < items; item++) this.bulkElement();
    }
    return true;
  }

  private sortedSet(): boolean {
    const count = this.beginListpack() / 2;
    const { out } = this.commands;
    // The order in which such scores are written decides whether they keep their sign.
    if (this.commands.target.usesListpacks && this.hasNegativeZero(count)) return false;
    for (let start = 0; start < count; start += itemsPerCommand) {
      const items = Math.min(count - start, itemsPerCommand);
      this.commands.begin(2 + 2 * items, 'ZADD');
      for (let item = 0; item < items; item++) {
        const member = this.position;
        this.pass();
        out.bulkText(this.scoreText(listpackEntryText(this.bytes, this.position)));
        this.writeElement(member);
        this.pass();
      }
    }
    return true;
  }

  /** count × ( member, score ), mostly from the highest to the lowest: then they need not be sorted. */
  private skiplist(): boolean {
    const { cursor } = this;
    const count = cursor.count(9);
    if (this.members.length < count) {
      this.members = new Float64Array(count * 2);
      this.scores = new Float64Array(count * 2);
    }
    const { members, scores } = this;
    for (let index = 0; index < count; index++) {
      members[index] = cursor.position;
      cursor.skipString();
      scores[index] = cursor.double();
      // What is equal goes by the members' bytes, and a NaN or a -0 is for the decoder to judge.
      if (!(index === 0 || scores[index] < scores[index - 1]) || !isOrdinary(scores[index])) return false;
    }
    this.writeScores(count);
    return true;
  }

  private writeScores(count: number): void {
    const { cursor, members, scores, commands, grisu } = this;
    const { out } = commands;
    const isPrintf = commands.target.scoreText === 'printf';
    for (let left = count; left > 0; ) {
      const items = Math.min(left, itemsPerCommand);
      commands.begin(2 + 2 * items, 'ZADD');
      for (const end = left - items; left > end; left--) {
        const score = scores[left - 1];
        out.bulkText(isPrintf ? formatGeneral17(score) : grisu.format(score));
        cursor.position = members[left - 1];
        this.bulkString();
      }
    }
  }

  private scoreText(text: string): string {
    const score = compactScore(text);
    if (Number.isNaN(score)) this.cursor.fail('zset.score.text', 'a score', JSON.stringify(text));
    return this.commands.target.scoreText === 'printf' ? formatGeneral17(score) : this.grisu.format(score);
  }

  /** Whether a score of the listpack is a -0; afterwards the walk stands at its first element again. */
  private hasNegativeZero(count: number): boolean {
    const { bytes, from, position, end } = this;
    if (bytes.subarray(from, end).indexOf(minus) < 0) return false;
    let found = false;
    for (let item = 0; item < count && !found; item++) {
      this.pass();
      found = Object.is(parseScore(listpackEntryText(bytes, this.position)), -0);
      this.pass();
    }
    this.position = position;
    return found;
  }

  /** Reads the blob at the cursor and stands at its first element; the number of elements. */
  private beginListpack(): number {
    this.cursor.blob();
    const { blobBytes, blobStart, blobEnd } = this.cursor;
    const wrong = validateListpackHeader(blobBytes, blobStart, blobEnd);
    if (wrong) throw new EncodingError(wrong);
    this.bytes = blobBytes;
    this.from = blobStart;
    this.position = blobStart + listpackHeaderBytes;
    this.end = blobEnd - 1;
    return countListpack(blobBytes, blobStart, blobEnd);
  }

  private bulkElement(): void {
    this.writeElement(this.position);
    this.pass();
  }

  /** Moves over the element at `position`. */
  private pass(): void {
    const next = this.position < this.end ? nextListpackEntry(this.bytes, this.position, this.end) : -1;
    if (next < 0) throw new EncodingError(entryFlaw(this.bytes, this.from, this.position, this.end));
    this.position = next;
  }

  private writeElement(position: number): void {
    const { bytes } = this;
    const { out } = this.commands;
    const first = bytes[position];
    if (first < 0x80) out.bulkInteger(first);
    else if (isIntegerEntry(first)) out.bulkText(listpackEntryText(bytes, position));
    else {
      const start = position + stringEntryHead(first);
      out.bulk(bytes, start, start + stringEntryLength(bytes, position));
    }
  }
}

function isOrdinary(score: number): boolean {
  return !Number.isNaN(score) && !Object.is(score, -0);
}
