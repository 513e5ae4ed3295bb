import { firstEntryFlaw, validateListpackHeader } from '../../encodings/listpack.ts';
import { inconsistencyOfLast } from '../../encodings/stream-consistency.ts';
import { findFirstEntryFlaw } from '../../encodings/stream-first-entry.ts';
import { countStreamEntries, validateStreamListpack } from '../../encodings/stream-listpack.ts';
import type { RdbInput } from '../input.ts';
import type { ValueCheck } from '../value-check.ts';

/**
 * Streams: types 15 (5.0), 19 (7.0), 21 (7.2), 26 (8.6), 27 (8.8).
 *
 *     nodes × { string: 16-byte id | string: listpack }   length   last id
 *     [v2] first id   max deleted id   entries added
 *     groups × { name   last id   [v2] entries read
 *                pel × { 16-byte id | int64 delivery time | delivery count }
 *                consumers × { name | int64 seen | [v3] int64 active | pel × 16-byte id }
 *                [v5] unowned × 16-byte id }
 *     [v4] idempotency: duration   size   producers × { id   records × { iid   ms   seq } }   added   duplicates
 */
export function checkStream(input: RdbInput, check: ValueCheck, version: number): void {
  const at = input.offset;
  const nodes = input.count('stream nodes', 2);
  check.beginMembers();
  let live = 0;
  for (let index = 0; index < nodes; index++) live += checkNode(input, check, version === 1 && index === 0);
  const isWhole = check.deep && !check.large && check.notes.every(({ code }) => code === 'stream.node.empty');
  const length = input.length();
  input.length();
  input.length();
  if (nodes === 0 && length > 0) check.fault('stream.length', at, '0 entries without nodes', String(length));
  else if (isWhole && live !== length) {
    check.warn('stream.count', at, `${live} entries, as its nodes hold`, String(length));
  }
  if (version >= 2) checkCounts(input, check, length);
  const groups = input.count('consumer groups', 4);
  const names = new Set<string>();
  for (let index = 0; index < groups; index++) checkGroup(input, check, version, names);
  if (version < 4) return;
  check.idempotencyOffset = input.offset;
  checkIdempotency(input, check);
}

/** The first id, the highest deleted one, and how many entries were ever added. */
function checkCounts(input: RdbInput, check: ValueCheck, length: number): void {
  for (let index = 0; index < 4; index++) input.length();
  const at = input.offset;
  const added = input.length();
  if (added < length || input.high >= 2 ** 31) {
    check.warn('stream.added', at, `at least ${length} entries added, and at most 2^63-1`, String(added));
  }
}

/** One node; gives the number of entries that are not deleted. `isSearched`: a server looks for the first entry in it. */
function checkNode(input: RdbInput, check: ValueCheck, isSearched: boolean): number {
  const at = input.offset;
  check.uniqueString(input, 'stream node');
  if (check.deep && input.textLength !== 16) {
    check.fault('stream.node.id', at, 'an id of 16 bytes', `${input.textLength} bytes`);
  }
  const blobAt = input.offset;
  if (!check.blob(input)) return 0;
  const { textBytes, textStart, textLength } = input;
  const end = textStart + textLength;
  if (!check.sound(validateStreamListpack(textBytes, textStart, end))) {
    noteFirst(textBytes, textStart, end, check, isSearched);
    return 0;
  }
  const live = countStreamEntries(textBytes, textStart, end);
  if (live === 0) check.warn('stream.node.empty', blobAt, 'at least one entry', '0');
  const inconsistent = inconsistencyOfLast(textBytes, textStart, end);
  if (inconsistent !== undefined)
    check.warn('stream.inconsistent', check.place(inconsistent), inconsistent.expected, inconsistent.found);
  if (isSearched) noteFirst(textBytes, textStart, end, check, isSearched);
  return live;
}

/** What ends a server that does not look into values, at what it reads of every node, and for a stream's first entry. */
function noteFirst(bytes: Buffer, from: number, to: number, check: ValueCheck, isSearched: boolean): void {
  if (validateListpackHeader(bytes, from, to)) return;
  if (bytes[from + 6] === 0xff) check.fault('stream.node.blank', check.blobPlace, 'at least one element', '0');
  const first = firstEntryFlaw(bytes, from, to);
  if (first !== undefined) check.fault('stream.node.first', check.place(first), first.expected, first.found);
  else if (isSearched) check.sound(findFirstEntryFlaw(bytes, from, to));
}

