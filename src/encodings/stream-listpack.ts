import { EncodingError, type FormatFault, formatFault } from '../faults.ts';
import type { BacklenThreshold } from '../servers/targets.ts';
import { entryFlaw, validateListpackHeader } from './listpack.ts';
import {
  isIntegerEntry,
  listpackEntryLow,
  listpackEntryNumber,
  listpackEntryText,
  listpackHeaderBytes,
  nextListpackEntry,
} from './listpack-entry.ts';
import { ListpackWriter } from './listpack-writer.ts';

/*
 * A stream's node (Redis 5.0): a listpack whose elements are a master entry, then the entries. The node's key, the master id,
 * is outside of it.
 *
 *   master: count, deleted, fields n, field 1 .. field n, 0
 *   entry : flags, id.ms - master.ms, id.seq - master.seq, value 1 .. value n, elements       with flag 2: the master's fields
 *   entry : flags, .., .., fields m, field 1, value 1 .. field m, value m, elements           without
 *
 * `count` are the live entries, `deleted` those with flag 1, which stay where they are. `elements` says how many elements the
 * entry has before that one, to walk backwards.
 */

export const streamEntryDeleted = 1;
export const streamEntrySameFields = 2;

/** One entry of a node. Ids are relative to the node's: `id = master + delta`, each half modulo 2^64. */
interface StreamNodeEntry {
  /** streamEntryDeleted | streamEntrySameFields. */
  readonly flags: number;
  readonly msDelta: bigint;
  readonly seqDelta: bigint;
  /** Field, value, field, value, … as binary strings, the master's fields filled in. */
  readonly items: readonly string[];
}

export interface StreamNode {
  /** Live entries, as the master entry says. */
  readonly count: number;
  /** Entries marked as deleted, as the master entry says. */
  readonly deleted: number;
  /** The master entry's fields. */
  readonly fields: readonly string[];
  readonly entries: readonly StreamNodeEntry[];
}

/** What the last node that `validateStreamListpack` found sound is made of: its elements, its entries marked as deleted, its first terminator. */
export const lastNode = { elements: 0, deleted: 0, end: 0 };

/**
 * Checks all of a stream's node, as a server with `sanitize-dump-payload yes` does (streamValidateListpackIntegrity in
 * t_stream.c): neither the listpack's count, nor the order of ids, nor the flags are looked at. In one thing stricter: a
 * negative count of fields is refused, which a server up to 8.6 may let pass and then crash on. Positions count from `from`.
 * Valkey 9 does look at all of these: stream-consistency.ts.
 */
export function validateStreamListpack(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const header = validateListpackHeader(bytes, from, to);
  if (header) return header;
  const end = to - 1;
  const deletedAt = afterInteger(bytes, from + listpackHeaderBytes, end);
  const fieldsAt = afterInteger(bytes, deletedAt, end);
  const firstField = afterInteger(bytes, fieldsAt, end);
  if (firstField < 0) return masterFlaw(bytes, from, end);
  const fields = listpackEntryNumber(bytes, fieldsAt);
  if (fields < 0) return formatFault('stream.node.fields', fieldsAt - from, 'a count of fields', `${fields}`);
  const zero = afterEntries(bytes, firstField, end, fields);
  let position = afterInteger(bytes, zero, end);
  if (position < 0 || listpackEntryNumber(bytes, zero) !== 0) return masterFlaw(bytes, from, end);
  const entries = listpackEntryNumber(bytes, from + listpackHeaderBytes) + listpackEntryNumber(bytes, deletedAt);
  if (entries < 0) return masterFlaw(bytes, from, end);
  lastNode.elements = fields + 4;
  lastNode.deleted = 0;
  for (let index = 0; index < entries; index++) {
    const next = afterStreamEntry(bytes, position, end, fields);
    if (next === negativeFields)
      return formatFault('stream.entry.fields', position - from, 'a count of fields', 'less than 0');
    if (next < 0) return streamEntryFlaw(bytes, from, position, end, entries - index);
    position = next;
  }
  lastNode.end = position;
  // Any terminator will do: a server does not look at what follows the last entry's.
  if (bytes[position] === 0xff) return undefined;
  return formatFault('stream.node.end', position - from, `the end after ${entries} entries`, 'more elements');
}

/** How many live entries a sound node says that it holds. */
export function countStreamEntries(bytes: Uint8Array, from: number, _to: number): number {
  return listpackEntryNumber(bytes, from + listpackHeaderBytes);
}

/** A node with its entries, deleted ones included. Throws EncodingError where `validateStreamListpack` would find a flaw. */
export function decodeStreamListpack(bytes: Uint8Array, from: number, to: number): StreamNode {
  const wrong = validateStreamListpack(bytes, from, to);
  if (wrong) throw new EncodingError(wrong);
  const reader = new NodeReader(bytes, from + listpackHeaderBytes, to - 1);
  const count = reader.number();
  const deleted = reader.number();
  const fields: string[] = [];
  for (let left = reader.number(); left > 0; left--) fields.push(reader.text());
  reader.skip();
  const entries: StreamNodeEntry[] = [];
  for (let left = count + deleted; left > 0; left--) entries.push(reader.entry(fields));
  return { count, deleted, fields, entries };
}

