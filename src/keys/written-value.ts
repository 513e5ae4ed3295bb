import type { U64 } from '../encodings/u64.ts';
import { UsageError } from '../errors.ts';
import { CommandView } from '../resp/command-view.ts';
import { ArrayValue } from '../values/array.ts';
import { HashValue } from '../values/hash.ts';
import { ListValue } from '../values/list.ts';
import { SetValue } from '../values/set.ts';
import { SortedSetValue } from '../values/sorted-set.ts';
import { Stream } from '../values/stream.ts';
import type { StreamId } from '../values/stream-id.ts';
import { Consumer, Group, Pending } from '../values/stream-pending.ts';
import type { Value } from '../values/value.ts';
import type { KeyValue, StreamContent, StreamGroup } from './key-value.ts';

/** A text that is given to be written: bytes, or a string that stands for its UTF-8. */
export type Text = Buffer | Uint8Array | string;

/**
 * A value to be written. What may be left out of a stream is what a server would make of its entries. Bitmaps, path hashes, vector sets and
 * what belongs to modules can only be written as they were read, `raw`.
 */
export type WrittenValue =
  | KeyValue<Text>
  | (Pick<StreamContent<Text>, 'type' | 'entries'> & Partial<Omit<StreamContent<Text>, 'type' | 'entries'>>);

/** A text as a binary string. */
const binaryOf = (text: Text): string => bytesOf(text).latin1Slice();

export function bytesOf(text: Text): Buffer {
  if (typeof text === 'string') return Buffer.from(text, 'utf8');
  return Buffer.isBuffer(text) ? text : Buffer.from(text.buffer, text.byteOffset, text.byteLength);
}

/** The engine's form of a value. Throws UsageError where it is none that a server could hold. */
export function engineValue(value: WrittenValue): Value {
  switch (value.type) {
    case 'string':
      return Buffer.from(bytesOf(value.value));
    case 'list':
      return ListValue.of(value.elements.map(binaryOf));
    case 'set': {
      const set = SetValue.of(value.members.map(({ member }) => binaryOf(member)));
      for (const { member, expiry } of value.members) if (expiry !== undefined) set.expire(binaryOf(member), expiry);
      return set;
    }
    case 'zset': {
      const set = new SortedSetValue();
      // A score of -0 keeps its sign as far as the target does.
      set.compact = false;
      for (const { member, score, expiry } of value.members) {
        if (Number.isNaN(score)) throw new UsageError('a score of a sorted set is not a number');
        set.set(binaryOf(member), score);
        if (expiry !== undefined) set.expire(binaryOf(member), expiry);
      }
      return set;
    }
    case 'hash': {
      const hash = new HashValue(value.fields.length);
      for (const { field, value: content, expiry } of value.fields) {
        hash.set(binaryOf(field), binaryOf(content));
        if (expiry !== undefined) hash.expire(binaryOf(field), expiry);
      }
      return hash;
    }
    case 'array': {
      const array = new ArrayValue();
      for (const { index, value: element } of value.elements) array.set(index, binaryOf(element));
      return array;
    }
    case 'stream':
      return streamOf(value);
    default:
      throw new UsageError(`a ${value.type} can only be written as it was read: with the level raw`);
  }
}

function idOf(text: string): StreamId {
  const match = /^(\d+)-(\d+)$/.exec(text);
  if (match === null) throw new UsageError(`not the id of a stream's entry: ${text}`);
  const part = (digits: string): U64 => (digits.length < 16 ? Number(digits) : canonical(BigInt(digits)));
  return { ms: part(match[1]), seq: part(match[2]) };
}

const canonical = (value: bigint): U64 => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value);

function streamOf(value: Extract<WrittenValue, { type: 'stream' }>): Stream {
  const stream = new Stream();
  for (const { id, fields } of value.entries) {
    if (fields.length === 0 || fields.length % 2 === 1) throw new UsageError(`entry ${id} has no field for each value`);
    stream.append(idOf(id), CommandView.of(fields.map(bytesOf)), 0, fields.length / 2);
  }
  if (value.lastId !== undefined) stream.lastId = idOf(value.lastId);
  if (value.maxDeletedId !== undefined) stream.maxDeletedId = idOf(value.maxDeletedId);
  if (value.entriesAdded !== undefined) stream.entriesAdded = value.entriesAdded;
  if (value.groups !== undefined && value.groups.length > 0)
    stream.groups = new Map(value.groups.map((group) => [binaryOf(group.name), groupOf(group)]));
  return stream;
}

function groupOf({ name, lastId, entriesRead = -1, consumers, pending }: StreamGroup<Text>): Group {
  const group = new Group(binaryOf(name), idOf(lastId), entriesRead);
  for (const { name: consumer, seenTime, activeTime = -1 } of consumers)
    group.consumers.set(binaryOf(consumer), new Consumer(binaryOf(consumer), seenTime, activeTime));
  for (const { id, consumer, deliveryTime, deliveryCount } of pending) {
    const owner = consumer === undefined ? undefined : group.consumers.get(binaryOf(consumer));
    if (consumer !== undefined && owner === undefined)
      throw new UsageError(`pending entry ${id} is of a consumer that the group does not have`);
    group.add(new Pending(idOf(id), deliveryTime, deliveryCount, owner));
  }
  return group;
}