/** Entries pending in a group; beyond this many, consumers' entries are not matched with them. */
const pendingMax = 500_000;

function checkGroup(input: RdbInput, check: ValueCheck, version: number, names: Set<string>): void {
  const at = input.offset;
  const name = input.text();
  if (names.has(name)) check.fault('stream.group.duplicate', at, 'each group once', JSON.stringify(name));
  names.add(name);
  input.length();
  input.length();
  if (version >= 2) input.length();
  const count = input.count('pending entries', 25);
  const held = check.deep && count <= pendingMax;
  if (check.deep && !held) check.large = true;
  const pending: Pending | undefined = held ? new Map() : undefined;
  for (let index = 0; index < count; index++) checkPending(input, check, pending);
  const consumers = input.count('consumers', 10);
  const consumerNames = new Set<string>();
  for (let index = 0; index < consumers; index++) {
    checkConsumer(input, check, version, pending, consumerNames);
  }
  if (version >= 5) checkUnowned(input, check, pending);
  for (const owner of pending?.values() ?? []) {
    if (owner === '') check.fault('stream.pending.unowned', at, 'a consumer for each pending entry', 'one without');
  }
}

/** The owner of each pending entry, with a mark before its name; '' while none is known. */
type Pending = Map<string, string>;

function checkPending(input: RdbInput, check: ValueCheck, pending: Pending | undefined): void {
  const at = input.offset;
  const id = rawId(input);
  input.pass(8);
  input.length();
  if (pending === undefined) return;
  if (pending.has(id)) check.fault('stream.pending.duplicate', at, 'each pending entry once', idText(id));
  pending.set(id, '');
}

function checkConsumer(
  input: RdbInput,
  check: ValueCheck,
  version: number,
  pending: Pending | undefined,
  names: Set<string>,
): void {
  const at = input.offset;
  const name = input.text();
  if (names.has(name)) check.fault('stream.consumer.duplicate', at, 'each consumer once', JSON.stringify(name));
  names.add(name);
  input.pass(version >= 3 ? 16 : 8);
  const count = input.count('pending entries of a consumer', 16);
  for (let index = 0; index < count; index++) own(input, check, pending, `=${name}`);
}

/** Entries that were given back (XNACK): pending in the group, and nobody's. */
function checkUnowned(input: RdbInput, check: ValueCheck, pending: Pending | undefined): void {
  const count = input.count('unowned pending entries', 16);
  for (let index = 0; index < count; index++) own(input, check, pending, 'nobody');
}

function own(input: RdbInput, check: ValueCheck, pending: Pending | undefined, by: string): void {
  const at = input.offset;
  const id = rawId(input);
  if (pending === undefined) return;
  const owner = pending.get(id);
  if (owner === undefined)
    check.fault('stream.pending.missing', at, 'an entry that is pending in the group', idText(id));
  else if (owner === by) check.fault('stream.pending.owner', at, 'each entry once', idText(id));
  else if (owner !== '') check.fault('stream.pending.shared', at, 'an entry that no other consumer has', idText(id));
  pending.set(id, by);
}

const durationMax = 86_400;
const messagesMax = 10_000;

function checkIdempotency(input: RdbInput, check: ValueCheck): void {
  checkRange(input, check, 'a duration', durationMax);
  checkRange(input, check, 'a number of messages', messagesMax);
  const producers = input.count('producers', 2);
  check.beginMembers();
  for (let index = 0; index < producers; index++) {
    check.uniqueString(input, 'producer');
    const records = input.count('records of a producer', 3);
    for (let record = 0; record < records; record++) {
      input.skipString();
      input.length();
      input.length();
    }
  }
  input.length();
  input.length();
}

function checkRange(input: RdbInput, check: ValueCheck, what: string, most: number): void {
  const at = input.offset;
  const value = input.length();
  if (value < 1 || value > most) check.fault('stream.idempotency', at, `${what} from 1 to ${most}`, String(value));
}

function rawId(input: RdbInput): string {
  input.need(16);
  input.position += 16;
  return input.bytes.latin1Slice(input.position - 16, input.position);
}

/** `ms-seq` out of 16 bytes, high byte first. */
function idText(id: string): string {
  const bytes = Buffer.from(id, 'latin1');
  return `${bytes.readBigUInt64BE(0)}-${bytes.readBigUInt64BE(8)}`;
}
