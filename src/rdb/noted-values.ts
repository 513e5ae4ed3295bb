import type { FormatError } from '../faults.ts';
import { escapeBytes } from '../io/text.ts';
import { canonicalType } from '../servers/value-type-id.ts';
import type { RdbReader } from './reader.ts';
import type { ValueCheck, ValueNote } from './value-check.ts';
import { valueType } from './value-types.ts';

/** Something that a check in depth found in a value; which releases refuse it, the table of rules says (load-rules.ts). */
export interface NotedFlaw {
  readonly path: string;
  readonly key: { readonly name: string; readonly db: number; readonly type: string };
  readonly note: Omit<ValueNote, 'severity'>;
  /** The value's canonical type. */
  readonly type: number;
  readonly rebuilt: boolean;
  /** Nothing behind it could be read. */
  readonly ends: boolean;
}

export interface NotedLibrary {
  readonly path: string;
  readonly code: string;
  readonly offset: number;
}

/** Flaws of one kind that are noted, and libraries. */
const notedMax = 100_000;

/**
 * What a reading of an RDB that looks into its values has found: flaws that some release refuses to load, and function libraries. It is
 * judged for a target afterwards, so that one reading serves for all targets.
 */
export class NotedValues {
  readonly flaws: NotedFlaw[] = [];
  readonly libraries: NotedLibrary[] = [];
  /** How many there were of each code, type and size. */
  private readonly counts = new Map<string, number>();

  /** What `check` has found in the value that was just read. */
  addValue(path: string, reader: RdbReader, check: ValueCheck): void {
    if (check.notes.length === 0) return;
    const type = canonicalType(reader.type, check);
    for (const note of check.notes) this.add(path, reader, note, type, check.rebuilt, false);
  }

  /** A value could not be read to its end, and so nothing behind it. */
  addFault(path: string, reader: RdbReader, { code, offset, expected, found }: FormatError): void {
    if (reader.type >= 0) this.add(path, reader, { code, offset, expected, found }, reader.type, false, true);
  }

  addLibrary(path: string, { functionCode, itemOffset }: RdbReader): void {
    if (this.libraries.length < notedMax) this.libraries.push({ path, code: functionCode, offset: itemOffset });
  }

  private add(
    path: string,
    reader: RdbReader,
    note: NotedFlaw['note'],
    type: number,
    rebuilt: boolean,
    ends: boolean,
  ): void {
    const kind = `${note.code} ${type} ${rebuilt}`;
    const count = this.counts.get(kind) ?? 0;
    this.counts.set(kind, count + 1);
    if (count >= notedMax) return;
    const name = escapeBytes(reader.key, 0, Math.max(reader.keyLength, 0));
    const key = { name, db: reader.db, type: valueType(reader.type, reader)?.name ?? String(reader.type) };
    this.flaws.push({ path, key, note, type, rebuilt, ends });
  }
}
