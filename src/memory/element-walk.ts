import { decodeIntset } from '../encodings/intset.ts';
import { ListpackCursor } from '../encodings/listpack.ts';
import { ZiplistCursor } from '../encodings/ziplist.ts';
import { decodeZipmap } from '../encodings/zipmap.ts';
import type { SizeCursor } from './size-cursor.ts';

/** What elements lie in: strings one after the other, or one string that holds them. */
export type ElementForm = 'strings' | 'listpack' | 'ziplist' | 'intset' | 'zipmap';

/** Walks the elements of a value and tells how long each is. */
export class ElementWalk {
  /** Of the current element: bytes of its text, and whether it is the text of a 64-bit integer. */
  length = 0;
  isInteger = false;
  /** An integer's value, rounded beyond 2^53. */
  integer = 0;
  private readonly cursor: SizeCursor;
  private form: ElementForm = 'strings';
  private left = 0;
  private packed: ListpackCursor | ZiplistCursor | undefined;
  private texts: readonly string[] = [];

  constructor(cursor: SizeCursor) {
    this.cursor = cursor;
  }

  /** Walks `count` strings at the cursor. */
  strings(count: number): void {
    this.form = 'strings';
    this.left = count;
  }

  /** Walks what the string at the cursor holds. */
  begin(form: Exclude<ElementForm, 'strings'>): void {
    const { cursor } = this;
    this.form = form;
    cursor.blob();
    const { blobBytes, blobStart, blobEnd } = cursor;
    if (form === 'listpack') this.packed = new ListpackCursor(blobBytes, blobStart, blobEnd);
    else if (form === 'ziplist') this.packed = new ZiplistCursor(blobBytes, blobStart, blobEnd);
    else {
      this.texts = (form === 'intset' ? decodeIntset : decodeZipmap)(blobBytes, blobStart, blobEnd);
      this.left = this.texts.length;
    }
  }

  /** False behind the last element. */
  next(): boolean {
    if (this.form === 'strings') {
      if (this.left-- <= 0) return false;
      this.string();
      return true;
    }
    if (this.form === 'intset' || this.form === 'zipmap') {
      if (this.left-- <= 0) return false;
      this.text(this.texts[this.texts.length - this.left - 1]);
      return true;
    }
    const packed = this.packed as ListpackCursor | ZiplistCursor;
    if (!packed.next()) return false;
    if (packed.isInteger) this.text(packed.text());
    else {
      this.length = packed.length;
      this.isInteger = false;
    }
    return true;
  }

  private string(): void {
    const { cursor } = this;
    const from = cursor.position;
    this.length = cursor.textLength();
    this.isInteger = false;
    if (!cursor.mayBeInteger) return;
    const first = cursor.bytes[from];
    const size = cursor.position - from - 1;
    this.text(
      first < 0xc0
        ? cursor.bytes.latin1Slice(from + 1, cursor.position)
        : String(cursor.bytes.readIntLE(from + 1, size)),
    );
  }

  private text(text: string): void {
    this.length = text.length;
    this.isInteger = isInteger(text);
    if (this.isInteger) this.integer = Number(text);
  }
}

const integerPattern = /^(?:0|-?[1-9]\d{0,18})$/;

/** Whether a server takes the text for a 64-bit integer (string2ll in util.c). */
export function isInteger(text: string): boolean {
  if (!integerPattern.test(text)) return false;
  return text.length < 19 || (BigInt(text) >= -(2n ** 63n) && BigInt(text) < 2n ** 63n);
}

/** Bytes of an entry of a listpack. */
export function listpackEntryBytes({ length, isInteger, integer }: ElementWalk): number {
  let size = 0;
  if (isInteger) {
    const wide = integer < 0 ? -integer - 1 : integer;
    size =
      integer >= 0 && integer < 128
        ? 1
        : wide < 4096
          ? 2
          : wide < 2 ** 15
            ? 3
            : wide < 2 ** 23
              ? 4
              : wide < 2 ** 31
                ? 5
                : 9;
  } else size = length + (length < 64 ? 1 : length < 4096 ? 2 : 5);
  return size + (size < 128 ? 1 : size < 16384 ? 2 : size < 2 ** 21 ? 3 : 4);
}

/** Bytes of an entry of a ziplist behind one of `previous` bytes. */
export function ziplistEntryBytes({ length, isInteger, integer }: ElementWalk, previous: number): number {
  const head = previous < 254 ? 1 : 5;
  if (!isInteger) return head + length + (length < 64 ? 1 : length < 16384 ? 2 : 5);
  const wide = integer < 0 ? -integer - 1 : integer;
  if (integer >= 0 && integer <= 12) return head + 1;
  return head + (wide < 128 ? 2 : wide < 2 ** 15 ? 3 : wide < 2 ** 23 ? 4 : wide < 2 ** 31 ? 5 : 9);
}
