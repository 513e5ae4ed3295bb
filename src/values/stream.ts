/**
 * A stream: nodes of entries in the order of their ids, the counters around them, consumer groups (Redis 5.0) and the table of
 * idempotent producers (8.6). The node layout is the server's own, byte for byte, since trimming with `~` depends on it.
 *
 * The RDB codec builds one with `Stream.build` and takes it apart with `nodes()` and the public fields; see `StreamParts`.
 */

import { addU64, subtractU64, type U64 } from '../encodings/u64.ts';
import { compareIds, compareParts, isZeroId, type StreamId, zeroId } from './stream-id.ts';
import type { Idempotency } from './stream-idempotency.ts';
import { type Arguments, compareNode, EntryCursor, StreamNode } from './stream-node.ts';
import { Consumer, Group, Pending } from './stream-pending.ts';
import { type DigestSink, Kind, type ObjectValue } from './value.ts';

/** `stream-node-max-bytes` and `stream-node-max-entries` of a server as shipped. */
const nodeBytesMax = 4096;
const nodeEntriesMax = 100;

/** What happens to references in groups when an entry is deleted (8.2). */
export type References = 'keep' | 'delete' | 'acked';

export type TrimOptions = {
  /** Entries to keep, or undefined to trim by `minId`. */
  readonly maxLength?: U64;
  /** Id below which entries go. */
  readonly minId?: StreamId;
  /** Only whole nodes. */
  readonly approximate: boolean;
  /** Most entries to delete; 0 for no limit, which is what a server uses while it loads an AOF. */
  readonly limit: number;
  readonly references: References;
};

/** An id with what a group's list of pending entries says of it. */
export type PendingParts = { readonly id: StreamId; readonly deliveryTime: number; readonly deliveryCount: U64 };

export type ConsumerParts = {
  readonly name: string;
  readonly seenTime: number;
  /** -1 for never. */
  readonly activeTime: number;
  readonly pending: readonly StreamId[];
};

export type GroupParts = {
  readonly name: string;
  readonly lastId: StreamId;
  /** -1 for unknown; undefined (RDB type 15) to have it estimated. */
  readonly entriesRead?: U64;
  readonly pending: readonly PendingParts[];
  readonly consumers: readonly ConsumerParts[];
  /** Ids of the NACK zone, in its order (RDB type 27). */
  readonly nacked?: readonly StreamId[];
};

/**
 * A stream as an RDB has it. What an old type lacks is left out and derived as a server's loader does: maxDeletedId 0-0,
 * entriesAdded = length. The first id is always that of the first live entry.
 */
export type StreamParts = {
  /** Ascending; the listpacks validated (deep). Bytes are copied. */
  readonly nodes: Iterable<{ readonly ms: U64; readonly seq: U64; readonly listpack: Buffer }>;
  readonly length: U64;
  readonly lastId: StreamId;
  readonly maxDeletedId?: StreamId;
  readonly entriesAdded?: U64;
  readonly groups: Iterable<GroupParts>;
  readonly idempotency?: Idempotency;
};

export class Stream implements ObjectValue {
  readonly kind = Kind.Stream;
  /** Live entries. */
  length = 0;
  lastId: StreamId = zeroId;
  /** First live entry; 0-0 when there is none. */
  firstId: StreamId = zeroId;
  maxDeletedId: StreamId = zeroId;
  entriesAdded: U64 = 0;
  groups: Map<string, Group> | undefined;
  idempotency: Idempotency | undefined;
  /** Nodes; those before `#head` were trimmed away. */
  #nodes: StreamNode[] = [];
  #head = 0;

  get count(): number {
    return this.length;
  }

  static build(parts: StreamParts): Stream {
    const stream = new Stream();
    for (const { ms, seq, listpack } of parts.nodes) stream.#nodes.push(StreamNode.decode(ms, seq, listpack));
    stream.length = Number(parts.length);
    stream.lastId = parts.lastId;
    stream.maxDeletedId = parts.maxDeletedId ?? zeroId;
    stream.entriesAdded = parts.entriesAdded ?? parts.length;
    stream.#findFirst();
    for (const group of parts.groups) stream.#addGroup(group);
    if (parts.idempotency && !parts.idempotency.isDefault) stream.idempotency = parts.idempotency;
    return stream;
  }

