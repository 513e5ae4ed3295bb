import { compactScore } from '../encodings/double.ts';
import { countListpack, entryFlaw, validateListpackHeader } from '../encodings/listpack.ts';
import {
  isIntegerEntry,
  listpackEntryText,
  listpackHeaderBytes,
  nextListpackEntry,
  stringEntryHead,
  stringEntryLength,
} from '../encodings/listpack-entry.ts';
import { EncodingError } from '../faults.ts';
import { ByteWriter } from '../io/writer.ts';
import { ValueCursor } from '../rdb/codec/cursor.ts';
import { TypeId } from '../servers/value-type-id.ts';
import { DistinctTexts } from './distinct-texts.ts';
import type { JsonBytes } from './json-bytes.ts';

/**
 * Serialized values straight to JSON, without the engine's values in between: strings, and collections in the forms that servers since
 * RDB 11 write. What is written is what json-text.ts makes of the decoded value; anything else (a field name that is not UTF-8, a member
 * that may stand twice, scores that are not in order) is left to that. Call `begin`, write what goes before the value, and call `write`.
 */
export class RawJson {
  /** After `begin`: as `EncodingReader` says, bytes of a string, else elements. */
  elements = 0;
  private readonly text: JsonBytes;
  private readonly base64: boolean;
  private readonly cursor = new ValueCursor();
  private readonly distinct = new DistinctTexts();
  /** Nodes of a list, whose elements are counted on the way. */
  private readonly body = new ByteWriter();
  private type = -1;
  /** Whether members may be compared with each other. */
  private compares = false;
  private isRepeated = false;
  /** The walk over a listpack's elements. */
  private bytes: Buffer = Buffer.alloc(0);
  private from = 0;
  private position = 0;
  private end = 0;
  /** Where the members of a sorted set lie, and their scores. */
  private members = new Float64Array(64);
  private scores = new Float64Array(64);

  /** `base64`: whether `text` writes base64, as integers must be, too. */
  constructor(text: JsonBytes, base64: boolean) {
    this.text = text;
    this.base64 = base64;
  }

  /**
   * Stands at the value `raw[from, to)` of this canonical type; false where it must be decoded. Throws FormatError or EncodingError on
   * damaged bytes, as `write` does.
   */
  begin(type: number, raw: Buffer, from: number, to: number): boolean {
    this.cursor.begin(raw, from, to);
    this.type = type;
    switch (type) {
      case TypeId.string:
        this.cursor.blob();
        this.elements = this.cursor.blobEnd - this.cursor.blobStart;
        return true;
      case TypeId.hashListpack:
      case TypeId.sortedSetListpack:
        this.elements = this.beginListpack() / 2;
        return Number.isInteger(this.elements);
      case TypeId.setListpack:
        this.elements = this.beginListpack();
        return true;
      case TypeId.listQuicklist2:
        return this.nodes();
      case TypeId.sortedSet:
        this.elements = this.cursor.count(9);
        return this.elements > 0 && this.readScores(this.elements);
      case TypeId.hash:
        this.elements = this.cursor.count(2);
        return true;
      case TypeId.set:
      case TypeId.list:
        this.elements = this.cursor.count(1);
        return true;
      default:
        return false;
    }
  }

  /** Writes the value; false, with anything written, where it must be decoded. */
  write(out: ByteWriter): boolean {
    const { type, cursor, elements } = this;
    this.compares = type !== TypeId.string && type !== TypeId.list && this.distinct.begin(elements);
    switch (type) {
      case TypeId.string:
        this.text(out, cursor.blobBytes, cursor.blobStart, cursor.blobEnd);
        return true;
      case TypeId.hashListpack:
        return this.packedHash(out);
      case TypeId.sortedSetListpack:
        return this.packedScores(out);
      case TypeId.setListpack:
        return this.packedSet(out);
      case TypeId.listQuicklist2:
        out.writeBytes(this.body.bytes, 0, this.body.length);
        return true;
      case TypeId.sortedSet:
        return this.skiplist(out);
      case TypeId.hash:
        return this.hash(out);
      default:
        return this.strings(out);
    }
  }

  private packedHash(out: ByteWriter): boolean {
    out.writeByte(openBrace);
    for (let left = this.elements; left > 0; left--) {
      if (!this.newElement(out)) return false;
      out.writeByte(colon);
      this.element(out);
      if (left > 1) out.writeByte(comma);
    }
    out.writeByte(closeBrace);
    return this.position === this.end;
  }

  private packedSet(out: ByteWriter): boolean {
    out.writeByte(openBracket);
    for (let left = this.elements; left > 0; left--) {
      this.newElement(out);
      if (this.isRepeated) return false;
      if (left > 1) out.writeByte(comma);
    }
    out.writeByte(closeBracket);
    return this.position === this.end;
  }

  /** Members and scores in turns. What is not in order, or a -0, is for the decoder to judge. */
  private packedScores(out: ByteWriter): boolean {
    let before = Number.NEGATIVE_INFINITY;
    out.writeByte(openBracket);
    for (let left = this.elements; left > 0; left--) {
      out.writeText(memberHead);
      this.newElement(out);
      if (this.isRepeated) return false;
      const scoreAt = this.position;
      this.pass();
      const score = compactScore(listpackEntryText(this.bytes, scoreAt));
      if (!(score > before || (score === before && left === this.elements)) || Object.is(score, -0)) return false;
      before = score;
      writeScore(out, score);
      if (left > 1) out.writeByte(comma);
    }
    out.writeByte(closeBracket);
    return this.position === this.end;
  }