/** A node byte for byte as a server writes it after adding its entries one by one. */
export function encodeStreamListpack(node: StreamNode, threshold: BacklenThreshold = 'exclusive'): Buffer {
  const writer = new ListpackWriter(threshold);
  writer.appendInteger(node.count);
  writer.appendInteger(node.deleted);
  writer.appendInteger(node.fields.length);
  for (const field of node.fields) writer.append(field);
  writer.appendInteger(0);
  for (const entry of node.entries) appendStreamEntry(writer, entry);
  return writer.finish();
}

/** Appends one entry to a node under construction. */
function appendStreamEntry(writer: ListpackWriter, entry: StreamNodeEntry): void {
  const { flags, items } = entry;
  const isSame = (flags & streamEntrySameFields) !== 0;
  writer.appendInteger(flags);
  writer.appendInt64(BigInt.asIntN(64, entry.msDelta));
  writer.appendInt64(BigInt.asIntN(64, entry.seqDelta));
  if (!isSame) writer.appendInteger(items.length / 2);
  for (let i = isSame ? 1 : 0; i < items.length; i += isSame ? 2 : 1) writer.append(items[i]);
  writer.appendInteger(isSame ? items.length / 2 + 3 : items.length + 4);
}

/** Walks the elements of a node that is known to be sound. */
class NodeReader {
  private readonly bytes: Uint8Array;
  private readonly end: number;
  private position: number;

  constructor(bytes: Uint8Array, position: number, end: number) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  skip(): number {
    const { position } = this;
    this.position = nextListpackEntry(this.bytes, position, this.end);
    return position;
  }

  number(): number {
    return listpackEntryNumber(this.bytes, this.skip());
  }

  text(): string {
    return listpackEntryText(this.bytes, this.skip());
  }

  entry(masterFields: readonly string[]): StreamNodeEntry {
    const flags = listpackEntryLow(this.bytes, this.skip());
    const msDelta = BigInt(this.text());
    const seqDelta = BigInt(this.text());
    const isSame = (flags & streamEntrySameFields) !== 0;
    const count = isSame ? masterFields.length : this.number();
    const items: string[] = [];
    for (let i = 0; i < count; i++) items.push(isSame ? masterFields[i] : this.text(), this.text());
    this.skip();
    return { flags, msDelta, seqDelta, items };
  }
}

/** Where the entry after an element that must be an integer starts; -1 if it is none, or `position` is -1 or the end. */
function afterInteger(bytes: Uint8Array, position: number, end: number): number {
  if (position < 0 || position >= end) return -1;
  const next = nextListpackEntry(bytes, position, end);
  if (next < 0 || isIntegerEntry(bytes[position])) return next;
  return Number.isNaN(listpackEntryNumber(bytes, position)) ? -1 : next;
}

/** Where the element after `count` more starts, or -1. */
function afterEntries(bytes: Uint8Array, position: number, end: number, count: number): number {
  if (count < 0) return -1;
  let at = position;
  for (let left = count; left > 0; left--) {
    if (at < 0 || at >= end) return -1;
    at = nextListpackEntry(bytes, at, end);
  }
  return at;
}

/** What `afterStreamEntry` says of an entry that claims fewer than 0 fields. */
const negativeFields = -2;

/** Where the stream entry after the one at `position` starts, or -1 if it is unsound. */
function afterStreamEntry(bytes: Uint8Array, position: number, end: number, masterFields: number): number {
  let at = afterInteger(bytes, position, end);
  at = afterInteger(bytes, at, end);
  at = afterInteger(bytes, at, end);
  if (at < 0) return -1;
  let elements = masterFields + 3;
  const flags = listpackEntryLow(bytes, position);
  if ((flags & streamEntryDeleted) !== 0) lastNode.deleted++;
  if ((flags & streamEntrySameFields) === 0) {
    const fieldsAt = at;
    at = afterInteger(bytes, fieldsAt, end);
    if (at < 0) return -1;
    const fields = listpackEntryNumber(bytes, fieldsAt);
    if (fields < 0) return negativeFields;
    at = afterEntries(bytes, at, end, fields * 2);
    elements = fields * 2 + 4;
  } else at = afterEntries(bytes, at, end, masterFields);
  lastNode.elements += elements + 1;
  const next = afterInteger(bytes, at, end);
  return next >= 0 && listpackEntryNumber(bytes, at) === elements ? next : -1;
}

/** The flaw of an unsound element from `position` on, or undefined if all elements are sound. */
function elementFlaw(bytes: Uint8Array, from: number, position: number, end: number): FormatFault | undefined {
  for (let at = position; at < end; ) {
    const next = nextListpackEntry(bytes, at, end);
    if (next < 0) return entryFlaw(bytes, from, at, end);
    at = next;
  }
  return undefined;
}

function masterFlaw(bytes: Uint8Array, from: number, end: number): FormatFault {
  return (
    elementFlaw(bytes, from, from + listpackHeaderBytes, end) ??
    formatFault('stream.node.master', listpackHeaderBytes, 'count, deleted, fields n, n fields, 0', 'other elements')
  );
}

function streamEntryFlaw(bytes: Uint8Array, from: number, position: number, end: number, left: number): FormatFault {
  const expected = `${left} more entries, each with its count of elements`;
  return (
    elementFlaw(bytes, from, position, end) ??
    formatFault('stream.node.entry', position - from, expected, 'other elements')
  );
}
