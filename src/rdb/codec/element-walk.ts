/**
 * Walks the elements of a listpack or a ziplist in a loop that builds nothing but the texts: the decoders' inner loop.
 */

import { entryFlaw, validateListpackHeader } from '../../encodings/listpack.ts';
import {
  isIntegerEntry,
  listpackEntryText,
  listpackHeaderBytes,
  nextListpackEntry,
  stringEntryHead,
  stringEntryLength,
} from '../../encodings/listpack-entry.ts';
import { decodeZiplist } from '../../encodings/ziplist.ts';
import { EncodingError } from '../../faults.ts';
import type { Interner } from '../../values/intern.ts';
import type { ValueCursor } from './cursor.ts';

/** What blobs of elements there are. */
export type BlobForm = 'listpack' | 'ziplist';

/** The elements of the string at the cursor, one by one. Throws EncodingError at the first that is not sound. */
export class ElementWalk {
  private bytes: Buffer = Buffer.alloc(0);
  private from = 0;
  private position = 0;
  private end = 0;
  private following = 0;
  private texts: string[] | undefined;
  private index = 0;

  /** Reads the blob at the cursor; the walk is over at the cursor's next string at the latest. */
  begin(cursor: ValueCursor, form: BlobForm): void {
    cursor.blob();
    const { blobBytes, blobStart, blobEnd } = cursor;
    if (form === 'ziplist') {
      this.texts = decodeZiplist(blobBytes, blobStart, blobEnd);
      this.index = 0;
      return;
    }
    const wrong = validateListpackHeader(blobBytes, blobStart, blobEnd);
    if (wrong) throw new EncodingError(wrong);
    this.texts = undefined;
    this.bytes = blobBytes;
    this.from = blobStart;
    this.following = blobStart + listpackHeaderBytes;
    this.end = blobEnd - 1;
  }

  /** Goes to the next element; false after the last. */
  next(): boolean {
    if (this.texts !== undefined) return this.index++ < this.texts.length;
    const position = this.following;
    if (position >= this.end) return false;
    const following = nextListpackEntry(this.bytes, position, this.end);
    if (following < 0) throw new EncodingError(entryFlaw(this.bytes, this.from, position, this.end));
    this.position = position;
    this.following = following;
    return true;
  }

  /** The current element. */
  text(): string {
    if (this.texts !== undefined) return this.texts[this.index - 1];
    return listpackEntryText(this.bytes, this.position);
  }

  /** The current element, its string shared with earlier ones. */
  sharedText(interner: Interner): string {
    if (this.texts !== undefined) return this.texts[this.index - 1];
    const { bytes, position } = this;
    const first = bytes[position];
    if (isIntegerEntry(first)) return listpackEntryText(bytes, position);
    return interner.text(bytes, position + stringEntryHead(first), stringEntryLength(bytes, position));
  }

  /** The element after the current one, which must be there. */
  partner(): string {
    if (!this.next())
      throw new EncodingError({ code: 'listpack.tuple', offset: 0, expected: 'pairs', found: 'an end' });
    return this.text();
  }
}