  #addGroup(parts: GroupParts): void {
    const entriesRead = parts.entriesRead ?? this.estimateEntriesRead(parts.lastId);
    const group = new Group(parts.name, parts.lastId, entriesRead);
    const owners = new Map<string, Consumer>();
    for (const { name, seenTime, activeTime, pending } of parts.consumers) {
      const consumer = new Consumer(name, seenTime, activeTime);
      group.consumers.set(name, consumer);
      for (const id of pending) owners.set(`${id.ms}-${id.seq}`, consumer);
    }
    const ownerless = new Map<string, Pending>();
    for (const { id, deliveryTime, deliveryCount } of parts.pending) {
      const text = `${id.ms}-${id.seq}`;
      const entry = new Pending(id, deliveryTime, deliveryCount, owners.get(text));
      if (entry.consumer) group.add(entry);
      else ownerless.set(text, entry);
    }
    for (const id of parts.nacked ?? []) {
      const text = `${id.ms}-${id.seq}`;
      const entry = ownerless.get(text);
      if (entry) group.add(entry);
      ownerless.delete(text);
    }
    for (const entry of ownerless.values()) group.add(entry);
    this.groups ??= new Map();
    this.groups.set(parts.name, group);
  }

  /** The nodes, oldest first: `encode()` of each is its listpack. */
  *nodes(): Generator<StreamNode> {
    for (let i = this.#head; i < this.#nodes.length; i++) yield this.#nodes[i];
  }

  get nodeCount(): number {
    return this.#nodes.length - this.#head;
  }

  /** The live entries, oldest first. One cursor is reused within a node: take what you need before the next step. */
  *entries(): Generator<EntryCursor> {
    for (let i = this.#head; i < this.#nodes.length; i++) {
      const cursor = new EntryCursor(this.#nodes[i]);
      while (cursor.next()) if (!cursor.deleted) yield cursor;
    }
  }

  /** Appends an entry with an id above the last one; its pairs are arguments `first`, `first + 1`, ... */
  append(id: StreamId, args: Arguments, first: number, pairs: number): void {
    let node = this.#nodes[this.#nodes.length - 1];
    if (node === undefined || this.#head === this.#nodes.length || isFull(node, args, first, pairs)) {
      node?.seal();
      node = StreamNode.create(id, args, first, pairs);
      this.#nodes.push(node);
    }
    node.append(id, args, first, pairs);
    this.length++;
    this.entriesAdded = addU64(this.entriesAdded, 1);
    this.lastId = id;
    if (this.length === 1) this.firstId = id;
  }

  /** Whether a live entry has this id. */
  has(id: StreamId): boolean {
    return this.#seek(id) !== undefined;
  }

  /** Id of the last live entry; undefined when there is none. */
  lastLiveId(): StreamId | undefined {
    for (let i = this.#nodes.length - 1; i >= this.#head; i--) {
      let last: StreamId | undefined;
      const cursor = new EntryCursor(this.#nodes[i]);
      while (cursor.next()) if (!cursor.deleted) last = { ms: cursor.ms, seq: cursor.seq };
      if (last) return last;
    }
    return undefined;
  }

  /** Live entries with an id above `after`, at most `limit` (0 for all). */
  *idsAfter(after: StreamId, limit: number): Generator<StreamId> {
    let yielded = 0;
    for (let i = Math.max(this.#head, this.#nodeIndex(after)); i < this.#nodes.length; i++) {
      const cursor = new EntryCursor(this.#nodes[i]);
      while (cursor.next()) {
        if (cursor.deleted || compareParts(cursor.ms, cursor.seq, after.ms, after.seq) <= 0) continue;
        yield { ms: cursor.ms, seq: cursor.seq };
        if (++yielded === limit) return;
      }
    }
  }

  /**
   * Deletes the entry as XDEL does: max deleted id raised, entries added unchanged. Does not update the first id, which the
   * caller does once with `settleFirst`.
   */
  delete(id: StreamId): boolean {
    const cursor = this.#seek(id);
    if (cursor === undefined) return false;
    cursor.markDeleted();
    this.length--;
    const index = this.#nodeIndex(id);
    if (this.#nodes[index].count === 0) this.#removeNode(index);
    if (compareIds(id, this.maxDeletedId) > 0) this.maxDeletedId = id;
    return true;
  }

  /** Brings the first id up to date after deletions. */
  settleFirst(): void {
    this.#findFirst();
  }

  /** Trims from the oldest on, returns how many entries went. */
  trim(options: TrimOptions): number {
    let deleted = 0;
    while (this.#head < this.#nodes.length) {
      if (options.maxLength !== undefined && this.length <= options.maxLength) break;
      const node = this.#nodes[this.#head];
      if (options.limit > 0 && deleted + node.count > options.limit) break;
      const whole = this.#goesWhole(node, options);
      if (whole && options.references === 'keep') {
        this.length -= node.count;
        deleted += node.count;
        this.#removeNode(this.#head);
        continue;
      }
      if (options.references !== 'keep') return deleted + this.#trimReferenced(options, deleted);
      if (options.approximate && !whole) break;
      deleted += this.#trimWithin(node, options);
      break;
    }
    if (deleted > 0) this.#findFirst();
    return deleted;
  }

  #goesWhole(node: StreamNode, { maxLength, minId }: TrimOptions): boolean {
    if (maxLength !== undefined) return this.length - node.count >= maxLength;
    return compareParts(node.lastMs, node.lastSeq, minId!.ms, minId!.seq) < 0;
  }

  /** Flags entries of the first node as deleted, until the goal is reached. */
  #trimWithin(node: StreamNode, options: TrimOptions): number {
    let deleted = 0;
    const cursor = new EntryCursor(node);
    while (cursor.next() && !this.#isEnough(cursor, options)) {
      if (!cursor.markDeleted()) continue;
      this.length--;
      deleted++;
    }
    return deleted;
  }

  #isEnough(cursor: EntryCursor, { maxLength, minId }: TrimOptions): boolean {
    if (maxLength !== undefined) return this.length <= maxLength;
    return compareParts(cursor.ms, cursor.seq, minId!.ms, minId!.seq) >= 0;
  }

  /** Trimming entry by entry across nodes, with a look at the groups for each (8.2): `~` does not matter then. */
  #trimReferenced(options: TrimOptions, already: number): number {
    let deleted = 0;
    let index = this.#head;
    while (index < this.#nodes.length) {
      const node = this.#nodes[index];
      if (options.maxLength !== undefined && this.length <= options.maxLength) break;
      if (options.limit > 0 && already + deleted + node.count > options.limit) break;
      const whole = this.#goesWhole(node, options);
      const cursor = new EntryCursor(node);
      while (cursor.next() && !this.#isEnough(cursor, options)) {
        if (cursor.deleted) continue;
        const id = { ms: cursor.ms, seq: cursor.seq };
        if (options.references === 'acked' && this.isReferenced(id)) continue;
        if (options.references === 'delete') this.dropReferences(id);
        cursor.markDeleted();
        this.length--;
        deleted++;
      }
      if (node.count > 0) index++;
      else if (index === this.#head) {
        this.#removeNode(index);
        index = this.#head;
      } else this.#removeNode(index);
      if (!whole) break;
    }
    if (deleted > 0) this.#findFirst();
    return deleted;
  }

  /** Whether some group has the entry pending or was not given it yet. */
  isReferenced(id: StreamId): boolean {
    if (this.groups === undefined) return false;
    for (const group of this.groups.values()) {
      if (compareIds(id, group.lastId) > 0 || group.pending.get(id.ms, id.seq)) return true;
    }
    return false;
  }

  /** Removes the entry from every group's pending entries. */
  dropReferences(id: StreamId): void {
    if (this.groups === undefined) return;
    for (const group of this.groups.values()) {
      const entry = group.pending.get(id.ms, id.seq);
      if (entry) group.remove(entry);
    }
  }

  /** How many entries there were up to `id` since the stream began, -1 where that cannot be known (7.0). */
  estimateEntriesRead(id: StreamId): U64 {
    if (this.entriesAdded === 0) return 0;
    if (this.length === 0 && compareIds(id, this.lastId) <= 0) return this.entriesAdded;
    if (!isZeroId(id) && compareIds(id, this.maxDeletedId) < 0) return -1;
    const toLast = compareIds(id, this.lastId);
    if (toLast === 0) return this.entriesAdded;
    if (toLast > 0) return -1;
    if (isZeroId(this.maxDeletedId) || compareIds(this.maxDeletedId, this.firstId) < 0) {
      const toFirst = compareIds(id, this.firstId);
      const before = subtractU64(this.entriesAdded, this.length);
      if (toFirst < 0) return before;
      if (toFirst === 0) return addU64(before, 1);
    }
    return -1;
  }

  /** Whether an entry above `after` may have been deleted by XDEL. */
  hasTombstoneAfter(after: StreamId): boolean {
    if (this.length === 0 || isZeroId(this.maxDeletedId)) return false;
    return compareIds(after, this.maxDeletedId) <= 0;
  }

  copy(): Stream {
    const copy = new Stream();
    copy.length = this.length;
    copy.lastId = this.lastId;
    copy.firstId = this.firstId;
    copy.maxDeletedId = this.maxDeletedId;
    copy.entriesAdded = this.entriesAdded;
    for (const node of this.nodes()) copy.#nodes.push(node.clone());
    if (this.groups) copy.groups = new Map([...this.groups].map(([name, group]) => [name, group.clone()]));
    copy.idempotency = this.idempotency?.clone();
    return copy;
  }

  digest(sink: DigestSink): void {
    for (const entry of this.entries()) {
      sink.mix(`${entry.ms}.${entry.seq}`);
      for (const text of entry.fields()) sink.mix(text);
    }
  }

  #findFirst(): void {
    for (let i = this.#head; i < this.#nodes.length; i++) {
      const cursor = new EntryCursor(this.#nodes[i]);
      while (cursor.next()) {
        if (cursor.deleted) continue;
        this.firstId = { ms: cursor.ms, seq: cursor.seq };
        return;
      }
    }
    this.firstId = zeroId;
  }

  /** A cursor on the live entry with this id. */
  #seek(id: StreamId): EntryCursor | undefined {
    const node = this.#nodes[this.#nodeIndex(id)];
    if (node === undefined || compareParts(node.lastMs, node.lastSeq, id.ms, id.seq) < 0) return undefined;
    const cursor = new EntryCursor(node);
    while (cursor.next()) {
      if (cursor.ms === id.ms && cursor.seq === id.seq) return cursor.deleted ? undefined : cursor;
    }
    return undefined;
  }

  /** Index of the last node whose master id is not above `id`; `#head - 1` where there is none. */
  #nodeIndex(id: StreamId): number {
    let low = this.#head;
    let high = this.#nodes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareNode(this.#nodes[middle], id) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #removeNode(index: number): void {
    if (index !== this.#head) {
      this.#nodes.splice(index, 1);
      return;
    }
    this.#nodes[index] = undefined as unknown as StreamNode;
    this.#head++;
    if (this.#head === this.#nodes.length || this.#head > 1024 + (this.#nodes.length >> 1)) {
      this.#nodes = this.#nodes.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** Whether a new node must be started for an entry with these arguments. */
function isFull(node: StreamNode, args: Arguments, first: number, pairs: number): boolean {
  if (node.count + node.deleted >= nodeEntriesMax) return true;
  let length = node.byteLength();
  for (let i = first; i < first + 2 * pairs; i++) length += args.lengths[i];
  return length >= nodeBytesMax;
}
