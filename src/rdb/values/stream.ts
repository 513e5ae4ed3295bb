import { countStreamEntries, validateStreamListpack } from '../encodings/stream-listpack.ts';
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
  for (let index = 0; index < nodes; index++) live += checkNode(input, check);
  const length = input.length();
  input.length();
  input.length();
  if (nodes === 0 && length > 0) input.fail('stream.length', '0 entries without nodes', String(length), at);
  if (check.deep && !check.large && check.notes.length === 0 && live !== length) {
    // Refused by Redis 8.10 and later; older servers load it.
    check.warn('stream.count', at, `${live} entries, as its nodes hold`, String(length));
  }
  if (version >= 2) for (let index = 0; index < 5; index++) input.length();
  const groups = input.count('consumer groups', 4);
  const names = new Set<string>();
  for (let index = 0; index < groups; index++) checkGroup(input, check, version, names);
  if (version < 4) return;
  check.idempotencyOffset = input.offset;
  checkIdempotency(input);
}

/** One node; gives the number of entries that are not deleted. */
function checkNode(input: RdbInput, check: ValueCheck): number {
  const at = input.offset;
  check.uniqueString(input, 'stream node');
  if (check.deep && input.textLength !== 16) {
    input.fail('stream.node.id', 'an id of 16 bytes', `${input.textLength} bytes`, at);
  }
  const blobAt = input.offset;
  if (!check.blob(input)) return 0;
  const { textBytes, textStart, textLength } = input;
  if (!check.sound(validateStreamListpack(textBytes, textStart, textStart + textLength))) return 0;
  const live = countStreamEntries(textBytes, textStart, textStart + textLength);
  // Loaded up to Redis 8.8, refused from 8.10 on.
  if (live === 0) check.warn('stream.node.empty', blobAt, 'at least one entry', '0');
  return live;
}

/** Entries pending in a group; beyond this many, consumers' entries are not matched with them. */
const pendingMax = 500_000;

function checkGroup(input: RdbInput, check: ValueCheck, version: number, names: Set<string>): void {
  const at = input.offset;
  const name = input.text();
  if (names.has(name)) input.fail('stream.group.duplicate', 'each group once', JSON.stringify(name), at);
  names.add(name);
  input.length();
  input.length();
  if (version >= 2) input.length();
  const count = input.count('pending entries', 25);
  const held = check.deep && count <= pendingMax;
  if (check.deep && !held) check.large = true;
  const pending = new Map<string, boolean>();
  for (let index = 0; index < count; index++) checkPending(input, held ? pending : undefined);
  const consumers = input.count('consumers', 10);
  const consumerNames = new Set<string>();
  for (let index = 0; index < consumers; index++) {
    checkConsumer(input, version, held ? pending : undefined, consumerNames);
  }
  if (version >= 5) checkUnowned(input, held ? pending : undefined);
  if (held) {
    for (const owned of pending.values()) {
      if (!owned) input.fail('stream.pending.unowned', 'a consumer for each pending entry', 'one without', at);
    }
  }
}

function checkPending(input: RdbInput, pending: Map<string, boolean> | undefined): void {
  const at = input.offset;
  const id = rawId(input);
  input.pass(8);
  input.length();
  if (pending === undefined) return;
  if (pending.has(id)) input.fail('stream.pending.duplicate', 'each pending entry once', idText(id), at);
  pending.set(id, false);
}

function checkConsumer(
  input: RdbInput,
  version: number,
  pending: Map<string, boolean> | undefined,
  names: Set<string>,
): void {
  const at = input.offset;
  const name = input.text();
  if (names.has(name)) input.fail('stream.consumer.duplicate', 'each consumer once', JSON.stringify(name), at);
  names.add(name);
  input.pass(version >= 3 ? 16 : 8);
  const count = input.count('pending entries of a consumer', 16);
  for (let index = 0; index < count; index++) own(input, pending);
}

/** Entries that were given back (XNACK): pending in the group, and nobody's. */
function checkUnowned(input: RdbInput, pending: Map<string, boolean> | undefined): void {
  const count = input.count('unowned pending entries', 16);
  for (let index = 0; index < count; index++) own(input, pending);
}

function own(input: RdbInput, pending: Map<string, boolean> | undefined): void {
  const at = input.offset;
  const id = rawId(input);
  if (pending === undefined) return;
  const owned = pending.get(id);
  if (owned === undefined)
    input.fail('stream.pending.missing', 'an entry that is pending in the group', idText(id), at);
  if (owned) input.fail('stream.pending.owner', 'an entry that nobody owns yet', idText(id), at);
  pending.set(id, true);
}

function checkIdempotency(input: RdbInput): void {
  input.length();
  input.length();
  const producers = input.count('producers', 2);
  for (let index = 0; index < producers; index++) {
    input.skipString();
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
