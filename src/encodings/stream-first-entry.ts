import { type FormatFault, formatFault } from '../faults.ts';
import { listpackEntryNumber, listpackHeaderBytes, nextListpackEntry } from './listpack-entry.ts';
import { streamEntryDeleted, streamEntrySameFields } from './stream-listpack.ts';

/**
 * What ends a server at a stream of type 15 without looking into values: that type does not say which its first entry is, so that the
 * loader (7.0 and later) looks for it in the first node, element by element, and ends at one that is not sound or is no number where
 * a number must be. It reads neither the counts nor what follows the first live entry. The header is known to be sound. Tried in
 * test/load-rules.
 */
export function findFirstEntryFlaw(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const walk = new Walk(bytes, from, to);
  try {
    walk.passMaster();
    while (walk.passDeletedEntry());
    return undefined;
  } catch (error) {
    if (!(error instanceof WalkEnd)) throw error;
    return formatFault('stream.first', walk.position - from, 'the first entry', error.message);
  }
}

class WalkEnd extends Error {}

class Walk {
  position: number;
  private readonly bytes: Uint8Array;
  private readonly end: number;
  private masterFields = 0;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes;
    this.position = from + listpackHeaderBytes;
    this.end = to - 1;
  }

  /** The master entry: two counts that are not read, the number of fields, the fields, and what ends them. */
  passMaster(): void {
    this.pass();
    this.pass();
    this.masterFields = this.number();
    for (let left = this.masterFields; left >= 0; left--) this.pass();
  }

  /** Goes on behind an entry that is marked as deleted; false at a live one, or the end. */
  passDeletedEntry(): boolean {
    if (this.atEnd()) return false;
    const flags = this.number();
    this.number();
    this.number();
    const isSame = (flags & streamEntrySameFields) !== 0;
    const fields = isSame ? this.masterFields : this.number();
    if ((flags & streamEntryDeleted) === 0) return false;
    for (let left = isSame ? fields : fields * 2; left >= 0; left--) this.pass();
    return true;
  }

  private atEnd(): boolean {
    return this.position >= this.end || this.bytes[this.position] === 0xff;
  }

  private pass(): void {
    if (this.atEnd()) throw new WalkEnd('the end of the node');
    const next = nextListpackEntry(this.bytes, this.position, this.end);
    if (next < 0) throw new WalkEnd('an element that is not sound');
    this.position = next;
  }

  private number(): number {
    const { position } = this;
    this.pass();
    const number = listpackEntryNumber(this.bytes, position);
    if (Number.isNaN(number)) throw new WalkEnd('a text');
    return number;
  }
}