  private hash(out: ByteWriter): boolean {
    const { cursor } = this;
    out.writeByte(openBrace);
    for (let left = this.elements; left > 0; left--) {
      cursor.blob();
      const { blobBytes, blobStart, blobEnd } = cursor;
      if (this.compares && !this.distinct.add(blobBytes, blobStart, blobEnd)) return false;
      if (!this.text(out, blobBytes, blobStart, blobEnd)) return false;
      out.writeByte(colon);
      cursor.blob();
      this.text(out, cursor.blobBytes, cursor.blobStart, cursor.blobEnd);
      if (left > 1) out.writeByte(comma);
    }
    out.writeByte(closeBrace);
    return true;
  }

  /** Of a set or a list. */
  private strings(out: ByteWriter): boolean {
    const { cursor } = this;
    out.writeByte(openBracket);
    for (let left = this.elements; left > 0; left--) {
      cursor.blob();
      const { blobBytes, blobStart, blobEnd } = cursor;
      if (this.compares && !this.distinct.add(blobBytes, blobStart, blobEnd)) return false;
      this.text(out, blobBytes, blobStart, blobEnd);
      if (left > 1) out.writeByte(comma);
    }
    out.writeByte(closeBracket);
    return true;
  }

  /** A list of nodes: to `body`. */
  private nodes(): boolean {
    const { cursor, body } = this;
    this.elements = 0;
    body.reset();
    body.writeByte(openBracket);
    for (let left = cursor.count(2); left > 0; left--) {
      const container = cursor.length();
      if (container === plainNode) {
        cursor.blob();
        if (this.elements++ > 0) body.writeByte(comma);
        this.text(body, cursor.blobBytes, cursor.blobStart, cursor.blobEnd);
      } else if (container === packedNode) {
        for (let count = this.beginListpack(); count > 0; count--) {
          if (this.elements++ > 0) body.writeByte(comma);
          this.element(body);
        }
        if (this.position !== this.end) return false;
      } else return false;
    }
    body.writeByte(closeBracket);
    return true;
  }

  /** Finds the members and scores; false unless they come from the highest score to the lowest, as servers write them. */
  private readScores(count: number): boolean {
    const { cursor } = this;
    if (this.members.length < count) {
      this.members = new Float64Array(count * 2);
      this.scores = new Float64Array(count * 2);
    }
    const { members, scores } = this;
    for (let index = 0; index < count; index++) {
      members[index] = cursor.position;
      cursor.skipString();
      scores[index] = cursor.double();
      const isBelow = index === 0 || scores[index] < scores[index - 1];
      if (!isBelow || Number.isNaN(scores[index]) || Object.is(scores[index], -0)) return false;
    }
    return true;
  }

  private skiplist(out: ByteWriter): boolean {
    const { cursor, members, scores } = this;
    out.writeByte(openBracket);
    for (let index = this.elements - 1; index >= 0; index--) {
      cursor.position = members[index];
      cursor.blob();
      const { blobBytes, blobStart, blobEnd } = cursor;
      if (this.compares && !this.distinct.add(blobBytes, blobStart, blobEnd)) return false;
      out.writeText(memberHead);
      this.text(out, blobBytes, blobStart, blobEnd);
      writeScore(out, scores[index]);
      if (index > 0) out.writeByte(comma);
    }
    out.writeByte(closeBracket);
    return true;
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

  /** Writes the element at `position`; false where it is not UTF-8, or may have been there before, which `isRepeated` says. */
  private newElement(out: ByteWriter): boolean {
    const { position } = this;
    // Nothing is read of an element before it is known to lie in the listpack.
    const isString = this.element(out);
    this.isRepeated = this.compares && !this.isNew(position);
    return isString && !this.isRepeated;
  }

  private isNew(position: number): boolean {
    const { bytes, distinct } = this;
    const first = bytes[position];
    if (isIntegerEntry(first)) return distinct.addText(listpackEntryText(bytes, position));
    const start = position + stringEntryHead(first);
    return distinct.add(bytes, start, start + stringEntryLength(bytes, position));
  }

  /** Moves over the element at `position`. */
  private pass(): void {
    const next = this.position < this.end ? nextListpackEntry(this.bytes, this.position, this.end) : -1;
    if (next < 0) throw new EncodingError(entryFlaw(this.bytes, this.from, this.position, this.end));
    this.position = next;
  }

  /** Writes the element at `position` and moves over it; false where it is not UTF-8. */
  private element(out: ByteWriter): boolean {
    const { bytes, position } = this;
    this.pass();
    const first = bytes[position];
    if (isIntegerEntry(first)) {
      this.integer(out, first, position);
      return true;
    }
    const start = position + stringEntryHead(first);
    return this.text(out, bytes, start, start + stringEntryLength(bytes, position));
  }

  private integer(out: ByteWriter, first: number, position: number): void {
    if (this.base64) {
      const text = Buffer.from(listpackEntryText(this.bytes, position), 'latin1');
      this.text(out, text, 0, text.length);
      return;
    }
    out.writeByte(quote);
    if (first < 0x80) out.writeDecimal(first);
    else out.writeText(listpackEntryText(this.bytes, position));
    out.writeByte(quote);
  }
}

const plainNode = 1;
const packedNode = 2;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const memberHead = '{"member":';

function writeScore(out: ByteWriter, score: number): void {
  out.writeText(',"score":');
  if (Number.isFinite(score)) out.writeText(String(score));
  else out.writeText(score > 0 ? '"inf"' : '"-inf"');
  out.writeByte(closeBrace);
}
